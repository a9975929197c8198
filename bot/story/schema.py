"""The tables of the journal, the outbox and the two memories of what came in.

Promises: one definition for SQLite and PostgreSQL, equal to what the migrations make (a test
compares them). Instants are text of one fixed width in UTC, so that they sort as text, are the same
bytes on both databases and can be hashed. Nothing here runs a statement.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

METADATA = MetaData()

# SQLite only counts an INTEGER PRIMARY KEY up by itself; PostgreSQL should not stop at 2^31.
_Counter = BigInteger().with_variant(Integer, "sqlite")

STREAMS = Table(
    "streams",
    METADATA,
    Column("stream", String, primary_key=True),
    Column("kind", String, nullable=False),  # story | repo
    Column("state", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("repository", String, nullable=False),
    Column("issue", BigInteger),
    Column("version", BigInteger, nullable=False),  # seq of the last event
    Column("head_hash", String, nullable=False),  # hash of the last event
    Column("wake_at", String),
    Column("updated_at", String, nullable=False),
    Column("lease_owner", String),
    Column("lease_fence", BigInteger, nullable=False),
    Column("lease_expires", String),
    Index("streams_wake_at", "wake_at"),
    Index("streams_state", "state"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("stream", String, ForeignKey("streams.stream"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("prev_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    # No number of its own: every column of an event is covered by its hash.
    PrimaryKeyConstraint("stream", "seq", name="events_pkey"),
)

EFFECTS = Table(
    "effects",
    METADATA,
    Column("position", _Counter, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("stream", String, ForeignKey("streams.stream"), nullable=False),
    Column("kind", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", String),
    Column("claim_owner", String),
    Column("claim_expires", String),
    Column("result", Text),
    Column("error", Text, nullable=False),
    Index("effects_status", "status", "position"),
    Index("effects_stream", "stream", "position"),
    sqlite_autoincrement=True,
)

SEEN = Table(
    "seen",
    METADATA,
    Column("key", String, primary_key=True),
    Column("at", String, nullable=False),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("guid", String, primary_key=True),
    Column("event", String, nullable=False),
    Column("action", String, nullable=False),
    Column("received_at", String, nullable=False),
    Column("handled_at", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("error_id", String, nullable=False),
    Index("deliveries_error_id", "error_id", "handled_at"),
)

# Views of the items' streams: what comes next, and which item a source speaks of.
ITEMS = Table(
    "items",
    METADATA,
    Column("repository", String, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("family", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("base", BigInteger, nullable=False),  # policies.ranking.base: the score without its age
    Column("since", BigInteger, nullable=False),  # microseconds since 1970
    Column("version", BigInteger, nullable=False),  # of the stream when this was written
    PrimaryKeyConstraint("repository", "number", name="items_pkey"),
    Index("items_rank", "repository", "state", "base", "since", "number"),
    Index("items_oldest", "repository", "state", "since"),
)

ITEM_KEYS = Table(
    "item_keys",
    METADATA,
    Column("repository", String, nullable=False),
    Column("key", String, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String, nullable=False),  # source | identity | words
    Column("source", String, nullable=False),
    Column("place", String, nullable=False),
    Column("digest", String, nullable=False),  # of the sighting
    PrimaryKeyConstraint("repository", "key", "number", name="item_keys_pkey"),
    Index("item_keys_place", "repository", "source", "place"),
    Index("item_keys_number", "repository", "number"),
)


def stored(at: datetime) -> str:
    """The instant as its column holds it. A naive datetime is a ValueError: it names no instant."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str | None) -> datetime | None:
    """The instant of a column; None where there is none."""
    return None if text is None else datetime.fromisoformat(text)


def storable(text: str) -> str:
    """Text that both databases can hold: PostgreSQL refuses NUL, neither holds lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
