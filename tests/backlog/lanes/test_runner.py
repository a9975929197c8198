"""One run at a time, each with an artefact; what died is taken over (B6)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.backlog.lanes.history import history, stream_of
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.lanes.runner import Times
from bot.story.database import open_database
from bot.story.installation_events import AccessChanged
from bot.story.journal import Journal
from bot.story.lane_events import LaneEnded, LaneStarted
from tests.backlog.lanes.samples import Said, runner_on
from tests.journal.samples import REPOSITORY, Clock

STREAM = stream_of(REPOSITORY.id, "intake")


def last(journal: Journal) -> LaneEnded:
    found = history(journal, STREAM).ended
    assert found is not None
    return found


def test_a_run_leaves_an_artefact(journal: Journal) -> None:
    told = Outcome([Decision(2, "b"), Decision(1, "a", "why")], {"tree": "1f"}, {"new": 2})
    runner_on(journal, Said(answer=lambda shift: told)).run_due()
    ended = last(journal)
    assert (ended.run, ended.outcome, ended.by) == (1, "done", "one")
    assert ended.inputs == (("tree", "1f"),)
    assert ended.decisions == ((1, "a", "why"), (2, "b", ""))
    assert ended.counts == (("new", 2),)
    assert journal.verify(STREAM) == []


def test_a_lane_runs_when_it_is_due_and_less_often_where_nothing_happens(
    journal: Journal, clock: Clock
) -> None:
    lane = Said()
    runner = runner_on(journal, lane)
    gaps = []
    for _ in range(6):
        before = clock.now
        while not runner.run_due():
            clock.move(30)
        gaps.append((clock.now - before) // timedelta(minutes=1))
    assert gaps == [0, 5, 10, 20, 40, 60]
    runner.calendar.news(REPOSITORY.id, [lane])
    clock.move(300)
    assert len(runner.run_due()) == 1


def test_news_during_a_run_is_no_lost_news(journal: Journal, clock: Clock) -> None:
    def answer(shift: Shift) -> Outcome:
        clock.move(1)
        runner.calendar.news(REPOSITORY.id, [lane])
        return Outcome()

    lane = Said(answer=answer)
    runner = runner_on(journal, lane)
    for _ in range(5):
        assert len(runner.run_due()) == 1
        clock.move(300)


def test_a_lane_that_changed_something_makes_those_after_it_due(
    journal: Journal, clock: Clock
) -> None:
    first, second = Said(), Said("refine", EVERY=timedelta(minutes=50))
    runner = runner_on(journal, first, second)
    runner.run_due()
    clock.move(400)
    runner.run_due()
    assert (len(first.shifts), len(second.shifts)) == (2, 1)
    first.answer = lambda shift: Outcome([Decision(2, "new")])
    clock.move(900)
    runner.run_due()
    assert (len(first.shifts), len(second.shifts)) == (3, 2)


def test_the_next_run_goes_on_where_the_budget_ended(journal: Journal) -> None:
    def answer(shift: Shift) -> Outcome:
        at = int(shift.checkpoint or 0) + 1
        return Outcome([Decision(at, "seen")], finished=at == 3, checkpoint=str(at))

    lane = Said(answer=answer)
    runner = runner_on(journal, lane)
    assert [runner.run_due()[0].outcome for _ in range(3)] == ["unfinished", "unfinished", "done"]
    assert [shift.checkpoint for shift in lane.shifts] == ["", "1", "2"]
    assert runner.run_due() == []


class Away(Exception):
    """A service that may be back soon."""

    retryable = True
    kind = "rate_limited"


def test_what_is_away_is_waited_for_since_it_went(journal: Journal, clock: Clock) -> None:
    def answer(shift: Shift) -> Outcome:
        raise Away

    lane = Said(answer=answer)
    runner, began = runner_on(journal, lane), clock.now
    for _ in range(4):
        assert runner.run_due()[0].waits == (("lane", "rate limited", began),)
        clock.move(601)
    lane.answer = lambda shift: Outcome(waits=[Wait("x", "y")])
    assert runner.run_due()[0].waits == (("x", "y", clock.now),)


def test_a_failure_stops_neither_the_next_lane_nor_the_next_run(
    journal: Journal, clock: Clock
) -> None:
    def answer(shift: Shift) -> Outcome:
        raise ValueError("not for an artefact")

    lane, other = Said(answer=answer), Said("refine")
    runner = runner_on(journal, lane, other)
    ended, second = runner.run_due()
    assert (ended.outcome, ended.error.split()[0]) == ("failed", "ValueError")
    assert second.outcome == "done"
    assert "artefact" not in ended.model_dump_json()
    lane.answer = lambda shift: Outcome()
    clock.move(601)
    assert runner.run_due()[0].outcome == "done"


class JobIsOver(Exception):
    """As RQ ends a job."""


def test_the_end_of_the_job_is_noted_and_goes_on(journal: Journal, clock: Clock) -> None:
    def answer(shift: Shift) -> Outcome:
        raise JobIsOver

    runner = runner_on(journal, Said(answer=answer), ends=(JobIsOver,))
    with pytest.raises(JobIsOver):
        runner.run_due()
    assert (last(journal).outcome, last(journal).error) == ("failed", "JobIsOver")
    clock.move(601)
    with pytest.raises(JobIsOver):
        runner.run_due()


@pytest.mark.parametrize("jump", [-40 * 86400, -3600, 3600, 400 * 86400])
def test_a_clock_that_jumps_stops_no_lane(journal: Journal, clock: Clock, jump: float) -> None:
    lane = Said()
    runner = runner_on(journal, lane)
    runner.run_due()
    clock.move(jump)
    clock.move(7300)
    assert len(runner.run_due()) == 1
    clock.move(-jump)
    clock.move(7300)
    assert len(runner.run_due()) == 1


@pytest.mark.parametrize("jump", [-400 * 86400, 0])
def test_a_dead_process_holds_a_lane_no_longer_than_its_lease(
    journal: Journal, clock: Clock, jump: float
) -> None:
    lane = Said()
    runner = runner_on(journal, lane)
    runner.calendar.enrol([(REPOSITORY.id, REPOSITORY.full_name)], [lane])
    lease = journal.acquire(STREAM, "dead", 45)
    assert lease is not None
    begun = LaneStarted(lane="intake", run=1, checkpoint="3", by="dead")
    journal.append(STREAM, [begun], actor="lanes", lease=lease)
    assert runner.run_due() == []
    clock.move(jump)
    clock.move(46)
    ended = runner.run_due()
    assert [one.run for one in ended] == [2]
    assert lane.shifts[0].checkpoint == "3"
    started = [one.event for one in journal.load(STREAM) if isinstance(one.event, LaneStarted)]
    assert started[-1].took_over == "dead"


def test_a_run_that_was_taken_over_writes_nothing_more(journal: Journal, clock: Clock) -> None:
    def answer(shift: Shift) -> Outcome:
        clock.move(3600)  # the machine slept
        assert len(other.run_due()) == 1
        return Outcome([Decision(9, "too late")])

    other = runner_on(journal, Said(answer=lambda shift: Outcome()), owner="two")
    runner = runner_on(journal, Said(answer=answer))
    assert runner.run_due() == []
    assert last(journal).by == "two"
    assert history(journal, STREAM).open is None


def test_where_nothing_may_be_done_no_lane_runs(journal: Journal, clock: Clock) -> None:
    lane = Said()
    runner = runner_on(journal, lane)
    runner._place.office.record(
        REPOSITORY, AccessChanged(repository=REPOSITORY, access="suspended")
    )
    assert runner.run_due() == []
    assert lane.shifts == []
    assert journal.stream(STREAM) is None


def test_a_run_that_hangs_loses_its_lease(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/hang.db")
    journal = Journal(engine, lambda: datetime.now(UTC))
    times = Times(lease_s=1.0, heartbeat_s=0.1)

    def hang(shift: Shift) -> Outcome:
        runs: list[LaneEnded] = []
        end = time.monotonic() + 20
        while not runs and time.monotonic() < end:
            time.sleep(0.1)
            runs = other.run_due()
        return Outcome([Decision(9, "too late")])

    other = runner_on(journal, Said(answer=lambda shift: Outcome()), owner="two", times=times)
    lane = Said(answer=hang, BUDGET=timedelta(seconds=0.3))
    began = time.monotonic()
    assert runner_on(journal, lane, times=times).run_due() == []
    assert time.monotonic() - began > 1.2  # it was kept alive for four times its budget
    assert (last(journal).by, last(journal).decisions) == ("two", ())
    engine.dispose()


def test_names_that_are_no_text_stop_no_lane(journal: Journal) -> None:
    odd = "docs/caf\udce9\x00.yml"
    told = Outcome(
        [Decision(1, "new", odd)], {odd: "1f"}, {"new": 1}, waits=[Wait("document", odd)]
    )
    ended = runner_on(journal, Said(answer=lambda shift: told)).run_due()
    assert [one.outcome for one in ended] == ["waiting"]
    assert ended[0].decisions[0][2].startswith("docs/caf")
