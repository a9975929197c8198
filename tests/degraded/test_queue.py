"""The queue goes away: facts are kept, GitHub sends again, and nothing is forgotten (B9)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis
from werkzeug.test import Client

from bot.cli.services import as_told
from bot.door.app import create_app
from bot.outages import QUEUE
from bot.settings import Settings
from bot.story.services import recovered
from tests.world import SECRET, World

NOBODY = "redis://127.0.0.1:1"


def test_a_fact_is_kept_though_nobody_can_be_woken_and_the_sweep_wakes_later(world: World) -> None:
    number = world.story()
    there = world.house.redis
    world.house.redis = Redis.from_url(NOBODY)
    world.house.office.tell(world.stream(number))
    world.house.redis = there
    assert world.queued() == 0
    world.house.sweep()
    assert world.queued() == 1


def test_after_an_absence_of_the_queue_what_was_said_meanwhile_is_found(world: World) -> None:
    number = world.story()
    world.later(3600)
    world.sweep()  # this house has looked, and looks back a quarter of an hour from now on
    gone = world.now()
    world.later(60)
    comment = world.act("bob", silently=True).comment(world.place.full_name, number, "/pause")
    world.later(3 * 3600)
    world.house.queue_was_away(gone)
    assert recovered(world.house.journal) == [QUEUE]
    world.sweep()
    assert world.tale(number).pause
    assert "+1" in world.reactions(comment)
    assert recovered(world.house.journal) == []


def test_what_is_degraded_is_said_and_we_are_ready_all_the_same(
    new_world: Callable[..., World], queue_url: str
) -> None:
    world = new_world()
    world.repository()
    settings = world.settings
    door = Client(create_app(settings, queue_url, degraded=lambda: as_told(settings)))
    assert door.get("/readyz").json["degraded"] == []
    world.hub.faults.add(times=0, status=503)
    world.later(120)
    world.house.sweep()
    answer = door.get("/readyz")
    assert answer.status_code == 200
    (told,) = answer.json["degraded"]
    assert told["service"] == "github"
    assert set(told) == {"service", "since", "because", "next_probe"}
    assert "503" in told["because"]


def test_a_database_that_is_away_makes_nobody_refuse_deliveries(
    tmp_path: Path, queue_url: str
) -> None:
    settings: dict[str, Any] = {"home": tmp_path, "webhook_secret": SECRET, "redis_url": queue_url}
    lost = Settings(**settings, database_url="postgresql+psycopg://x@127.0.0.1:1/x")
    door = Client(create_app(lost, queue_url, degraded=lambda: as_told(lost)))
    began = time.monotonic()
    answer = door.get("/readyz")
    assert (answer.status_code, answer.json["degraded"]) == (200, "unknown")
    assert time.monotonic() - began < 5
