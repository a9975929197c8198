"""What people say on an issue that has no story."""

from __future__ import annotations

from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World


def test_a_question_before_there_is_a_story_breaks_nothing(world: World) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    for text in ("/help", "/status"):
        world.say("bob", number, text)
    assert "stage_faulted" not in world.events(number)
    assert len(world.comments(number)) == 2
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason
