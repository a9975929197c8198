"""The known families as one: found in a story's text, planned and carried out with no model (S19).

Promises: `detect` reads only what it is given; the same story on the same commit gives the same
plan; a family that is not sure asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.families import autofix, bump, remedy
from bot.families.outcomes import Already, Question
from bot.story.desk import StageStops
from bot.story.next_move import Move
from bot.story.vocabulary import (
    Criterion,
    ExecutionPlan,
    State,
    StorySpec,
    Task,
    Tier,
)
from bot.texts import answers, reasons
from bot.workspace.text_files import Files


@dataclass(frozen=True)
class Beyond:
    """A story of a known family that the family cannot do, whatever a person answers."""

    reason: str


Made = bump.Bump | autofix.Autofix | remedy.Remedy
_FAMILIES = ((Tier.REMEDY, remedy), (Tier.DEPENDENCY_BUMP, bump), (Tier.AUTOFIX, autofix))
_VALUES: Mapping[Tier, type[Made]] = {
    Tier.REMEDY: remedy.Remedy,
    Tier.DEPENDENCY_BUMP: bump.Bump,
    Tier.AUTOFIX: autofix.Autofix,
}


def detect(title: str, body: str, files: Files) -> StorySpec | Beyond | None:
    """The spec of a story that a known family takes; None where none does."""
    for tier, family in _FAMILIES:
        found: Any = family.detect(title, body, lambda: files.paths, files.text)
        if isinstance(found, Already):
            raise StageStops(Move(State.FAILED, reasons.already(found.message, found.evidence)))
        if isinstance(found, Question):
            asked = answers.family_question(found.kind, found.message)
            if asked is None:
                return Beyond(found.message)
            return _spec(title, body, tier, (), {}, (asked,))
        if isinstance(found, Made):
            return _spec(title, body, tier, found.criteria, found.model_dump(mode="json"))
    return None


def _spec(
    title: str,
    body: str,
    tier: Tier,
    criteria: Iterable[str],
    details: Mapping[str, Any],
    questions: tuple[str, ...] = (),
) -> StorySpec:
    return StorySpec(
        title=title,
        description=body[:2000],
        story_type="refactor" if tier is Tier.AUTOFIX else "infra",
        criteria=tuple(Criterion(id=f"C{n}", text=t) for n, t in enumerate(criteria, 1)),
        complexity=1,
        ambiguities=questions,
        tier=tier,
        details=dict(details),
    )


def plan(spec: StorySpec) -> ExecutionPlan:
    """One task; its targets are known for a bump, and those the tool changes for a fix."""
    made = of(spec)
    targets = () if isinstance(made, autofix.Autofix) else tuple(c.path for c in made.changes)
    task = Task(
        id="task-1",
        action="modify_file",
        description=made.subject.partition(": ")[2] or made.subject,
        targets=targets,
        criteria=tuple(c.id for c in spec.criteria),
    )
    return ExecutionPlan(tasks=(task,), testing_strategy="existing tests")


def of(spec: StorySpec) -> Made:
    """What the family found, out of the spec that carries it."""
    return _VALUES[spec.tier].model_validate(spec.details)


def asked(spec: StorySpec) -> tuple[tuple[str, str], ...]:
    """(path, requirement) pairs that a bump made; none for any other story."""
    if spec.tier is not Tier.DEPENDENCY_BUMP:
        return ()
    made = of(spec)
    assert isinstance(made, bump.Bump)
    return tuple((p.path, p.asks(u)) for u in made.upgrades for p in u.places if p.python)
