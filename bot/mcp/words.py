"""What the tools show of items and stories (W14).

Promises: text of others is cut, and without control characters, signs that turn its direction, and
credentials; how long an answer can get does not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from bot.backlog.described import described
from bot.backlog.entry import clean
from bot.backlog.item import Item
from bot.backlog.store import Backlog
from bot.mcp import shapes
from bot.outside.redaction import redact
from bot.story.machine import Story
from bot.story.services import Degraded
from bot.story.vocabulary import TERMINAL, State
from bot.texts.unmet import sentence, who_can
from policies.unmet import Condition

_LINE, _MANY = 300, 20
_SAME = ("number", "state", "family", "wsjf", "priority", "ageing")


def item(backlog: Backlog, one: Item, *, whole: bool) -> shapes.ItemShown:
    """An item; its text only where `whole`."""
    told = described(one, backlog.base(one), backlog.clock())
    words = shapes.ItemWords(title=line(one.title), reason=line(one.reason))
    if whole:
        places = (
            f"{s.place}:{s.line} ({s.source})" if s.line else f"{s.url or s.place} ({s.source})"
            for s in one.known
        )
        words = words.model_copy(
            update={
                "body": text(one.body),
                "body_is_cut": len(one.body) > shapes.MOST_BODY,
                "labels": lines(one.labels),
                "criteria": lines(one.criteria),
                "questions": lines(one.questions),
                "places": lines(places),
            }
        )
    return shapes.ItemShown(
        **{name: told[name] for name in _SAME},
        since=one.since,
        issue=one.issue or None,
        merged_into=one.merged_into,
        inputs={
            name: shapes.Given(
                number=given["number"], authority=given["authority"], by=line(given["by"])
            )
            for name, given in told["inputs"].items()
        },
        untrusted=words,
    )


def story(told: Story, lacks: Iterable[str] | None = None) -> shapes.StoryShown:
    """A story. `lacks`: sentences about what it lacks."""
    waiting = told.waiting if told.state is State.WAITING else None
    reason = waiting.reason if waiting else told.failure_reason if told.state in TERMINAL else ""
    return shapes.StoryShown(
        issue=told.issue,
        state=told.state.value,
        since=told.state_since,
        waits_for=waiting.gate.value if waiting else None,
        pull_request=told.pull_number or None,
        attempt=told.iteration,
        cost_usd=round(told.cost_usd, 4),
        untrusted=shapes.StoryWords(
            missing=None if lacks is None else lines(lacks),
            title=line(told.title),
            reason=line(reason),
            questions=lines(waiting.questions if waiting else ()),
        ),
    )


def waits(told: Iterable[tuple[str, str, datetime]]) -> list[shapes.WaitShown]:
    """What cannot go on."""
    return [
        shapes.WaitShown(
            since=since, untrusted=shapes.WaitWords(what=line(what), reason=line(reason))
        )
        for what, reason, since in islice(told, shapes.MOST_ITEMS)
    ]


def degraded(told: Iterable[Degraded]) -> list[shapes.WaitShown]:
    """Services that are left alone for now."""
    return waits((one.service, one.because, one.since) for one in told)


def sentences(lacks: Iterable[Condition]) -> list[str]:
    """What a story lacks, and who can bring it."""
    return [f"{sentence(one)}: {who_can(one)}" for one in lacks]


def line(said: str) -> str:
    """One line of somebody's words."""
    return clean(redact(clean(said, 4 * _LINE)), _LINE)


def lines(said: Iterable[str]) -> list[str]:
    """Some lines of them."""
    return [line(one) for one in list(said)[:_MANY]]


def text(said: str) -> str:
    """A text of somebody's."""
    whole = clean(said, 4 * shapes.MOST_BODY, lines=True)  # or a hidden sign could part a secret
    return clean(redact(whole), shapes.MOST_BODY, lines=True)
