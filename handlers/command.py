"""What a command is to the handlers: its grammar, who may give it, and what it does (W7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.story.commands import CommandSpec, Parsed
from bot.story.events import Event
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.vocabulary import Person, Repository
from policies.who_approves import Comment


@dataclass(frozen=True)
class Asked:
    """A command in a comment, from somebody who may give it."""

    parsed: Parsed
    person: Person
    permission: str
    comment: Comment
    story: Story
    office: Office
    repository: Repository


@dataclass(frozen=True)
class Outcome:
    """The one visible outcome of a command; `answer` is said only where there is something to.

    `detail`: what is shown below it, in our own Markdown.
    """

    ok: bool = True
    answer: str = ""
    detail: str = ""
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Command:
    """Grammar, and the function that turns an asked command into an outcome."""

    spec: CommandSpec
    run: Callable[[Asked], Outcome]
    needs_story: bool = True
