"""Which models a call goes to, in which order (M2, M3, M4).

Promises: pure; the first model of the answer is the one that is meant, the rest stand in for it
when it is away; near the end of a budget a cheaper tier is meant; who reviews comes from another
provider than who wrote, where there are two. Never: it knows no price and no model by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.budget import NEAR

LAST_ATTEMPT = 5  # S18: made by the best model there is


class Grade(StrEnum):
    """How strong a model is wanted."""

    CHEAP = "cheap"
    STANDARD = "standard"
    TOP = "top"


_ORDER = tuple(Grade)


@dataclass(frozen=True)
class Models:
    """What the settings name, as `provider:name`; only `standard` must hold one."""

    standard: tuple[str, ...]
    cheap: tuple[str, ...] = ()
    top: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every model that a call can go to, each once."""
        return tuple(
            dict.fromkeys(self.standard + self.cheap + self.top + self.review + self.fallbacks)
        )


@dataclass(frozen=True)
class Situation:
    """What a route depends on. `spent`: share of the story's budget, 1.0 is all of it.

    `complexity`: 1–10, as the analysis says. `written_by`: providers of what is to be reviewed.
    """

    purpose: str
    complexity: int = 5
    attempt: int = 1
    spent: float = 0.0
    written_by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Route:
    """`models` in the order in which they are tried; `rule` decided on the grade."""

    models: tuple[str, ...]
    grade: Grade
    rule: str


def route(situation: Situation, models: Models) -> Route:
    """The models for a call; the same situation gives the same route."""
    grade, rule = _grade(situation)
    if situation.spent >= NEAR and grade is not Grade.CHEAP:
        grade, rule = _ORDER[_ORDER.index(grade) - 1], "near_budget"
    chosen = _of_grade(grade, models)
    rest = tuple(dict.fromkeys(models.fallbacks + models.standard))
    if situation.purpose != "review":
        return Route(tuple(dict.fromkeys(chosen + rest)), grade, rule)
    named = tuple(dict.fromkeys(models.review + chosen + rest))
    # The reviewers that the settings name come first; among the others, another provider does.
    others = [one for one in named if provider(one) not in situation.written_by]
    same = [one for one in named if provider(one) in situation.written_by]
    if models.review:
        return Route(named, grade, "reviewer")
    moved = bool(others) and named[0] in same
    return Route((*others, *same), grade, "other_provider" if moved else rule)


def provider(model: str) -> str:
    """`anthropic` of `anthropic:NAME`."""
    return model.partition(":")[0]


def _grade(situation: Situation) -> tuple[Grade, str]:
    if situation.attempt >= LAST_ATTEMPT:
        return Grade.TOP, "last_attempt"
    if situation.purpose == "plan" and situation.complexity >= 7:
        return Grade.TOP, "hard_plan"
    if situation.complexity >= 9:
        return Grade.TOP, "complex"
    if situation.purpose in ("plan", "review"):
        return Grade.STANDARD, "judgement"
    if situation.attempt >= 3:
        return Grade.STANDARD, "escalated"
    if situation.complexity <= 2:
        return Grade.CHEAP, "simple"
    return Grade.STANDARD, "usual"


def _of_grade(grade: Grade, models: Models) -> tuple[str, ...]:
    if grade is Grade.CHEAP:
        return models.cheap or models.standard
    if grade is Grade.TOP:
        return models.top or models.standard
    return models.standard
