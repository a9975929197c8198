"""What must happen to a story before its stage may go on: people first (S1, S4, W7, W8).

Promises: pure; a person's word (cancel, reject, pause, edit, push, close) is looked at before the
next stage runs, and a gate opens only for what it waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.story.events import Event, ReviewRound
from bot.story.machine import Story
from bot.story.vocabulary import Demands, Gate, State, Waiting
from policies.approvals import Bound, auto_stands, still_valid
from policies.budget import Caps

HEAD_MOVED = "head moved"
UNANSWERED = "unanswered"  # the reason of a story that nobody answered
REVIEW_ROUNDS = "review_rounds"  # the reason of a story whose reviewers were not content
_SKEW = timedelta(minutes=5)  # by which the clocks of two processes may differ
_BEFORE_MERGE = frozenset({State.PLANNING, State.CODING, State.REVIEWING, State.TESTING})


@dataclass(frozen=True)
class Move:
    """Where the story goes next, and what is appended with that step."""

    to: State
    reason: str = ""
    waiting: Waiting | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Gates:
    """What opening a gate depends on. `asked`: of approvals, one where nothing is said."""

    asked: Mapping[Gate, Demands] = field(default_factory=dict)
    review_rounds: int = 3
    wait: timedelta | None = None  # for a person; None: for ever
    unanswered: State = State.FAILED  # where a story goes that waited so long
    caps: Caps = field(default_factory=Caps)
    stopped: str = ""  # why nothing at all may be done for the repository
    holds: frozenset[str] = frozenset()  # rules that hold something back there

    def enough(self, story: Story, gate: Gate) -> bool:
        """Whether as many approvals of what stands there now are given as open `gate`."""
        now = Bound(story.head_sha, story.plan_digest, story.base_sha)
        if auto_stands(story.auto_approved, gate, now):
            return True
        asked = self.asked.get(gate, Demands())
        given = [a for a in story.approvals if still_valid(a, gate, now, asked).allowed]
        return len(given) >= asked.quorum


def next_move(story: Story, gates: Gates, now: datetime) -> Move | None:
    """The move that people or time ask for; None where the story's stage may work or wait."""
    if story.state is State.DONE:
        return None
    if story.terminal:
        return Move(State.ANALYZING, "retry") if story.retry else None
    return _asked_by_people(story, gates, now) or (
        _from_gate(story, gates, now) if story.state is State.WAITING else _from_work(story, gates)
    )


def _asked_by_people(story: Story, gates: Gates, now: datetime) -> Move | None:
    if story.cancel and not story.merged_sha:  # what is merged is seen through
        return Move(State.CANCELLED, story.cancel.reason)
    if story.rejected and not story.retry:
        return Move(State.FAILED, "rejected")
    if story.handoff_asked and not story.retry:
        return Move(State.FAILED, "handoff_requested")
    if story.pause and story.state is not State.WAITING:
        waiting = Waiting(gate=Gate.PAUSED, resume_to=story.state, since=now)
        return Move(State.WAITING, "paused", waiting)
    if gates.stopped and story.state is not State.WAITING:
        waiting = Waiting(gate=Gate.PAUSED, resume_to=story.state, since=now, rule=gates.stopped)
        return Move(State.WAITING, gates.stopped, waiting)
    return None


def _from_gate(story: Story, gates: Gates, now: datetime) -> Move | None:
    waiting = story.waiting
    if waiting is None or gates.stopped:
        return None
    if story.retry:
        return Move(State.ANALYZING, "retry")
    asked = waiting.gate in (Gate.AMBIGUITY_DETECTED, Gate.PRE_CODE) or waiting.subject
    if asked and _edited(story):
        return Move(State.ANALYZING, "edited")
    if waiting.gate is Gate.PRE_DEPLOY:
        moved = _pull_changed(story)
        if moved:
            return moved
    if not story.pause or waiting.gate is Gate.PAUSED:
        if waiting.gate is Gate.PRE_DEPLOY and (asked := _review(story, gates)):
            return asked
        if gate_is_open(story, waiting, gates, now):
            return Move(waiting.resume_to, f"{waiting.gate} open")
    end = waits_until(story, gates)
    return Move(gates.unanswered, UNANSWERED) if end is not None and now >= end else None


def gate_is_open(story: Story, waiting: Waiting, gates: Gates, now: datetime) -> bool:
    """Whether what `waiting` waits for has happened."""
    since = waiting.since - _SKEW
    match waiting.gate:
        case Gate.PAUSED:
            looked_at = not waiting.subject or waiting.subject in story.vouched
            return story.pause is None and looked_at and waiting.rule not in gates.holds
        case Gate.AMBIGUITY_DETECTED:
            return len(story.answers) > story.answers_used
        case Gate.BUDGET_EXCEEDED:
            caps = replace(gates.caps, raised_usd=story.budget_raised_usd)
            # Noted by a clock that was ahead, it is judged anew.
            time_is_up = waiting.until is None or not since <= now < waiting.until
            own = story.cost_usd < caps.usd and story.unpriced_tokens < caps.tokens
            return own and time_is_up
        case Gate.PRE_CODE:
            return gates.enough(story, Gate.PRE_CODE)
        case _:
            told = story.approvals_given > waiting.approvals_seen
            return told and gates.enough(story, waiting.gate)


def overtaken(story: Story) -> bool:
    """Whether somebody else's commit is on the branch that the story works on."""
    return story.foreign_head and story.pull_open


def waits_until(story: Story, gates: Gates) -> datetime | None:
    """When a story stops waiting for a person; None where it waits for time, or for ever."""
    waiting = story.waiting
    if story.state is not State.WAITING or waiting is None or gates.wait is None:
        return None
    return None if waiting.until else waiting.since + gates.wait


def _edited(story: Story) -> bool:
    return story.text_version > story.analyzed_text


def _pull_changed(story: Story) -> Move | None:
    if story.merged_sha:
        return Move(State.VERIFYING, "merged by a person")
    if story.pull_number and not story.pull_open:
        return Move(State.FAILED, "pull_request_closed")
    if story.gated and len(story.checks_asked) > story.gated.asked:
        return Move(State.TESTING, "checks asked again")
    tested = story.tests.get("head")
    if tested and tested.summary.sha != story.head_sha:
        return Move(State.TESTING, HEAD_MOVED)
    return None


def _from_work(story: Story, gates: Gates) -> Move | None:
    if story.state in _BEFORE_MERGE and _edited(story):
        return Move(State.ANALYZING, "edited")
    if story.state in (State.CODING, State.REVIEWING) and overtaken(story):
        return Move(State.TESTING, HEAD_MOVED)
    if story.state is State.DEPLOYING and not story.merged_sha:
        return _review(story, gates)
    return None


def _review(story: Story, gates: Gates) -> Move | None:
    """A round of work on what reviewers want; after the last one it is people's (W10)."""
    remarks = story.remarks_open
    if not remarks or story.foreign_head:
        return None
    if story.review_rounds >= gates.review_rounds:
        return Move(State.FAILED, REVIEW_ROUNDS)
    begun = ReviewRound(
        number=story.review_rounds + 1,
        remarks=tuple(remark.id for remark in remarks),
        head_sha=story.head_sha,
    )
    return Move(State.CODING, "review", events=(begun,))
