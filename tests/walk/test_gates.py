"""A story passes the quality gates before anybody is asked to read it (§17, W11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.story.vocabulary import State
from tests.walk.test_families import LINT
from tests.world import REPO, World

pytestmark = pytest.mark.network
ASKED = "Remove unused imports (F401) in shop.py"


def checks(world: World, sha: str) -> dict[str, dict]:
    path = f"/repos/{REPO}/commits/{sha}/check-runs?per_page=100&filter=latest"
    return {one["name"]: one for one in world.act("alice").request("GET", path)["check_runs"]}


def test_gates_are_checks_in_the_pull_request_and_one_can_be_run_again(
    new_world: Callable[..., World], gate_tools: Path
) -> None:
    world = new_world(quality_gates=True, gate_tools=gate_tools)
    world.repository(LINT)
    number = world.story(ASKED, "")
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert story.gated is not None
    assert story.gated.blocking == ()
    assert "## Quality gates" in world.pull(story.pull_number)["body"]
    assert "Quality gates" in world.status_comments(number)[0]
    shown = checks(world, story.head_sha)
    assert shown["towpath / tests"]["conclusion"] == "success"
    assert {f"towpath / {gate.name}" for gate in story.gated.gates} == set(shown)

    run = shown["towpath / lint"]
    world.act("alice").request("POST", f"/repos/{REPO}/check-runs/{run['id']}/rerequest")
    world.settle()
    again = world.tale(number)
    assert (again.state, again.gated.asked) == (State.WAITING, 1)
    assert checks(world, story.head_sha)["towpath / lint"]["id"] != run["id"]
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_gate_that_cannot_look_stops_the_story_and_says_why(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    world = new_world(quality_gates=True, gate_tools=tmp_path)
    world.repository(LINT)
    number = world.story(ASKED, "")
    assert world.state(number) is State.FAILED
    assert world.pulls() == []
    assert "could not look" in world.status_comments(number)[0]
