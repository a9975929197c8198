"""A journal that was changed behind Towpath's back shows it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select, text

from bot.story.chain import Broken, link
from bot.story.journal import Head, Journal
from bot.story.schema import EVENTS
from tests.journal.samples import said

OTHER = "0" * 64
CHANGES = {
    "stream": "other",
    "seq": 9,
    "at": "2020-01-01T00:00:00.000000+00:00",
    "actor": "somebody else",
    "kind": "approved",
    "data": '{"kind":"approved"}',
    "prev_hash": OTHER,
    "hash": OTHER,
}


def tamper(engine: Engine, *statements: str, **values: object) -> None:
    """Run statements as somebody with a shell would: no foreign key stops them."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.rollback()
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement), values)
        connection.commit()
    if engine.dialect.name == "sqlite":
        engine.dispose()


@pytest.fixture
def told(journal: Journal) -> Journal:
    """Four events of `s`, one of `t`."""
    for number in range(1, 5):
        journal.append("s", [said(number)], actor="w", head=Head("CODING"))
    journal.append("t", [said(1)], actor="w")
    assert journal.verify() == []
    return journal


def test_every_column_of_an_event_is_covered_by_the_tests() -> None:
    assert set(CHANGES) == {column.name for column in EVENTS.c}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_shows(told: Journal, engine: Engine, column: str) -> None:
    change = "UPDATE events SET {0} = :to WHERE stream = :stream AND seq = :seq"
    with engine.connect() as connection:
        rows = connection.execute(select(EVENTS).where(EVENTS.c.stream == "s")).all()
    for row in rows:
        was, place = getattr(row, column), {"stream": "s", "seq": row.seq}
        tamper(engine, change.format(column), to=CHANGES[column], **place)
        found = told.verify()
        assert found
        assert {one.stream for one in found} <= {"s", "other"}
        assert told.verify("t") == []
        if column in place:
            place[column] = CHANGES[column]
        tamper(engine, change.format(column), to=was, **place)
        assert told.verify() == []


def test_one_change_is_told_once(told: Journal, engine: Engine) -> None:
    tamper(engine, "UPDATE events SET actor = 'x' WHERE stream = 's' AND seq = 2")
    assert told.verify() == told.verify("s") == [Broken("s", 2, "was changed")]


def test_a_change_with_a_hash_made_to_fit_shows_at_the_next_event(told, engine: Engine) -> None:
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM events WHERE stream = 's' AND seq = 2")).one()
    forged = link(row.prev_hash, "s", 2, row.at, "x", row.kind, row.data)
    tamper(
        engine,
        "UPDATE events SET actor = 'x', hash = :hash WHERE stream = 's' AND seq = 2",
        hash=forged,
    )
    assert told.verify() == [Broken("s", 3, "does not continue the event before it")]


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("DELETE FROM events WHERE stream = 's' AND seq = 4", 0),
        ("DELETE FROM events WHERE stream = 's' AND seq > 1", 0),
        ("DELETE FROM events WHERE stream = 's'", 0),
        ("DELETE FROM events WHERE stream = 's' AND seq = 2", 3),
        ("DELETE FROM events WHERE stream = 's' AND seq = 1", 2),
        ("DELETE FROM streams WHERE stream = 's'", 0),
        ("UPDATE streams SET version = 3 WHERE stream = 's'", 0),
        (f"UPDATE streams SET head_hash = '{OTHER}' WHERE stream = 's'", 0),
        (
            "INSERT INTO events SELECT stream, 5, at, actor, kind, data, hash, hash"
            " FROM events WHERE stream = 's' AND seq = 4",
            5,
        ),
    ],
)
def test_events_taken_out_cut_off_or_slipped_in_show(
    told: Journal, engine: Engine, statement: str, seq: int
) -> None:
    tamper(engine, statement)
    assert told.verify()[0][:2] == ("s", seq)


def test_two_events_that_changed_places_show(told: Journal, engine: Engine) -> None:
    tamper(
        engine,
        "UPDATE events SET seq = -2 WHERE stream = 's' AND seq = 2",
        "UPDATE events SET seq = 2 WHERE stream = 's' AND seq = 3",
        "UPDATE events SET seq = 3 WHERE stream = 's' AND seq = -2",
    )
    assert [one.seq for one in told.verify()] == [2, 2, 3, 3, 4]
