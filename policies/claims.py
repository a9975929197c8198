"""Who works on an item, by what a tracker shows to everybody (B7).

Promises: pure; all who read the same records name the same holder, whatever their own clocks say:
a record stands if, by the tracker's own times, nobody else's stood when it came. A record that was
prolonged after it had run out counts as run out. Never: looks anything up, or tells what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOLD = timedelta(hours=24)  # how long a claim lasts that nobody prolongs
RENEW = timedelta(hours=12)  # with less than this left it is prolonged
MARGIN = timedelta(hours=1)  # with less than this left it is no ground to begin anything
MOST = 2 * HOLD  # that a record counts for after its last change, whatever it says
LOOK_AGAIN = timedelta(hours=1)  # where nobody said until when

OPEN, CLOSED, ENDED = "open", "closed", "ended"


class What(StrEnum):
    """What may be done about an item."""

    TAKE = "take"
    OURS = "ours"
    ANOTHERS = "anothers"
    STALE = "stale"  # another's, and it ran out: may be taken with the next fence


@dataclass(frozen=True)
class Claim:
    """`holder`: stable id of one Towpath; `fence`: 1 and up, one more with every holder."""

    holder: str
    fence: int
    expires: datetime


@dataclass(frozen=True)
class Seen:
    """What the tracker shows. `state`: OPEN; CLOSED; ENDED: the last holder is through with it and
    left the rest to people at `claim.expires`. `pull`: an open pull request of a person's for it.
    """

    claim: Claim | None = None
    assignees: tuple[str, ...] = ()
    state: str = OPEN
    pull: int = 0


@dataclass(frozen=True)
class Us:
    """`names`: the accounts that are us. `asked`: when a person last asked us, None: nobody did."""

    holder: str
    names: tuple[str, ...] = ()
    asked: datetime | None = None


@dataclass(frozen=True)
class Taking:
    """`fence`: to take it with, or that it is held with. `until`: when to look again."""

    what: What
    rule: str
    reason: str = ""
    fence: int = 0
    until: datetime | None = None

    @property
    def may(self) -> bool:
        """Whether we hold it or may take it."""
        return self.what is not What.ANOTHERS


def decide(seen: Seen, us: Us, now: datetime) -> Taking:
    """Whether we may work on it. A person who asks us outweighs an assignee, never a claim."""
    claim, fence = seen.claim, (seen.claim.fence + 1 if seen.claim else 1)
    if seen.state == CLOSED:
        return Taking(What.ANOTHERS, "closed", "it is closed")
    stands = claim is not None and seen.state != ENDED
    if claim is not None and stands and claim.expires > now:
        if claim.holder == us.holder:
            return Taking(What.OURS, "ours", fence=claim.fence, until=claim.expires)
        reason = f"{claim.holder} works on it"
        return Taking(What.ANOTHERS, "claimed", reason, claim.fence, claim.expires)
    if us.asked is None and (others := _others(seen.assignees, us.names)):
        reason = f"it is assigned to {', '.join(others)}"
        return Taking(What.ANOTHERS, "assigned", reason, until=now + LOOK_AGAIN)
    if us.asked is None and seen.pull:
        reason = f"pull request #{seen.pull} is open for it"
        return Taking(What.ANOTHERS, "pull_request", reason, until=now + LOOK_AGAIN)
    if claim is None or claim.holder == us.holder:
        return Taking(What.TAKE, "free", fence=fence)
    if stands:
        reason = f"the claim of {claim.holder} ran out at {_minute(claim.expires)}"
        return Taking(What.STALE, "stale", reason, fence)
    if us.asked is None or us.asked <= claim.expires:
        reason = f"{claim.holder} left it to people"
        return Taking(What.ANOTHERS, "left_to_people", reason, until=now + LOOK_AGAIN)
    return Taking(What.TAKE, "asked_again", fence=fence)


def _others(assignees: Iterable[str], names: Iterable[str]) -> list[str]:
    ours = {name.lower() for name in names}
    return sorted({each for each in assignees if each.lower() not in ours})


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Record:
    """A claim as it is written where everybody can read it; all times are the tracker's own.

    `order`: the tracker's number of it, lower came earlier. `came`, `touched`: when it was made and
    last changed. `confirmed`: until when it was known to stand when it was last changed.
    """

    order: int
    claim: Claim
    came: datetime
    touched: datetime
    confirmed: datetime
    ended: bool = False  # its holder is through with it, since `claim.expires`

    @property
    def end(self) -> datetime:
        """When it runs (or ran) out: what was written too late or too far ahead counts not."""
        expires = min(self.claim.expires, self.touched + MOST)
        if self.touched < self.confirmed:
            return expires
        return min(expires, self.confirmed)


def standing(records: Iterable[Record]) -> Record | None:
    """The record that was granted last: the holder's, until its `end`. None: there is none."""
    holds: Record | None = None
    for record in sorted(records, key=lambda one: one.order):
        if holds is None or holds.end <= record.came or holds.claim.holder == record.claim.holder:
            holds = record
    return holds


def seen_of(
    records: Iterable[Record], assignees: tuple[str, ...] = (), closed: bool = False, pull: int = 0
) -> Seen:
    """What a tracker shows that keeps records."""
    holds = standing(records)
    state = CLOSED if closed else ENDED if holds and holds.ended else OPEN
    claim = Claim(holds.claim.holder, holds.claim.fence, holds.end) if holds else None
    return Seen(claim, assignees, state, pull)


def lasts(expires: datetime, now: datetime) -> bool:
    """Whether a claim of ours is ground enough to begin something now."""
    return expires - now > MARGIN


def wants_renewal(expires: datetime, now: datetime) -> bool:
    """Whether a claim of ours is to be prolonged now."""
    return expires - now <= RENEW
