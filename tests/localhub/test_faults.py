"""The server misbehaves exactly as told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
import requests
from github import Auth, Github, GithubException, GithubIntegration

from bot.localhub import LocalHub, RemoteHub
from bot.localhub.deliveries import Reply
from tests.localhub.conftest import REPO, World


def titles(world: World) -> list[str]:
    assert world.hub.deliveries.settle()
    bodies = [json.loads(b) for _, h, b in world.sent if h["X-GitHub-Event"] == "issues"]
    return [one["issue"]["title"] for one in bodies]


def open_issues(world: World, *names: str) -> None:
    for name in names:
        world.hub.act_as("alice").open_issue(REPO, name)


def test_a_fault_fires_where_and_as_often_as_it_says(world: World) -> None:
    world.hub.faults.add(method="GET", path=r"/issues/\d+$", skip=1, times=2, status=502)
    n = world.hub.act_as("alice").open_issue(REPO, "x")
    token = world.app_token()
    path = f"/repos/{REPO}/issues/{n}"
    assert [world.get(path, token).status_code for _ in range(5)] == [200, 502, 502, 200, 200]
    assert world.get(f"/repos/{REPO}", token).status_code == 200
    assert world.hub.faults.fired == [("GET", path)] * 2


def test_a_write_can_happen_and_be_answered_with_an_error(world: World) -> None:
    world.hub.faults.add(method="POST", path="/issues$", status=500, after=True)
    path, token = f"/repos/{REPO}/issues", world.app_token()
    assert world.request("POST", path, token, json={"title": "once"}).status_code == 500
    assert [one["title"] for one in world.get(path, token).json()] == ["once"]
    assert titles(world) == ["once"]


def test_a_connection_can_be_dropped_and_an_answer_delayed(world: World) -> None:
    world.hub.faults.add(path="/rate_limit", drop=True)
    with pytest.raises(requests.ConnectionError):
        world.get("/rate_limit")
    world.hub.faults.add(path="/rate_limit", delay=0.4)
    started = time.monotonic()
    assert world.get("/rate_limit").status_code == 200
    assert time.monotonic() - started > 0.35


def test_people_and_the_control_plane_are_past_all_faults(world: World) -> None:
    world.hub.faults.add(times=0, status=500)
    world.hub.limits.exhaust(60)
    open_issues(world, "still")
    remote = RemoteHub(world.url)
    assert remote.act_as("alice").issue(REPO, 1)["title"] == "still"
    assert world.get(f"/repos/{REPO}").status_code == 500
    remote.do("reset")
    assert world.get(f"/repos/{REPO}").status_code == 200
    remote.close()


def test_primary_and_secondary_limits_say_when_to_come_back(world: World) -> None:
    token, path = world.app_token(), f"/repos/{REPO}"
    world.hub.faults.secondary_limit(retry_after=7, status=429)
    answer = world.get(path, token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert "secondary rate limit" in answer.json()["message"]
    world.hub.limits.exhaust(30)
    answer = world.get(path, token)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert 25 < int(answer.headers["X-RateLimit-Reset"]) - time.time() < 35


def test_an_answer_that_did_not_change_costs_nothing(world: World) -> None:
    token, path = world.app_token(), f"/repos/{REPO}"
    first = world.get(path, token)
    again = world.get(path, token, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    left = [int(one.headers["X-RateLimit-Remaining"]) for one in (first, again)]
    assert left[1] == left[0]
    anew = world.get(path, world.app_token(), headers={"If-None-Match": first.headers["ETag"]})
    assert anew.status_code == 200, "an ETag is worth nothing with another token"
    used = world.get("/rate_limit", token).json()["resources"]["core"]["used"]
    assert used == 2
    world.hub.act_as("alice").open_issue(REPO, "x")
    changed = world.get(path, token, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_lists_come_in_pages_that_link_to_each_other(world: World) -> None:
    open_issues(world, "a", "b", "c")
    for prefix in ("", "/api/v3"):
        path, seen = f"{prefix}/repos/{REPO}/issues?per_page=2&state=all", []
        while path:
            answer = world.get(path)
            seen += [one["title"] for one in answer.json()]
            assert all(one["url"].startswith(f"{world.url}{prefix}/repos") for one in answer.json())
            following = answer.links.get("next", {}).get("url", "")
            assert following.startswith(world.url + prefix) or not following
            path = following.removeprefix(world.url)
        assert seen == ["c", "b", "a"]
    first = world.get(f"/repos/{REPO}/issues?per_page=2")
    assert set(first.links) == {"next", "last"}


Misbehave = Callable[[LocalHub], None]


@pytest.mark.parametrize(
    ("misbehave", "seen"),
    [
        (lambda hub: hub.deliveries.drop(2), ["c", "d"]),
        (lambda hub: hub.deliveries.duplicate(1), ["a", "a", "b", "c", "d"]),
        (lambda hub: hub.deliveries.reorder([2, 0, 1]), ["c", "a", "b", "d"]),
        (lambda hub: hub.deliveries.drop(1, event="push"), ["a", "b", "c", "d"]),
    ],
    ids=["lost", "doubled", "reordered", "another event"],
)
def test_deliveries_misbehave_exactly(world: World, misbehave: Misbehave, seen: list[str]) -> None:
    misbehave(world.hub)
    open_issues(world, "a", "b", "c", "d")
    assert titles(world) == seen


def test_a_lost_delivery_is_in_the_log_and_arrives_when_sent_again(world: World) -> None:
    world.hub.deliveries.drop()
    open_issues(world, "lost")
    assert titles(world) == []
    lost = world.hub.deliveries.log[-1]
    assert (lost.reply.status, lost.dropped) == (0, True)
    world.hub.deliveries.redeliver(lost.id)
    assert titles(world) == ["lost"]
    assert world.sent[-1][1]["X-GitHub-Delivery"] == lost.guid


def test_held_deliveries_wait_for_their_release(world: World) -> None:
    world.hub.deliveries.hold()
    open_issues(world, "a", "b")
    assert titles(world) == []
    world.hub.deliveries.release([1, 0])
    assert titles(world) == ["b", "a"]


def test_silent_changes_queue_nothing(world: World) -> None:
    number = world.hub.act_as("alice", silently=True).open_issue(REPO, "quiet")
    with world.hub.silently():
        world.hub.act_as("alice").label(REPO, number, "story")
    assert titles(world) == []
    open_issues(world, "loud")
    assert titles(world) == ["loud"]


def test_two_apps_hear_only_what_they_may(world: World) -> None:
    hub = world.hub
    manifest = {
        "name": "Other",
        "default_permissions": {"pull_requests": "read"},
        "default_events": ["issues", "push", "pull_request"],
    }
    other = hub.register_app(manifest, "http://127.0.0.1:2/other", "s2")
    hub.install(other.app_id, [REPO])
    bob = hub.act_as("bob")
    bob.open_issue(REPO, "x")
    bob.push(REPO, "f", {"f": "1"}, "f")
    bob.open_pull(REPO, "f")
    assert hub.deliveries.settle()
    heard = [h["X-GitHub-Event"] for url, h, _ in world.sent if url.endswith("/other")]
    assert heard == ["installation", "pull_request"]


def test_a_receiver_that_breaks_does_not_stop_the_others(world: World) -> None:
    calls = []

    def break_once(url: str, headers: dict[str, str], body: bytes) -> Reply:
        calls.append(body)
        if len(calls) == 1:
            raise RuntimeError("receiver is broken")
        return Reply(200)

    world.hub.deliveries.settle()
    world.hub.deliveries._send = break_once
    open_issues(world, "a", "b")
    assert world.hub.deliveries.settle()
    assert [one.reply.status for one in world.hub.deliveries.log[-2:]] == [0, 200]


def test_pygithub_works_and_shows_the_faults(world: World) -> None:
    auth = Auth.AppAuth(str(world.app.app_id), world.app.pem)
    found = GithubIntegration(auth=auth, base_url=world.url).get_repo_installation(*REPO.split("/"))
    assert found.id == world.installation
    for base in (world.url, f"{world.url}/api/v3"):
        gh = Github(
            base_url=base, auth=auth.get_installation_auth(found.id), retry=None,
            seconds_between_requests=None, seconds_between_writes=None,
        )  # fmt: skip
        repo = gh.get_repo(REPO)
        issue = repo.create_issue("A story", labels=["story"])
        issue.add_to_labels("more")
        issue.create_comment("Hello").edit("Hello!")
        issue.create_reaction("eyes")
        branch = f"b{issue.number}"
        repo.create_git_ref(f"refs/heads/{branch}", repo.get_branch("main").commit.sha)
        repo.create_file(f"{branch}.txt", "Add", "text\n", branch=branch)
        pull = repo.create_pull("main", branch, title="T", body=f"Fixes #{issue.number}")
        assert [one.filename for one in pull.get_files()] == [f"{branch}.txt"]
        repo.create_check_run("gate", pull.head.sha, conclusion="success")
        with pytest.raises(GithubException) as refused:
            pull.merge(sha="0" * 40)
        assert refused.value.status == 409
        assert pull.merge(sha=pull.head.sha, merge_method="rebase").merged
        assert repo.get_issue(issue.number).state == "closed"
        world.hub.faults.add(path="/repos/", status=503)
        with pytest.raises(GithubException) as refused:
            gh.get_repo(REPO)
        assert refused.value.status == 503
