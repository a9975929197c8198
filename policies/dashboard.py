"""May the dashboard issue be opened or written? (B14, P1)

Promises: pure; only where the repository's configuration asks for it, one issue at a time; what a
person closed is left closed, and one that is not asked for any more may be closed.
Never: looks anything up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.story.vocabulary import Verdict, deny


@dataclass(frozen=True)
class DashboardFacts:
    """`repository`: the id of the one it is of. `issue`: of the dashboard now, 0: none.

    `wanted`: by the configuration; `closed`: by a person.
    """

    repository: int
    wanted: bool
    issue: int = 0
    closed: bool = False


def decide(effect: Any, facts: DashboardFacts | None) -> Verdict | None:
    """None where nothing is against it."""
    if facts is None or effect.repository.id != facts.repository:
        return deny("own_repository", "the effect is for the dashboard of another repository")
    if not facts.wanted and effect.state != "closed":
        return deny("dashboard", "the configuration asks for none (backlog.dashboard.enabled)")
    if effect.issue != facts.issue:
        named = f"#{facts.issue}" if facts.issue else "one that is still to be opened"
        return deny("one_dashboard", f"the dashboard is {named}, not #{effect.issue}")
    if facts.closed and effect.state != "closed":
        return deny(
            "dashboard_closed", "a person closed the dashboard; reopening it brings it back"
        )
    return None
