"""Turns what the journal tells into what the API shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, json
from pydantic import BaseModel

from bot.door.api import shapes
from bot.outside.redaction import redact
from bot.story.batches import Batch, comes_after
from bot.story.machine import Story
from bot.story.vocabulary import Person, State
from bot.texts.unmet import sentence, who_can
from policies.unmet import Condition

MOST_TEXT = 20_000  # characters of one value of an event


def sent(shape: BaseModel, status: int = 200, **headers: str) -> Response:
    """The HTTP answer."""
    return Response(
        json.dumps(shape.model_dump(mode="json")),
        status,
        headers=headers,
        content_type="application/json",
    )


def story_id(stream: str) -> str:
    """What a story is called over the API: `story:9:7` is 9-7."""
    return stream.removeprefix("story:").replace(":", "-")


def stream_of(id_: str) -> str:
    """And back."""
    return "story:" + id_.replace("-", ":")


def person(who: Person | None) -> shapes.PersonShown | None:
    return shapes.PersonShown(id=who.id, login=who.login) if who else None


def conditions(lacks: Sequence[Condition]) -> list[shapes.ConditionShown]:
    return [
        shapes.ConditionShown(
            what=one.what,
            detail=one.detail,
            text=f"{sentence(one)}: {who_can(one)}",
            who=list(one.who),
            how=one.how,
            since=one.since,
            now=one.now,
        )
        for one in lacks
    ]


def story(told: Story, lacks: Sequence[Condition] | None = None) -> shapes.StoryShown:
    waiting = told.waiting
    return shapes.StoryShown(
        id=story_id(told.stream),
        repository=told.repository.full_name if told.repository else "",
        repository_id=told.repository.id if told.repository else 0,
        issue=told.issue,
        title=told.title,
        state=told.state.value,
        state_since=told.state_since,
        received_at=told.received_at,
        waiting=waiting
        and shapes.WaitingShown(
            gate=waiting.gate,
            since=waiting.since,
            reason=waiting.reason,
            questions=list(waiting.questions),
            until=waiting.until,
        ),
        requester=person(told.requester),
        iteration=told.iteration,
        branch=told.branch,
        base_sha=told.base_sha,
        head_sha=told.head_sha,
        merged_sha=told.merged_sha,
        plan_digest=told.plan_digest,
        pull_request=told.pull_number or None,
        priority=told.priority,
        cost_usd=told.cost_usd,
        missing=None if lacks is None else conditions(lacks),
    )


def batch(told: Batch, states: dict[str, State | None]) -> shapes.BatchShown:
    items = []
    for one in told.items:
        issue, left = told.begun.get(one.name), told.left.get(one.name, "")
        state = states.get(one.name)
        repository = told.asked.repository.id if told.asked else 0
        items.append(
            shapes.BatchItemShown(
                name=one.name,
                status="begun" if issue else "left" if left else "waits",
                after=list(comes_after(told, one)),
                issue=issue,
                story=f"{repository}-{issue}" if issue else None,
                state=state.value if state else None,
                reason=left,
            )
        )
    return shapes.BatchShown(
        id=told.stream.partition(":")[2],
        repository=told.asked.repository.full_name if told.asked else "",
        mode="sequential" if told.asked and told.asked.in_order else "parallel",
        at_once=told.asked.at_once if told.asked else 1,
        open=told.open,
        stories=items,
    )


def event(record: Any) -> shapes.EventShown:
    """An event; credentials that somebody's tool printed are taken out."""
    return shapes.EventShown(
        seq=record.seq,
        at=record.at,
        actor=record.actor,
        kind=record.event.kind,
        data=_clean(record.event.model_dump(mode="json")),
        hash=record.hash,
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value if len(value) <= MOST_TEXT else value[:MOST_TEXT] + "…")
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return value
