"""What a careless or hostile program sends: all answers are problems, nothing happens twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from redis import Redis
from werkzeug.test import Client

from bot.door.api.app import create_api
from bot.door.api.rooms import Rooms
from bot.story.vocabulary import State
from handlers.for_api import ForApi
from tests.api.conftest import Program
from tests.world import BUMP, REPO, World

SignIn = Callable[..., Program]


BODIES: list[tuple[Any, int]] = [
    (b"{", 400),
    (b"\xff\xfe{}", 400),
    (b'{"repository": "acme/shop", "repository": "acme/other", "title": "x"}', 400),
    (b'{"repository": NaN}', 400),
    (b'{"repository": "acme/shop", "issue": ' + b"9" * 400 + b"}", 400),
    (b"[" * 5000 + b"]" * 5000, 400),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 413),
    (b'{"a":' * 30 + b"1" + b"}" * 30, 400),
    (b"[]", 422),
    (b'"text"', 422),
    (b"null", 422),
    (b'{"repository": "acme/shop", "title": "' + b"x" * 300_000 + b'"}', 413),
    ({"repository": REPO, "title": "a\x00b"}, 422),
    ({"repository": REPO, "title": "a\nb"}, 422),
    ({"repository": REPO, "title": "   "}, 422),
    ({"repository": REPO, "title": "x" * 257}, 422),
    (b'{"repository": "acme/shop", "title": "\\ud800"}', 422),
    ({"repository": REPO, "title": "x", "extra": 1}, 422),
    ({"repository": REPO, "issue": -1}, 422),
    ({"repository": REPO, "issue": "1"}, 422),
    ({"repository": REPO, "issue": True}, 422),
    ({"repository": REPO, "issue": 1.5}, 422),
    ({"repository": "../../etc", "title": "x"}, 422),
    ({"repository": "acme", "title": "x"}, 422),
    ({"repository": REPO}, 409),
    ({"repository": REPO, "title": "x", "issue": 1}, 409),
    ({}, 422),
    (None, 422),
]


def test_no_body_does_harm(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    for body, expected in BODIES:
        answer = alice.raw("POST", "/stories", body)
        told = answer.get_json()
        assert answer.status_code == expected, (str(body)[:60], told)
        assert answer.content_type == "application/problem+json"
        assert told["status"] == expected
        assert told["error_id"]
    assert world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all") == []


ADDRESSES = [
    ("GET", "/nothing", 404),
    ("GET", "", 404),
    ("GET", "/stories/", 404),
    ("GET", "//stories", 404),
    ("DELETE", "/stories", 405),
    ("TRACE", "/stories", 405),
    ("GET", "/tokens", 405),
    ("GET", "/stories/x", 404),
    ("GET", "/stories/1-99999999999", 422),
    ("GET", "/stories/1-1", 404),
    ("GET", "/stories?limit=-1", 422),
    ("GET", "/stories?limit=0", 422),
    ("GET", "/stories?limit=101", 422),
    ("GET", "/stories?limit=1e99", 422),
    ("GET", "/stories?limit=" + "9" * 5000, 422),
    ("GET", "/stories?cursor=%00", 422),
    ("GET", "/stories?cursor=gICA", 422),
    ("GET", "/stories?state=UNKNOWN", 422),
    ("GET", "/stories?page=2", 422),
    ("GET", "/batches/" + "0" * 32, 404),
    ("GET", "/batches/..%2f..", 404),
]


def test_no_address_does_harm(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    for method, path, expected in ADDRESSES:
        answer = alice.raw(method, path)
        assert answer.status_code == expected, (path, answer.get_data(as_text=True))
        assert answer.content_type == "application/problem+json"
        assert expected != 405 or answer.headers["Allow"]


def test_a_body_has_to_say_that_it_is_json(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    body = json.dumps({"repository": REPO, "title": "x"}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        assert alice.raw("POST", "/stories", body, Content_Type=kind).status_code == 415


def test_the_same_request_is_done_once(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    asked = {"repository": REPO, "title": BUMP[0], "body": BUMP[1]}
    first = alice.raw("POST", "/stories", asked, Idempotency_Key="one")
    again = alice.raw("POST", "/stories", dict(reversed(asked.items())), Idempotency_Key="one")
    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = alice.post("/stories", {**asked, "title": "Else"}, Idempotency_Key="one")
    assert (other[0], other[1]["type"]) == (422, "urn:towpath:problem:other-request")
    for name in world.redis.keys("towpath:api:once*"):
        world.redis.delete(name)
    forgotten = alice.raw("POST", "/stories", asked, Idempotency_Key="one")
    assert forgotten.get_json() == first.get_json(), "the journal remembers, too"
    assert len(world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")) == 1
    for bad in ("", " ", "x" * 256, "é"):
        assert alice.raw("POST", "/stories", asked, Idempotency_Key=bad).status_code == 400


def test_two_at_once_are_one(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    asked, codes = {"repository": REPO, "title": BUMP[0], "body": BUMP[1]}, []

    def send() -> None:
        codes.append(alice.raw("POST", "/stories", asked, Idempotency_Key="two").status_code)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert len(world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")) == 1


def test_an_order_that_was_obeyed_is_not_obeyed_again(world: World, sign_in: SignIn) -> None:
    number = world.story()
    alice = sign_in("alice")
    path = f"/stories/{world.place.id}-{number}/budget"
    for _ in range(3):
        assert alice.post(path, {"usd": 5}, Idempotency_Key="raise")[0] == 200
        for name in world.redis.keys("towpath:api:once*"):
            world.redis.delete(name)
    assert world.tale(number).budget_raised_usd == 5.0
    for usd in (0, -5, 0.001, 1e9, "5", None):
        assert alice.post(path, {"usd": usd})[0] == 422


def test_an_issue_whose_answer_was_lost_is_not_opened_twice(world: World, sign_in: SignIn) -> None:
    world.hub.faults.add(method="POST", path="/issues$", after=True, drop=True)
    alice = sign_in("alice")
    status, told = alice.post("/stories", {"repository": REPO, "title": BUMP[0], "body": BUMP[1]})
    assert (status, told["stories"][0]["status"]) == (202, "waits")
    world.later(100)
    world.sweep()
    begun = alice.get(f"/batches/{told['id']}")["stories"]
    assert [one["status"] for one in begun] == ["begun"]
    told = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")
    issues = [one["number"] for one in told if "pull_request" not in one]
    assert issues == [begun[0]["issue"]]
    assert world.state(issues[0]) is State.WAITING


def test_github_away_is_said_and_nothing_is_kept(world: World, sign_in: SignIn) -> None:
    alice = sign_in("alice")
    number = world.story()
    path = f"/stories/{world.place.id}-{number}/pause"
    for _ in range(12):
        world.hub.faults.add(method="GET", path="/permission$", status=502)
    status, told = alice.post(path, {}, Idempotency_Key="later")
    assert (status, told["type"]) == (503, "urn:towpath:problem:unavailable")
    world.hub.faults.clear()
    assert alice.post(path, {}, Idempotency_Key="later")[0] == 200


def test_the_queue_away_is_said(world: World, sign_in: SignIn) -> None:
    alice, house = sign_in("alice"), world.house
    gone = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    handlers = ForApi(house.office)
    rooms = Rooms(world.settings, gone, house.journal, house.office, handlers, world.now)
    headers = {"Authorization": f"Bearer {alice.token}"}
    answer = Client(create_api(rooms)).get("/api/v1/stories", headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
