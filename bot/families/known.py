"""The known families as one: found in a story's text, planned and carried out with no model (S19).

Promises: `detect` reads only what it is given; the same story on the same commit gives the same
plan; a family that is not sure asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.families import autofix, bump
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


def detect(title: str, body: str, files: Files) -> StorySpec | Beyond | None:
    """The spec of a story that a known family takes; None where none does."""
    for tier, family in ((Tier.DEPENDENCY_BUMP, bump), (Tier.AUTOFIX, autofix)):
        found = family.detect(title, body, lambda: files.paths, files.text)
        if isinstance(found, Already):
            raise StageStops(Move(State.FAILED, reasons.already(found.message, found.evidence)))
        if isinstance(found, Question):
            asked = answers.family_question(found.kind, found.message)
            if asked is None:
                return Beyond(found.message)
            return _spec(title, body, tier, (), {}, (asked,))
        if isinstance(found, (bump.Bump, autofix.Autofix)):
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
        story_type="infra" if tier is Tier.DEPENDENCY_BUMP else "refactor",
        criteria=tuple(Criterion(id=f"C{n}", text=t) for n, t in enumerate(criteria, 1)),
        complexity=1,
        ambiguities=questions,
        tier=tier,
        details=dict(details),
    )


def plan(spec: StorySpec) -> ExecutionPlan:
    """One task; its targets are known for a bump, and those the tool changes for a fix."""
    made = of(spec)
    targets = tuple(c.path for c in made.changes) if isinstance(made, bump.Bump) else ()
    task = Task(
        id="task-1",
        action="modify_file",
        description=made.subject.partition(": ")[2] or made.subject,
        targets=targets,
        criteria=tuple(c.id for c in spec.criteria),
    )
    return ExecutionPlan(tasks=(task,), testing_strategy="existing tests")


def of(spec: StorySpec) -> bump.Bump | autofix.Autofix:
    """What the family found, out of the spec that carries it."""
    kind = bump.Bump if spec.tier is Tier.DEPENDENCY_BUMP else autofix.Autofix
    return kind.model_validate(spec.details)


def asked(spec: StorySpec) -> tuple[tuple[str, str], ...]:
    """(path, requirement) pairs that a bump made; none for any other story."""
    if spec.tier is not Tier.DEPENDENCY_BUMP:
        return ()
    made = of(spec)
    assert isinstance(made, bump.Bump)
    return tuple((p.path, p.asks(u)) for u in made.upgrades for p in u.places if p.python)
