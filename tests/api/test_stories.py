"""Stories over the API: the same journal and the same policies as a comment on GitHub."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story.vocabulary import State
from tests.api.conftest import Program, make_key
from tests.world import BUMP, REPO, World

SignIn = Callable[..., Program]


def id_of(world: World, number: int) -> str:
    return f"{world.place.id}-{number}"


def test_a_story_goes_from_a_request_to_a_merge_without_a_click(
    world: World, sign_in: SignIn
) -> None:
    alice, bob = sign_in("alice"), sign_in("bob")
    status, asked = alice.post("/stories", {"repository": REPO, "title": BUMP[0], "body": BUMP[1]})
    assert status == 201, asked
    number = asked["stories"][0]["issue"]
    issue = world.act("alice").issue(REPO, number)
    assert issue["user"]["login"].endswith("[bot]")
    assert "Asked for by **alice**" in issue["body"]
    world.settle()
    story = bob.get(f"/stories/{id_of(world, number)}")
    assert story["state"] == "WAITING"
    assert story["requester"]["login"] == "alice"
    assert {one["what"] for one in story["missing"]} == {"quorum", "second_person"}

    status, told = bob.post(f"/stories/{story['id']}/approve", {"sha": story["head_sha"]})
    assert status == 200, told
    world.settle()
    assert world.state(number) is State.DONE
    assert world.tale(number).approvals[0].person.login == "bob"
    world.sweep()
    assert world.state(number) is State.DONE
    assert world.house.journal.verify() == []
    assert len(world.comments(number)) == 1, "nothing else was said"


def test_an_issue_that_is_there_becomes_a_story(world: World, sign_in: SignIn) -> None:
    number = world.act("rita").open_issue(REPO, *BUMP)
    world.settle()
    status, asked = sign_in("alice").post("/stories", {"repository": REPO, "issue": number})
    assert (status, asked["stories"][0]["issue"]) == (201, number)
    world.settle()
    assert world.state(number) is State.WAITING
    assert world.labels(number) == {"story", "towpath:review"}


def test_only_an_open_issue_becomes_a_story(world: World, sign_in: SignIn) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    closed = world.act("rita").open_issue(REPO, *BUMP)
    world.act("alice").request("PATCH", f"/repos/{REPO}/issues/{closed}", {"state": "closed"})
    alice = sign_in("alice")
    for not_one in (pull, closed, 4711):
        status, told = alice.post("/stories", {"repository": REPO, "issue": not_one})
        assert (status, told["type"]) == (409, "urn:towpath:problem:conflict")
    world.settle()
    assert "story" not in world.labels(pull) | world.labels(closed)


def test_a_story_that_is_asked_for_in_a_dry_run_waits(new_world: Callable[..., World]) -> None:
    world = new_world(mode="dry_run")
    world.repository()
    alice = Program(world)
    alice.token = alice.post("/tokens", {"api_key": make_key(world, "alice")})[1]["token"]
    status, told = alice.post("/stories", {"repository": REPO, "title": BUMP[0]})
    assert (status, told["stories"][0]["status"]) == (202, "waits")
    world.sweep()
    assert world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all") == []


@pytest.mark.parametrize("login", ["tom", "rita"])
def test_without_write_access_nobody_starts_a_story(
    world: World, sign_in: SignIn, login: str
) -> None:
    status, told = sign_in(login).post("/stories", {"repository": REPO, "title": "x"})
    assert (status, told["rule"]) == (403, "permission")
    assert world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all") == []


def test_a_key_never_does_more_than_its_person(world: World, sign_in: SignIn) -> None:
    number = world.story()
    story = world.tale(number)
    path = f"/stories/{id_of(world, number)}/approve"
    for login, rule in (("rita", "permission"), ("tom", "permission"), ("alice", "second_person")):
        status, told = sign_in(login).post(path, {"sha": story.head_sha})
        assert (status, told["rule"]) == (403, rule), login
    carol = sign_in("carol")
    world.hub.add_collaborator(REPO, "carol", "read")
    status, told = carol.post(path, {"sha": story.head_sha})
    assert (status, told["rule"]) == (403, "permission"), "access is what GitHub says now"
    world.settle()
    assert world.state(number) is State.WAITING


def test_an_approval_is_of_the_whole_sha_that_is_there(world: World, sign_in: SignIn) -> None:
    number = world.story()
    bob, path = sign_in("bob"), f"/stories/{id_of(world, number)}/approve"
    head = world.tale(number).head_sha
    assert bob.post(path, {"sha": head[:10]})[0] == 422
    assert bob.post(path, {"sha": head.upper()})[0] == 422
    assert bob.post(path, {})[0] == 409
    assert bob.post(path)[0] == 409
    status, told = bob.post(path, {"sha": "0" * 40})
    assert (status, told["rule"]) == (409, "other_sha")
    world.settle()
    assert world.state(number) is State.WAITING


def test_a_plan_is_approved_by_its_digest(new_world: Callable[..., World], sign_in: SignIn) -> None:
    world = new_world(pre_code_gate=True)
    world.repository()
    number = world.story()
    bob = Program(world)
    bob.token = bob.post("/tokens", {"api_key": make_key(world, "bob")})[1]["token"]
    path = f"/stories/{id_of(world, number)}"
    story = bob.get(path)
    assert story["waiting"]["gate"] == "pre_code"
    assert bob.post(f"{path}/approve", {"plan_digest": "0" * 64})[0] == 409
    world.later()
    status, told = bob.post(f"{path}/approve", {"plan_digest": story["plan_digest"]})
    assert status == 200, told
    world.settle()
    assert world.tale(number).head_sha


def test_every_order_does_what_its_command_does(world: World, sign_in: SignIn) -> None:
    number = world.story()
    alice, path = sign_in("alice"), f"/stories/{id_of(world, number)}"
    assert alice.post(f"{path}/budget", {"usd": 2.5})[0] == 200
    assert world.tale(number).budget_raised_usd == 2.5
    assert alice.post(f"{path}/answer", {"text": "yes"})[0] == 409, "no question is open"
    assert alice.post(f"{path}/pause")[0] == 200
    assert alice.post(f"{path}/pause", {})[0] == 409
    assert alice.get(path)["missing"][0]["what"] == "paused"
    assert alice.post(f"{path}/resume", {})[0] == 200
    assert alice.post(f"{path}/reject", {"reason": "not like this"})[0] == 200
    world.settle()
    assert world.state(number) is State.FAILED
    assert "not like this" in world.status_comments(number)[0]
    assert alice.post(f"{path}/retry", {})[0] == 200
    world.settle()
    assert world.state(number) is State.WAITING
    assert alice.post(f"{path}/cancel", {})[0] == 200
    world.settle()
    assert world.state(number) is State.CANCELLED
    assert alice.post(f"{path}/cancel", {})[0] == 409


def test_scopes_are_the_most_a_key_allows(world: World, sign_in: SignIn) -> None:
    number = world.story()
    path = f"/stories/{id_of(world, number)}"
    reader, writer = sign_in("bob", ("read",)), sign_in("bob", ("write",))
    head = {"sha": world.tale(number).head_sha}
    assert reader.get(path)["issue"] == number
    assert writer.get(path)["issue"] == number
    for program, order, body in (
        (reader, "pause", {}),
        (reader, "approve", head),
        (writer, "approve", head),
        (writer, "reject", {}),
    ):
        status, told = program.post(f"{path}/{order}", body)
        assert (status, told["rule"]) == (403, "scope")
    assert reader.post("/stories", {"repository": REPO, "title": "x"})[1]["rule"] == "scope"


def test_what_is_not_for_the_caller_is_not_there(world: World, sign_in: SignIn) -> None:
    number = world.story()
    world.hub.create_repository("acme/other", {"a.txt": "a"})
    world.hub.add_collaborator("acme/other", "bob", "write")
    world.hub.install(world.app.app_id, ["acme/other", REPO])
    elsewhere = sign_in("bob", repositories=("acme/other",))
    assert elsewhere.ask("GET", f"/stories/{id_of(world, number)}")[0] == 404
    assert elsewhere.get("/stories")["stories"] == []
    assert elsewhere.get("/approvals")["approvals"] == []
    assert elsewhere.get("/repositories")["repositories"] == []
    assert elsewhere.post(f"/stories/{id_of(world, number)}/cancel", {})[0] == 404
    assert elsewhere.post("/stories", {"repository": REPO, "title": "x"})[0] == 404
    for absent in ("acme/nothing", "acme/..", "nobody/at-all"):
        assert elsewhere.post("/stories", {"repository": absent, "title": "x"})[0] == 404


def test_lists_are_paged_and_filtered(world: World, sign_in: SignIn) -> None:
    numbers = [world.story(f"{BUMP[0]} ({n})") for n in range(3)]
    world.say("alice", numbers[0], "/cancel")
    bob = sign_in("bob")
    seen, cursor = [], ""
    for _ in range(4):
        page = bob.get(f"/stories?limit=1{cursor}")
        seen += [one["issue"] for one in page["stories"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == numbers
    assert len(bob.get("/stories?state=CANCELLED")["stories"]) == 1
    assert len(bob.get(f"/stories?repository={REPO.upper()}")["stories"]) == 3
    assert bob.get("/stories?repository=acme/none")["stories"] == []
    waiting = bob.get("/approvals")["approvals"]
    assert sorted(one["issue"] for one in waiting) == numbers[1:]
    assert waiting[0]["missing"][0]["who"]
    assert bob.get("/repositories")["repositories"][0]["stories"] == 3


def test_events_are_the_journal(world: World, sign_in: SignIn) -> None:
    number = world.story()
    bob, path = sign_in("bob"), f"/stories/{id_of(world, number)}/events"
    first = bob.get(f"{path}?limit=5")
    rest = bob.get(f"{path}?limit=500&after={first['next_after']}")
    told = first["events"] + rest["events"]
    assert [one["kind"] for one in told] == world.events(number)
    assert told[0]["data"]["requester"]["login"] == "alice"
    assert rest["next_after"] is None
