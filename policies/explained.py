"""Why an effect is judged as it is: every rule of its row, not only the one that decided (P6).

Promises: pure; the verdict is the judge's own. Never: another rule than those in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.story.vocabulary import Verdict
from policies.effects import TABLE, Facts, judge


@dataclass(frozen=True)
class Step:
    """One rule of an effect's row. `verdict` None: it has nothing against it."""

    rule: str
    asks: str
    verdict: Verdict | None


@dataclass(frozen=True)
class Explanation:
    """The judge's verdict and what each rule says by itself."""

    verdict: Verdict
    steps: tuple[Step, ...]

    @property
    def against(self) -> tuple[Verdict, ...]:
        """All that stands against it, the one that decided first."""
        return tuple(s.verdict for s in self.steps if s.verdict and not s.verdict.allowed)


def explain(effect: Any, facts: Facts) -> Explanation:
    """The verdict on an effect, rule by rule."""
    steps = []
    for rule in TABLE.get(effect.kind, ()):
        try:
            verdict = rule(effect, facts)
        except AttributeError:  # it needs facts that are not there, and an earlier one said so
            verdict = None
        steps.append(Step(name_of(rule), (rule.__doc__ or "").partition("\n")[0], verdict))
    return Explanation(judge(effect, facts), tuple(steps))


def rules_of(kind: str) -> tuple[str, ...]:
    """The names of the rules that an effect of this kind has to pass, in order."""
    return tuple(name_of(rule) for rule in TABLE.get(kind, ()))


def name_of(rule: Any) -> str:
    return str(rule.__name__).lstrip("_")
