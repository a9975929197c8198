"""What can have happened to an item of the backlog, and the words for it (B1, B5).

Promises: facts in the past tense, frozen, one stream an item (`item/<repository>/<number>`); every
value says where it comes from. What follows from the facts (the fields that won, the score) is in
no fact: `bot.backlog.item` folds it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.story.vocabulary import Value


class Family(StrEnum):
    """What kind of work an item is; there are seven (B1)."""

    FEATURE = "feature"
    BUG = "bug"
    SECURITY = "security"
    DEBT = "debt"
    TEST = "test"
    DOCS = "docs"
    OPERATIONS = "operations"


class ItemState(StrEnum):
    """Where an item is (B1). The edges are in `bot.backlog.edges`."""

    NEW = "NEW"
    REFINED = "REFINED"
    READY = "READY"
    DOING = "DOING"
    PR = "PR"
    DONE = "DONE"
    BLOCKED = "BLOCKED"


class Authority(StrEnum):
    """Who stands behind a value, the strongest first: `STRENGTH` orders them."""

    COMMAND = "command"  # a person said it about this item
    LABEL = "label"  # a label that names the input
    DOCUMENT = "document"  # a field of the source
    PRIORITY = "priority"  # a word for its importance: a label or a severity
    RULE = "rule"  # the repository's configuration
    ESTIMATE = "estimate"  # ours, with its reason


STRENGTH = {authority: rank for rank, authority in enumerate(reversed(Authority), 1)}


class Provenance(Value):
    """Where a value comes from. `place`: path:line or URL; `by`: a login; `reason`: why."""

    authority: Authority
    source: str = ""
    place: str = ""
    by: str = ""
    reason: str = ""


class Input(Value):
    """One input of the score: a number of the scale 1, 2, 3, 5, 8, 13."""

    number: int
    origin: Provenance


class Inputs(Value):
    """The four inputs, as far as somebody gave them."""

    value: Input | None = None
    time: Input | None = None
    risk: Input | None = None
    size: Input | None = None


class Sighting(Value):
    """What one source says about one thing that ought to be done.

    `key` is stable within the repository while the source means the same thing; `place` names the
    document or service, `line` the line in it (from 1; 0: none). `identities` are names that no
    two things share (an advisory with its package, a rule with its file, an issue); `digest` is of
    everything that can change an item.
    """

    source: str
    key: str
    place: str
    line: int = 0
    url: str = ""
    title: str
    body: str = ""
    family: Family
    family_origin: Provenance
    inputs: Inputs
    labels: tuple[str, ...] = ()
    state: ItemState | None = None  # what the source says: DONE for a ticked box
    reason: str = ""  # of that state
    created: datetime | None = None
    identities: tuple[str, ...] = ()
    digest: str = ""


class ItemFound(Value):
    """Something to do that no item stood for before."""

    kind: Literal["item_found"] = "item_found"
    repository: str
    number: int
    sighting: Sighting


class ItemSeen(Value):
    """A source tells of the item for the first time, or tells something else than before.

    `replaces`: the key under which the source had it, where an edit changed that. `since`: how long
    an item was known that turned out to be the same thing.
    """

    kind: Literal["item_seen"] = "item_seen"
    sighting: Sighting
    replaces: str = ""
    since: datetime | None = None


class ItemGone(Value):
    """A source that was read whole does not hold the item any more."""

    kind: Literal["item_gone"] = "item_gone"
    key: str
    reason: str


class ItemRefined(Value):
    """What the item asks for was made clear: criteria to meet, questions left for people."""

    kind: Literal["item_refined"] = "item_refined"
    criteria: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    size: Input | None = None


class InputsGiven(Value):
    """A person set inputs: by `/wsjf`, the command line or the backlog's own interface."""

    kind: Literal["inputs_given"] = "inputs_given"
    inputs: Inputs


class InputsRuled(Value):
    """What the repository's own rules say of the item now, instead of what they said before.

    `factor`: what a scoring of its own multiplies the score by, as a fraction, and why (`note`).
    """

    kind: Literal["inputs_ruled"] = "inputs_ruled"
    inputs: Inputs
    factor: tuple[int, int] = (1, 1)
    note: str = ""


class ItemMoved(Value):
    """The item went from one state to another; `reason` is always there for BLOCKED."""

    kind: Literal["item_moved"] = "item_moved"
    source: ItemState
    target: ItemState
    reason: str = ""


class ItemStarted(Value):
    """Its work was begun at `issue`. `by`: the login of who wanted it; `leave`: how they said so
    (`bot.backlog.start`).
    """

    kind: Literal["item_started"] = "item_started"
    issue: int
    by: str
    leave: str


class ItemMerged(Value):
    """The item turned out to be the same thing as item `into`, which took over its sources."""

    kind: Literal["item_merged"] = "item_merged"
    into: int


class SourceRead(Value):
    """A source was read: in the stream `backlog/<repository>`, when it was not as before.

    `faults`: what could not be read, as (line, what).
    """

    kind: Literal["source_read"] = "source_read"
    source: str
    place: str
    digest: str
    entries: int
    faults: tuple[tuple[int, str], ...] = ()


ItemEvent = (
    ItemFound
    | ItemSeen
    | ItemGone
    | ItemRefined
    | InputsGiven
    | InputsRuled
    | ItemMoved
    | ItemStarted
    | ItemMerged
    | SourceRead
)
