"""A story too large for one plan: what it could be is asked, and opened only after a yes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.story.vocabulary import Gate, State
from tests.world import FILES, REPO, World

MANY = [
    {"id": f"T{n}", "action": "create_file", "description": "d", "targets": [f"part{n}.py"]}
    for n in range(20)
]
PARTS = [
    {"title": "Read orders", "criteria": ["an order is read", "N/A"], "description": "First."},
    {"title": "read orders.", "criteria": ["the same again"]},
    {"title": "Ship @orders", "criteria": ["closes #1"], "after": [1, 2, 9], "description": "d"},
]


@pytest.fixture
def tell(new_world: Callable[..., World], tmp_path: Path) -> Callable[..., tuple[World, int]]:
    def told(split: dict[str, Any] | None) -> tuple[World, int]:
        spec = {"description": "d", "story_type": "feature", "complexity": 9}
        answers: dict[str, Any] = {"analyze": spec, "plan": {"tasks": MANY}, "split": split}
        listed = [{"purpose": p, "output": o} for p, o in answers.items() if o is not None]
        (tmp_path / "script.yaml").write_text(yaml.safe_dump({"answers": listed}))
        world = new_world(model=f"scripted:{tmp_path / 'script.yaml'}")
        world.repository(FILES)
        return world, world.story("A new shop", "Everything.\n\n- [ ] orders are shipped")

    return told


def test_it_becomes_issues_that_nobody_has_begun(tell: Callable[..., tuple[World, int]]) -> None:
    world, number = tell({"parts": PARTS})
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_CODE)
    assert [part.title for part in story.split.parts] == ["Read orders", "Ship @orders"]
    [proposal] = [text for text in world.comments(number) if "Read orders" in text]
    assert proposal.index("Read orders") < proposal.index("(after 1)")
    assert "an order is read" in proposal
    assert "@orders" not in proposal

    world.say("bob", number, "/approve")
    story = world.tale(number)
    assert story.state is State.FAILED
    assert "#2, #3" in story.failure_reason
    first, second = (world.act("alice").issue(REPO, n) for n in (2, 3))
    assert first["title"] == "Read orders"
    assert "- [ ] an order is read" in first["body"]
    assert f"part of #{number}" in first["body"]
    assert "Comes after #2" in second["body"]
    assert first["labels"] == second["labels"] == []
    assert world.house.journal.verify() == []


def test_without_a_yes_nothing_is_opened(tell: Callable[..., tuple[World, int]]) -> None:
    world, number = tell({"parts": PARTS})
    world.say("bob", number, "/reject not now")
    assert world.tale(number).state is State.FAILED
    assert world.tale(number).effects_performed["open_issue"] == 0


@pytest.mark.parametrize("split", [None, {"parts": [PARTS[0], PARTS[1]]}])
def test_what_cannot_be_divided_is_asked_about(
    tell: Callable[..., tuple[World, int]], split: dict[str, Any] | None
) -> None:
    world, number = tell(split)
    story = world.tale(number)
    assert story.waits_at(Gate.AMBIGUITY_DETECTED)
    assert "No usable plan" in story.waiting.questions[0]
