"""Many stories at once, in an order that respects what each comes after (S25)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story import batches
from bot.story.api_events import RequestedStory, StoriesRequested
from bot.story.batches import Batch, WrongBatch
from bot.story.vocabulary import State
from tests.api.conftest import Program
from tests.policies.facts import ASKER, REPOSITORY
from tests.world import REPO, World

SignIn = Callable[..., Program]


def item(name: str, *after: str) -> RequestedStory:
    return RequestedStory(name=name, title=name, after=after)


def batch(*items: RequestedStory, in_order: bool = False, at_once: int = 9) -> Batch:
    asked = StoriesRequested(
        repository=REPOSITORY, person=ASKER, in_order=in_order, at_once=at_once, items=items
    )
    return Batch("batch:1", asked)


@pytest.mark.parametrize(
    ("items", "in_order", "rule"),
    [
        ([item("a"), item("a")], False, "twice"),
        ([item("a", "b")], False, "unknown"),
        ([item("a", "a")], False, "cycle"),
        ([item("a", "b"), item("b", "a")], False, "cycle"),
        ([item("a", "c"), item("b", "a"), item("c", "b")], False, "cycle"),
        ([item("a", "b"), item("b")], True, "cycle"),
    ],
)
def test_what_has_no_order_is_refused(
    items: list[RequestedStory], in_order: bool, rule: str
) -> None:
    with pytest.raises(WrongBatch) as wrong:
        batches.check(items, in_order)
    assert wrong.value.rule == rule


def test_each_begins_when_its_turn_comes() -> None:
    diamond = batch(item("a"), item("b", "a"), item("c", "a"), item("d", "b", "c"), at_once=2)
    batches.check(diamond.items, False)

    def ready(**states: State) -> list[str]:
        diamond.begun = dict.fromkeys(states, 1)
        return [one.name for one in batches.ready(diamond, states)]

    done, at_work = State.DONE, State.CODING
    assert ready() == ["a"]
    assert ready(a=at_work) == []
    assert ready(a=done) == ["b", "c"]
    assert ready(a=done, b=at_work) == ["c"]
    assert ready(a=done, b=at_work, c=at_work) == []
    assert ready(a=done, b=done, c=State.FAILED) == [], "a person can still retry it"
    assert ready(a=done, b=done, c=done) == ["d"]
    one_by_one = batch(item("x"), item("y"), in_order=True)
    assert [one.name for one in batches.ready(one_by_one, {})] == ["x"]


def test_a_batch_runs_in_order(world: World, sign_in: SignIn) -> None:
    alice, bob = sign_in("alice"), sign_in("bob")
    asked = {
        "repository": REPO,
        "stories": [
            {"name": "first", "title": "Bump idna from 3.4 to 3.7"},
            {"name": "second", "title": "Bump idna from 3.7 to 3.10"},
        ],
    }
    status, told = alice.post("/stories/batch", asked, Idempotency_Key="b")
    assert status == 202, told
    assert [one["status"] for one in told["stories"]] == ["begun", "waits"]
    world.settle()
    world.sweep()
    where = f"/batches/{told['id']}"
    assert [one["status"] for one in bob.get(where)["stories"]] == ["begun", "waits"]
    first = bob.get(where)["stories"][0]["story"]
    head = bob.get(f"/stories/{first}")["head_sha"]
    assert bob.post(f"/stories/{first}/approve", {"sha": head})[0] == 200
    world.settle()
    world.sweep()
    now = bob.get(where)
    assert [one["state"] for one in now["stories"]] == ["DONE", "WAITING"]
    assert not now["open"]
    world.sweep()
    assert len(world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")) == 4
    assert world.house.journal.verify() == []


def test_a_circle_begins_nothing(world: World, sign_in: SignIn) -> None:
    stories = [
        {"name": "a", "title": "a", "after": ["b"]},
        {"name": "b", "title": "b", "after": ["a"]},
    ]
    asked = {"repository": REPO, "mode": "parallel", "stories": stories}
    status, told = sign_in("alice").post("/stories/batch", asked)
    assert status == 409
    assert "wait for each other" in told["detail"]
    assert world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all") == []


def test_who_lost_access_begins_nothing_more(world: World, sign_in: SignIn) -> None:
    alice, bob = sign_in("alice"), sign_in("bob")
    asked = {
        "repository": REPO,
        "stories": [
            {"name": "a", "title": "Bump idna from 3.4 to 3.7"},
            {"name": "b", "title": "b"},
        ],
    }
    told = alice.post("/stories/batch", asked)[1]
    world.settle()
    world.hub.add_collaborator(REPO, "alice", "read")
    first = told["stories"][0]["story"]
    head = bob.get(f"/stories/{first}")["head_sha"]
    assert bob.post(f"/stories/{first}/approve", {"sha": head})[0] == 200
    world.settle()
    world.sweep()
    now = bob.get(f"/batches/{told['id']}")
    assert [one["status"] for one in now["stories"]] == ["begun", "left"]
    assert "write access" in now["stories"][1]["reason"]
    assert not now["open"]
