"""How many pull requests of ours a repository has, counted from the journal (P5).

Promises: those opened since midnight (UTC), and the stories under way that have one; the story that
asks is not counted among the latter. Never writes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine, distinct, func, select

from bot.story.database import reading
from bot.story.machine import Story
from bot.story.schema import EFFECTS, EVENTS, STREAMS, stored
from bot.story.vocabulary import TERMINAL
from policies.opened_pulls import Opened

_KIND = "open_pull_request"


def opened_pulls(engine: Engine, clock: Callable[[], datetime], story: Story) -> Opened:
    """In the repository of `story`, which asks for one more."""
    repository = story.repository.full_name
    midnight = clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (
        select(func.count())
        .select_from(EVENTS)
        .join(STREAMS, STREAMS.c.stream == EVENTS.c.stream)
        .where(
            EVENTS.c.kind == "effect_performed",
            EVENTS.c.at >= stored(midnight),
            EVENTS.c.data.contains(f'"effect":"{_KIND}"', autoescape=True),
            STREAMS.c.repository == repository,
        )
    )
    under_way = (
        select(func.count(distinct(EFFECTS.c.stream)))
        .join(STREAMS, STREAMS.c.stream == EFFECTS.c.stream)
        .where(
            EFFECTS.c.kind == _KIND,
            EFFECTS.c.status == "performed",
            STREAMS.c.repository == repository,
            STREAMS.c.state.not_in([str(state) for state in TERMINAL]),
            STREAMS.c.stream != story.stream,
        )
    )
    with reading(engine) as connection:
        day, at_once = connection.scalar(today), connection.scalar(under_way)
        return Opened(day=day or 0, open=at_once or 0)
