"""The hash chain that makes a changed journal show (S2).

Promises: each event's hash covers all its columns and, through the hash before it, the whole stream
up to it. Shows events that were changed, inserted, taken out or cut off at the end. Cannot show a
chain rewritten as a whole, nor a stream taken out together with its row: for that, keep a copy of
the heads elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)

GENESIS = hashlib.sha256(b"towpath journal 1").hexdigest()


class Broken(NamedTuple):
    """A place where the journal does not hold together; `seq` 0 is the stream's own row."""

    stream: str
    seq: int
    what: str


class Row(NamedTuple):
    """An event as its table holds it; `at` and `data` are text."""

    stream: str
    seq: int
    at: str
    actor: str
    kind: str
    data: str
    prev_hash: str
    hash: str


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces. ValueError for NaN and infinities.

    Lone surrogates (a tool's undecodable output) become "?": no reader would take them back.
    """
    return _ENCODER.encode(value).encode("utf-8", "replace").decode()


def link(previous: str, stream: str, seq: int, at: str, actor: str, kind: str, data: str) -> str:
    """The hash of an event after `previous` (hex). `data` is hashed as the text it is stored as."""
    fields = {"stream": stream, "seq": seq, "at": at, "actor": actor, "kind": kind, "data": data}
    return hashlib.sha256((previous + canonical(fields)).encode()).hexdigest()


def broken(rows: Iterable[Row], heads: dict[str, tuple[int, str]]) -> Iterator[Broken]:
    """What does not hold in `rows`, sorted by stream and seq, and in `heads` (version, hash).

    After a break the walk goes on from what is stored, so that one change is told once.
    """
    unseen = dict(heads)
    for stream, events in groupby(rows, key=lambda row: row.stream):
        seq, previous = 0, GENESIS
        for row in events:
            if row.seq != seq + 1:
                yield Broken(stream, row.seq, f"follows event {seq}")
            elif row.prev_hash != previous:
                yield Broken(stream, row.seq, "does not continue the event before it")
            if row.hash != link(row.prev_hash, *row[:6]):
                yield Broken(stream, row.seq, "was changed")
            seq, previous = row.seq, row.hash
        head = unseen.pop(stream, None)
        if head is None:
            yield Broken(stream, 0, "has events but no row of its own")
        elif head != (seq, previous):
            yield Broken(stream, 0, f"should end with event {head[0]}, ends with {seq}")
    for stream, (version, head_hash) in unseen.items():
        if (version, head_hash) != (0, GENESIS):
            yield Broken(stream, 0, f"should end with event {version}, has none")
