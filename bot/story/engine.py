"""Advances stories: load, let people's words count, run the stage, append, perform (S1, S5, S6).

Promises: one worker at a time holds a story (lease with fencing number); everything it learns is
appended before it is relied on; every outside effect goes through the `Performer`. Killed
anywhere, the next worker goes on from the last event. Never decides what a stage or a policy does.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from bot.story import claiming
from bot.story.desk import Desk, StageStops
from bot.story.edges import check_edge
from bot.story.effects import ClosePullRequest, Effect, SetLabels, ShowStatus
from bot.story.events import Event, HandedOff, StageFaulted, Transitioned
from bot.story.handoff import Handoff
from bot.story.journal import Conflict, Head, Journal
from bot.story.leases import FenceLost, Lease
from bot.story.machine import Story, apply, fold
from bot.story.next_move import REVIEW_ROUNDS, Gates, Move, next_move, waits_until
from bot.story.performer import NotAllowed, NotNow, Performer, Refused
from bot.story.reviewing import review_reply
from bot.story.vocabulary import Remark, State, digest
from policies.labels import ALL as ALL_LABELS
from policies.labels import label_of
from policies.retry import effect_retry, stage_retry
from policies.standing import DRY_RUN

log = logging.getLogger(__name__)

ENGINE = "towpath"

Stage = Callable[[Story, Desk], Move]


@dataclass(frozen=True)
class Limits:
    """Times in seconds (X2) and counts (S3)."""

    lease_s: float = 30.0
    heartbeat_s: float = 10.0
    stage_retries: int = 5


class Texts(Protocol):
    """What the engine lets people read; `bot.texts` words it."""

    def status(self, story: Story) -> str: ...
    def handoff(self, story: Story, reason: str) -> Handoff: ...
    def left(self, story: Story, remark: Remark) -> str: ...


class Engine:
    """Moves one story as far as it can go without a person."""

    def __init__(
        self,
        journal: Journal,
        performer: Performer,
        stages: Mapping[State, Stage],
        clock: Callable[[], datetime],
        gates: Callable[[Story], Gates],
        limits: Limits,
        owner: str,
        jitter: Callable[[], float],
        texts: Texts,
        holder: str = "",
    ) -> None:
        """`holder`: the name that issues are claimed under (B7); '' where none are."""
        self._journal, self._performer, self._stages = journal, performer, stages
        self._clock, self._gates, self._limits = clock, gates, limits
        self._owner, self._jitter, self._texts = owner, jitter, texts
        self._holder = holder

    def advance(self, stream: str) -> datetime | None:
        """Advance a story until it waits, ends or must be tried again later.

        Returns when to look again (None: when something happens). Another worker's story is
        left alone.
        """
        lease = self._journal.acquire(stream, self._owner, self._limits.lease_s)
        if lease is None:
            row = self._journal.stream(stream)
            return row.lease_expires if row else None
        try:
            with self._heartbeat(lease) as alive:
                return _Run(self, stream, lease, alive).to_the_end()
        except FenceLost:
            log.warning("story taken over by another worker", extra={"stream": stream})
            return None
        finally:
            self._journal.release(lease)

    @contextmanager
    def _heartbeat(self, lease: Lease) -> Iterator[Callable[[], bool]]:
        """Renew the lease in the background; the yielded call says whether it is still ours."""
        stop, lost = threading.Event(), threading.Event()

        def beat() -> None:
            while not stop.wait(self._limits.heartbeat_s):
                if not self._journal.renew(lease, self._limits.lease_s):
                    lost.set()
                    return

        thread = threading.Thread(target=beat, name=f"lease {lease.stream}", daemon=True)
        thread.start()
        try:
            yield lambda: not lost.is_set()
        finally:
            stop.set()
            thread.join()


class _Run:
    """One advance of one story under one lease."""

    def __init__(
        self, engine: Engine, stream: str, lease: Lease, alive: Callable[[], bool]
    ) -> None:
        self._e, self._stream, self._lease, self._alive = engine, stream, lease, alive
        self._story = fold(stream, engine._journal.load(stream))
        self._refused: set[str] = set()  # views that cannot be shown in this advance

    def to_the_end(self) -> datetime | None:
        while True:
            self._refresh()
            unsaid = self._e._performer.perform_leftovers(self._story, self._lease)
            moved, wanted = self._move(), None
            if not moved:
                wanted = self._claim()
                if self._works():
                    wanted = wanted or self._stage()
                    moved = isinstance(wanted, Move) and self._move(wanted)
            held = self._story.claim is not None
            unseen = self._show()
            if moved or (held and self._story.claim is None and self._claims()):
                continue  # the work goes on where it cannot be seen now; a lost claim is made anew
            waits = wanted if isinstance(wanted, datetime) else None
            times = [at for at in (unsaid, unseen, waits) if at is not None]
            later = min(times) if times else self._opens_at()
            if self._rests(later):
                return later

    def _move(self, wanted: Move | None = None) -> bool:
        """Take what people or time ask for, else what the stage wants.

        Decided on the last word that was said: what is told meanwhile is looked at first.
        """
        while True:
            self._refresh()
            move = self._asked() or wanted
            if move is None:
                return False
            try:
                self._take(move)
            except Conflict:
                continue
            return True

    def _asked(self) -> Move | None:
        if self._story.repository is None:
            return None  # something was said on an issue that has no story (yet)
        return next_move(self._story, self._e._gates(self._story), self._e._clock())

    def _claim(self) -> Move | datetime | None:
        """See to the claim on the issue (B7); None where the work may go on."""
        story, e = self._story, self._e
        if not self._claims():
            return None

        def claim(effect: Effect) -> Move | datetime | None:
            try:
                return self._try(lambda: e._performer.do(effect, story, self._lease) and None)
            finally:
                self._refresh()

        body = partial(e._texts.status, story)
        return claiming.see_to(story, e._holder, e._clock(), body, claim)

    def _claims(self) -> bool:
        """Whether this story needs a claim now."""
        story = self._story
        if not self._e._holder or story.repository is None or story.terminal or story.merged_sha:
            return False
        gates = self._e._gates(story)
        return not gates.stopped and DRY_RUN not in gates.holds

    def _opens_at(self) -> datetime | None:
        """When a gate opens by itself, nobody is waited for any longer, or the claim ends."""
        story = self._story
        waiting = story.waiting if story.state is State.WAITING else None
        if waiting is None:
            return None
        until = waiting.until or waits_until(story, self._e._gates(story))
        renew = claiming.renewal(story, self._e._clock()) if self._claims() else None
        return min((at for at in (until, renew) if at is not None), default=None)

    def _works(self) -> bool:
        story = self._story
        return bool(story.repository) and not story.terminal and story.state is not State.WAITING

    def _refresh(self) -> None:
        """Take in what others (handlers) appended meanwhile."""
        if not self._alive():
            raise FenceLost(self._stream)
        for record in self._e._journal.load(self._stream, after=self._story.version):
            apply(self._story, record.event, record.at)
            self._story.version = record.seq

    def _append(self, *events: Event, head: Head | None = None, expect: int | None = None) -> None:
        if events or head:
            self._e._journal.append(
                self._stream, events, actor=ENGINE, head=head, lease=self._lease, expect=expect
            )
        self._refresh()

    def _take(self, move: Move) -> None:
        story = self._story
        check_edge(story.state, move.to)
        step = Transitioned(
            source=story.state, target=move.to, reason=move.reason, waiting=move.waiting
        )
        events = [*move.events, step]
        if move.to is State.FAILED and not any(isinstance(x, HandedOff) for x in events):
            handed = self._e._texts.handoff(story, move.reason)
            events.insert(0, HandedOff(handoff=handed))
        # Due until it rests: if this worker dies before that, the sweep finds it unleased, and
        # what a waiting or ended story shows is put right too.
        head = Head(state=move.to, wake_at=self._e._clock())
        self._append(*events, head=head, expect=story.version)

    def _rests(self, later: datetime | None) -> bool:
        """Note when to look again; False where something was told meanwhile."""
        if self._asked() is not None:
            return False
        try:
            self._e._journal.append(
                self._stream,
                [],
                actor=ENGINE,
                head=Head(wake_at=later),
                lease=self._lease,
                expect=self._story.version,
            )
        except Conflict:
            return False
        return True

    def _stage(self) -> Move | datetime:
        """Run the stage of the current state: where it wants to go, or when to try again."""
        story = self._story
        desk = Desk(
            story,
            self._e._performer,
            self._lease,
            self._append,
            self._e._clock,
            self._e._gates(story).caps,
        )
        return self._try(lambda: self._e._stages[story.state](story, desk))

    def _try(self, step: Callable[[], Move | datetime | None]) -> Any:
        """What a step comes to, whatever stands in its way."""
        try:
            return step()
        except FenceLost:
            raise
        except NotNow as pause:
            return pause.until
        except NotAllowed as no:
            if no.waiting is None:
                return Move(State.FAILED, f"not_allowed: {no.verdict.reason}")
            return Move(State.WAITING, no.verdict.reason, no.waiting)
        except Refused as refused:
            return Move(State.FAILED, f"refused {refused.error_id}: {refused}")
        except StageStops as stop:
            return stop.move
        except Exception as error:  # noqa: BLE001 - every fault becomes an event with an id
            return self._fault(error)

    def _fault(self, error: Exception) -> Move | datetime:
        story, error_id = self._story, uuid.uuid4().hex[:12]
        if getattr(error, "away", False):  # that says nothing about the stage
            return self._e._clock() + timedelta(seconds=getattr(error, "retry_after", None) or 1.0)
        log.exception("stage faulted", extra={"stream": self._stream, "error_id": error_id})
        attempt, limit = story.faults + 1, self._e._limits.stage_retries
        wait_s = stage_retry(attempt, limit, self._e._jitter())
        if getattr(error, "retryable", False):  # GitHub is away or busy: it is waited for
            wait_s = getattr(error, "retry_after", None) or effect_retry(attempt)
        retry_at = self._e._clock() + timedelta(seconds=wait_s) if wait_s is not None else None
        self._append(
            StageFaulted(
                stage=story.state,
                error=f"{type(error).__name__}: {error}"[:2000],
                error_id=error_id,
                attempt=attempt,
                retry_at=retry_at,
            ),
            head=Head(state=story.state, wake_at=retry_at),
        )
        return retry_at or Move(State.FAILED, f"fault {error_id}")

    def _show(self) -> datetime | None:
        """Bring labels and the status comment in step with the story (W8, W9).

        Returns when to try again what cannot be shown now. What is refused is tried once an
        advance: the work goes on unseen, and nobody is hammered.
        """
        story, later = self._story, None
        if story.repository is None or self._e._gates(story).stopped:
            return None  # there is nothing to show, or no place that we may write to
        if story.withheld is not None:
            return None  # another's words stand there now
        ended = [partial(self._left, remark) for remark in self._left_over()]
        for view in (*ended, self._close_pull, self._labels, self._status):
            effect, sight = view() or (None, "")
            if effect is None or sight in self._refused:
                continue
            try:
                self._e._performer.do(effect, story, self._lease)
            except NotNow as pause:
                later = min(later, pause.until) if later else pause.until
            except FenceLost:
                raise
            except NotAllowed as no:
                self._refused.add(sight)
                where = {"stream": self._stream, "effect": effect.kind, "why": no.verdict.rule}
                log.info("not shown", extra=where)
            except Exception:
                self._refused.add(sight)
                log.exception("not shown", extra={"stream": self._stream, "effect": effect.kind})
            self._refresh()
        return later

    def _left_over(self) -> tuple[Remark, ...]:
        """What reviewers said and nobody answers any more (W10)."""
        return self._story.remarks_unsaid if self._story.terminal else ()

    def _left(self, remark: Remark) -> tuple[Effect, str]:
        effect = review_reply(self._story, remark, self._e._texts.left(self._story, remark))
        return effect, effect.key

    def _close_pull(self) -> tuple[Effect, str] | None:
        story = self._story
        if not story.terminal or not story.pull_open or story.state is State.DONE:
            return None
        if story.failure_reason == REVIEW_ROUNDS:
            return None  # what reviewers talk about stays where they talk
        key = f"{self._stream}/close_pull_request/{story.pull_number}/{story.round}"
        repository = story.repository
        return ClosePullRequest(key=key, repository=repository, number=story.pull_number), key

    def _labels(self) -> tuple[Effect, str] | None:
        story = self._story
        gate = story.waiting.gate if story.waiting else None
        wanted = label_of(story.state, gate)
        view = f"{wanted}/{story.label_disturbances}"
        if story.labels_shown == view:
            return None
        effect = SetLabels(
            key=f"{self._stream}/set_labels/{story.effects_performed['set_labels']}/{view}",
            repository=story.repository,
            issue=story.issue,
            add=(wanted,) if wanted else (),
            remove=tuple(label for label in ALL_LABELS if label != wanted),
        )
        return effect, effect.key

    def _status(self) -> tuple[Effect, str] | None:
        story = self._story
        body = self._e._texts.status(story)
        mark = digest([body, story.head_sha, story.plan_digest])[:16]
        if story.status_digest == mark:
            return None
        effect = ShowStatus(
            key=f"{self._stream}/show_status/{mark}/{story.version}",
            repository=story.repository,
            issue=story.issue,
            body=body,
            digest=mark,
            head_sha=story.head_sha if story.pull_number else "",
            plan_digest=story.plan_digest,
            comment_id=story.status_comment_id,
            claim=claiming.status_line(story),
        )
        return effect, mark
