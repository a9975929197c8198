"""What was noted by a clock that was a day ahead is judged anew once the clock is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.story import claiming
from bot.story.held import Withheld
from bot.story.machine import Story
from bot.story.next_move import Gates, gate_is_open
from bot.story.vocabulary import Gate, State, Waiting
from policies.claims import LOOK_AGAIN
from tests.journal.samples import REPOSITORY

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AHEAD = NOW + timedelta(days=1)


def test_a_story_that_waits_for_a_time_asks_again() -> None:
    def opens(since: datetime, until: datetime) -> bool:
        waiting = Waiting(
            gate=Gate.BUDGET_EXCEEDED, resume_to=State.CODING, since=since, until=until
        )
        return gate_is_open(Story("s", waiting=waiting), waiting, Gates(), NOW)

    soon = timedelta(hours=3)
    assert not opens(NOW, NOW + soon)
    assert not opens(NOW + timedelta(minutes=1), NOW + soon)  # no two clocks are the same
    assert opens(AHEAD, AHEAD + soon)


def test_what_another_works_on_is_looked_at_again() -> None:
    def asked(until: datetime) -> bool:
        held = Withheld(rule="claimed", reason="another works on it", until=until)
        story = Story("s", repository=REPOSITORY, issue=1, withheld=held)
        tries: list[object] = []

        def claim(effect: object) -> None:
            tries.append(effect)
            story.withheld = None

        claiming.see_to(story, "towpath/1", NOW, lambda: "", claim)
        return bool(tries)

    assert not asked(NOW + LOOK_AGAIN)
    assert asked(NOW - timedelta(seconds=1))
    assert asked(AHEAD + LOOK_AGAIN)
