"""A real story, from its label to its merge, and what the numbers say of it."""

from __future__ import annotations

from datetime import timedelta

from bot.metrics import metrics
from bot.story.vocabulary import State
from tests.world import World


def test_a_story_that_was_approved_and_merged_is_in_every_number(world: World) -> None:
    number = world.story()
    world.later(3600)
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE
    now = world.now()
    told = metrics(world.house.journal, str(world.place.id), now - timedelta(days=1), now)
    assert told.out_of_order == 0
    dora, flow = told.dora, told.flow
    assert dora.deployment_frequency is not None
    assert dora.deployment_frequency.count == 1
    assert (dora.change_failure_rate, dora.time_to_restore) == (0, None)
    assert dora.lead_time_for_changes is not None
    assert dora.lead_time_for_changes.median_seconds >= 3600
    assert flow.completion_rate == 1
    assert flow.cycle_time is not None
    assert flow.lead_time is not None
    assert flow.lead_time.median_seconds >= flow.cycle_time.median_seconds
    assert flow.lead_time.median_seconds >= dora.lead_time_for_changes.median_seconds
    assert flow.approvals_waiting is not None
    assert flow.approvals_waiting.count == 1
    assert flow.approvals_waiting.median_seconds >= 3600
    assert flow.approvals_open == 0
    assert told.ci is not None
    assert (told.ci.failed, told.ci.could_not_run) == (0, 0)
    assert told.ci.runs >= 2  # the head, and what was merged
    assert told.cost is not None
    assert (told.cost.calls, told.cost.stories, told.cost.mean_story_usd) == (0, 1, 0)
    assert metrics(world.house.journal, "404", now - timedelta(days=1), now).events == 0
