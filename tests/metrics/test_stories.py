"""What the numbers say of stories: deliveries, failures, times."""

from __future__ import annotations

import pytest

from bot.story import events as e
from bot.story.vocabulary import Gate, State, TaskOutcome
from tests.journal.samples import ADA
from tests.metrics.tales import HOUR, Teller

S = State


def test_where_nothing_was_recorded_there_is_no_number_and_no_zero(teller: Teller) -> None:
    told = teller.measured().model_dump(exclude={"repository", "since", "until"})
    assert told["observed_days"] is None
    assert told["dora"] == dict.fromkeys(told["dora"])
    assert told["flow"] == dict.fromkeys(told["flow"])
    assert [told[name] for name in ("wsjf", "ci", "conflicts", "cost")] == [None] * 4


def test_a_story_under_way_is_zero_deliveries_and_no_rate(teller: Teller) -> None:
    teller.working(1, 0)
    told = teller.measured()
    assert told.dora.deployment_frequency is not None
    assert told.dora.deployment_frequency.count == 0
    assert told.dora.change_failure_rate is None
    assert told.flow.completion_rate is None
    assert told.flow.cycle_time is None
    assert told.wsjf is None  # there are no items at all


def test_a_merge_is_a_delivery_and_leads_from_its_first_commit(teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    dora = teller.measured(until=48).dora
    assert dora.deployment_frequency is not None
    assert dora.deployment_frequency.model_dump() == {"count": 1, "per_day": 0.5, "per_week": 3.5}
    assert dora.lead_time_for_changes is not None
    assert dora.lead_time_for_changes.median_seconds == 4 * HOUR
    assert dora.change_failure_rate == 0
    assert dora.time_to_restore is None


def test_a_window_of_less_than_a_day_is_not_blown_up(teller: Teller) -> None:
    teller.done(1, 0, merge=1)
    deployments = teller.measured(until=2).dora.deployment_frequency
    assert deployments is not None
    assert deployments.per_day == 1


def test_our_merge_and_the_webhook_about_it_are_one_delivery(teller: Teller) -> None:
    teller.delivered(1, 0, merge=5, sha="f" * 40)
    teller.story(1, 6, e.PullClosed(merged=True, sha="f" * 40, person=ADA))
    teller.story(1, 6, e.PullClosed(merged=True, sha="", person=ADA))
    deployments = teller.measured().dora.deployment_frequency
    assert deployments is not None
    assert deployments.count == 1


def test_a_merge_by_a_person_is_a_delivery_and_a_closed_one_is_none(teller: Teller) -> None:
    for issue, merged in ((1, True), (2, False)):
        teller.working(issue, 0)
        teller.story(issue, 3, e.PullClosed(merged=merged, sha=f"{issue}" * 40, person=ADA))
    dora = teller.measured().dora
    assert dora.deployment_frequency is not None
    assert dora.deployment_frequency.count == 1
    assert dora.lead_time_for_changes is None  # no commit of ours was in it


def test_a_window_takes_in_its_begin_and_leaves_out_its_end(teller: Teller) -> None:
    for issue, merge in ((1, 9.999), (2, 10), (3, 19.999), (4, 20)):
        teller.done(issue, 0, merge=merge)
    deployments = teller.measured(10, 20).dora.deployment_frequency
    assert deployments is not None
    assert deployments.count == 2


def test_what_happens_later_changes_nothing_of_an_earlier_window(teller: Teller) -> None:
    teller.delivered(1, 0, merge=5)
    before = teller.measured(until=10)
    teller.tested(1, 11, ok=False)
    teller.moved(1, 11, S.FAILED)
    assert teller.measured(until=10) == before
    assert teller.measured(until=12).dora.failed_changes == 1


def test_tests_that_fail_after_the_merge_are_a_failed_change_until_they_pass(
    teller: Teller,
) -> None:
    teller.delivered(1, 0, merge=5)
    teller.tested(1, 6, ok=False)
    teller.moved(1, 6, S.FAILED)
    broken = teller.measured().dora
    assert (broken.change_failure_rate, broken.failed_changes) == (1, 1)
    assert broken.time_to_restore is not None
    assert (broken.time_to_restore.time, broken.time_to_restore.still_broken) == (None, 1)

    teller.done(2, 7, merge=9)  # somebody mended it: the default branch passes again
    mended = teller.measured().dora
    assert mended.change_failure_rate == 0.5
    assert mended.time_to_restore is not None
    assert mended.time_to_restore.still_broken == 0
    assert mended.time_to_restore.time is not None
    assert mended.time_to_restore.time.median_seconds == 3 * HOUR


def test_a_test_that_failed_before_already_is_no_failed_change(teller: Teller) -> None:
    teller.delivered(1, 0, merge=5)
    teller.tested(1, 6, ok=False)
    teller.moved(1, 6, S.DONE)  # the stage found that it was so before the change
    assert teller.measured().dora.change_failure_rate == 0


def test_tests_that_could_not_run_say_nothing_of_the_change(teller: Teller) -> None:
    teller.delivered(1, 0, merge=5)
    teller.tested(1, 6, ok=False, ran=False)
    teller.moved(1, 6, S.FAILED)
    told = teller.measured()
    assert told.dora.change_failure_rate == 0
    assert told.ci is not None
    assert (told.ci.runs, told.ci.could_not_run, told.ci.failure_rate) == (0, 1, None)


def test_a_revert_by_commit_makes_the_reverted_change_a_failed_one(teller: Teller) -> None:
    teller.done(1, 0, merge=5, sha="1234567" + "c" * 33)
    teller.done(2, 0, merge=6)
    teller.working(3, 10)
    message = 'revert: "Add"\n\nThis reverts commit 1234567ccc.'
    teller.committed(3, 11, "e" * 40, message)
    teller.moved(3, 11, S.TESTING, S.DEPLOYING)
    teller.merged(3, 12, "d" * 40)
    dora = teller.measured().dora
    assert dora.failed_changes == 1
    assert dora.change_failure_rate == round(1 / 3, 4)
    assert dora.time_to_restore is not None
    assert dora.time_to_restore.time is not None
    assert dora.time_to_restore.time.median_seconds == 2 * HOUR  # from when somebody asked


@pytest.mark.parametrize(
    ("title", "failed"),
    [
        ("Revert #40", 1),
        ("revert 'Add a thing' (#40)", 1),
        ("Revert 12345 defaced 0123456 to #1", 1),
        ("Revert #41", 0),
        ("Reverting is documented in #40", 0),
        ("Do not revert #40", 0),
    ],
)
def test_a_story_that_asks_for_a_revert_names_what_it_takes_back(
    teller: Teller, title: str, failed: int
) -> None:
    teller.working(1, 0)
    teller.performed(1, 1, "open_pull_request", number=40, url="")
    teller.merged(1, 2, "c" * 40)
    teller.received(2, 3, title=title)
    assert teller.measured().dora.failed_changes == 0  # asked for, not done
    teller.merged(2, 4, "d" * 40)
    assert teller.measured().dora.failed_changes == failed


def test_a_story_tried_again_is_one_story_and_what_came_of_it_last(teller: Teller) -> None:
    teller.working(1, 0)
    teller.committed(1, 1, "1" * 40)
    teller.moved(1, 2, S.FAILED)
    failed = teller.measured().flow
    assert failed.completion_rate == 0
    teller.moved(1, 10, S.ANALYZING)
    assert teller.measured().flow.completion_rate is None  # under way again
    teller.moved(1, 10, S.PLANNING, S.CODING)
    teller.committed(1, 11, "2" * 40)
    teller.moved(1, 11, S.TESTING, S.DEPLOYING)
    teller.merged(1, 12, "3" * 40)
    teller.moved(1, 12, S.VERIFYING, S.DONE)
    told = teller.measured()
    assert told.flow.ended is not None
    assert told.flow.ended.model_dump() == {"done": 1, "failed": 0, "cancelled": 0, "split": 0}
    assert told.flow.completion_rate == 1
    assert told.flow.cycle_time is not None
    assert told.flow.cycle_time.median_seconds == 12 * HOUR  # with what was in vain
    assert told.dora.lead_time_for_changes is not None
    assert told.dora.lead_time_for_changes.median_seconds == HOUR  # of the commits merged


def test_cancelled_and_split_stories_are_neither_done_nor_failed(teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    teller.working(2, 0)
    teller.moved(2, 1, S.CANCELLED)
    teller.received(3, 0)
    teller.moved(3, 0, S.ANALYZING, S.PLANNING)
    teller.split(3, 1)
    teller.moved(3, 1, S.WAITING, gate=Gate.PRE_CODE)
    teller.approved(3, 2, Gate.PRE_CODE)
    teller.moved(3, 2, S.PLANNING)
    teller.performed(3, 2, "open_issue", number=4, url="")
    teller.moved(3, 2, S.FAILED)
    flow = teller.measured().flow
    assert flow.ended is not None
    assert flow.ended.model_dump() == {"done": 1, "failed": 0, "cancelled": 1, "split": 1}
    assert flow.completion_rate == 1
    assert flow.cycle_time is not None
    assert flow.cycle_time.count == 1


def test_a_split_that_was_not_agreed_on_is_a_failed_story(teller: Teller) -> None:
    teller.received(3, 0)
    teller.moved(3, 0, S.ANALYZING, S.PLANNING)
    teller.split(3, 1)
    teller.moved(3, 1, S.FAILED)
    assert teller.measured().flow.completion_rate == 0


def test_waiting_for_approvals_counts_what_was_approved_as_one_wait(teller: Teller) -> None:
    teller.working(1, 0)
    teller.moved(1, 1, S.TESTING, S.DEPLOYING)
    teller.moved(1, 2, S.WAITING)
    teller.approved(1, 4)
    teller.moved(1, 4, S.DEPLOYING)
    teller.moved(1, 4, S.WAITING, seen=1)  # one was not enough
    teller.approved(1, 8)
    teller.moved(1, 8, S.DEPLOYING)
    teller.working(2, 0)
    teller.moved(2, 1, S.TESTING, S.DEPLOYING, S.WAITING)
    teller.moved(2, 9, S.CANCELLED)  # nobody approved
    teller.working(3, 0)
    teller.moved(3, 1, S.TESTING, S.DEPLOYING, S.WAITING)  # still
    teller.working(4, 0)
    teller.moved(4, 1, S.WAITING, gate=Gate.PAUSED)  # no approval
    flow = teller.measured().flow
    assert flow.approvals_waiting is not None
    assert flow.approvals_waiting.count == 1
    assert flow.approvals_waiting.median_seconds == 6 * HOUR
    assert flow.approvals_open == 1


def test_a_clock_that_went_back_makes_nothing_negative(teller: Teller) -> None:
    teller.done(1, 100, merge=3)  # merged "before" it was received
    told = teller.measured()
    assert told.out_of_order > 0
    assert told.flow.cycle_time is not None
    assert told.flow.cycle_time.median_seconds == 0
    assert told.dora.lead_time_for_changes is not None
    assert told.dora.lead_time_for_changes.longest_seconds == 0


def test_cost_is_of_calls_with_a_price_and_says_how_many_have_none(teller: Teller) -> None:
    teller.working(1, 0)
    teller.called(1, 1, 0.5)
    failed = {"key": "k", "effect": "call_model", "error": "", "error_id": "x", "final": False}
    usage = {"input_tokens": 1, "cost_usd": 0.25}
    teller.story(1, 1, e.EffectFailed.model_validate(failed | {"usage": usage}))
    teller.moved(1, 2, S.TESTING, S.DEPLOYING)
    teller.moved(1, 2, S.VERIFYING, S.DONE)
    teller.done(2, 0, merge=3)  # needed no model
    teller.working(3, 0)
    teller.called(3, 1, None)
    teller.moved(3, 2, S.TESTING, S.DEPLOYING, S.VERIFYING, S.DONE)
    teller.working(4, 0)
    teller.called(4, 1, 1.0)  # under way
    cost = teller.measured().cost
    assert cost is not None
    assert (cost.total_usd, cost.calls, cost.unpriced_calls) == (1.75, 4, 1)
    assert (cost.stories, cost.mean_story_usd, cost.median_story_usd) == (2, 0.375, 0.375)


def test_runs_of_tests_are_counted_with_what_was_flaky(teller: Teller) -> None:
    teller.working(1, 0)
    teller.tested(1, 1, ok=False, subject="red")  # has to fail
    teller.tested(1, 1, ok=False, subject="baseline")
    teller.tested(1, 1, ok=False, subject="head")
    teller.tested(1, 2, ok=True, subject="head", flaky=("t::a",))
    ci = teller.measured().ci
    assert ci is not None
    assert (ci.runs, ci.failed, ci.flaky, ci.failure_rate) == (2, 1, 1, 0.5)


def test_conflicts_are_counted_with_those_that_were_resolved(teller: Teller) -> None:
    teller.working(1, 0)
    teller.conflict(1, 1, TaskOutcome.CHANGED)
    teller.story(1, 1, e.Rebased(base_sha="b", head_sha="h"))
    teller.conflict(1, 2, TaskOutcome.CUT_SHORT)
    conflicts = teller.measured().conflicts
    assert conflicts is not None
    assert (conflicts.conflicts, conflicts.resolved, conflicts.rebased) == (2, 1, 1)
    assert (conflicts.rerere_hits, conflicts.remembered_files) == (0, 0)


def test_a_conflict_out_of_memory_counts_once_it_is_resolved(teller: Teller) -> None:
    teller.working(1, 0)
    teller.story(1, 1, _met(remembered=("a", "b")))
    teller.conflict(1, 1, TaskOutcome.CHANGED)
    teller.story(1, 2, _met("1" * 40, remembered=("a",)))  # the others were left to people
    teller.story(1, 3, _met("2" * 40))
    conflicts = teller.measured().conflicts
    assert conflicts is not None
    assert conflicts.model_dump() == {
        "rebased": 0, "conflicts": 3, "resolved": 1, "rerere_hits": 1, "remembered_files": 2,
    }  # fmt: skip


def _met(base: str = "0123456789abc", remembered: tuple[str, ...] = ()) -> e.ConflictMet:
    return e.ConflictMet(base_sha=base, head_sha="h", files=("a", "b"), remembered=remembered)


def test_another_repository_is_not_counted_and_all_are_without_a_name(teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    teller.tell("story:77:1", 6, e.PullClosed(merged=True, sha="9" * 40))
    teller.tell("item/77/1", 6)
    assert teller.measured(repository="77").observed_days is not None
    assert (
        teller.measured(repository="77").dora.deployment_frequency is None
    )  # no story was received there
    assert teller.measured(repository="%").dora.deployment_frequency is None
    every = teller.measured(repository=None).dora.deployment_frequency
    assert every is not None
    assert every.count == 1
