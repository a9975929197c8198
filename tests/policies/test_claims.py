"""Who works on an item (B7): a table of cases, and no order of steps that gives it to two."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.claims import (
    CLOSED,
    ENDED,
    HOLD,
    Claim,
    Record,
    Seen,
    Us,
    What,
    decide,
    lasts,
    seen_of,
    standing,
    wants_renewal,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
US = Us("ours", names=("towpath[bot]",))
ASKED = replace(US, asked=NOW)
EARLIER = replace(US, asked=NOW - 2 * HOUR)
THEIRS = Claim("theirs", 3, NOW + HOUR)
RAN_OUT = Claim("theirs", 3, NOW - HOUR)


@pytest.mark.parametrize(
    ("seen", "us", "what", "rule", "fence"),
    [
        (Seen(), US, What.TAKE, "free", 1),
        (Seen(state=CLOSED), ASKED, What.ANOTHERS, "closed", 0),
        (Seen(THEIRS), ASKED, What.ANOTHERS, "claimed", 3),
        (Seen(THEIRS, state=CLOSED), US, What.ANOTHERS, "closed", 0),
        (Seen(RAN_OUT), US, What.STALE, "stale", 4),
        (Seen(replace(RAN_OUT, expires=NOW)), US, What.STALE, "stale", 4),
        (Seen(RAN_OUT, ("carol",)), US, What.ANOTHERS, "assigned", 0),
        (Seen(replace(THEIRS, holder="ours")), US, What.OURS, "ours", 3),
        (Seen(replace(THEIRS, holder="ours"), ("carol",)), US, What.OURS, "ours", 3),
        (Seen(replace(RAN_OUT, holder="ours")), US, What.TAKE, "free", 4),
        (Seen(assignees=("Towpath[bot]",)), US, What.TAKE, "free", 1),
        (Seen(assignees=("carol", "towpath[bot]")), US, What.ANOTHERS, "assigned", 0),
        (Seen(assignees=("carol",)), ASKED, What.TAKE, "free", 1),
        (Seen(pull=7), US, What.ANOTHERS, "pull_request", 0),
        (Seen(pull=7), ASKED, What.TAKE, "free", 1),
        (Seen(RAN_OUT, state=ENDED), US, What.ANOTHERS, "left_to_people", 0),
        (Seen(RAN_OUT, state=ENDED), ASKED, What.TAKE, "asked_again", 4),
        (Seen(RAN_OUT, state=ENDED), EARLIER, What.ANOTHERS, "left_to_people", 0),
        (Seen(replace(RAN_OUT, holder="ours"), state=ENDED), US, What.TAKE, "free", 4),
    ],
)  # fmt: skip
def test_what_may_be_done(seen: Seen, us: Us, what: What, rule: str, fence: int) -> None:
    taking = decide(seen, us, NOW)
    assert (taking.what, taking.rule, taking.fence) == (what, rule, fence)
    assert taking.may is (what is not What.ANOTHERS)
    assert taking.reason or taking.rule in ("free", "ours", "asked_again")


def test_when_to_look_again_is_when_the_claim_runs_out() -> None:
    assert decide(Seen(THEIRS), US, NOW).until == THEIRS.expires
    assert decide(Seen(pull=7), US, NOW).until == NOW + HOUR


def record(order: int, holder: str, came: datetime, hours: float, **told: Any) -> Record:
    expires = came + timedelta(hours=hours)
    claim = Claim(holder, 1, expires)
    return Record(order, claim, came, **({"touched": came, "confirmed": expires} | told))


def test_of_two_that_were_written_at_the_same_time_the_first_holds() -> None:
    both = [record(11, "b", NOW, 24), record(10, "a", NOW, 24)]
    assert standing(both) == both[1]
    assert standing(reversed(both)) == both[1]


def test_a_refused_one_does_not_come_to_hold_when_the_other_runs_out() -> None:
    both = [record(10, "a", NOW, 1), record(11, "b", NOW, 24)]
    assert standing(both) == both[0]
    later = record(12, "c", NOW + HOUR, 24)
    assert standing([*both, later]) == later


def test_what_was_prolonged_too_late_ran_out() -> None:
    first = record(10, "a", NOW, 1)
    second = record(11, "b", NOW + HOUR, 1)
    late = replace(first, claim=Claim("a", 1, NOW + 30 * HOUR), touched=NOW + HOUR)
    assert standing([late, second]) == second
    early = replace(late, touched=NOW + HOUR / 2)
    assert standing([early, second]) == early
    ended = replace(late, ended=True)
    assert seen_of([ended, second]).claim == second.claim


def test_nobody_can_claim_a_thing_for_ever() -> None:
    first = record(10, "a", NOW, 24 * 365 * 70)  # a clock that was wrong, or a hand in the comment
    assert first.end == NOW + 2 * HOLD
    late = record(11, "b", NOW + 2 * HOLD, 24)
    assert standing([first, late]) == late
    assert standing([first, record(11, "b", NOW + HOLD, 24)]) == first


def test_times_to_prolong_and_to_begin() -> None:
    assert [wants_renewal(NOW + left, NOW) for left in (HOLD, HOLD / 2)] == [False, True]
    assert [lasts(NOW + left, NOW) for left in (2 * HOUR, HOUR)] == [True, False]


@dataclass
class Towpath:
    """One that claims as the adapters do: read, write, read back; killed after any step."""

    name: str
    skew: timedelta
    mine: Record | None = None  # written, and not read back yet
    held: Record | None = None  # read back: what it works by


@dataclass
class Tracker:
    """A tracker's comments: numbered, with its own times in whole seconds."""

    now: datetime = NOW
    records: dict[int, Record] = field(default_factory=dict)
    last: int = 0

    def write(self, one: Towpath, fence: int) -> None:
        self.last += 1
        expires = self.now + one.skew + HOLD
        made = Record(self.last, Claim(one.name, fence, expires), self.now, self.now, expires)
        self.records[self.last] = one.mine = made

    def prolong(self, one: Towpath, held: Record) -> None:
        if held.order not in self.records:
            one.held = None
            return
        expires = self.now + one.skew + HOLD
        told = replace(
            held,
            claim=replace(held.claim, expires=expires),
            touched=self.now,
            confirmed=held.claim.expires,
        )
        self.records[held.order] = one.mine = told


def step(tracker: Tracker, one: Towpath, what: str) -> None:
    clock = tracker.now + one.skew
    seen = seen_of(tracker.records.values())
    if what == "write" and one.mine is None and one.held is None:
        taking = decide(seen, Us(one.name), clock)
        if taking.may:
            tracker.write(one, taking.fence)
    elif what == "prolong" and one.mine is None and one.held is not None:
        tracker.prolong(one, one.held)
    elif what == "read back" and one.mine is not None:
        holds = standing(tracker.records.values())
        if holds is not None and holds.order == one.mine.order and holds.end == holds.claim.expires:
            one.held = one.mine
        else:
            if one.held is None:
                tracker.records.pop(one.mine.order, None)
            one.held = None
        one.mine = None
    elif what == "die":
        one.mine = one.held = None


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["write", "write", "prolong", "read back", "read back", "die"]),
        st.sampled_from([0, 0, 0, 1, 3600, 6 * 3600, 23 * 3600, 24 * 3600, 86400 + 3600]),
    ),
    max_size=40,
)
SKEWS = st.tuples(*[st.integers(-7200, 7200)] * 3)


@settings(max_examples=400, deadline=None)
@given(STEPS, SKEWS)
def test_in_no_order_of_steps_do_two_hold_it_at_once(steps: list[Any], skews: Any) -> None:
    tracker = Tracker()
    them = [Towpath(f"t{n}", timedelta(seconds=skew)) for n, skew in enumerate(skews)]
    for number, what, passed in steps:
        step(tracker, them[number], what)
        holding = [one for one in them if one.held and one.held.claim.expires > tracker.now]
        assert len(holding) <= 1, tracker
        tracker.now += timedelta(seconds=passed)
