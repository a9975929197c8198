"""How many pull requests of ours a repository has, counted from the journal (P5, B10).

Promises: those opened since midnight (UTC), and the stories under way that have one; the story that
asks is not counted among the latter; both also for its kind of work alone. Never writes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from bot.story.database import reading
from bot.story.schema import EFFECTS, EVENTS, STREAMS, stored
from bot.story.vocabulary import TERMINAL, Repository
from policies.throttle import Opened

_KIND = "open_pull_request"

FamilyOf = Callable[[Repository, int], str]
"""(repository, issue) → the kind of work; '' where that is not known."""


def opened_pulls(
    engine: Engine,
    clock: Callable[[], datetime],
    family_of: FamilyOf,
    repository: Repository,
    issue: int = 0,
    family: str = "",
) -> Opened:
    """In `repository`, for the story of `issue` (0: none yet), which asks for one more."""
    midnight = clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (
        select(STREAMS.c.issue)
        .select_from(EVENTS)
        .join(STREAMS, STREAMS.c.stream == EVENTS.c.stream)
        .where(
            EVENTS.c.kind == "effect_performed",
            EVENTS.c.at >= stored(midnight),
            EVENTS.c.data.contains(f'"effect":"{_KIND}"', autoescape=True),
            STREAMS.c.repository == repository.full_name,
        )
    )
    under_way = (
        select(STREAMS.c.issue)
        .distinct()
        .select_from(EFFECTS)
        .join(STREAMS, STREAMS.c.stream == EFFECTS.c.stream)
        .where(
            EFFECTS.c.kind == _KIND,
            EFFECTS.c.status == "performed",
            STREAMS.c.repository == repository.full_name,
            STREAMS.c.state.not_in([str(state) for state in TERMINAL]),
        )
    )
    with reading(engine) as connection:
        day = [number or 0 for number in connection.scalars(today)]
        now = [number or 0 for number in connection.scalars(under_way)]
    now = [number for number in now if not issue or number != issue]
    family = family or (family_of(repository, issue) if issue else "")

    def alike(numbers: list[int]) -> int:
        return sum(family_of(repository, number) == family for number in numbers) if family else 0

    return Opened(len(day), len(now), family, alike(day), alike(now))
