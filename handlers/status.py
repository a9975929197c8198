"""`/status`, `/plan` and `/help` answer with what is known now.

Who: anybody who can read the repository.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.story.commands import CommandSpec
from bot.texts import answers
from bot.texts import status as status_text
from handlers.command import Asked, Command, Outcome


def status(asked: Asked) -> Outcome:
    """The state of the story, in a comment of its own because somebody asked."""
    office, story = asked.office, asked.story
    limits = office.configuration(story.repository).limits
    text = status_text.status(
        story,
        limits.story_budget_usd,
        limits.max_iterations,
        office.missing(story),
        limits.wait_days,
    )
    return Outcome(answer=text)


def plan(asked: Asked) -> Outcome:
    """The plan, task by task."""
    made = asked.story.plan
    if made is None:
        return Outcome(answer=answers.no_plan_yet())
    rows = [(task.id, task.description, task.targets) for task in made.tasks]
    return Outcome(answer=answers.plan_text(rows))


def help_(asked: Asked) -> Outcome:
    """The table of commands, as the handlers declare them."""
    from handlers import COMMANDS as ALL  # the list is whole only once every handler is loaded

    label = asked.office.configuration(asked.repository).story_label
    return Outcome(answer=answers.help_text(rows(ALL.values()), label))


def rows(commands: Iterable[Command]) -> list[tuple[str, str, str]]:
    """Usage, summary and who may, of each command; the README's table is made of these too."""
    return [(c.spec.example, c.spec.summary, c.spec.who) for c in commands]


_ANYBODY = "anybody"
COMMANDS = (
    Command(CommandSpec("status", (), "says where the story is", _ANYBODY, "/status"), status),
    Command(CommandSpec("plan", (), "shows the plan", _ANYBODY, "/plan"), plan),
    Command(
        CommandSpec("help", (), "lists the commands", _ANYBODY, "/help"), help_, needs_story=False
    ),
)
EVENTS: dict = {}
