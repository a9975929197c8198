"""The default branch changed the same lines: both sides come together, or people do (S22)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.story.vocabulary import Gate, State
from tests.walk.test_review_loop import Tell, tell  # noqa: F401
from tests.walk.test_task_loop import finish, turn, use
from tests.world import REPO, World

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
