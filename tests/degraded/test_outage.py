"""GitHub goes away in the middle of things, and comes back (B9)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.story.services import degraded
from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World

DOWN: dict[str, dict[str, Any]] = {
    "502": {"status": 502, "body": "<html>Bad Gateway</html>"},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "120"}},
    "reset": {"drop": True},
    "done, then 502": {"status": 502, "after": True, "method": "(POST|PUT|PATCH|DELETE)"},
}


def sweeps(world: World, times: int = 4, seconds: float = 200) -> None:
    for _ in range(times):
        world.later(seconds)
        world.sweep()


def said(world: World, number: int) -> list[str]:
    """Our comments in their order, without what is different in each world."""
    return [re.sub(r"<!--.*?-->", "", body).strip()[:60] for body in world.comments(number)]


def ending(world: World, number: int) -> dict[str, Any]:
    """What people see at the end."""
    tale = world.tale(number)
    return {
        "state": tale.state,
        "labels": world.labels(number),
        "issue": said(world, number),
        "pulls": [
            (one["title"], one["state"], one["merged_at"] is not None) for one in world.pulls()
        ],
        "pull": said(world, tale.pull_number) if tale.pull_number else [],
        "effects": dict(tale.effects_performed),
    }


def people(world: World, number: int) -> None:
    """What people say, whether or not anybody hears them."""
    for login, text in (("bob", "/pause"), ("bob", "/resume"), ("carol", "/explain nonsense")):
        world.later()
        world.act(login).comment(REPO, number, text)
        world.settle()


def test_long_outage(new_world) -> None:
    ends = []
    for fault in (None, "502", "reset", "done, then 502"):
        world = new_world()
        world.repository()
        number = world.act("alice").open_issue(REPO, *BUMP)
        world.settle()
        if fault:
            world.hub.faults.add(skip=6, times=0, **DOWN[fault])
        world.act("alice").label(REPO, number, "story")
        world.settle()
        people(world, number)
        print(fault, degraded(world.house.journal))
        sweeps(world, 4, 600)
        world.hub.faults.clear()
        world.claim_after = 0.0
        sweeps(world, 4, 100)
        ends.append(ending(world, number))
        for k, v in ends[-1].items():
            print("   ", k, v)
        print(world.events(number))
        for r in world.hub.faults.fired:
            print(r)
        for row in world.house.journal.effects(world.stream(number)):
            print("      ", row.effect.kind, row.status, row.attempts, row.effect.key)
