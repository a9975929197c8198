"""Who gets in, and how far."""

from __future__ import annotations

import re
import time
from typing import Any

import jwt
import pytest

from bot.localhub import Refused
from bot.localhub.tokens import signing_key
from tests.localhub.conftest import REPO, World


def app_jwt(world: World, **claims: Any) -> str:
    now = int(time.time())
    given = {"iss": str(world.app.app_id), "iat": now - 60, "exp": now + 540, **claims}
    return jwt.encode(given, world.app.pem, algorithm="RS256")


def mint(world: World, **body: Any) -> dict[str, Any]:
    path = f"/app/installations/{world.installation}/access_tokens"
    return world.request("POST", path, app_jwt(world), json=body).json()


def test_a_client_id_is_as_good_an_issuer_as_the_app_id(world: World) -> None:
    assert world.get("/app", app_jwt(world, iss=world.app.client_id)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"exp": time.time() + 3600}, {"iat": time.time() + 3600}, {"iss": "9"}],
    ids=["expired", "too far ahead", "from the future", "unknown app"],
)
def test_a_web_token_with_wrong_claims_is_refused(world: World, claims: dict[str, Any]) -> None:
    assert world.get("/app", app_jwt(world, **claims)).status_code == 401


def test_a_web_token_of_another_key_or_algorithm_is_refused(world: World) -> None:
    now = int(time.time())
    claims = {"iss": str(world.app.app_id), "iat": now, "exp": now + 300}
    other = jwt.encode(claims, signing_key(7)[0], algorithm="RS256")
    shared = jwt.encode(claims, "x" * 40, algorithm="HS256")
    for token in (other, shared, jwt.encode(claims, None, algorithm="none"), "a.b.c"):
        assert world.get("/app", token).status_code == 401


def test_a_token_holds_what_was_asked_for_and_no_more(world: World) -> None:
    token = mint(world, permissions={"issues": "read"})["token"]
    assert world.get(f"/repos/{REPO}/issues", token).status_code == 200
    refused = world.request("POST", f"/repos/{REPO}/issues", token, json={"title": "x"})
    assert refused.status_code == 403
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write"
    assert refused.json()["message"] == "Resource not accessible by integration"


def test_asking_for_more_than_was_granted_is_refused(world: World) -> None:
    path = f"/app/installations/{world.installation}/access_tokens"
    for asked in ({"administration": "write"}, {"workflows": "write"}, {"issues": "all"}):
        answer = world.request("POST", path, app_jwt(world), json={"permissions": asked})
        assert answer.status_code == 422, asked


def test_a_form_content_type_does_not_widen_a_token(world: World) -> None:
    path = f"/app/installations/{world.installation}/access_tokens"
    answer = world.request(
        "POST", path, app_jwt(world), data='{"permissions": {"issues": "read"}}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert answer.json()["permissions"] == {"metadata": "read", "issues": "read"}


def test_a_repository_outside_the_installation_is_not_found(world: World) -> None:
    world.hub.create_repository("acme/secret", {"a": "1"}, private=True)
    world.hub.create_repository("acme/public", {"a": "1"})
    for name in ("secret", "public"):
        assert world.get(f"/repos/acme/{name}", world.app_token()).status_code == 404
    world.hub.change_installation(world.installation, add=["acme/public"])
    token = mint(world, repositories=["shop"])["token"]
    assert world.get("/repos/acme/public", token).status_code == 404
    assert world.get("/repos/acme/public", mint(world)["token"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "need"),
    [
        ("pulls/{n}", "pull_requests=write"),
        ("issues/{n}/labels", "issues=write; pull_requests=write"),
    ],
)
def test_an_app_needs_the_permission_of_the_thing_it_touches(
    world: World, path: str, need: str
) -> None:
    n = world.hub.act_as("alice").open_issue(REPO, "x")
    token = mint(world, permissions={"contents": "write"})["token"]
    verb = "PATCH" if path.startswith("pulls") else "POST"
    answer = world.request(verb, f"/repos/{REPO}/{path.format(n=n)}", token, json={})
    assert (answer.status_code, answer.headers["X-Accepted-GitHub-Permissions"]) == (403, need)


def test_pull_request_permission_does_not_reach_plain_issues(world: World) -> None:
    alice, bob = world.hub.act_as("alice"), world.hub.act_as("bob")
    n = alice.open_issue(REPO, "x")
    bob.push(REPO, "f", {"f": "1"}, "f")
    pull = bob.open_pull(REPO, "f")
    token = mint(world, permissions={"pull_requests": "write"})["token"]
    for number, status in ((n, 403), (pull, 201)):
        path = f"/repos/{REPO}/issues/{number}/comments"
        assert world.request("POST", path, token, json={"body": "x"}).status_code == status


def test_both_forms_of_installation_tokens_work(world: World) -> None:
    assert re.fullmatch(r"ghs_\w{36}", mint(world)["token"])
    path = f"/app/installations/{world.installation}/access_tokens"
    asked = {"X-GitHub-Stateless-S2S-Token": "enabled"}
    token = world.request("POST", path, app_jwt(world), headers=asked).json()["token"]
    assert token.count(".") == 2
    assert len(token) > 450
    assert world.get(f"/repos/{REPO}", token).status_code == 200


def test_expired_revoked_and_suspended_tokens_are_worth_nothing(world: World) -> None:
    token = mint(world)["token"]
    world.hub.suspend(world.installation)
    assert world.get(f"/repos/{REPO}", token).status_code == 403
    world.hub.suspend(world.installation, False)
    world.hub.tokens.expire_installation_tokens()
    assert world.get(f"/repos/{REPO}", token).status_code == 401
    token = mint(world)["token"]
    world.hub.uninstall(world.installation)
    assert world.get(f"/repos/{REPO}", token).status_code == 401


def test_people_are_held_to_their_level(world: World) -> None:
    hub = world.hub
    n = hub.act_as("alice").open_issue(REPO, "x")
    mallory = hub.act_as("mallory")
    assert mallory.comment(REPO, n, "anybody may talk in public")
    for attempt in (
        lambda: mallory.label(REPO, n, "story"),
        lambda: mallory.close_issue(REPO, n),
        lambda: mallory.push(REPO, "main", {"x": "1"}, "x"),
        lambda: mallory.set_permission(REPO, "mallory", "admin"),
        lambda: hub.act_as("bob").set_permission(REPO, "bob", "admin"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.status == 403
    hub.add_collaborator(REPO, "mallory", "triage")
    mallory.label(REPO, n, "story")
    mallory.close_issue(REPO, n)
    with pytest.raises(Refused):
        mallory.edit_issue(REPO, n, title="mine now")


def test_labels_of_an_outsiders_new_issue_are_dropped(world: World) -> None:
    mallory = world.hub.act_as("mallory")
    n = mallory.open_issue(REPO, "do it", labels=["story"])
    assert mallory.issue(REPO, n)["labels"] == []
    assert world.hub.repository(REPO).label("story") is None


def test_a_private_repository_is_hidden_from_strangers(world: World) -> None:
    world.hub.create_repository("acme/secret", {"a": "1"}, private=True)
    stranger = world.hub.user_token("mallory")
    assert world.get("/repos/acme/secret", stranger).status_code == 404
    assert world.get("/repos/acme/secret").status_code == 404
    assert world.get("/repos/acme/secret", world.hub.user_token("alice")).status_code == 200


def test_without_a_credential_one_may_read_what_is_public(world: World) -> None:
    assert world.get(f"/repos/{REPO}").status_code == 200
    assert world.request("POST", f"/repos/{REPO}/issues", json={"title": "x"}).status_code == 401
    assert world.get(f"/repos/{REPO}", "ghp_unknown").status_code == 401
    assert world.get("/user").status_code == 401


def test_a_page_in_a_browser_cannot_reach_the_control_plane(world: World) -> None:
    body = {"login": "alice"}
    foreign = {"Origin": "http://example.invalid"}
    answer = world.request("POST", "/_hub/tokens", json=body, headers=foreign)
    assert answer.status_code == 403
    assert "token" in world.request("POST", "/_hub/tokens", json=body).json()


def test_a_person_cannot_make_check_runs(world: World) -> None:
    body = {"name": "gate", "head_sha": "main"}
    token = world.hub.user_token("alice")
    answer = world.request("POST", f"/repos/{REPO}/check-runs", token, json=body)
    assert answer.status_code == 403


def test_nobody_approves_their_own_pull_request(world: World) -> None:
    bob = world.hub.act_as("bob")
    bob.push(REPO, "f", {"f": "1"}, "f")
    pull = bob.open_pull(REPO, "f")
    with pytest.raises(Refused) as refused:
        bob.review(REPO, pull, "APPROVE")
    assert refused.value.status == 422
