"""The next items are those that sorting all of them would give."""

from __future__ import annotations

import random

from sqlalchemy import insert

from bot.backlog.ranked import Queues
from bot.backlog.store import Backlog
from bot.story.item_events import ItemState
from bot.story.journal import Journal
from bot.story.schema import ITEMS
from policies.ranking import DAY_US, SCALE, base, microseconds, order
from tests.backlog.samples import REPO, reading, sighting

STATES = (ItemState.NEW, ItemState.READY, ItemState.DONE)


def rows(rng: random.Random, count: int, now: int, days: int) -> list[dict]:
    return [
        {
            "repository": REPO,
            "number": number,
            "state": rng.choice(STATES),
            "family": rng.choice(["bug", "docs"]),
            "title": f"thing {number}",
            "base": base(*(rng.choice(SCALE[:3]) for _ in range(4))),
            "since": now - rng.randrange(-DAY_US, days * DAY_US, DAY_US // 4),
            "version": 1,
        }
        for number in range(1, count + 1)
    ]


def test_the_next_are_exactly_those_that_sorting_gives(either: Journal) -> None:
    now = microseconds(either.clock())
    queues = Queues(either.engine, either.clock)
    for seed, (count, days) in enumerate([(1, 2), (30, 3), (400, 40), (3000, 90), (3000, 2)]):
        rng = random.Random(seed)
        told = rows(rng, count, now, days)
        with either.engine.begin() as connection:
            connection.execute(ITEMS.delete())
            connection.execute(insert(ITEMS), told)
        for states, families in (((ItemState.READY,), None), (STATES[:2], {"bug"}), (STATES, None)):
            fit = [one for one in told if one["state"] in states]
            fit = [one for one in fit if families is None or one["family"] in families]
            fit.sort(key=lambda one: order(one["base"], one["since"], one["number"], now))
            for limit in (0, 1, 20, 137):
                found = queues.next(REPO, limit, states, families)
                assert [one.number for one in found] == [one["number"] for one in fit[:limit]]


def test_both_databases_take_the_same_readings(either: Journal) -> None:
    backlog = Backlog(either)
    told = reading(*(sighting(f"Thing number {n} to be done", key=f"k{n}") for n in range(30)))
    assert len(backlog.take(REPO, told).found) == 30
    assert backlog.take(REPO, told).unchanged == 30
    assert backlog.counts(REPO) == {"NEW": 30}
    assert either.verify() == []
