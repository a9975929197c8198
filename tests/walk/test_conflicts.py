"""The default branch changed the same lines: both sides come together, or people do (S22)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.metrics import metrics
from bot.story.vocabulary import Gate, State
from tests.walk.test_review_loop import Tell, tell  # noqa: F401
from tests.walk.test_task_loop import STORY, finish, turn, use
from tests.world import FILES, REPO, World

THEIRS = "def total(prices):\n    return sum(prices) + 0  # in cents\n"
BOTH = "def total(prices, off=0):\n    return (sum(prices) + 0) * (100 - off) / 100  # in cents\n"


@pytest.fixture
def conflict(tell: Tell, tmp_path: Path):  # noqa: F811
    """A story that conflicts with its base when bob approves it."""

    def made(*say: dict) -> tuple[World, int]:
        world, number, _ = tell()
        script = yaml.safe_load((tmp_path / "script.yaml").read_text())
        script["turns"].append({"purpose": "repair", "say": list(say)})
        (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
        world.new_house()
        world.act("carol").push(REPO, "main", {"shop.py": THEIRS}, "feat: cents")
        world.settle()
        world.say("bob", number, "/approve")
        return world, number

    return made


def test_a_conflict_is_resolved_with_both_sides_and_asked_for_anew(conflict) -> None:
    write = use("create", path="shop.py", content=BOTH, overwrite=True)
    marks = finish(subject="fix: too early")
    world, number = conflict(turn(marks), turn(write), turn(finish(evidence="Kept the cents.")))
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    told = [
        r.effect.told
        for r in world.house.journal.effects(world.stream(number))
        if r.effect.kind == "call_model" and r.effect.purpose == "repair"
    ]
    assert "marks of the conflict are left in shop.py" in str(told[1])
    report = world.pull(story.pull_number)["body"]
    assert "look at these first: Kept the cents." in report
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    shop = world.act("alice").request("GET", f"/repos/{REPO}/contents/shop.py")
    assert shop["size"] == len(BOTH)


def test_a_conflict_that_cannot_be_resolved_names_the_files(conflict) -> None:
    world, number = conflict(turn(finish("cannot", evidence="One wants cents, one percent.")))
    story = world.tale(number)
    assert story.state is State.FAILED
    said = world.status_comments(number)[0]
    assert "shop.py" in said
    assert "One wants cents, one percent." in said


def test_the_same_conflict_again_is_resolved_from_memory_once_it_was_merged(conflict) -> None:
    write = use("create", path="shop.py", content=BOTH, overwrite=True)
    world, first = conflict(turn(write), turn(finish(evidence="Kept the cents.")))
    assert world.tale(first).tasks_done[_task(world, first)].turns == 2
    world.say("alice", first, "/cancel")
    assert world.state(first) is State.CANCELLED

    second = _again(world)  # what was resolved for a story that was cancelled is not remembered
    story = world.tale(second)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert story.conflicts[0].remembered == ()
    assert story.tasks_done[_task(world, second)].turns == 2
    world.say("carol", second, "/approve")
    assert world.state(second) is State.DONE, world.tale(second).failure_reason

    third = _again(world)
    story = world.tale(third)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert story.conflicts[0].remembered == ("shop.py",)
    assert "repair" not in [call.purpose for call in story.model_calls]
    assert story.passed("head", story.head_sha)
    report = world.pull(story.pull_number)["body"]
    assert "shop.py were resolved without a model, as the same lines were in an earlier" in report
    world.say("carol", third, "/approve")
    assert world.state(third) is State.DONE, world.tale(third).failure_reason
    shop = world.act("alice").request("GET", f"/repos/{REPO}/contents/shop.py")
    assert shop["size"] == len(BOTH)

    told = _conflicts(world)
    assert told.pop("rebased") == 3
    assert told == {"conflicts": 3, "resolved": 3, "rerere_hits": 1, "remembered_files": 1}


def _conflicts(world: World) -> dict[str, int]:
    """What `towpath metrics` says of conflicts."""
    until = world.now() + timedelta(hours=1)
    found = metrics(
        world.house.journal, repository=None, since=until - timedelta(days=9), until=until
    )
    assert found.conflicts is not None
    return found.conflicts.model_dump()


def _task(world: World, number: int) -> str:
    return next(name for name in world.tale(number).tasks_done if name.startswith("conflict-"))


def _again(world: World) -> int:
    """The default branch as it was before, and the same story, which meets the same change."""
    world.later()
    before: dict[str, str | None] = {"shop.py": FILES["shop.py"]}
    if any(story for story in world.pulls() if story["merged_at"]):
        before["tests/test_discount.py"] = None
    world.act("carol").push(REPO, "main", before, "revert: as it was")
    world.settle()
    number = world.story(*STORY)
    world.later()
    world.act("carol").push(REPO, "main", {"shop.py": THEIRS}, "feat: cents")
    world.settle()
    world.say("bob", number, "/approve")
    return number
