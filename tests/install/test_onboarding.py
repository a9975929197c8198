"""Onboarding: one pull request with a commented configuration, and people decide."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from bot.configuration.commented import commented
from bot.configuration.reader import read
from bot.configuration.schema import RepositoryConfig
from bot.story import effects as fx
from bot.story.vocabulary import Decision, Gate, Repository
from handlers.onboarding import FILE
from policies.repository_effects import ONBOARDING_BRANCH, ONBOARDING_PATH, RepositoryFacts, judge
from policies.standing import DRY_RUN
from tests.world import FILES, REPO, World

New = Callable[..., World]


@pytest.fixture
def world(new_world: New) -> World:
    made = new_world(onboarding=True)
    made.repository()
    return made


def proposal(world: World) -> dict[str, Any]:
    (pull,) = [one for one in world.pulls() if one["head"]["ref"] == ONBOARDING_BRANCH]
    return pull


def facts(world: World) -> Any:
    return world.house.repositories.facts(world.place.id).installation


def mode(world: World) -> str:
    return world.house.repositories.standing(facts(world).repository).mode


def file_at(world: World, ref: str) -> str:
    path = f"/repos/{REPO}/contents/{ONBOARDING_PATH}?ref={ref}"
    import base64

    return base64.b64decode(world.act("alice").request("GET", path)["content"]).decode()


def close(world: World, number: int, state: str = "closed", silently: bool = False) -> None:
    path = f"/repos/{REPO}/pulls/{number}"
    world.act("alice", silently).request("PATCH", path, {"state": state})
    world.settle()


def merge(world: World, number: int, silently: bool = False) -> None:
    world.act("alice", silently).request("PUT", f"/repos/{REPO}/pulls/{number}/merge", {})
    world.settle()


def look_around(world: World) -> None:
    world.later(120)
    world.sweep()
    world.settle()


# -- the file --------------------------------------------------------------------------------------


def test_the_proposed_file_is_read_by_our_own_reader_and_begins_as_a_rehearsal() -> None:
    told = read(FILE)
    assert told.model_fields_set == {"version", "mode"}
    assert told.mode == "dry_run"


def test_every_key_that_is_taken_out_of_its_comment_is_read_and_is_the_default() -> None:
    text = commented("a\n\nb", {})
    told = read(re.sub(r"^(\s*)# ", r"\1", text, flags=re.M))
    assert told.model_copy(update={"auto_approve": None}) == RepositoryConfig()
    assert set(yaml.safe_load(re.sub(r"^(\s*)# ", r"\1", text, flags=re.M))) == set(
        RepositoryConfig.model_fields
    )


# -- what people make of it ------------------------------------------------------------------------


def test_one_pull_request_says_what_towpath_would_do(world: World) -> None:
    pull = proposal(world)
    assert file_at(world, ONBOARDING_BRANCH) == FILE
    changed = world.act("alice").request("GET", f"/repos/{REPO}/pulls/{pull['number']}/files")
    assert [one["filename"] for one in changed] == [ONBOARDING_PATH]
    assert "test: python -m pytest" in pull["body"]
    assert "mode: dry_run" in pull["body"]
    assert mode(world) == "dry_run"
    for _ in range(3):
        look_around(world)
    world.new_house()
    look_around(world)
    assert len(world.pulls()) == 1


@pytest.mark.parametrize("lost", [False, True], ids=["told", "webhook lost"])
def test_merged_it_is_in_force_and_the_branch_goes(world: World, lost: bool) -> None:
    number = proposal(world)["number"]
    merge(world, number, silently=lost)
    if lost:
        look_around(world)
    assert facts(world).outcome == "merged"
    assert world.house.repositories.configured(facts(world).repository)
    assert mode(world) == "dry_run"
    assert world.branches() == ["main"]
    world.act("alice").push(REPO, "main", {ONBOARDING_PATH: "mode: on\n"}, "chore: on")
    world.settle()
    assert mode(world) == "on"
    look_around(world)
    assert len(world.pulls()) == 1


@pytest.mark.parametrize("lost", [False, True], ids=["told", "webhook lost"])
def test_closed_it_means_off_until_it_is_reopened_or_a_configuration_appears(
    world: World, lost: bool
) -> None:
    number = proposal(world)["number"]
    close(world, number, silently=lost)
    if lost:
        look_around(world)
    assert (facts(world).outcome, mode(world)) == ("declined", "off")
    issue = world.story()
    look_around(world)
    assert world.comments(issue) == []
    assert world.tale(issue).repository is None
    assert len(world.pulls()) == 1
    close(world, number, "open", silently=lost)
    if lost:
        look_around(world)
    assert (facts(world).outcome, mode(world)) == ("", "dry_run")
    close(world, number)
    world.act("alice").push(REPO, "main", {ONBOARDING_PATH: "mode: on\n"}, "chore: on")
    world.settle()
    look_around(world)
    assert mode(world) == "on"
    assert world.tale(issue).waits_at(Gate.PRE_DEPLOY)


def test_what_somebody_pushed_to_it_is_never_overwritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = proposal(world)["number"]
    theirs = "mode: on\nlimits:\n  max_iterations: 3\n"
    world.act("bob").push(REPO, ONBOARDING_BRANCH, {ONBOARDING_PATH: theirs}, "tune")
    world.settle()
    assert facts(world).outcome == "taken_over"
    _newer(monkeypatch)
    world.new_house()
    look_around(world)
    world.house.office.wake_repository(facts(world).repository)
    world.settle()
    assert file_at(world, ONBOARDING_BRANCH) == theirs
    merge(world, number)
    assert mode(world) == "on"


def test_it_is_brought_up_to_date_while_nobody_touched_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = proposal(world)["number"]
    newer = _newer(monkeypatch)
    world.new_house()
    world.house.office.wake_repository(facts(world).repository)
    world.settle()
    assert file_at(world, ONBOARDING_BRANCH) == newer
    assert proposal(world)["number"] == number
    assert proposal(world)["commits"] == 1 if "commits" in proposal(world) else True
    look_around(world)
    assert facts(world).outcome == ""


def _newer(monkeypatch: pytest.MonkeyPatch) -> str:
    """A later version of Towpath explains more."""
    from handlers import onboarding

    newer = FILE + "## One more key.\n"
    monkeypatch.setattr(onboarding, "FILE", newer)
    monkeypatch.setattr(onboarding, "DIGEST", "newer")
    return newer


def test_a_repository_rehearses_before_it_is_configured(world: World) -> None:
    number = world.story()
    tale = world.tale(number)
    assert tale.waiting is not None
    assert tale.waiting.rule == DRY_RUN
    assert world.branches() == ["main", ONBOARDING_BRANCH]
    assert len(world.comments(number)) == 1


# -- where nothing is proposed ---------------------------------------------------------------------


def _with(new_world: New, files: dict[str, str] | None) -> World:
    made = new_world(onboarding=True)
    made.place = made.hub.create_repository(REPO, files)
    made.hub.add_collaborator(REPO, "alice", "write")
    made.installation = made.hub.install(made.app.app_id, [REPO])
    made.settle()
    look_around(made)
    return made


@pytest.mark.parametrize("path", [".github/towpath.yml", ".automation-scope.yaml"])
def test_a_repository_with_a_configuration_is_asked_nothing(new_world: New, path: str) -> None:
    world = _with(new_world, {**FILES, path: "{}\n"})
    assert world.pulls() == []
    assert mode(world) == "on"


def test_a_broken_configuration_is_not_proposed_anew(new_world: New) -> None:
    world = _with(new_world, {**FILES, ".github/towpath.yml": "mod: on\n"})
    assert world.pulls() == []
    assert len(world.place.runs) == 1  # but it is said what is wrong with it
    assert mode(world) == "off"


def test_an_empty_repository_is_asked_when_something_is_committed(new_world: New) -> None:
    world = _with(new_world, None)
    assert world.pulls() == []
    assert facts(world).skipped == "empty"
    world.act("alice").request(
        "PUT", f"/repos/{REPO}/contents/a.py", {"message": "first", "content": "eCA9IDEK"}
    )
    look_around(world)
    assert proposal(world)["state"] == "open"


def test_a_fork_is_asked_nothing_and_rehearses(new_world: New) -> None:
    world = new_world(onboarding=True)
    world.hub.add_user("upstream")
    world.hub.create_repository("upstream/shop", FILES)
    world.place = world.hub.fork_repository("upstream/shop", "acme")
    world.installation = world.hub.install(world.app.app_id, [REPO])
    world.settle()
    look_around(world)
    assert facts(world).skipped == "fork"
    assert mode(world) == "dry_run"
    assert world.place.pulls() == []


def test_an_archived_repository_is_asked_when_it_comes_back(new_world: New) -> None:
    world = new_world(onboarding=True)
    world.place = world.hub.create_repository(REPO, FILES)
    world.hub.add_collaborator(REPO, "alice", "write")
    world.hub.archive_repository(REPO)
    world.installation = world.hub.install(world.app.app_id, [REPO])
    world.settle()
    look_around(world)
    assert world.pulls() == []
    world.hub.archive_repository(REPO, False)
    world.settle()
    assert proposal(world)["state"] == "open"


def test_without_the_permission_it_waits_and_comes_with_it(new_world: New) -> None:
    world = new_world(onboarding=True)
    full = dict(world.hub.state.apps[world.app.app_id].permissions)
    world.hub.change_permissions(world.app.app_id, {**full, "contents": "read"})
    world.repository()
    look_around(world)
    assert world.pulls() == []
    seen = world.house.repositories.facts(world.place.id).version
    look_around(world)
    assert world.house.repositories.facts(world.place.id).version == seen
    world.hub.change_permissions(world.app.app_id, full)
    world.hub.accept_permissions(world.installation)
    world.settle()
    assert proposal(world)["state"] == "open"


def test_a_branch_of_that_name_that_is_not_ours_is_left_alone(new_world: New) -> None:
    world = new_world(onboarding=True)
    world.place = world.hub.create_repository(REPO, FILES)
    world.hub.add_collaborator(REPO, "alice", "write")
    sha = world.act("alice").push(REPO, ONBOARDING_BRANCH, {"a": "b\n"}, "theirs")
    world.installation = world.hub.install(world.app.app_id, [REPO])
    world.settle()
    look_around(world)
    assert world.pulls() == []
    assert world.place.branch(ONBOARDING_BRANCH) == sha
    assert facts(world).skipped == "refused"
    seen = world.house.repositories.facts(world.place.id).version
    look_around(world)
    assert world.house.repositories.facts(world.place.id).version == seen  # not tried for ever


def test_removed_and_added_again_it_may_ask_once_more(world: World) -> None:
    close(world, proposal(world)["number"])
    assert mode(world) == "off"
    world.hub.uninstall(world.installation)
    world.settle()
    world.installation = world.hub.install(world.app.app_id, [REPO])
    world.settle()
    states = [one["state"] for one in world.pulls()]
    assert sorted(states) == ["closed", "open"]
    assert mode(world) == "dry_run"


# -- the rules -------------------------------------------------------------------------------------

PLACE = Repository(
    id=1, full_name="a/b", default_branch="main", git_url="https://x/a/b.git", installation_id=7
)
FILE_EFFECT = {"key": "k", "repository": PLACE, "base_sha": "a", "content": "", "message": "m"}


@pytest.mark.parametrize(
    ("effect", "rule"),
    [
        (fx.ProposeFile(branch="main", path=ONBOARDING_PATH, **FILE_EFFECT), "own_branch"),
        (fx.ProposeFile(branch=ONBOARDING_BRANCH, path="a.py", **FILE_EFFECT), "own_file"),
        (
            fx.ProposeFile(
                branch=ONBOARDING_BRANCH, path=".github/workflows/x.yml", **FILE_EFFECT
            ),
            "own_file",
        ),
        (fx.DeleteBranch(key="k", repository=PLACE, branch="main", sha="a"), "own_branch"),
        (fx.MergePullRequest(key="k", repository=PLACE, number=1, sha="a"), "no_story"),
        (
            fx.OpenPullRequest(
                key="k", repository=PLACE, issue=0, branch=ONBOARDING_BRANCH, base="prod",
                title="t", body="b",
            ),
            "base",
        ),
    ],
)  # fmt: skip
def test_for_itself_a_repository_may_have_nothing_else_done(effect: Any, rule: str) -> None:
    verdict = judge(effect, RepositoryFacts(id=1))
    assert (verdict.decision, verdict.rule) == (Decision.DENY, rule)


def test_nothing_is_proposed_over_a_configuration_that_is_there() -> None:
    effect = fx.ProposeFile(branch=ONBOARDING_BRANCH, path=ONBOARDING_PATH, **FILE_EFFECT)
    assert judge(effect, RepositoryFacts(id=1)).allowed
    assert judge(effect, RepositoryFacts(id=1, configured=True)).rule == "configured"
    assert judge(effect, RepositoryFacts(id=2)).rule == "own_repository"
