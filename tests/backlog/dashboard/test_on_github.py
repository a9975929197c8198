"""The dashboard issue as people see and tick it."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from bot.backlog.dashboard.ledger import fold, stream_of
from bot.backlog.store import Backlog
from bot.story.dashboard_events import BoxAnswered
from bot.story.item_events import ItemState
from bot.story.vocabulary import Repository
from bot.texts.dashboard import TITLE
from handlers import dashboard
from tests.backlog.dashboard.plans import plan
from tests.world import REPO, World

ON = {".github/towpath.yml": "backlog:\n  dashboard:\n    enabled: true\n"}


def backlog(world: World) -> Backlog:
    return Backlog(world.house.journal)


def take(world: World, *titles: str) -> None:
    backlog(world).take(str(world.place.id), plan(*titles))


def push(world: World, files: dict[str, str | None]) -> None:
    world.later()
    world.act("alice").push(REPO, "main", files, "chore: write")
    world.settle()


def look(world: World) -> bool:
    place = world.house.office.repositories.known()[world.place.id].repository
    assert place is not None
    told = dashboard.look(world.house.office, place)
    world.settle()
    return told


def boards(world: World) -> list[dict[str, Any]]:
    told = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
    return [one for one in told if one["user"]["login"].endswith("[bot]")]


def board(world: World) -> dict[str, Any]:
    (found,) = [one for one in boards(world) if one["state"] == "open" and one["title"] == TITLE]
    return found


def tick(world: World, login: str, item: int, action: str, silently: bool = False) -> None:
    world.later()
    now = board(world)
    lines = [
        line.replace("[ ]", "[x]") if f":{item}:{action} -->" in line else line
        for line in now["body"].split("\n")
    ]
    assert lines != now["body"].split("\n"), "there is no such box"
    world.act(login, silently).edit_issue(REPO, now["number"], body="\n".join(lines))


def state(world: World, item: int) -> ItemState:
    return backlog(world).item(str(world.place.id), item).state


def events(world: World) -> list[str]:
    return [one.event.kind for one in world.house.journal.load(stream_of(world.place.id))]


def test_boxes_are_obeyed_once_for_those_who_may_and_answered(world: World) -> None:
    take(world, "first thing", "second | thing @bob #7")
    world.sweep()
    assert boards(world) == []  # nobody asked for one
    push(world, ON)
    text = board(world)["body"]
    assert "first thing" in text
    assert "@bob" not in text
    assert "#7" not in text
    assert "second \\| thing" in text
    writings = fold(world.house.journal.load(stream_of(world.place.id))).writing
    assert look(world)
    assert fold(world.house.journal.load(stream_of(world.place.id))).writing == writings
    tick(world, "alice", 1, "hold")
    world.settle()
    assert state(world, 1) is ItemState.BLOCKED
    assert "**alice** ticked “hold it back” at item 1: held back" in board(world)["body"]
    assert "[x]" not in board(world)["body"]
    tick(world, "bob", 1, "release")
    tick(world, "carol", 2, "up")
    world.settle()
    assert state(world, 1) is ItemState.NEW
    tick(world, "bob", 1, "start")
    world.settle()
    text = board(world)["body"]
    story = backlog(world).item(str(world.place.id), 1).issue
    assert f"begun as [story {story}](../issues/{story})" in text
    assert world.tale(story).requester.login == "bob"
    given = backlog(world).item(str(world.place.id), 2).given.value
    assert given is not None
    assert (given.number, given.origin.by) == (5, "carol")
    assert "value 3 → 5" in board(world)["body"]


def test_a_box_ticked_while_it_is_written_is_not_lost(world: World) -> None:
    take(world, "first thing", "second thing")
    push(world, ON)
    # The webhook is late: what is known to be ticked is shown as ticked until it comes.
    tick(world, "alice", 1, "hold", silently=True)
    assert look(world)
    assert state(world, 1) is ItemState.NEW
    assert "- [x]" in board(world)["body"]
    assert "looking for who ticked" in board(world)["body"]
    # One box more, in a text that we write over at that very moment.
    issue = board(world)
    ours = re.sub(r"towpath:(\d+):", lambda n: f"towpath:{int(n[1]) + 1}:", issue["body"])
    tick(world, "bob", 2, "hold")
    place = world.house.office.repositories.known()[world.place.id].repository
    world.house.github.effects._write(
        "PATCH", place, "issues", issue["number"], body={"body": ours}
    )
    world.settle()
    assert state(world, 2) is ItemState.BLOCKED
    assert "**bob** ticked" in board(world)["body"]
    # And one between what we read and what we write.
    take(world, "first thing", "second thing", "third thing")
    assert look(world)
    wanted = [(3, "hold")]
    world.boundary = lambda name: (
        tick(world, "carol", *wanted.pop()) if wanted and name == "before:perform" else None
    )
    tick(world, "bob", 2, "release")
    world.settle()
    assert wanted == []
    assert state(world, 3) is ItemState.BLOCKED
    assert state(world, 2) is ItemState.NEW
    # Nobody ever says whose the first one is: it is not obeyed, and that is said.
    world.later(dashboard.UNKNOWN.total_seconds() + 60)
    look(world)
    assert state(world, 1) is ItemState.NEW
    assert "GitHub did not say who" in board(world)["body"]
    assert "[x]" not in board(world)["body"]


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_order_of_telling_each_tick_is_obeyed_once(world: World, seed: int) -> None:
    count, dice = 12, random.Random(seed)
    take(world, *(f"thing number {n}" for n in range(count)))
    push(world, ON)
    world.hub.deliveries.hold()
    left = list(range(1, count + 1))
    while left or world.hub.deliveries.held:
        match dice.choice(["tick", "tick", "look", "tell"]):
            case "tick" if left:
                tick(world, dice.choice(["alice", "bob", "carol"]), left.pop(), "hold")
            case "look":
                dashboard.look(world.house.office, place_of(world))
            case "tell" if world.hub.deliveries.held:
                order = list(range(world.hub.deliveries.held))
                dice.shuffle(order)
                world.hub.deliveries.release(order)
                world.settle()
                world.hub.deliveries.hold()
    world.hub.deliveries.release()
    look(world)
    told = [one.event for one in world.house.journal.load(stream_of(world.place.id))]
    answers = [(one.tick.item, one.outcome) for one in told if isinstance(one, BoxAnswered)]
    assert sorted(answers) == [(n, "held") for n in range(1, count + 1)]
    assert {state(world, n) for n in range(1, count + 1)} == {ItemState.BLOCKED}
    assert "[x]" not in board(world)["body"]


def place_of(world: World) -> Repository:
    place = world.house.office.repositories.known()[world.place.id].repository
    assert place is not None
    return place


def test_deleted_it_comes_back_and_closed_by_a_person_it_rests(world: World) -> None:
    take(world, "first thing")
    push(world, ON)
    first = board(world)["number"]
    world.hub.delete_issue("alice", REPO, first)
    world.settle()
    second = board(world)["number"]
    assert second > first
    world.act("alice").label(REPO, second, "story")  # it shows stories, it is none
    world.settle()
    assert world.events(second) == []
    world.later()
    world.act("alice").close_issue(REPO, second)
    world.settle()
    take(world, "first thing", "news")
    world.later()
    look(world)
    (only,) = boards(world)
    assert only["state"] == "closed"
    assert "when the issue is reopened" in only["body"]
    world.later()
    world.act("bob").reopen_issue(REPO, second)
    world.settle()
    assert board(world)["number"] == second
    assert "news" in board(world)["body"]
    off = {".github/towpath.yml": "backlog:\n  dashboard:\n    enabled: false\n"}
    push(world, off)
    assert [one["state"] for one in boards(world)] == ["closed"]
    push(world, ON)
    assert board(world)["number"] == second
    world.act("alice").close_issue(REPO, second)
    world.settle()
    world.hub.delete_issue("alice", REPO, second)
    world.settle()
    look(world)
    assert boards(world) == []  # closed and deleted: nobody wants it, until it is asked for again
    push(world, off)
    push(world, ON)
    assert board(world)["number"] > second
