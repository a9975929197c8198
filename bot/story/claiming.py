"""When a story claims its issue, prolongs the claim, and gives it back (W8, B7).

Promises: pure; a story's work goes on only under a claim that everybody can read and that will last
long enough; while it waits for people the claim is kept alive; at its end it is given back in the
status comment itself. Never: speaks for a story that somebody else's Towpath works on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.story.claim_records import line
from bot.story.effects import ClaimIssue
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import State
from policies import claims
from policies.claims import CLOSED, HOLD, LOOK_AGAIN, RENEW, lasts, wants_renewal

Claim = Callable[[ClaimIssue], Move | datetime | None]
"""Performs it; None, or what stands in its way now."""


def see_to(
    story: Story, holder: str, now: datetime, body: Callable[[], str], claim: Claim
) -> Move | datetime | None:
    """Claim the issue or prolong the claim, where that is due. None: the work may go on.

    Else when to look again, or the end of a story that somebody else has done. `body`: what the
    status comment says now, which is asked of GitHub.
    """
    withheld, held = story.withheld, story.claim
    until = withheld.until if withheld is not None else None
    if until is not None and now < until <= now + LOOK_AGAIN:  # later, a wrong clock noted it
        return until
    if held is not None and not wants_renewal(held.expires, now):
        return None
    stands_against = claim(_effect(story, holder, now, body()))
    if (withheld := story.withheld) is not None:
        if withheld.rule == CLOSED:
            return Move(State.CANCELLED, withheld.reason)
        return withheld.until or now + LOOK_AGAIN
    if stands_against is None or (story.claim and lasts(story.claim.expires, now)):
        return None  # what could not be prolonged now will be
    refused = isinstance(stands_against, Move) and stands_against.to is State.FAILED
    return now + LOOK_AGAIN if refused else stands_against


def renewal(story: Story, now: datetime) -> datetime:
    """When to see to the claim again of a story that waits."""
    return story.claim.expires - RENEW if story.claim else now + LOOK_AGAIN


def _effect(story: Story, holder: str, now: datetime, body: str) -> ClaimIssue:
    kind = "claim_issue"  # each try is a new one: what was meant then may be too late now
    tries = story.effects_performed[kind] + story.effects_failed[kind]
    return ClaimIssue(
        key=f"{story.stream}/{kind}/{tries}",
        repository=story.repository,
        issue=story.issue,
        holder=holder,
        now=now,
        expires=now + HOLD,
        asked=story.asked_at,
        body=body,
        comment_id=story.status_comment_id,
    )


def status_line(story: Story) -> str:
    """The record that the status comment bears; '' where there is no claim of ours."""
    held = story.claim
    if held is None:
        return ""
    ended = story.terminal and story.state_since is not None
    expires = held.expires
    if ended and story.state_since:  # the whole second after it: who asked before asked before
        expires = min(expires, story.state_since + timedelta(seconds=1))
    claim = claims.Claim(held.holder, held.fence, expires)
    return line(claim, held.expires, held.order, held.came, ended)
