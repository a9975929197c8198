"""`/answer …` answers the questions a story waits with; the story is read again with the answer.

Who: whoever wrote the story or asked for it, or has write access.
"""

from __future__ import annotations

from bot.story.commands import Argument, CommandSpec, Kind
from bot.story.events import Answered
from bot.story.vocabulary import Gate
from bot.texts import answers
from handlers.command import Asked, Command, Outcome


def answer(asked: Asked) -> Outcome:
    """Keep the answer; the machine goes on from there."""
    story = asked.story
    if not story.waits_at(Gate.AMBIGUITY_DETECTED):
        return Outcome(ok=False, answer=answers.no_question(story.state))
    return Outcome(
        events=(
            Answered(
                person=asked.person,
                text=asked.parsed.text("text"),
                comment_id=asked.comment.id,
            ),
        )
    )


COMMANDS = (
    Command(
        CommandSpec(
            "answer",
            (Argument("text", Kind.BLOCK, required=True),),
            summary="answers the questions a story waits with",
            who="who wrote or asked for the story, or write access",
            example="/answer it should round half up",
        ),
        answer,
    ),
)
EVENTS: dict = {}
