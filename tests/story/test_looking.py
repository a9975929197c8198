"""A look at everything is done in parts, makes way for webhooks, and owes what it did not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from bot.looking import Looking
from handlers.looks import LATE, Look, Memory, go_on
from policies.looks import MOST
from policies.redelivery import KEPT

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Things:
    """What there is to look at; `away`: what cannot be seen; `left`: looks until time is up."""

    def __init__(self, *names: str) -> None:
        self.names, self.away, self.left = list(names), set[str](), 10**6
        self.seen: list[tuple[str, datetime]] = []
        self.now, self.memory = NOON, Memory(mark=NOON)

    def round(self) -> Iterator[tuple[str, Look]]:
        self.memory.begin()
        self.memory.keep(self.names)
        for name in self.memory.turn(self.names):
            yield name, lambda since, name=name: self.look(name, since)

    def look(self, name: str, since: datetime) -> None:
        self.left -= 1
        self.seen.append((name, since))
        if name in self.away:
            raise ConnectionError("away for a moment")

    def go_on(self, round_: Iterator[tuple[str, Look]]) -> bool:
        return go_on(round_, self.memory, lambda: self.now, lambda: self.left <= 0)

    def took(self) -> list[str]:
        told, self.seen = [name for name, _ in self.seen], []
        return told


def test_a_round_goes_on_where_its_time_was_up() -> None:
    things = Things(*"abcde")
    things.away, things.left = {"b"}, 3
    round_ = things.round()
    assert not things.go_on(round_)
    assert things.took() == ["a", "b", "c"]
    things.left = 9
    assert things.go_on(round_)
    assert things.took() == ["d", "e"]
    assert things.memory.owed() == 1, "b"
    things.away, things.left = set(), 9
    assert things.go_on(things.round())
    assert things.memory.owed() == 0


def test_a_look_goes_back_to_the_last_one_that_saw_everything() -> None:
    things = Things("a")
    assert things.go_on(things.round())
    things.now += timedelta(minutes=10)
    things.away = {"a"}
    assert things.go_on(things.round())
    things.now += timedelta(minutes=10)
    things.away = set()
    assert things.go_on(things.round())
    things.now += timedelta(minutes=41)
    assert things.go_on(things.round())
    assert [since for _, since in things.seen] == [
        NOON - KEPT,
        NOON - LATE,
        NOON - LATE,  # it failed in between
        NOON + timedelta(minutes=61) - KEPT,  # once an hour as far as GitHub keeps deliveries
    ]


def test_after_an_outage_everything_is_owed_from_its_beginning_on() -> None:
    things = Things(*(f"r{n:04}" for n in range(MOST + 50)))
    while things.memory.owed() or not things.memory.number:
        assert things.go_on(things.round())
    assert things.memory.number == 2
    things.took()
    things.now += timedelta(minutes=30)
    began = NOON + timedelta(minutes=5)
    things.memory.missed(began - timedelta(hours=3), things.now)
    assert things.memory.owed() == MOST + 50
    assert things.go_on(things.round())
    assert things.memory.more
    assert things.memory.owed() == 50
    assert {since for _, since in things.seen} == {began - timedelta(hours=3) - LATE}
    assert things.go_on(things.round())
    assert (things.memory.owed(), things.memory.more) == (0, False)
    assert set(things.took()) == set(things.names)


def test_what_failed_once_is_tried_again_in_the_next_round() -> None:
    things = Things(*(f"r{n:04}" for n in range(200)))
    for _ in range(30):
        assert things.go_on(things.round())
    things.took()
    things.away = set(things.names)
    assert things.go_on(things.round())
    turns = things.took()
    things.away = set(turns[:1])
    assert things.go_on(things.round())
    assert set(turns) <= set(things.took())
    assert things.go_on(things.round())
    assert turns[0] not in things.took(), "but not for ever"


def test_what_can_never_be_seen_takes_nobodys_turn() -> None:
    things = Things(*(f"r{n:04}" for n in range(300)))
    things.away = {f"r{n:04}" for n in range(150)}
    for _ in range(6):
        assert things.go_on(things.round())
    assert set(things.took()) == set(things.names)
    for _ in range(10):
        assert things.go_on(things.round())
        assert not things.memory.more
    told = things.took()
    assert len(told) < 350, "those that fail no more often than the others"
    assert set(told) == set(things.names)


def test_after_the_clock_of_a_process_was_set_back_it_looks_at_once_and_far_back() -> None:
    at, seen = [NOON + timedelta(days=1)], []
    nothing = SimpleNamespace(known=dict, streams=lambda **asked: [], installations=list)
    nothing.failed_deliveries = lambda since: seen.append(since) or []
    office = SimpleNamespace(
        clock=lambda: at[0], github=nothing, repositories=nothing, journal=nothing
    )
    every = timedelta(minutes=5)
    looking = Looking(lambda: office, every, at[0])  # type: ignore[arg-type,return-value]
    looking.if_due(at[0])
    looking.if_due(at[0] + every / 2)
    assert len(seen) == 1
    at[0] = NOON
    looking.if_due(NOON)
    looking.if_due(NOON + every / 2)
    assert seen[1:] == [NOON - KEPT - LATE]
