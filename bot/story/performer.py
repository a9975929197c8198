"""One way out (P1): an effect is proposed, judged, journalled, performed and recorded, once.

Promises: no effect is performed without a verdict in the journal, judged by everything told before
it; a second try is judged anew; an effect whose outcome is not known is looked for before it is
tried again; a performed effect gives its recorded result. While a service is away nothing is sent
to it and no attempt is used up; what people were to be told waits in its order, and of a view only
the newest is shown (B9).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.story.effects import Effect
from bot.story.events import EffectFailed, EffectPerformed, EffectProposed, EffectSuperseded
from bot.story.journal import Conflict, Journal
from bot.story.leases import Lease
from bot.story.machine import Story, apply
from bot.story.outbox import OutboxRow, Proposed, Settled
from bot.story.permit import Permit
from bot.story.services import Resting
from bot.story.vocabulary import Decision, Verdict, Waiting, digest
from policies.retry import effect_retry
from policies.standing import INSIDE

log = logging.getLogger(__name__)

# Said to people by handlers; a dead worker's leftovers of these kinds are still wanted. Other
# kinds belong to a stage or to the status, which propose them again if they still want them.
LEFTOVERS = frozenset({"react", "post_comment", "reply_to_review"})
# They show how things are, so that an older one is worth nothing.
VIEWS = frozenset({"show_status", "set_labels"})
# Done here, or by a model: they wait for no word that could not be said yet.
_LOCAL = INSIDE | {"call_server_tool"}
_HOLDS = 3  # attempts after which an effect that alone fails lets those behind it pass

_STATUS = {Decision.ALLOW: "proposed", Decision.DENY: "denied", Decision.WAIT: "waiting"}


class Adapter(Protocol):
    """Performs one kind of effect."""

    def perform(self, effect: Any, permit: Permit) -> dict[str, Any]:
        """Do it; raise an error with `retryable` and `retry_after` (seconds) where it failed."""

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result, if it is done already."""


class NotAllowed(Exception):
    """A policy said no, or not yet (`waiting` says for what)."""

    def __init__(self, verdict: Verdict, waiting: Waiting | None) -> None:
        super().__init__(verdict.reason)
        self.verdict, self.waiting = verdict, waiting


class NotNow(Exception):
    """Cannot be done at the moment; worth another try at `until`."""

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(why)
        self.until = until


class Refused(Exception):
    """The outside refused for good; `error` says why in words for a person."""

    def __init__(self, effect: Effect, error: Exception, error_id: str) -> None:
        super().__init__(f"{effect.kind}: {error}")
        self.effect, self.error, self.error_id = effect, error, error_id


class Performer:
    """Performs effects for the engine (under a lease) and for handlers (without one)."""

    def __init__(
        self,
        journal: Journal,
        adapters: Mapping[str, Adapter],
        judge: Callable[[Effect, Story], Verdict],
        clock: Callable[[], datetime],
        owner: str,
        claim_s: float = 60.0,
        boundary: Callable[[str], None] = lambda name: None,
        resting: Callable[[Effect], Resting | None] = lambda effect: None,
    ) -> None:
        """`resting`: why what would perform an effect is left alone now."""
        self._resting = resting
        self._journal, self._adapters, self._judge = journal, adapters, judge
        self._clock, self._owner, self._claim_s = clock, owner, claim_s
        self._boundary = boundary

    def do(self, effect: Effect, story: Story, lease: Lease | None) -> dict[str, Any]:
        """The result of `effect`, recorded or new. Raises NotAllowed, NotNow, Refused."""
        row = self._journal.effect(effect.key)
        if row is not None and row.status == "performed":
            return row.result or {}
        if effect.kind in VIEWS:
            self._not_while_away(effect)  # what is true by then is shown
        permit = None
        if row is None or row.status in ("waiting", "denied") or _given_up(row):
            # A key means one thing: what the outbox holds is judged, for it is what is performed.
            permit = self._propose(row.effect if row else effect, story, lease, row)
        return self._perform(effect, story, lease, permit)

    @staticmethod
    def note_unsaid(effect: Effect, why: Exception) -> None:
        """Log that something a handler wanted to say was not said (yet)."""
        log.warning("not said", extra={"effect": effect.kind, "key": effect.key, "why": str(why)})

    def perform_leftovers(self, story: Story, lease: Lease | None) -> datetime | None:
        """Perform what was said but not done, judged anew. Returns when the next one is due."""
        later: datetime | None = None
        now, stream = self._clock(), story.stream
        for row in self._journal.due_effects(now, limit=100, stream=stream, kinds=LEFTOVERS):
            try:
                self._perform(row.effect, story, lease, None)
            except NotNow as pause:
                later = min(later, pause.until) if later else pause.until
            except NotAllowed as no:
                self.note_unsaid(row.effect, no)
            except Refused as refused:
                log.warning("leftover effect refused", extra={"error_id": refused.error_id})
        return later

    def _propose(
        self, effect: Effect, story: Story, lease: Lease | None, known: OutboxRow | None
    ) -> Permit:
        """Judge by all that was told until the verdict is in the journal; raise unless allowed.

        `known`: the effect's row, with its claim where this is a second try under one.
        """
        while True:
            self._catch_up(story)
            verdict = self._judge(effect, story)
            outbox = _outbox(effect, _STATUS[verdict.decision], known)
            older = self._older_views(effect, story.stream)
            gone = [EffectSuperseded(key=k, effect=effect.kind, by=effect.key) for k in older]
            said = f"superseded by {effect.key}"
            dropped = [Settled(key=k, status="denied", error=said) for k in older]
            outbox["settle"] = [*outbox.get("settle", ()), *dropped]
            try:
                *_, recorded = self._journal.append(
                    story.stream,
                    [*gone, _proposal(effect, verdict)],
                    actor="policies",
                    lease=lease,
                    expect=story.version,
                    **outbox,
                )
            except Conflict:
                continue  # somebody said something while it was judged
            break
        if not verdict.allowed:
            raise NotAllowed(verdict, self._waiting(verdict, story))
        return Permit(recorded)

    def _older_views(self, effect: Effect, stream: str) -> list[str]:
        """Keys of views of this kind that were not shown yet, and need not be any more."""
        if effect.kind not in VIEWS:
            return []
        waiting = self._journal.open_effects(stream, {effect.kind})
        return [row.effect.key for row in waiting if row.effect.key != effect.key]

    def _not_while_away(self, effect: Effect) -> None:
        """Raise NotNow while what would perform it is left alone."""
        if rest := self._resting(effect):
            raise NotNow(self._clock() + timedelta(seconds=rest.retry_after), str(rest))

    def _in_turn(self, effect: Effect, story: Story, lease: Lease | None) -> None:
        """Perform what was to be said before; NotNow where that cannot be said yet."""
        if effect.kind in _LOCAL:
            return
        waiting = self._journal.open_effects(story.stream, LEFTOVERS)
        row = self._journal.effect(effect.key) if waiting else None
        for earlier in waiting if row else ():
            if earlier.position >= row.position or earlier.attempts >= _HOLDS:
                continue
            if (until := earlier.waits_until(self._clock())) is not None:
                raise NotNow(until, f"{earlier.effect.key} comes first")
            try:
                self._perform(earlier.effect, story, lease, None)
            except NotAllowed as no:
                self.note_unsaid(earlier.effect, no)
            except Refused as refused:
                log.warning("an earlier effect was refused", extra={"error_id": refused.error_id})

    def _catch_up(self, story: Story) -> None:
        for record in self._journal.load(story.stream, after=story.version):
            apply(story, record.event, record.at)
            story.version = record.seq

    def _waiting(self, verdict: Verdict, story: Story) -> Waiting | None:
        if verdict.decision is not Decision.WAIT or verdict.gate is None:
            return None
        return Waiting(
            gate=verdict.gate,
            resume_to=story.state,
            since=self._clock(),
            reason=verdict.reason,
            approvals_seen=story.approvals_given,
            until=verdict.until,
            subject=verdict.subject,
            rule=verdict.rule,
        )

    def _perform(
        self, effect: Effect, story: Story, lease: Lease | None, permit: Permit | None
    ) -> dict[str, Any]:
        key = effect.key
        self._not_while_away(effect)
        self._in_turn(effect, story, lease)
        # The lease proves that whoever performed a stage's effect before us is dead or fenced out.
        take_over = lease is not None and effect.kind not in LEFTOVERS
        row = self._journal.claim(key, self._owner, self._claim_s, take_over)
        if row is None:
            return self._of_another(key)
        stream, adapter = story.stream, self._adapters[row.effect.kind]
        self._boundary("before:perform")
        try:
            # After a first attempt nobody recorded, it may have been done: look, then repeat.
            result = adapter.look(row.effect) if row.attempts > 1 else None
            looked = result is not None
            if result is None:
                if permit is None:  # allowed a while ago: people may have changed their minds
                    permit = self._propose(row.effect, story, lease, row)
                result = adapter.perform(row.effect, permit)
        except NotAllowed:
            raise
        except Exception as error:
            self._failed(row, stream, lease, error)
            raise  # a fault of ours: the stage records it
        self._boundary("after:perform")
        self._journal.append(
            stream,
            [EffectPerformed(key=key, effect=row.effect.kind, result=result, looked=looked)],
            actor=self._owner,
            lease=lease,
            settle=[Settled(key=key, status="performed", result=result, claim=row)],
        )
        return result

    def _of_another(self, key: str) -> dict[str, Any]:
        row = self._journal.effect(key)
        if row is not None and row.status == "performed":
            return row.result or {}
        now = self._clock()
        until = row.waits_until(now) if row else None
        raise NotNow(until or now + timedelta(seconds=5), f"{key} is claimed or not due")

    def _failed(self, row: OutboxRow, stream: str, lease: Lease | None, error: Exception) -> None:
        """Record the failure; raise NotNow or Refused where the error says which it is."""
        retryable = getattr(error, "retryable", None)
        wait_s = getattr(error, "retry_after", None)
        if retryable and wait_s is None:
            wait_s = effect_retry(row.attempts)
        until = self._clock() + timedelta(seconds=wait_s) if retryable and wait_s else None
        is_away, unsent = getattr(error, "away", False), getattr(error, "unsent", False)
        # What was sent once is looked for before it is sent again: that attempt counts.
        if until is not None and is_away and (unsent or row.attempts > 1):
            waits = Settled(
                key=row.effect.key,
                status="failed",
                error=str(error)[:2000],
                not_before=until,
                claim=row,
                uncounted=True,
            )
            self._journal.append(stream, [], actor=self._owner, lease=lease, settle=[waits])
            raise NotNow(until, str(error)) from error
        error_id = uuid.uuid4().hex[:12]
        self._journal.append(
            stream,
            [
                EffectFailed(
                    key=row.effect.key,
                    effect=row.effect.kind,
                    error=f"{type(error).__name__}: {error}"[:2000],
                    error_id=error_id,
                    final=until is None,
                    usage=getattr(error, "usage", None),
                    requests=getattr(error, "requests", 0),
                )
            ],
            actor=self._owner,
            lease=lease,
            settle=[
                Settled(
                    key=row.effect.key,
                    status="failed",
                    error=f"{error_id} {error}"[:2000],
                    not_before=until,
                    claim=row,
                )
            ],
        )
        if until is not None:
            raise NotNow(until, str(error)) from error
        if retryable is not None:
            raise Refused(row.effect, error, error_id) from error


def _given_up(row: OutboxRow) -> bool:
    return row.status == "failed" and row.not_before is None


def _outbox(effect: Effect, status: str, known: OutboxRow | None) -> dict[str, list[Any]]:
    """What the verdict means for the outbox; an allowed second try keeps its claim."""
    if known is None:
        return {"propose": [Proposed(effect=effect, status=status)]}
    if known.status != "performing":
        return {"settle": [Settled(key=effect.key, status=status)]}
    if status == "proposed":
        return {}
    return {"settle": [Settled(key=effect.key, status=status, claim=known)]}


def _proposal(effect: Effect, verdict: Verdict) -> EffectProposed:
    return EffectProposed(
        key=effect.key,
        effect=effect.kind,
        digest=digest(effect.model_dump(mode="json")),
        verdict=verdict,
    )
