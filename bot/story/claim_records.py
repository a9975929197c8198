"""Claims as they stand in comments of an issue, and who the holder of ours is (B7).

Promises: a record counts only in the last lines of a comment of the app that its holder names, so
that nobody's words, quoted or forged, can pass for one; what cannot be read is no record.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.story.journal import AlreadySeen, Head, Journal
from bot.story.repository_events import HolderNamed
from policies.claims import Claim, Record, Seen, seen_of

STREAM = "holder"

_LINE = re.compile(
    r"<!-- towpath:claim holder=(?P<holder>[A-Za-z0-9-]{1,60}/[A-Za-z0-9-]{1,60}) "
    r"fence=(?P<fence>[0-9]{1,9}) expires=(?P<expires>[0-9T:-]{19}) "
    r"confirmed=(?P<confirmed>[0-9T:-]{19})"
    r"(?: order=(?P<order>[0-9]{1,18}) came=(?P<came>[0-9T:-]{19}))?(?P<ended> ended)? -->",
    re.ASCII,
)
_TAIL = 600  # characters at the end of a comment in which a record can be
_MARKER = re.compile(r"\s*<!-- towpath:status key=[0-9a-f]{16} -->\s*\Z", re.ASCII)


class Issue(Protocol):
    """Reads of one issue; `bot.outside.ports` has the contracts."""

    def issue_comments(self, repository: Any, number: int) -> list[dict[str, Any]]: ...


def line(
    claim: Claim,
    confirmed: datetime,
    order: int = 0,
    came: datetime | None = None,
    ended: bool = False,
) -> str:
    """A record as a hidden line. `order` and `came`: of the comment it was first written in."""
    first = f" order={order} came={_time(came)}" if order and came else ""
    return (
        f"<!-- towpath:claim holder={claim.holder} fence={claim.fence} "
        f"expires={_time(claim.expires)} confirmed={_time(confirmed)}{first}"
        f"{' ended' if ended else ''} -->"
    )


def records(comments: Iterable[Mapping[str, Any]]) -> list[Record]:
    """The records in comments, as GitHub tells them."""
    found = [record_of(comment) for comment in comments]
    return [each for each in found if each is not None]


def record_of(comment: Mapping[str, Any]) -> Record | None:
    """The record of a comment; None where it has none that counts."""
    tail = str(comment.get("body") or "")[-_TAIL:]
    end = _MARKER.search(tail)
    lines = list(_LINE.finditer(tail, 0, end.start())) if end else []
    if end is None or not lines or lines[-1].end() != end.start():
        return None
    told, holder = lines[-1], lines[-1]["holder"]
    author = str((comment.get("user") or {}).get("login") or "")
    if author.lower() != f"{holder.partition('/')[0]}[bot]".lower():
        return None
    try:
        came = datetime.fromisoformat(str(comment["created_at"]))
        touched = datetime.fromisoformat(str(comment.get("updated_at") or comment["created_at"]))
        return Record(
            order=int(told["order"] or comment["id"]),
            claim=Claim(holder, int(told["fence"]), _instant(told["expires"])),
            came=_instant(told["came"]) if told["came"] else came,
            touched=touched,
            confirmed=_instant(told["confirmed"]),
            ended=told["ended"] is not None,
        )
    except (KeyError, ValueError):
        return None


def is_status(comment: Mapping[str, Any]) -> bool:
    """Whether a comment of ours shows how a story stands: it ends in the marker of one."""
    return _MARKER.search(str(comment.get("body") or "")[-_TAIL:]) is not None


def replaced(body: str, told: str) -> str:
    """The body of a status comment with `told` as its record ('' takes it away)."""
    end = _MARKER.search(body)
    if end is None:
        return body
    head, tail = body[: end.start()], end.group().strip()
    if (lines := list(_LINE.finditer(head))) and lines[-1].end() == len(head):
        head = head[: lines[-1].start()]
    return "\n\n".join(part for part in (head.rstrip(), told) if part) + f"\n{tail}"


def seen(issue: Mapping[str, Any], comments: Iterable[Mapping[str, Any]], pull: int = 0) -> Seen:
    """What GitHub shows of an issue. `pull`: an open pull request of a person's for it."""
    people = tuple(str(each.get("login")) for each in issue.get("assignees") or ())
    return seen_of(records(comments), people, issue.get("state") == "closed", pull)


def holder(slug: str, journal: Journal) -> str:
    """The stable id of this Towpath: its app, and the database that it remembers by."""
    for _ in range(2):
        for record in journal.load(STREAM):
            if isinstance(record.event, HolderNamed):
                return f"{slug}/{record.event.name}"
        try:
            named = HolderNamed(name=uuid.uuid4().hex[:12])
            head = Head(kind=STREAM)
            journal.append(STREAM, [named], actor=STREAM, head=head, once=f"{STREAM}/named")
        except AlreadySeen:
            continue
    raise LookupError("the name of this Towpath is remembered, and cannot be read")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
