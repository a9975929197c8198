"""GitHub goes away in the middle of things, and comes back: the end is the same (B9)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bot.story.services import degraded, recovered
from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World

NewWorld = Callable[..., World]

AWAY: dict[str, dict[str, Any]] = {
    "502": {"status": 502, "body": "<html>Bad Gateway</html>"},
    "503, done all the same": {"status": 503, "after": True, "headers": {"Retry-After": "90"}},
    "429": {"status": 429, "headers": {"Retry-After": "300"}, "path": r"^(?!.*\.git/)"},
}


def sweeps(world: World, times: int, seconds: float) -> None:
    for _ in range(times):
        world.later(seconds)
        world.sweep()


def comes_back(world: World) -> None:
    world.hub.faults.clear()
    world.claim_after = 0.0  # what could not be handled is not waited for in real time
    sweeps(world, 3, 310)


def told(world: World, number: int) -> list[str]:
    """Our comments without what differs from world to world; the status may come later."""
    plain = [re.sub(r"<!--.*?-->", "", body).strip()[:60] for body in world.comments(number)]
    return sorted(plain, key=lambda one: one.startswith("### Towpath"))


def end(world: World, number: int) -> dict[str, Any]:
    """What people see, and what was done, the views left out."""
    tale, pulls = world.tale(number), world.pulls()
    done = Counter(tale.effects_performed)
    return {
        "state": tale.state,
        "labels": world.labels(number),
        "told": told(world, number),
        "pulls": [(one["title"], one["state"]) for one in pulls],
        "on the pull request": told(world, tale.pull_number) if tale.pull_number else [],
        "done": {kind: n for kind, n in done.items() if kind not in ("show_status", "set_labels")},
    }


def goes_away_at(world: World, event: str, number: int, **fault: Any) -> None:
    """Arm a fault for every request from the moment at which the journal holds this event."""

    def boundary(name: str) -> None:
        if name == "after:append" and event in world.events(number):
            world.boundary = lambda name: None
            world.hub.faults.add(times=0, **fault)

    world.boundary = boundary


def tell(world: World, fault: dict[str, Any] | None = None) -> int:
    """A story, and three people who say something while it is worked on."""
    number = world.act("alice").open_issue(REPO, *BUMP)
    world.settle()
    if fault:
        goes_away_at(world, "planned", number, **fault)
    world.act("alice").label(REPO, number, "story")
    world.settle()
    for login, text in (("bob", "/pause"), ("carol", "/explain nonsense"), ("bob", "/resume")):
        world.later()
        world.act(login).comment(REPO, number, text)
        world.settle()
    return number


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    """The end of a world in which GitHub was never away; filled by the first who asks."""
    return {}


@pytest.mark.parametrize("why", AWAY)
def test_after_an_outage_the_end_is_that_of_a_world_without_one(
    new_world: NewWorld, undisturbed: dict[str, Any], why: str
) -> None:
    if not undisturbed:
        quiet = new_world()
        quiet.repository()
        undisturbed.update(end(quiet, tell(quiet)))
    world = new_world()
    world.repository()
    number = tell(world, AWAY[why])
    assert world.hub.faults.fired
    one = degraded(world.house.journal)[-1]
    assert ("secondary" if why == "429" else "50") in one.because
    before, faults = len(world.hub.faults.fired), world.tale(number).faults
    sweeps(world, 3, 1200)
    world.new_house()  # nobody remembers but the journal
    sweeps(world, 3, 1200)
    asked = len(world.hub.faults.fired) - before
    assert asked <= 6 * 5  # one read and its repetitions, and one look, a sweep
    still = degraded(world.house.journal)[-1]
    assert (still.service, still.since) == (one.service, one.since)
    assert world.tale(number).faults == faults
    comes_back(world)
    assert degraded(world.house.journal) == []
    assert recovered(world.house.journal) == []  # it was looked at what was missed
    assert end(world, number) == undisturbed
    keys = [r.event.key for r in world.house.journal.load(world.stream(number))
            if r.event.kind == "effect_performed"]  # fmt: skip
    assert len(keys) == len(set(keys))
    assert world.house.journal.due_effects(world.now(), 100) == []


def test_what_needs_no_github_goes_on_while_it_is_away(world: World) -> None:
    number = tell(world, AWAY["502"])
    events = world.events(number)
    assert {"tested", "committed", "reviewed"} <= set(events), events
    assert world.tale(number).pull_number == 0
    assert world.pulls() == []


def test_a_github_that_only_refuses_writes_is_read_and_not_written_to(world: World) -> None:
    number = world.story()
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        fault = {"method": method, "path": "/repos/", "status": 503, "times": 0}
        world.hub.faults.add(**fault)
    for text in ("/pause", "/explain a", "/explain b", "/resume", "/pause"):
        world.say("bob", number, text)
        world.later(20)
        world.sweep()
    names = [one.service for one in degraded(world.house.journal)]
    assert names == ["github writes"]
    assert world.tale(number).pause  # it was heard
    sweeps(world, 3, 600)
    comes_back(world)
    assert degraded(world.house.journal) == []
    answers = [c for c in world.comments(number) if "no such command" in c]
    assert len(answers) == 2
    assert "paused" in world.status_comments(number)[0].lower()
    assert world.labels(number) & {"towpath:paused", "towpath:review"}


def test_what_nobody_told_of_during_the_outage_is_found_after_it(world: World) -> None:
    number = world.story()
    world.hub.faults.add(times=0, status=502)
    sweeps(world, 2, 700)
    silent = world.act("bob", silently=True)
    comment = silent.comment(REPO, number, "/pause")
    sweeps(world, 3, 2400)  # two hours: far beyond what is looked at each time
    assert world.tale(number).pause is None
    comes_back(world)
    assert world.events(number).count("pause_requested") == 1
    assert "+1" in world.reactions(comment)
    assert world.state(number) is State.WAITING


def test_a_person_who_changed_the_ticket_meanwhile_is_right(world: World) -> None:
    number = world.story()
    world.hub.faults.add(times=0, drop=True)
    sweeps(world, 2, 400)
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING  # nobody could look who bob is
    world.later()
    world.act("alice", silently=True).unlabel(REPO, number, "story")
    comes_back(world)
    assert world.state(number) is State.CANCELLED
    assert not any(pull["merged_at"] for pull in world.pulls())
