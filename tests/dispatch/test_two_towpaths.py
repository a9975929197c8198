"""Two Towpaths on one repository never work on the same issue, whoever is in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.backlog.start import OPERATOR
from bot.backlog.start import start as begin_item
from bot.localhub import Server
from bot.settings import Settings
from bot.story.machine import Story, fold
from bot.story.office import stream_of
from bot.story.vocabulary import State
from bot.wiring import House
from handlers.story import start
from tests.dispatch.conftest import backlog, entry, items, person, repository
from tests.world import BUMP, FILES, REPO, ROOT, World

WAITS = {**FILES, ".github/towpath.yml": "gates: {pre_code: true}\n"}


class Other:
    """A second Towpath: an app, a home and a database of its own; it hears no webhook."""

    def __init__(self, world: World, folder: Path, name: str = "canalside") -> None:
        self.world, self.place = world, world.place
        manifest = yaml.safe_load((ROOT / "app.yml").read_text()) | {"name": name}
        app = world.hub.register_app(manifest)
        world.hub.install(app.app_id, [REPO])
        settings = world.settings.model_copy(
            update={"home": folder, "app_id": app.app_id, "private_key": app.pem}
        )
        self.house = House(Settings.model_validate(settings.model_dump()), clock=world.now)

    def begin(self, number: int) -> None:
        """What a webhook, or the look for lost ones, does."""
        repository = self.house.github.repository(REPO)
        start(self.house.office, repository, number, person(self.world, "alice"), "told")

    def go_on(self, number: int) -> None:
        self.house.advance(stream_of(self.place.id, number))

    def tale(self, number: int) -> Story:
        stream = stream_of(self.place.id, number)
        return fold(stream, self.house.journal.load(stream))


class Watched(World):
    """A GitHub in which something can come between any two requests about an issue."""

    def serve(self) -> Server:
        inner = self.hub.application
        self.watch("", 0, lambda: None)

        def application(environ: dict[str, Any], begin: Any) -> Any:
            path = environ["PATH_INFO"]
            if self.path and (self.path in path or "/issues/comments/" in path):
                self.seen += 1
                if self.seen == self.which:
                    watched, self.path = self.path, ""
                    self.between()
                    self.path = watched
            return inner(environ, begin)

        self.hub._application = application
        return super().serve()

    def watch(self, path: str, which: int, between: Callable[[], None]) -> None:
        """Before the `which`-th request about `path` from now on, `between` happens."""
        self.path, self.which, self.between, self.seen = path, which, between, 0


@pytest.fixture
def both(tmp_path: Path, queue_url: str, environments: Path) -> Iterator[tuple[Watched, Other]]:
    world = Watched(tmp_path / "one", queue_url, environments)
    world.repository(WAITS)
    yield world, Other(world, tmp_path / "other")
    world.close()


def open_story(world: World) -> int:
    number = world.act("alice").open_issue(REPO, *BUMP)
    world.act("alice", silently=True).label(REPO, number, "story")
    return number


def ours(world: World, number: int) -> None:
    start(
        world.house.office,
        world.house.github.repository(REPO),
        number,
        person(world, "alice"),
        "told",
    )
    world.house.advance(world.stream(number))


def check_one_works(world: World, other: Other, number: int) -> Story:
    """Exactly one works on it, and only its words stand there; gives the other's story."""
    tales = [world.tale(number), other.tale(number)]
    working = [tale for tale in tales if tale.claim is not None]
    assert len(working) == 1, [(tale.claim, tale.withheld, tale.state) for tale in tales]
    (idle,) = [tale for tale in tales if tale.claim is None]
    assert (idle.state, idle.status_comment_id) == (State.RECEIVED, None)
    assert idle.withheld is not None
    said = world.act("alice").comments(REPO, number)
    assert [one["id"] for one in said] == [working[0].status_comment_id]
    assert "towpath:claim" in said[0]["body"]
    return idle


def test_whoever_comes_in_between_one_works_and_the_other_says_nothing(
    both: tuple[Watched, Other],
) -> None:
    world, other = both
    which = 0
    while True:
        which, number = which + 1, open_story(world)
        other.begin(number)
        world.watch(f"/issues/{number}", which, partial(other.go_on, number))
        ours(world, number)
        world.path = ""
        if world.seen < which:
            break  # there was nothing left to come between
        check_one_works(world, other, number)
    assert which > 8


def test_a_dead_ones_claim_runs_out_and_that_is_said(both: tuple[Watched, Other]) -> None:
    world, other = both
    number = open_story(world)
    other.begin(number)
    other.go_on(number)
    other.begin(number)
    ours(world, number)
    assert check_one_works(world, other, number).stream == world.tale(number).stream
    assert world.tale(number).withheld.rule == "claimed"  # type: ignore[union-attr]
    world.later(13 * 3600)  # the other one is dead: nobody prolongs
    world.house.advance(world.stream(number))
    assert world.tale(number).claim is None
    world.later(12 * 3600)
    world.house.advance(world.stream(number))
    held = world.tale(number).claim
    assert held is not None
    assert held.fence == 2
    assert "canalside" in held.taken_from
    assert world.state(number) is State.WAITING
    assert any("canalside" in body for body in world.status_comments(number))
    other.go_on(number)  # it comes back, and sees
    assert other.tale(number).claim is None
    assert other.tale(number).withheld.rule == "claimed"  # type: ignore[union-attr]


def test_a_claim_is_prolonged_while_people_are_waited_for(both: tuple[Watched, Other]) -> None:
    world, other = both
    number = open_story(world)
    ours(world, number)
    first = world.tale(number).claim
    for _ in range(3):
        world.later(12.5 * 3600)
        world.sweep()
    second = world.tale(number).claim
    assert first is not None
    assert second is not None
    assert (first.order, first.fence) == (second.order, second.fence)
    assert second.expires > world.now()
    other.begin(number)
    other.go_on(number)
    check_one_works(world, other, number)


def test_a_claim_whose_comment_somebody_deletes_is_made_anew_at_once(
    both: tuple[Watched, Other],
) -> None:
    world, other = both
    number = open_story(world)
    ours(world, number)
    (said,) = world.act("alice").comments(REPO, number)
    world.act("alice").request("DELETE", f"/repos/{REPO}/issues/comments/{said['id']}")
    world.settle()
    other.begin(number)
    other.go_on(number)
    check_one_works(world, other, number)
    assert world.tale(number).claim is not None


def test_what_one_gave_back_to_people_the_other_leaves_to_them(both: tuple[Watched, Other]) -> None:
    world, other = both
    number = open_story(world)
    other.begin(number)
    ours(world, number)
    other.go_on(number)
    world.say("bob", number, "/handoff")
    assert world.state(number) is State.FAILED
    world.later(7200)
    other.go_on(number)
    tale = other.tale(number)
    assert (tale.state, tale.withheld.rule) == (State.RECEIVED, "left_to_people")  # type: ignore[union-attr]
    world.say("bob", number, "/retry")
    assert world.tale(number).claim is not None
    assert len(world.act("alice").comments(REPO, number)) == 3  # the status, and what bob said


def test_one_thing_of_a_document_gets_one_issue_and_one_of_them_works_on_it(
    both: tuple[Watched, Other],
) -> None:
    world, other = both

    there: list[int] = []

    def begin(house: House, number: int) -> int:
        told = begin_item(house.office, backlog(house), repository(house), number, None, OPERATOR)
        assert told.issue, told
        return told.issue

    for which in range(1, 30):
        title = f"Say hello {which} times"
        mine = items(world.house, entry(title), place=f"{which}.yml")[-1]
        theirs = items(other.house, entry(title), place=f"{which}.yml")[-1]
        there.clear()
        world.watch(
            f"/repos/{REPO}/issues",
            which,
            lambda number=theirs: there.append(begin(other.house, number)),  # type: ignore[misc]
        )
        here = begin(world.house, mine)
        world.path = ""
        if world.seen < which:
            break
        assert there == [here]
        still_open = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=open")
        assert [one["number"] for one in still_open if one["title"] == title] == [here]
        world.house.advance(world.stream(here))
        other.go_on(here)
        tales = (world.tale(here), other.tale(here))
        assert len([tale for tale in tales if tale.claim or tale.terminal]) == 1
    assert which > 4
