"""Whatever two workers do in whatever order, with a clock that jumps: a model says what holds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bot.story.journal import AlreadySeen, Conflict, FenceLost, Head, Journal
from bot.story.leases import Lease
from bot.story.outbox import ClaimLost, OutboxRow, Proposed, Settled
from tests.journal.samples import Clock, comment, said

OWNERS = st.sampled_from(["ada", "bob"])
WHATS = st.sampled_from(["x", "y"])
TTL = st.sampled_from([5, 40])
_names = itertools.count()


@dataclass
class Expected:
    """What an effect should be."""

    status: str = "proposed"
    attempts: int = 0
    owner: str | None = None
    until: object = None  # end of the claim, or when to try again

    def due(self, now) -> bool:
        if self.status == "proposed":
            return True
        return self.status in ("performing", "failed") and self.until and self.until <= now


@dataclass
class Told:
    """What the stream should be."""

    comments: list[int] = field(default_factory=list)
    lease: Lease | None = None  # the current one
    until: object = None
    fence: int = 0
    seen: set[str] = field(default_factory=set)
    effects: dict[str, Expected] = field(default_factory=dict)


class TwoWorkers(RuleBasedStateMachine):
    """Two owners on one stream of a real database."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.journal = Journal(self.engine, self.clock)
        self.stream = f"s{next(_names)}"
        self.told = Told()
        self.leases: dict[str, Lease] = {}  # the last one each owner got, maybe lost
        self.claims: dict[tuple[str, str], OutboxRow] = {}
        self.numbers = itertools.count(1)

    @rule(seconds=st.sampled_from([-50, 1, 5, 40]))
    def the_clock_jumps(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule(owner=OWNERS, ttl=TTL)
    def acquire(self, owner: str, ttl: int) -> None:
        told = self.told
        lease = self.journal.acquire(self.stream, owner, ttl)
        free = told.lease is None or told.until <= self.clock.now
        assert (lease is not None) == free
        if lease:
            assert lease.fence > told.fence
            told.lease, told.fence = lease, lease.fence
            told.until = self._in(ttl)
            self.leases[owner] = lease

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), ttl=TTL)
    def renew(self, data, ttl: int) -> None:
        lease = data.draw(st.sampled_from(sorted(self.leases.values())))
        current = lease == self.told.lease
        assert self.journal.renew(lease, ttl) == current
        if current:
            self.told.until = self._in(ttl)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data) -> None:
        lease = data.draw(st.sampled_from(sorted(self.leases.values())))
        self.journal.release(lease)
        if lease == self.told.lease:
            self.told.lease = None

    @rule(count=st.integers(0, 3), data=st.data())
    def append(self, count: int, data) -> None:
        lease = data.draw(st.sampled_from([None, *sorted(self.leases.values())]))
        off = data.draw(st.sampled_from([None, 0, 1]))
        once = data.draw(st.sampled_from([None, "m", "n"]))
        what = data.draw(st.sampled_from([None, "x", "y"]))
        told, numbers = self.told, [next(self.numbers) for _ in range(count)]
        arguments = {
            "lease": lease,
            "expect": None if off is None else len(told.comments) - off,
            "once": None if once is None else f"{self.stream} {once}",
            "propose": [] if what is None else [Proposed(comment(self.stream, what))],
        }
        expected: type[Exception] | None = None
        if lease is not None and lease != told.lease:
            expected = FenceLost
        elif off:
            expected = Conflict
        elif once in told.seen:
            expected = AlreadySeen
        if self._append(numbers, expected, **arguments):
            told.comments += numbers
            told.seen |= {once} - {None}
            if what:
                told.effects.setdefault(what, Expected())

    @precondition(lambda self: self.told.effects)
    @rule(owner=OWNERS, what=WHATS, ttl=TTL)
    def claim(self, owner: str, what: str, ttl: int) -> None:
        row = self.journal.claim(comment(self.stream, what).key, owner, ttl)
        effect = self.told.effects.get(what)
        assert (row is not None) == bool(effect and effect.due(self.clock.now))
        if row:
            effect.status, effect.owner, effect.until = "performing", owner, self._in(ttl)
            effect.attempts += 1
            assert row.attempts == effect.attempts
            self.claims[owner, what] = row

    @precondition(lambda self: self.told.effects)
    @rule(
        owner=OWNERS,
        what=WHATS,
        status=st.sampled_from(["performed", "failed", "denied", "proposed"]),
        claimed=st.booleans(),
    )
    def settle(self, owner: str, what: str, status: str, claimed: bool) -> None:
        claim = self.claims.get((owner, what)) if claimed else None
        effect = self.told.effects.get(what)
        if effect is None:
            fits = False
        elif claim is None:
            fits = effect.status not in ("performing", "performed")
        else:
            fits = (effect.status, effect.owner, effect.attempts) == (
                "performing",
                claim.owner,
                claim.attempts,
            )
        again = self._in(5) if status == "failed" else None
        number = next(self.numbers)
        key = comment(self.stream, what).key
        settled = Settled(key, status, not_before=again, claim=claim)
        if self._append([number], None if fits else ClaimLost, settle=[settled]):
            self.told.comments.append(number)
            effect.status, effect.owner, effect.until = status, None, again

    @invariant()
    def the_journal_is_what_was_told(self) -> None:
        events = self.journal.load(self.stream)
        assert [one.event.comment_id for one in events] == self.told.comments
        assert [one.seq for one in events] == list(range(1, len(events) + 1))
        assert self.journal.verify(self.stream) == []
        found = {row.effect.body: (row.status, row.attempts, row.owner) for row in self._effects()}
        assert found == {
            what: (one.status, one.attempts, one.owner) for what, one in self.told.effects.items()
        }
        due = self.journal.due_effects(self.clock.now, 9, stream=self.stream)
        assert {row.effect.body for row in due} == {
            what for what, one in self.told.effects.items() if one.due(self.clock.now)
        }

    def _effects(self) -> list[OutboxRow]:
        return self.journal.effects(self.stream)

    def _append(self, numbers, expected: type[Exception] | None, **arguments) -> bool:
        events = [said(number) for number in numbers]
        if expected is None:
            self.journal.append(self.stream, events, actor="w", head=Head("CODING"), **arguments)
            return True
        with pytest.raises(expected):
            self.journal.append(self.stream, events, actor="w", **arguments)
        return False

    def _in(self, seconds: int):
        before = self.clock.now
        self.clock.move(seconds)
        then, self.clock.now = self.clock.now, before
        return then


def test_two_workers_in_any_order_keep_to_the_model(engine: Engine) -> None:
    run_state_machine_as_test(
        type("TwoWorkersHere", (TwoWorkers,), {"engine": engine}),
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
