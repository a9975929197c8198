"""From a ticket in Jira to a merged pull request, through the app in production's parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from bot.backlog.start import AUTOSTART, PERSON, start
from bot.backlog.store import Backlog
from bot.story.item_events import ItemState
from bot.story.vocabulary import Person, State
from tests.jira.cloud import TOKEN, USER, Cloud
from tests.world import BUMP, FILES, World

SECRET = "the secret of Jira's webhook"
CONFIG = "backlog:\n  jira:\n    enabled: true\n    project: SHOP\n    states: {blocked: On Hold}\n"


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def world(site: Cloud, new_world: Callable[..., World]) -> World:
    made = new_world(
        jira_url=site.url,
        jira_kind="cloud",
        jira_user=USER,
        jira_token=TOKEN,
        jira_webhook_secret=SECRET,
    )
    made.repository({**FILES, ".github/towpath.yml": CONFIG})
    made.sweep()
    return made


def hook(world: World, site: Cloud, key: str, guid: str, **headers: str) -> int:
    told, body = site.webhook("jira:issue_updated", key, SECRET.encode(), guid)
    return world.door.post("/webhook/jira", data=body, headers={**told, **headers}).status_code


def test_a_ticket_is_told_by_a_webhook_worked_on_and_followed(site: Cloud, world: World) -> None:
    house = world.house
    key = site.open(*BUMP)
    assert hook(world, site, key, "w-1", **{"X-Hub-Signature": "sha256=0"}) == 401
    assert hook(world, site, key, "w-1", **{"X-Hub-Signature": ""}) == 401
    assert hook(world, site, key, "w-1") == hook(world, site, key, "w-1") == 202
    world.settle()
    backlog, repository = Backlog(house.journal), house.github.repository("acme/shop")
    (item,) = backlog.items(str(repository.id))
    assert (item.title, item.state) == (BUMP[0], ItemState.NEW)

    alice = world.act("alice").request("GET", "/users/alice")
    person = Person(id=alice["id"], login="alice")
    begun = start(house.office, backlog, repository, item.number, person, PERSON)
    assert begun.begun, begun
    assert site.status(key) == "In Progress"
    world.settle()
    assert world.state(begun.issue) is State.WAITING

    site.move(key, "Done")
    assert hook(world, site, key, "w-2") == 202
    world.settle()
    assert backlog.item(str(repository.id), item.number).state is ItemState.DONE
    assert world.state(begun.issue) is State.CANCELLED
    assert any("Alice A moved SHOP-1 to Done" in one for one in world.comments(begun.issue))
    assert not any(site.properties.values())


def test_what_is_no_word_of_jira_changes_nothing(site: Cloud, world: World) -> None:
    odd = [b"[]", b"", b'{"issue": {"key": "SHOP-1; DROP"}}', b'{"issue": [1]}', b'{"issue": {}}']
    answers = []
    for number, body in enumerate(odd):
        import hashlib
        import hmac

        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        told = {
            "X-Hub-Signature": f"sha256={signed}",
            "X-Atlassian-Webhook-Identifier": str(number),
        }
        answers.append(world.door.post("/webhook/jira", data=body, headers=told).status_code)
    assert answers == [400, 400, 202, 202, 202]
    assert world.door.get("/webhook/jira").status_code == 405
    world.settle()
    assert [line for line in site.log if "SHOP" in line] == []


def test_a_webhook_without_an_identifier_is_known_by_its_body(site: Cloud, world: World) -> None:
    site.open("Round totals")
    headers, body = site.webhook("jira:issue_created", "SHOP-1", SECRET.encode())
    del headers["X-Atlassian-Webhook-Identifier"]
    for _ in range(2):
        assert world.door.post("/webhook/jira", data=body, headers=headers).status_code == 202
        world.settle()
    assert len([line for line in site.log if line == "GET search/jql"]) == 1


def test_the_lanes_find_what_no_webhook_told(site: Cloud, world: World) -> None:
    site.open("A ticket that nobody told of")
    world.house.run_lanes()
    repository = world.house.github.repository("acme/shop")
    titles = [one.title for one in Backlog(world.house.journal).items(str(repository.id))]
    assert "A ticket that nobody told of" in titles
    told = json.dumps([r.event.model_dump(mode="json") for r in _records(world, repository.id)])
    assert "jira" in told
    assert TOKEN not in told


def _records(world: World, repository: int) -> list:  # type: ignore[type-arg]
    journal = world.house.journal
    rows = journal.streams(kind="lane", limit=100)
    return [one for row in rows for one in journal.load(row.stream)]


def test_by_itself_no_ticket_is_told_to_a_public_repository(
    site: Cloud, new_world: Callable[..., World]
) -> None:
    world = new_world(
        jira_url=site.url, jira_kind="cloud", jira_user=USER, jira_token=TOKEN,
        jira_webhook_secret=SECRET,
    )  # fmt: skip
    world.repository({**FILES, ".github/towpath.yml": CONFIG + "  autostart: on\n"})
    world.sweep()
    key = site.open(*BUMP)
    hook(world, site, key, "w-1")
    world.settle()
    house = world.house
    backlog, repository = Backlog(house.journal), house.github.repository("acme/shop")
    (item,) = backlog.items(str(repository.id))
    backlog.move(str(repository.id), item.number, ItemState.READY)
    told = start(house.office, backlog, repository, item.number, None, AUTOSTART)
    assert (told.begun, told.rule) == (False, "undisclosed")
    assert site.changes == 0


def test_without_leave_a_ticket_is_not_touched(site: Cloud, world: World) -> None:
    house = world.house
    key = site.open(*BUMP)
    hook(world, site, key, "w-1")
    world.settle()
    backlog, repository = Backlog(house.journal), house.github.repository("acme/shop")
    (item,) = backlog.items(str(repository.id))
    backlog.move(str(repository.id), item.number, ItemState.READY)
    rita = world.act("alice").request("GET", "/users/rita")
    reader = Person(id=rita["id"], login="rita")
    told = [
        start(house.office, backlog, repository, item.number, reader, PERSON),
        start(house.office, backlog, repository, item.number, None, AUTOSTART),
    ]
    assert [one.rule for one in told] == ["permission", "undisclosed"]
    assert site.changes == 0
    assert site.properties.get(key) is None
