"""A project's own scoring, installed by the operator under the entry point `towpath.scoring`.

A function of `policies.ranking.Scored` that answers with a factor and its reason:

    def security_first(item):
        return (1.5, "security first") if item.family == "security" else (1, "")

The factor is held to 1/4 … 4. The lanes ask for it whenever an item changes and keep it with the
item, so that every process ranks alike; the ranking's ageing stays on top of it.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points

from policies.ranking import Scoring

log = logging.getLogger(__name__)

GROUP = "towpath.scoring"
STANDARD = "wsjf"


class UnknownScoring(LookupError):
    """No scoring of this name is installed, or it cannot be loaded."""

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
    try:
        loaded: Scoring = points[rule].load()
    except (Exception, SystemExit) as error:  # somebody else's code
        log.exception("the scoring %s cannot be loaded", rule)
        raise UnknownScoring(rule, [STANDARD, *sorted(points)]) from error
    return loaded


def release(rule: str) -> str:
    """The version of what brings a scoring, '' where that is Towpath."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    found = points.get(rule)
    return found.dist.version if found is not None and found.dist is not None else ""
