"""`POST /webhook/backlog-update`: other systems tell of things to do."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from bot.backlog.item import Item
from bot.backlog.store import Backlog
from bot.story.item_events import Family, ItemState
from tests.world import REPO, SECRET, World


def post(world: World, body: Any, secret: str = SECRET, **headers: str) -> int:
    raw = json.dumps(body).encode()
    signed = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    told = {"X-Hub-Signature-256": f"sha256={signed}", "Content-Type": "application/json"}
    answer = world.door.post("/webhook/backlog-update", data=raw, headers={**told, **headers})
    world.settle()
    return answer.status_code


def items(world: World) -> list[Item]:
    backlog = Backlog(world.house.journal)
    return sorted(backlog.items(str(world.place.id)), key=lambda item: item.number)


def body(*told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"repository": REPO, "source": "helpdesk", "items": list(told), **more}


ONE = {"id": "H-1", "title": "Customers cannot log in", "value": 13, "effort": "S"}
TWO = {"id": "H-2", "title": "The invoice is late"}


def test_an_update_becomes_items(world: World) -> None:
    assert post(world, body(ONE, TWO)) == 202
    one = items(world)[0]
    assert (one.title, one.inputs.value.number, one.inputs.size.number) == (ONE["title"], 13, 2)
    assert one.sightings[0].place == "helpdesk"


def test_one_item_may_stand_in_the_body_itself(world: World) -> None:
    post(world, {"repository": REPO, "id": "x", "title": "Customers cannot log in", "value": 8})
    [one] = items(world)
    assert one.inputs.value.number == 8
    assert REPO not in one.body


def test_the_same_body_again_is_one_update_whatever_its_headers_say(world: World) -> None:
    post(world, body(ONE))
    before = items(world)
    again = {"X-GitHub-Delivery": "another", "X-GitHub-Event": "issues"}
    assert post(world, body(ONE), **again) == 202
    assert items(world) == before
    seen = [row for row in world.house.journal.failed_deliveries()]
    assert seen == []


@pytest.mark.parametrize("secret", ["", "the wrong one"])
def test_nobody_without_the_secret_adds_an_item(world: World, secret: str) -> None:
    assert post(world, body(ONE), secret=secret) == 401
    assert items(world) == []


def test_a_complete_update_ends_what_it_leaves_out(world: World) -> None:
    post(world, body(ONE, TWO))
    post(world, body(TWO, id="2"))
    assert [one.state for one in items(world)] == [ItemState.NEW, ItemState.NEW]
    post(world, body(TWO, id="3", complete=True))
    assert [one.state for one in items(world)] == [ItemState.DONE, ItemState.NEW]


def test_a_monitor_opens_and_ends_an_item(world: World) -> None:
    firing = {"repository": REPO, "service": "shop", "rate": 0.08, "usual": 0.01}
    post(world, firing)
    [one] = items(world)
    assert (one.family, one.title) == (Family.BUG, "shop: error rate is too high")
    assert "8.00%" in one.body
    post(world, {**firing, "rate": 0.0, "status": "resolved"})
    assert items(world)[0].state is ItemState.DONE
    post(world, {**firing, "id": "again"})
    assert items(world)[0].state is ItemState.NEW


def test_prometheus_alertmanager_is_understood(world: World) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighErrorRate", "service": "shop", "severity": "critical"},
        "annotations": {"summary": "Too many 500s"},
    }
    post(world, {"repository": REPO, "version": "4", "alerts": [alert]})
    [one] = items(world)
    assert one.title == "shop: HighErrorRate is too high"
    assert one.inputs.time.number == 13


@pytest.mark.parametrize(
    "told",
    [
        {"repository": "acme/other", "title": "Not ours"},
        {"repository": {"full_name": REPO}, "title": "Not named"},
        {"title": "No repository"},
        {"repository": REPO},
        {"repository": REPO, "items": "many"},
        {"repository": REPO, "items": [None, 3, [], {}, {"title": ""}]},
        {"repository": REPO, "alerts": [None, {"labels": []}], "service": []},
    ],
)
def test_what_makes_no_sense_adds_nothing_and_stops_nobody(world: World, told: Any) -> None:
    assert post(world, told) == 202
    assert [one.title for one in items(world)] in ([], ["a service: error rate is too high"])
    assert world.house.journal.failed_deliveries() == []
