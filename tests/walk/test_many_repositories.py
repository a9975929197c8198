"""Many repositories cost as much as few: the idle ones wait for their turn, nothing else (W3)."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable

import pytest

from bot.queue import jobs
from bot.queue.inbox import Inbox
from bot.story.vocabulary import State
from policies.looks import rounds_between
from tests.world import BUMP, FILES, PEOPLE, REPO, World

MANY = 32
IDLE = [f"acme/idle-{n:02}" for n in range(MANY)]
QUIET = {".github/towpath.yml": "backlog:\n  todo: {issues: off}\n"}
ASKED = re.compile(r'"GET /(?:repos/(acme/[\w-]+)/)?(\S*) HTTP/1.1" (\d+)')


def many(world: World) -> None:
    """A repository that is worked on among many that are not, all in one installation."""
    world.place = world.hub.create_repository(REPO, {**FILES, **QUIET})
    for name in IDLE:
        world.hub.create_repository(name, QUIET if name in IDLE[-2:] else None)
        world.hub.add_collaborator(name, "alice", "write")
    for login, permission in PEOPLE.items():
        world.hub.add_collaborator(REPO, login, permission)
    world.installation = world.hub.install(world.app.app_id, [REPO, *IDLE])
    world.settle()


def asked(world: World, caplog: pytest.LogCaptureFixture) -> tuple[Counter[str], Counter[str]]:
    """One round of looks: requests by repository ('' for none), and by status."""
    world.later(61)
    caplog.clear()
    for _ in range(3):  # a round may have made way for webhooks
        world.house.sweep()
    found = [ASKED.search(record.getMessage()) for record in caplog.records]
    told = [one.groups() for one in found if one]
    return Counter(one or "" for one, _, _ in told), Counter(status for _, _, status in told)


def test_idle_repositories_wait_for_their_turn_and_nothing_else_does(
    new_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    world = new_world()
    many(world)
    number = world.act("alice").open_issue(REPO, *BUMP)
    world.act("alice").label(REPO, number, "story")
    world.hub.deliveries.settle()
    jobs.drain(Inbox(world.redis), world.house.dispatch)
    assert world.state(number) is State.RECEIVED, "and nobody works on it yet"
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    between = rounds_between(MANY + 1)
    assert between == 2

    begun, _ = asked(world, caplog)
    assert set(IDLE) <= begun.keys(), "after a start everything is looked at"
    # What a story is about is looked at each time, the idle ones in turn, and for nothing.
    rounds = [asked(world, caplog) for _ in range(2 * between)]
    for places, statuses in rounds:
        idle = sum(places[name] for name in IDLE)
        assert 0 < idle <= 2 * (MANY // between + 1)
        assert places[REPO] >= 2
        assert statuses["200"] <= 4, "of the app itself"
    for first in range(between + 1):
        turns = [places for places, _ in rounds[first : first + between]]
        assert all(sum(name in places for places in turns) == 1 for name in IDLE)

    # A push and an issue that no webhook told of are seen in the next round, whoever's turn it is.
    world.later()
    opened, *_, pushed = [name for name in IDLE if name not in rounds[-2][0]]
    silent = world.hub.act_as("alice", silently=True)
    silent.push(pushed, "main", {".github/towpath.yml": "mode: off\n"}, "hold still")
    issue = silent.open_issue(opened, *BUMP)
    silent.label(opened, issue, "story")
    asked(world, caplog)
    office, hub = world.house.office, world.hub.state
    told = office.repositories.facts(hub.repository(pushed).id).told
    assert told
    assert told.config.mode == "off"
    assert office.story(world.house.github.repository(opened), issue)

    # A label alone is in no list: its repository's turn comes, at the latest after all others'.
    label = silent.open_issue(IDLE[0], *BUMP)
    for _ in range(between):
        asked(world, caplog)
    silent.label(IDLE[0], label, "story")
    for _ in range(between):
        asked(world, caplog)
    assert office.story(world.house.github.repository(IDLE[0]), label)

    # After an outage everything is looked at, at once.
    world.house.services.was_away("github", world.now(), "nobody answered")
    places, _ = asked(world, caplog)
    assert set(IDLE) <= places.keys()
    assert world.house.services.missed("github") is None
