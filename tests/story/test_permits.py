"""No effect without a verdict in the journal: by construction, for all adapters of the house."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.story import effects as fx
from bot.story.events import EffectPerformed, EffectProposed
from bot.story.journal import Recorded
from bot.story.permit import NotPermitted, Permit, Permitted
from bot.story.vocabulary import allow, deny, digest
from policies.effects import TABLE
from policies.repository_effects import TABLE as OF_REPOSITORIES
from tests.policies.test_effects import ALLOWED
from tests.world import World

ROOT = Path(__file__).parents[2]
KINDS = {each.model_fields["kind"].default for each in get_args(get_args(fx.Effect)[0])}


def proposed(effect: Any, verdict: Any = None, **fields: Any) -> Recorded:
    told = {
        "key": effect.key,
        "effect": effect.kind,
        "digest": digest(effect.model_dump(mode="json")),
    }
    event = EffectProposed(verdict=verdict or allow("x"), **{**told, **fields})
    return Recorded(7, datetime(2026, 1, 1, tzinfo=UTC), "policies", event, "hash")


class Counting:
    """An adapter's work, counted."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def perform(self, effect: Any) -> dict[str, Any]:
        self.done.append(effect)
        return {}

    def look(self, effect: Any) -> dict[str, Any] | None:
        return None


@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_a_permit_is_for_one_effect_to_the_byte(kind: str) -> None:
    effect, work = ALLOWED[kind], Counting()
    permit = Permit(proposed(effect))
    adapter = Permitted(work)
    adapter.perform(effect, permit)
    for other in (
        effect.model_copy(update={"key": "other"}),
        effect.model_copy(update={"repository": effect.repository.model_copy(update={"id": 666})}),
    ):
        with pytest.raises(NotPermitted):
            adapter.perform(other, permit)
    assert work.done == [effect]


def test_only_an_allowing_verdict_makes_a_permit() -> None:
    effect = ALLOWED["react"]
    performed = EffectPerformed(key=effect.key, effect="react", result={})
    for recorded in (
        proposed(effect, deny("x", "y")),
        proposed(effect)._replace(event=performed),
    ):
        with pytest.raises(NotPermitted):
            Permit(recorded)


def test_every_adapter_of_the_house_does_nothing_without_a_permit(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    script = tmp_path / "script.json"
    script.write_text("{}")
    world = new_world(model=f"scripted:{script}")
    world.repository()
    adapters = world.house._adapters
    assert set(adapters) == KINDS
    for kind, adapter in adapters.items():
        assert type(adapter) is Permitted
        for forged in (None, object(), Permit(proposed(ALLOWED["react"], key="another"))):
            with pytest.raises(NotPermitted):
                adapter.perform(ALLOWED.get(kind, ALLOWED["react"]), forged)  # type: ignore[arg-type]
    assert world.pulls() == []


def test_every_effect_has_its_rules() -> None:
    assert set(TABLE) | set(OF_REPOSITORIES) == KINDS
    assert all(TABLE.values())
    assert all(OF_REPOSITORIES.values())


def test_all_that_a_story_did_had_its_verdict_before(world: World) -> None:
    number = world.story()
    world.say("bob", number, "/approve")
    allowed: dict[str, str] = {}
    performed = set()
    for record in world.house.journal.load(world.stream(number)):
        if isinstance(record.event, EffectProposed) and record.event.verdict.allowed:
            allowed[record.event.key] = record.event.digest
        if isinstance(record.event, EffectPerformed):
            assert record.event.key in allowed
            row = world.house.journal.effect(record.event.key)
            assert row is not None
            assert digest(row.effect.model_dump(mode="json")) == allowed[record.event.key]
            performed.add(record.event.effect)
    assert {"push_branch", "open_pull_request", "merge_pull_request"} <= performed


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    """Names of what is called in a file, and the lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            target = node.func
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            yield name, node.lineno


@pytest.mark.parametrize(
    ("name", "places"),
    [
        # Who may make a permit, and who may hand an effect to an adapter.
        ("Permit", {"bot/story/performer.py"}),
        ("perform", {"bot/story/performer.py", "bot/story/permit.py"}),
        # The only requests to GitHub that change something besides effects: a delivery once more.
        (
            "write",
            {
                "bot/outside/github_http.py",
                "bot/outside/github_writes.py",
                "bot/outside/github_pulls.py",
                "bot/outside/github_reads.py",
                "bot/outside/jira/effects.py",
            },
        ),
    ],
)
def test_there_is_no_other_way_out(name: str, places: set[str]) -> None:
    found = set()
    for room in ("bot/outside",) if name == "write" else ("bot", "handlers"):
        for path in (ROOT / room).rglob("*.py"):
            relative = path.relative_to(ROOT).as_posix()
            if "localhub" not in relative and any(called == name for called, _ in _calls(path)):
                found.add(relative)
    assert found == places
