"""A project's own scoring, installed by the operator under the entry point `towpath.scoring`.

A function of `policies.ranking.Scored` that answers with a factor and its reason:

    def security_first(item):
        return (1.5, "security first") if item.family == "security" else (1, "")

The factor is held to 1/4 … 4 and is part of an item's score from its next change on; the ranking's
ageing stays on top of it.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from policies.ranking import Scoring

GROUP = "towpath.scoring"
STANDARD = "wsjf"


class UnknownScoring(LookupError):
    """No scoring of this name is installed."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no scoring {name}")
        self.name, self.known = name, known


def scoring(rule: str = STANDARD) -> Scoring | None:
    """The scoring of this name; None for the standard one. Raises UnknownScoring."""
    if rule == STANDARD:
        return None
    points = {point.name: point for point in entry_points(group=GROUP)}
    if rule not in points:
        raise UnknownScoring(rule, [STANDARD, *sorted(points)])
    loaded: Scoring = points[rule].load()
    return loaded
