"""Claiming an issue where everybody can read it, and reading back who holds it (B7, W8).

Promises: a claim counts only once it was read back and stands by `policies.claims`; who loses takes
the words back and leaves nothing; done again it finds what it wrote. The claim is a hidden line of
the story's status comment. Never: writes on an issue that another Towpath works on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from bot.outside.errors import Forbidden, NotFound, Refused, Unavailable
from bot.outside.github_writes import Needs, Writes, marked
from bot.story import effects as fx
from bot.story.claim_records import is_status, line, record_of, records, replaced, seen
from policies.claims import (
    LOOK_AGAIN,
    Claim,
    Record,
    Taking,
    Us,
    What,
    decide,
    standing,
    wants_renewal,
)

log = logging.getLogger(__name__)


class Claims(Writes):
    """The `_do_` and `_look_` of the kind; see `bot.outside.github_effects`."""

    needs: ClassVar[Needs] = {"claim_issue": {"issues": "write"}}

    def _do_claim_issue(self, effect: fx.ClaimIssue) -> dict[str, Any]:
        issue = self._reads.issue(effect.repository, effect.issue)
        comments = self._comments(effect)
        us = Us(effect.holder, (self._reads.identity().bot.login,), effect.asked)
        taking = decide(seen(issue, comments), us, effect.now)
        if taking.what is What.ANOTHERS:
            return self._withheld(effect, comments, taking)
        before = standing(records(comments))
        if taking.what is What.OURS and before is not None:
            held = self._prolonged(effect, comments, before)
        else:
            held = self._taken(effect, taking.fence)
        if held is None:  # somebody was faster
            comments = self._comments(effect)
            taking = decide(seen(issue, comments), us, effect.now)
            if taking.what is not What.ANOTHERS:
                raise Unavailable("the claim cannot be read back yet")
            return self._withheld(effect, comments, taking)
        from_whom = taking.reason if taking.what is What.STALE else ""
        if taking.what is not What.OURS:
            self._assign(effect)
        return self._held(effect, held, from_whom)

    def _look_claim_issue(self, effect: fx.ClaimIssue) -> dict[str, Any] | None:
        return None  # done again it finds what it wrote

    def _taken(self, effect: fx.ClaimIssue, fence: int) -> Record | None:
        """The record of a claim that nobody came before; None where somebody did."""
        claim = Claim(effect.holder, fence, effect.expires)
        where = ("issues", effect.issue, "comments")
        body = marked(effect.body, effect.key, "status", line(claim, effect.expires))
        needs = ("id", "created_at")
        made = self._write("POST", effect.repository, *where, body={"body": body}, needs=needs)
        return self._read_back(effect, int(made["id"]), None)

    def _prolonged(
        self, effect: fx.ClaimIssue, comments: Iterable[Mapping[str, Any]], record: Record
    ) -> Record | None:
        """The record of ours that stands, with a later end where it wants one."""
        if not wants_renewal(record.end, effect.now):
            return record
        bearer = _bearers(comments, effect.holder, record.order)[-1]
        claim = Claim(effect.holder, record.claim.fence, effect.expires)
        told = replaced(bearer["body"], line(claim, record.end, record.order, record.came))
        self._edit_comment(effect, bearer["id"], told)
        return self._read_back(effect, record.order, effect.expires)

    def _read_back(
        self, effect: fx.ClaimIssue, order: int, expires: datetime | None
    ) -> Record | None:
        comments = self._comments(effect)
        found = records(comments)
        if not any(each.order == order and _is(each, effect.holder) for each in found):
            raise Unavailable("the claim cannot be read back yet")
        holds = standing(found)
        if holds is None or holds.order != order or not _is(holds, effect.holder):
            return None
        if expires is not None and holds.end != expires.replace(microsecond=0):
            return None  # it had run out before it was prolonged
        return holds

    def _held(self, effect: fx.ClaimIssue, record: Record, from_whom: str) -> dict[str, Any]:
        return {
            "held": True,
            "holder": effect.holder,
            "fence": record.claim.fence,
            "expires": record.end.isoformat(),
            "order": record.order,
            "came": record.came.isoformat(),
            "taken_from": from_whom,
            "comment_id": self._in_one_comment(effect, record),
        }

    def _in_one_comment(self, effect: fx.ClaimIssue, record: Record) -> int:
        """Where the status is shown from now on: the claim is in it, and in no other comment.

        A try that was broken off, and ran out since, left a comment that no story remembers.
        """
        ours = [each for each in self._comments(effect) if self._is_ours(each)]
        shown = [each for each in ours if _shows_status(each, effect.holder)]
        place = self._place(effect, ours) or next(iter(shown), None)
        if place is None:
            return record.order
        if (told := record_of(place)) is None or told.order != record.order:
            claim = Claim(effect.holder, record.claim.fence, record.end)
            held = line(claim, record.end, record.order, record.came)
            kept = replaced(place["body"], held) if is_status(place) else ""
            new = kept or marked(effect.body, effect.key, "status", held)
            self._edit_comment(effect, place["id"], new)
        for each in shown:
            if each["id"] != place["id"]:
                self._delete(effect, each["id"])
        return int(place["id"])

    def _place(
        self, effect: fx.ClaimIssue, ours: Iterable[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """The comment that the story remembers, if it is still there."""
        if effect.comment_id is None:
            return None
        for each in ours:
            if each["id"] == effect.comment_id:
                return each
        found = self._reads.comment(effect.repository, effect.comment_id)  # lists can be behind
        return found if found is not None and self._is_ours(found) else None

    def _withheld(
        self, effect: fx.ClaimIssue, comments: Iterable[Mapping[str, Any]], taking: Taking
    ) -> dict[str, Any]:
        """Take back what of ours was too late; the status comment of earlier work stays."""
        holds = standing(records(comments))
        for each in comments:
            record = record_of(each)
            late = record is not None and _is(record, effect.holder) and record != holds
            if late and each["id"] != effect.comment_id and not (record and record.ended):
                self._delete(effect, each["id"])
        until = min(taking.until or effect.expires, effect.now + LOOK_AGAIN)
        told = {"rule": taking.rule, "reason": taking.reason}
        return {"held": False, **told, "until": until.isoformat()}

    def _assign(self, effect: fx.ClaimIssue) -> None:
        """GitHub leaves out, or refuses, an account that issues cannot be assigned to."""
        where = ("issues", effect.issue, "assignees")
        body = {"assignees": [self._reads.identity().bot.login]}
        try:
            self._write("POST", effect.repository, *where, body=body)
        except (Refused, Forbidden, NotFound) as no:
            log.info("not assigned", extra={"issue": effect.issue, "why": str(no)})

    def _comments(self, effect: fx.ClaimIssue) -> list[dict[str, Any]]:
        return list(self._reads.issue_comments(effect.repository, effect.issue))

    def _edit_comment(self, effect: fx.ClaimIssue, comment_id: int, body: str) -> None:
        where = ("issues", "comments", comment_id)
        self._write("PATCH", effect.repository, *where, body={"body": body})

    def _delete(self, effect: fx.ClaimIssue, comment_id: int) -> None:
        try:
            self._write("DELETE", effect.repository, "issues", "comments", comment_id)
        except NotFound:
            return  # as wanted


def _is(record: Record, holder: str) -> bool:
    return record.claim.holder == holder


def _shows_status(comment: Mapping[str, Any], holder: str) -> bool:
    """Whether it is a status comment that bears no claim of somebody else's."""
    record = record_of(comment)
    return is_status(comment) and (record is None or _is(record, holder))


def _bearers(
    comments: Iterable[Mapping[str, Any]], holder: str, order: int
) -> list[Mapping[str, Any]]:
    """The comments that bear this record of ours, the oldest first."""
    found = [(each, record_of(each)) for each in comments]
    return [each for each, told in found if told and told.order == order and _is(told, holder)]
