"""The facts that the numbers are made of, read stream by stream (O3).

Promises: one pass over the journal, in the memory of one stream; only kinds that some number needs
are parsed. A fact of `until` or later is not read: the numbers are those of that moment, whenever
they are asked for. Never: writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select

from bot.story.database import reading
from bot.story.journal import Journal
from bot.story.schema import EVENTS, stored

_KINDS = (
    "story_received",
    "transitioned",
    "analyzed",
    "planned",
    "split_proposed",
    "committed",
    "tested",
    "task_done",
    "rebased",
    "conflict_met",
    "approved",
    "auto_approved",
    "pull_closed",
    "item_found",
    "item_seen",
    "item_gone",
    "item_refined",
    "inputs_given",
    "item_moved",
    "item_started",
    "item_merged",
    "workflow_ended",
)
_EFFECTS = ("call_model", "merge_pull_request", "open_pull_request", "open_issue")
_AT_ONCE = 500  # rows


class Fact(NamedTuple):
    """A recorded fact, as JSON: parsed when somebody looks into it."""

    seq: int
    at: datetime
    kind: str
    data: str

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.data)
        return found


def streams(
    journal: Journal, repository: str | None, until: datetime
) -> Iterator[tuple[str, list[Fact]]]:
    """The streams with their facts, each in the order it was told in."""
    column = EVENTS.c
    # What is inside of a text has its quotes escaped, so this finds the field and nothing else.
    effects = [column.data.contains(f'"effect":"{name}"', autoescape=True) for name in _EFFECTS]
    query = (
        select(column.stream, column.seq, column.at, column.kind, column.data)
        .where(
            or_(*_whose(column.stream, repository)),
            column.at < stored(until),
            or_(
                column.kind.in_(_KINDS),
                and_(column.kind.in_(("effect_performed", "effect_failed")), or_(*effects)),
            ),
        )
        .order_by(column.stream, column.seq)
    )
    with reading(journal.engine) as connection:
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
        for stream, group in groupby(rows, key=lambda row: row[0]):
            yield stream, [Fact(r[1], datetime.fromisoformat(r[2]), r[3], r[4]) for r in group]


def _whose(stream: Any, repository: str | None) -> tuple[Any, ...]:
    """The streams of stories, of items and of CI."""
    if repository is None:
        return tuple(stream.startswith(kind) for kind in ("story:", "item/", "ci/"))
    begins = f"story:{repository}:", f"item/{repository}/"
    mine = (stream.startswith(one, autoescape=True) for one in begins)
    return *mine, stream == f"ci/{repository}"
