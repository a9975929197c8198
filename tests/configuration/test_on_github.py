"""The configuration of a repository, as people write it on GitHub and read what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.configuration.in_force import EffectiveConfig
from tests.world import FILES, REPO, World

FILE = ".github/towpath.yml"
CHECK = "towpath / configuration"


def push(world: World, files: dict[str, str | None], branch: str = "main") -> str:
    world.later()
    sha = world.act("alice").push(REPO, branch, files, "chore: configure")
    world.settle()
    return sha


def holds(world: World) -> EffectiveConfig:
    return world.house.configuration(world.house.office.repository(_payload(world)))


def _payload(world: World) -> dict[str, Any]:
    told = world.act("alice").request("GET", f"/repos/{REPO}")
    return {"repository": told, "installation": {"id": world.installation}}


def checks(world: World, sha: str) -> list[dict[str, Any]]:
    """Our check runs of a commit, oldest first."""
    path = f"/repos/{REPO}/commits/{sha}/check-runs?filter=all"
    runs = world.act("alice").request("GET", path)["check_runs"]
    return sorted((run for run in runs if run["name"] == CHECK), key=lambda run: run["id"])


def notes(world: World, run: dict[str, Any]) -> list[tuple[Any, ...]]:
    told = world.act("alice").request("GET", f"/repos/{REPO}/check-runs/{run['id']}/annotations")
    return [(n["path"], n["start_line"], n["start_column"], n["message"]) for n in told]


def test_what_is_on_the_default_branch_holds_from_the_push_on(world: World) -> None:
    assert holds(world).approvals.quorum == 1
    sha = push(world, {FILE: "approvals:\n  quorum: 2\n"})
    assert holds(world).approvals.quorum == 2
    assert [run["conclusion"] for run in checks(world, sha)] == ["success"]


def test_a_broken_file_is_shown_with_its_place_and_the_last_good_one_holds(world: World) -> None:
    push(world, {FILE: "approvals:\n  quorum: 2\n"})
    bad = push(world, {FILE: "approvals:\n  quorun: 3\nmode: maybe\n"})
    assert holds(world).approvals.quorum == 2
    (run,) = checks(world, bad)
    assert run["conclusion"] == "failure"
    assert run["output"]["title"] == "2 problems: it cannot be obeyed"
    assert notes(world, run) == [
        (FILE, 2, 3, "there is no 'quorun'; did you mean 'quorum'?"),
        (FILE, 3, 7, "expected 'on', 'dry_run' or 'off', found 'maybe'"),
    ]
    mended = push(world, {FILE: "approvals:\n  quorum: 3\n"})
    assert holds(world).approvals.quorum == 3
    assert [run["conclusion"] for run in checks(world, mended)] == ["success"]


def test_a_file_that_disappears_leaves_the_defaults(world: World) -> None:
    push(world, {FILE: "approvals:\n  quorum: 2\n"})
    push(world, {FILE: None})
    assert holds(world).approvals.quorum == 1
    facts = world.house.repositories.facts(world.place.id)
    assert facts.files == ()


def test_a_broken_file_that_is_taken_away_is_shown_as_mended(world: World) -> None:
    push(world, {FILE: "nonsense"})
    sha = push(world, {FILE: None})
    assert [run["conclusion"] for run in checks(world, sha)] == ["success"]


def test_a_configuration_that_was_never_good_turns_towpath_off(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.repository({**FILES, FILE: "mode: [on]\n"})
    assert holds(world).mode == "off"
    head = world.act("alice").request("GET", f"/repos/{REPO}/git/ref/heads/main")["object"]["sha"]
    assert [run["conclusion"] for run in checks(world, head)] == ["failure"]
    push(world, {FILE: "mode: on\n"})
    assert holds(world).mode == "on"


@pytest.mark.parametrize("mode", ["dry_run", "off"])
def test_what_is_wrong_is_shown_also_where_nothing_else_is_done(world: World, mode: str) -> None:
    push(world, {FILE: f"mode: {mode}\n"})
    sha = push(world, {FILE: f"mode: {mode}\nx: 1\n"})
    assert [run["conclusion"] for run in checks(world, sha)] == ["failure"]


def test_what_lies_on_another_branch_holds_nowhere(world: World) -> None:
    push(world, {FILE: "approvals:\n  quorum: 5\n"}, branch="topic")
    assert holds(world).approvals.quorum == 1


def test_a_push_that_nobody_was_told_of_is_found_by_the_sweep(world: World) -> None:
    world.later()
    world.act("alice", silently=True).push(REPO, "main", {FILE: "approvals: {quorum: 4}\n"}, "x")
    world.settle()
    assert holds(world).approvals.quorum == 1
    world.later(300)
    world.sweep()
    assert holds(world).approvals.quorum == 4


def test_going_back_to_a_former_commit_takes_its_configuration_back(world: World) -> None:
    two = push(world, {FILE: "approvals: {quorum: 2}\n"})
    push(world, {FILE: "approvals: {quorum: 3}\n"})
    path = f"/repos/{REPO}/git/refs/heads/main"
    world.act("alice").request("PATCH", path, {"sha": two, "force": True})
    world.settle()
    assert holds(world).approvals.quorum == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".github/Towpath.yml": "mode: off\n"}, "this name is not read: call it"),
        ({".GitHub/towpath.yml": "mode: off\n"}, "this name is not read: call it"),
        ({FILE: "mode: on\n", ".github/towpath.yaml": "mode: off\n"}, "keep one of them"),
        ({".automation-scope.yaml": "restricted_path: [x]\n"}, "did you mean 'restricted_paths'"),
    ],
)
def test_a_file_that_is_not_read_is_never_ignored(
    world: World, files: dict[str, str], said: str
) -> None:
    sha = push(world, dict(files))
    (run,) = checks(world, sha)
    assert run["conclusion"] == "failure"
    assert any(said in note[3] for note in notes(world, run))
    assert holds(world).mode == "on"


def test_a_symbolic_link_is_not_followed(world: World) -> None:
    alice = world.act("alice")
    head = alice.request("GET", f"/repos/{REPO}/git/ref/heads/main")["object"]["sha"]
    entry = {"path": FILE, "mode": "120000", "content": "../secret.yml"}
    tree = alice.request("POST", f"/repos/{REPO}/git/trees", {"base_tree": head, "tree": [entry]})
    made = alice.request(
        "POST",
        f"/repos/{REPO}/git/commits",
        {"message": "link", "tree": tree["sha"], "parents": [head]},
    )
    alice.request("PATCH", f"/repos/{REPO}/git/refs/heads/main", {"sha": made["sha"]})
    world.settle()
    (run,) = checks(world, made["sha"])
    assert "symbolic link" in notes(world, run)[0][3]


def propose(world: World, files: dict[str, str], branch: str = "topic") -> dict[str, Any]:
    world.later()
    alice = world.act("alice")
    alice.push(REPO, branch, files, "chore: propose", start="main")
    body = {"title": "configure", "head": branch, "base": "main", "body": ""}
    pull = alice.request("POST", f"/repos/{REPO}/pulls", body)
    world.settle()
    return pull


@pytest.mark.parametrize(
    ("text", "conclusion"),
    [("approvals: {quorum: 2}\n", "success"), ("approvals: {quorum: 0}\n", "failure")],
)
def test_a_pull_request_is_told_what_its_configuration_is_worth_and_is_not_obeyed(
    world: World, text: str, conclusion: str
) -> None:
    pull = propose(world, {FILE: text})
    (run,) = checks(world, pull["head"]["sha"])
    assert run["conclusion"] == conclusion
    assert holds(world).approvals.quorum == 1


def test_a_pull_request_that_leaves_the_configuration_alone_is_left_alone(world: World) -> None:
    push(world, {FILE: "nonsense"})
    pull = propose(world, {"shop.py": "x = 1\n"})
    assert checks(world, pull["head"]["sha"]) == []


def test_a_check_that_github_did_not_take_is_shown_at_the_next_look(world: World) -> None:
    world.hub.faults.add(method="POST", path="/check-runs", status=502, times=3)
    sha = push(world, {FILE: "nonsense"})
    assert checks(world, sha) == []
    world.hub.faults.clear()
    world.later(300)
    world.sweep()
    assert [run["conclusion"] for run in checks(world, sha)] == ["failure"]


def test_a_story_asks_for_as_many_approvals_as_the_configuration_by_then(world: World) -> None:
    push(world, {FILE: "approvals: {quorum: 2}\n"})
    number = world.story()
    world.say("bob", number, "/approve")
    assert world.state(number) == "WAITING"
    world.say("carol", number, "/approve")
    assert world.state(number) == "DONE"


def test_another_label_starts_stories_once_the_configuration_says_so(world: World) -> None:
    push(world, {FILE: "story_label: do it\n"})
    alice = world.act("alice")
    number = alice.open_issue(REPO, "Bump idna from 3.4 to 3.10", "CVE")
    alice.label(REPO, number, "story")
    world.settle()
    assert world.events(number) == []
    alice.label(REPO, number, "do it")
    world.settle()
    assert world.events(number) != []
