"""An installation's life: work stops where the app may not work, and goes on where it may again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.story.vocabulary import Gate, State
from handlers import install
from tests.world import REPO, World

Act = Callable[[World], Any]

STOPS: dict[str, tuple[Act, Act, str]] = {
    "suspended": (
        lambda w: w.hub.suspend(w.installation),
        lambda w: w.hub.suspend(w.installation, False),
        "suspended",
    ),
    "archived": (
        lambda w: w.hub.archive_repository(REPO),
        lambda w: w.hub.archive_repository(REPO, False),
        "archived",
    ),
    "taken off the installation": (
        lambda w: w.hub.change_installation(w.installation, remove=[REPO]),
        lambda w: w.hub.change_installation(w.installation, add=[REPO]),
        "removed",
    ),
    "uninstalled": (
        lambda w: w.hub.uninstall(w.installation),
        lambda w: w.repository_again(),
        "removed",
    ),
}


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    made = new_world()
    made.repository()
    made.hub.create_repository("acme/other", {"a": "b\n"})
    made.hub.change_installation(made.installation, add=["acme/other"])
    made.settle()
    made.repository_again = lambda: made.hub.install(made.app.app_id, [REPO])  # type: ignore[attr-defined]
    return made


def access(world: World) -> str:
    return world.house.repositories.facts(world.place.id).installation.access


def written(world: World) -> list[Any]:
    """All that GitHub shows of a repository, to compare."""
    hub = world.hub
    issues = [
        (one.number, one.state, [c.body for c in one.comments], sorted(x.name for x in one.labels))
        for one in world.place.issues.values()
    ]
    return [issues, dict(world.place.refs), len(world.place.runs), len(hub.state.repositories)]


@pytest.mark.parametrize("lost", [False, True], ids=["told", "webhook lost"])
def test_work_stops_and_goes_on_where_it_was(world: World, lost: bool) -> None:
    def happen(act: Act) -> None:
        if not lost:
            act(world)
            world.settle()
            return
        with world.hub.silently():
            act(world)
        world.later(120)
        world.sweep()

    number = world.story()
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)
    for stop, back, kept in STOPS.values():
        happen(stop)
        assert access(world) == kept
        before = written(world)
        for _ in range(2):
            world.later(120)
            world.sweep()
        assert written(world) == before
        happen(back)
        assert access(world) == "granted"
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_story_is_paused_with_the_reason_and_resumed(world: World) -> None:
    world.boundary = _suspending(world)
    number = world.story()
    world.boundary = lambda name: None
    world.settle()
    tale = world.tale(number)
    assert tale.waiting is not None
    assert (tale.state, tale.waiting.rule) == (State.WAITING, "suspended")
    assert tale.pull_number == 0
    world.hub.suspend(world.installation, False)
    world.settle()
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)


def _suspending(world: World) -> Callable[[str], None]:
    """Suspend at the first effect that a story wants done."""
    seen: list[str] = []

    def boundary(name: str) -> None:
        if name == "before:perform" and not seen:
            seen.append(name)
            world.hub.suspend(world.installation)
            install.look(world.house.office)

    return boundary


def test_a_label_while_suspended_starts_nothing_until_the_app_is_back(world: World) -> None:
    world.hub.suspend(world.installation)
    number = world.story()
    world.later(120)
    world.sweep()
    assert world.tale(number).repository is None
    world.hub.suspend(world.installation, False)
    world.settle()
    world.later(120)
    world.sweep()
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)


@pytest.mark.parametrize("lost", [False, True], ids=["told", "webhook lost"])
def test_a_story_follows_its_repository_to_another_name(world: World, lost: bool) -> None:
    number = world.story()
    if lost:
        world.hub.rename_repository(REPO, "acme/store")
        world.later(120)
        world.sweep()
    else:
        world.hub.move_repository(REPO, "acme/store")
        world.settle()
    tale = world.tale(number)
    assert tale.repository is not None
    assert tale.repository.full_name == "acme/store"
    assert tale.waits_at(Gate.PRE_DEPLOY)


def test_a_repository_that_moves_to_another_installation_is_not_taken_for_removed(
    world: World,
) -> None:
    number = world.story()
    world.hub.add_org("globex", admins=())
    world.hub.create_repository("globex/base", {"a": "b\n"})
    other = world.hub.install(world.app.app_id, "globex")
    world.settle()
    world.hub.move_repository(REPO, "globex/shop")
    world.hub.change_installation(world.installation, remove=["globex/shop"])
    world.settle()
    world.later(120)
    world.sweep()
    tale = world.tale(number)
    assert tale.repository is not None
    assert (access(world), tale.repository.installation_id) == ("granted", other)


def test_a_deleted_repository_is_left_alone_for_good(world: World) -> None:
    number = world.story()
    world.hub.delete_repository(REPO)
    world.settle()
    assert access(world) == "removed"
    events = world.events(number)
    world.later(120)
    world.sweep()
    assert world.events(number) == events


def test_a_list_that_cannot_be_read_is_not_an_empty_one(world: World) -> None:
    world.story()
    world.hub.faults.add(method="GET", path="/installation/repositories", status=502, times=20)
    world.later(120)
    world.sweep()
    assert access(world) == "granted"


def test_a_permission_that_is_accepted_late_is_named_waited_for_and_used(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    full = dict(world.hub.state.apps[world.app.app_id].permissions)
    world.hub.change_permissions(world.app.app_id, {**full, "contents": "read"})
    world.repository()
    number = world.story()
    tale = world.tale(number)
    assert tale.waiting is not None
    assert (tale.state, tale.waiting.rule) == (State.WAITING, "permission")
    assert "contents: write" in world.status_comments(number)[0]
    world.hub.change_permissions(world.app.app_id, full)  # the first acceptance: the app's owner
    world.later(120)
    world.sweep()
    assert world.tale(number).waiting.rule == "permission"  # type: ignore[union-attr]
    world.hub.accept_permissions(world.installation)  # the second: the installation's owner
    world.settle()
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)


def test_an_account_of_another_name_takes_its_stories_along(world: World) -> None:
    number = world.story()
    world.hub.rename_account("acme", "umbrella")
    world.settle()
    tale = world.tale(number)
    assert tale.repository is not None
    assert tale.repository.full_name == "umbrella/shop"
    assert access(world) == "granted"
