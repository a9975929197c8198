"""Events, effects and a clock to test with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.story.effects import PostComment
from bot.story.events import Answered, Event
from bot.story.vocabulary import Person, Repository

ADA = Person(id=1, login="ada")
REPOSITORY = Repository(
    id=7, full_name="ada/tables", default_branch="main", git_url="http://x/t", installation_id=3
)


class Clock:
    """An instant that only moves when told to, also backwards."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def said(number: int, answer: str = "") -> Event:
    """An event that can be told from others by its number."""
    return Answered(comment_id=number, person=ADA, text=answer or f"answer {number}")


def comment(stream: str, what: str = "hello") -> PostComment:
    """An effect of a stream."""
    return PostComment(
        key=f"{stream}/post_comment/{what}", repository=REPOSITORY, issue=1, body=what
    )
