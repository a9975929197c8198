"""Payloads of wrong shapes end in a failure of their own and stop nobody else's."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from bot.queue.delivery import Delivery
from bot.story.vocabulary import State
from handlers import EVENTS
from tests.world import REPO, World

ODD: tuple[Any, ...] = (None, "a string", 7, [], [{}], {}, True)


def pieces(payload: dict[str, Any], depth: int = 3) -> Iterator[tuple[str, ...]]:
    """The paths of keys in a payload, as far down as handlers look."""
    for name, value in payload.items():
        yield (name,)
        if isinstance(value, dict) and depth > 1:
            yield from ((name, *rest) for rest in pieces(value, depth - 1))


def spoiled(payload: dict[str, Any], path: tuple[str, ...], odd: Any) -> dict[str, Any]:
    made = copy.deepcopy(payload)
    place = made
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = odd
    return made


WATCHED = {
    *("repository", "issue", "comment", "review", "pull_request", "sender", "installation"),
    *("label", "labels", "number", "id", "user", "login", "body", "type", "action", "after"),
    *("full_name", "clone_url", "default_branch", "updated_at", "created_at", "submitted_at"),
}


def test_no_payload_stops_the_deliveries_beside_it(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.say("carol", number, "/status")
    world.act("bob").review(REPO, pull, "COMMENT", "/status")
    world.act("alice").edit_issue(REPO, number, title="Bump idna from 3.4 to 3.10!")
    world.settle()
    real: dict[str, dict[str, Any]] = {}
    for told in world.hub.deliveries.log:
        payload = told.payload
        name = f"{told.event}.{payload.get('action')}"
        if name in EVENTS:
            real.setdefault(name, {"event": told.event, "payload": payload})
    assert len(real) >= 5
    before = world.events(number)
    spoilt = []
    for n, each in enumerate(real.values()):
        for m, path in enumerate(pieces(each["payload"])):
            if set(path) <= WATCHED:
                odd = ODD[(n + m) % len(ODD)]
                spoilt.append((each["event"], spoiled(each["payload"], path, odd), path))
    assert len(spoilt) > 100
    deliveries = [
        Delivery(str(uuid.uuid4()), event, payload, world.now()) for event, payload, _ in spoilt
    ]
    outcomes = world.house.dispatch(deliveries)
    assert len(outcomes) == len(deliveries)
    kinds = world.events(number)[len(before) :]
    assert "approved" not in kinds
    assert "cancel_requested" not in kinds
    world.settle()
    world.say("bob", number, "/retry")
    assert world.state(number) in (State.WAITING, State.FAILED)
    assert world.house.journal.verify() == []


def test_a_ghost_commands_nothing(world: World) -> None:
    number = world.story()
    told = [d for d in world.hub.deliveries.log if d.event == "issues"][-1].payload
    comment = world.act("rita").comment(REPO, number, "/cancel")
    world.hub.deliveries.settle()
    payload = {
        "action": "created",
        "repository": told["repository"],
        "installation": told["installation"],
        "issue": told["issue"],
        "comment": {"id": comment, "user": None, "body": "/cancel"},
        "sender": None,
    }
    world.house.dispatch([Delivery("g", "issue_comment", payload, world.now())])
    world.settle()
    assert world.state(number) is State.WAITING
