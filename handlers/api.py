"""What a person asks for over the REST API is obeyed like a command in a comment (W13).

Who: the person behind the token, by numeric id, with the access that GitHub says they have now; the
same policies judge, the same facts are appended.
Never: more than a comment of the same person could do; the same request twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bot.story.commands import Parsed
from bot.story.events import ApprovalRefused, CommandHandled
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.vocabulary import Person
from bot.texts import answers
from handlers import COMMANDS
from handlers.command import Asked, Outcome
from policies.who_approves import API, Comment
from policies.who_commands import CommandFacts, decide


@dataclass(frozen=True)
class Order:
    """One command to one story. `request`: what is the same when the same request comes again."""

    command: str
    person: Person
    stream: str
    request: str
    values: Mapping[str, str | Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came of it. `rule`: of the policy that refused, or ''."""

    ok: bool
    text: str = ""
    rule: str = ""


def obey(office: Office, order: Order) -> Answer:
    """Judge and carry out an order; one that was carried out before answers as it did then."""
    story = office.load(order.stream)
    if story is None:
        return Answer(ok=False, text=answers.no_story(), rule="no_story")
    request = number_of(order.request)
    if known := _known(story, request):
        return known
    permission = office.github.permission(story.repository, order.person.login, order.person.id)
    verdict = decide(
        CommandFacts(
            command=order.command,
            person=order.person,
            permission=permission,
            requester=story.requester,
            issue_author=story.author,
        )
    )
    if not verdict.allowed:
        return Answer(ok=False, text=verdict.reason, rule=verdict.rule)
    asked = Asked(
        Parsed(order.command, order.values),
        order.person,
        permission,
        Comment(id=request, created_at=office.clock(), thread=API),
        story,
        office,
        story.repository,
    )
    return _record(office, order, request, COMMANDS[order.command].run(asked))


def _record(office: Office, order: Order, request: int, outcome: Outcome) -> Answer:
    handled = CommandHandled(
        comment_id=request,
        index=0,
        person=order.person,
        command=order.command,
        ok=outcome.ok,
        answer=outcome.answer,
    )
    once = f"{order.stream}/comment/{request}/0"
    if not office.tell(order.stream, *outcome.events, handled, once=once):
        told = office.load(order.stream)
        if told and (known := _known(told, request)):
            return known  # somebody was faster with the very same request
    refused = [e.rule for e in outcome.events if isinstance(e, ApprovalRefused)]
    return Answer(ok=outcome.ok, text=outcome.answer, rule=refused[0] if refused else "")


def _known(story: Story, request: int) -> Answer | None:
    handled = story.commands.get((request, 0))
    return Answer(ok=handled.ok, text=handled.answer) if handled else None


def number_of(request: str) -> int:
    """Where a comment has its id; below zero, so that it is never one of GitHub's."""
    return -1 - int.from_bytes(hashlib.sha256(request.encode()).digest()[:6], "big")
