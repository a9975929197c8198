"""The publish lane: files in the repository, and the report of each day."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from bot.backlog import reports
from bot.backlog.lanes import publish
from bot.backlog.store import Backlog
from bot.story.item_events import ItemState
from bot.story.lane_events import LaneEnded
from bot.texts.published import report as words
from handlers import configuration
from policies.repository_effects import PUBLISHED_BRANCH
from tests.backlog.dashboard.plans import alerts, plan
from tests.world import REPO, World

PUBLISH = "backlog:\n  publish: {backlog_file: true, daily_report: true}\n"
ON = {".github/towpath.yml": PUBLISH}
HOUR, DAY = 3600.0, 86_400.0


def run(world: World) -> LaneEnded:
    place = world.house.office.repositories.known()[world.place.id].repository
    assert place is not None
    ended = world.house.lanes.runner.run(place, publish)
    world.settle()
    assert ended is not None
    return ended


def take(world: World, *titles: str) -> Backlog:
    backlog = Backlog(world.house.journal)
    backlog.take(str(world.place.id), plan(*titles))
    return backlog


def file_at(world: World, path: str, ref: str) -> str | None:
    told = world.act("alice").request("GET", f"/repos/{REPO}/contents?ref={ref}")
    if "/" not in path and path not in {one["name"] for one in told}:
        return None
    found: dict[str, Any] = world.act("alice").request(
        "GET", f"/repos/{REPO}/contents/{path}?ref={ref}"
    )
    return base64.b64decode(found["content"]).decode()


def test_one_pull_request_keeps_the_files_current_and_people_have_the_last_word(
    world: World,
) -> None:
    backlog = take(world, "one", "two")
    backlog.take(str(world.place.id), alerts("a hole that only some know of"))
    world.act("alice").push(REPO, "main", ON, "chore: configure")
    world.settle()
    run(world)
    (first,) = world.pulls()
    assert first["head"]["ref"] == PUBLISHED_BRANCH
    assert "title: two" in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
    assert "a hole" not in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
    assert file_at(world, "backlog.yml", "main") is None
    run(world)  # nothing is new
    assert world.place.branch(PUBLISHED_BRANCH) == first["head"]["sha"]
    take(world, "one", "two", "three")
    world.later(2 * HOUR)
    run(world)
    (now,) = world.pulls()
    assert (now["number"], now.get("commits", 1)) == (first["number"], 1)
    assert "title: three" in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
    # Merged, it is done, until there is news; what people then write in the file counts.
    world.act("alice").request("PUT", f"/repos/{REPO}/pulls/{first['number']}/merge", {})
    world.settle()
    run(world)
    assert len(world.pulls()) == 1
    assert world.branches() == ["main"]
    text = file_at(world, "backlog.yml", "main") or ""
    edited = text.replace("towpath_item: 2\n", "towpath_item: 2\n  value: 13\n", 1)
    world.act("bob").push(REPO, "main", {"backlog.yml": edited}, "docs: rank")
    world.settle()
    world.later(2 * HOUR)
    run(world)
    given = backlog.item(str(world.place.id), 2).given.value
    assert given is not None
    assert given.number == 13
    assert sorted(one["state"] for one in world.pulls()) == ["closed", "open"]  # another order
    # A day later there is a report, made good for the days that we were away.
    world.later(3 * DAY)
    assert [one[1] for one in run(world).decisions].count("reported") >= 2
    (opened,) = [one for one in world.pulls() if one["state"] == "open"]
    folder = world.settings.home / "reports" / REPO
    kept = sorted(one.name for one in folder.iterdir())
    assert len([one for one in kept if one.startswith("metrics-snapshot-")]) >= 2
    last = json.loads((folder / [one for one in kept if one.endswith(".json")][-1]).read_text())
    name = f"docs/status/metrics-snapshot-{last['date']}.json"
    assert json.loads(file_at(world, name, PUBLISHED_BRANCH) or "") == last
    day = reports.date.fromisoformat(last["date"])
    for _ in range(2):
        again = reports.report(world.house.journal, str(world.place.id), REPO, day, words)
        assert again.snapshot == (folder / again.files[0][0]).read_text()
        assert again.words == (folder / again.files[1][0]).read_text()
    # Closed by a person, it rests.
    path = f"/repos/{REPO}/pulls/{opened['number']}"
    world.act("alice").request("PATCH", path, {"state": "closed"})
    world.settle()
    take(world, "one")
    world.later(2 * HOUR)
    waits = run(world).waits
    assert "closed" in waits[0][1]
    assert [one["state"] for one in world.pulls()].count("open") == 0
    assert backlog.item(str(world.place.id), 4).state is ItemState.DONE


class Killed(BaseException):
    """The worker dies."""


def test_whenever_the_worker_dies_there_is_one_of_each_and_it_is_right(world: World) -> None:
    both = {".github/towpath.yml": PUBLISH + "  dashboard: {enabled: true}\n"}
    take(world, "thing 0")
    world.act("alice").push(REPO, "main", both, "chore: configure")
    place = world.house.office.repositories.known()[world.place.id].repository
    configuration.look(world.house.office, place)
    titles = ["thing 0"]
    for deadly in range(1, 26, 2):
        left = iter(range(deadly))

        def boundary(name: str, left: Any = left, last: int = deadly - 1) -> None:
            if next(left, None) == last:
                raise Killed(name)

        titles.append(f"thing {deadly}")
        take(world, *titles)
        world.boundary = boundary
        try:
            run(world)
        except Killed:
            world.new_house()
        world.boundary = lambda name: None
        world.later(2 * HOUR)
        run(world)
        assert [one["state"] for one in world.pulls()] == ["open"], deadly
        told = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
        (board,) = [one for one in told if "pull_request" not in one]
        assert titles[-1] in board["body"], deadly
        assert titles[-1] in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or ""), deadly


def test_a_branch_alone_is_kept_current_and_what_cannot_be_read_is_not_written_over(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.morning()
    world.repository()

    def look(hours: int = 2) -> list[str]:
        world.settle()
        world.later(hours * HOUR)
        return [why for what, why, _ in run(world).waits if what == "published files"]

    take(world, "one")
    branch = "backlog:\n  publish: {backlog_file: true, daily_report: true, where: branch}\n"
    world.act("alice").push(REPO, "main", {".github/towpath.yml": branch}, "chore: configure")
    assert look() == []
    assert world.pulls() == []
    assert "title: one" in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
    reports = world.settings.home / "reports"
    reports.write_text("no folder")  # as good as a disk that takes no more
    world.later(24 * HOUR)
    assert [what for what, _, _ in run(world).waits] == ["reports"]
    reports.unlink()
    for _ in range(2):
        assert look(24) == []
    told = world.act("alice").request(
        "GET", f"/repos/{REPO}/contents/docs/status?ref={PUBLISHED_BRANCH}"
    )
    assert len([one for one in told if one["name"].endswith(".json")]) >= 3  # of each day
    # A pull request that is open and closed under other settings does not end it.
    pull = branch.replace("branch", "pull_request")
    world.act("alice").push(REPO, "main", {".github/towpath.yml": pull}, "chore: configure")
    assert look() == []
    (opened,) = world.pulls()
    world.act("alice").push(REPO, "main", {".github/towpath.yml": branch}, "chore: configure")
    world.settle()
    path = f"/repos/{REPO}/pulls/{opened['number']}"
    world.act("alice").request("PATCH", path, {"state": "closed"})
    take(world, "one", "two")
    assert look() == []
    assert "title: two" in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
    # What people wrote and nobody can read is not written over.
    held = world.place.branch(PUBLISHED_BRANCH)
    world.act("bob").push(REPO, "main", {"backlog.yml": "items:\n- title: [\n"}, "docs: plan")
    take(world, "one", "two", "three")
    (why,) = look()
    assert "backlog.yml cannot be read (line " in why
    assert world.place.branch(PUBLISHED_BRANCH) == held
    binary = "\x00\ufffd" * 600_000  # more than GitHub tells of
    world.act("bob").push(REPO, "main", {"backlog.yml": binary}, "docs: plan")
    (why,) = look()
    assert "backlog.yml cannot be read" in why
    world.act("bob").push(REPO, "main", {"backlog.yml": "items:\n- title: mine\n"}, "docs: plan")
    assert look() == []
    assert "title: mine" in (file_at(world, "backlog.yml", PUBLISHED_BRANCH) or "")
