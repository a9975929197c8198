"""`towpath run` as a person calls it: what it begins, what it leaves, and what it never touches."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from bot.backlog.store import Backlog
from bot.cli.cycle import Cycle, on_a_copy
from bot.cli.exits import Exit
from bot.cli.lone_house import LoneHouse
from bot.cli.run import run
from bot.story.vocabulary import State
from tests.cli.people import (
    LONG_S,
    commit,
    fingerprint,
    git,
    left_in,
    project,
    running_for,
    short_folder,
    start,
)
from tests.world import FILES, REPO, World

__all__ = ["short_folder"]

PLAN = (
    "# Backlog\n\n- [ ] Remove unused imports (F401) in src/shop.py\n"
    "- [ ] Make the page nicer\n- [x] Sell things\n"
)


@pytest.fixture
def place(short_folder: Path) -> Path:
    commit(project(short_folder / "shop"), "BACKLOG.md", PLAN)
    return short_folder


def decided(told: dict[str, Any], lane: str) -> dict[str, tuple[str, str]]:
    """Title -> (what, why) of a lane's decisions."""
    [one] = [one for one in told["lanes"] if one["lane"] == lane]
    return {each["title"]: (each["what"], each["why"]) for each in one["decisions"]}


def test_what_is_known_is_done_and_the_patch_fits_the_repository(place: Path) -> None:
    before = fingerprint(place / "shop")
    called = start(place, "run", "shop", "--json")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.OK, said
    told = json.loads(out)
    [story] = told["stories"]
    assert (story["state"], story["title"]) == (
        "WAITING",
        "Remove unused imports (F401) in src/shop.py",
    )
    assert "no model is configured" in decided(told, "dispatch")["Make the page nicer"][1]
    assert fingerprint(place / "shop") == before
    git(place / "shop", "apply", "--check", story["patch"])
    assert Path(story["report"]).parent == place / "towpath-run-shop"
    assert (left_in(place), running_for(place / "temporary")) == ([], [])


def test_dry_it_says_what_would_be_begun_and_leaves_nothing(place: Path) -> None:
    called = start(place, "run", "shop", "--dry-run", "--json")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.OK, said
    told = json.loads(out)
    wanted = decided(told, "dispatch")["Remove unused imports (F401) in src/shop.py"]
    assert (wanted[0], told["stories"]) == ("would begin", [])
    assert (left_in(place), (place / "towpath-run-shop").exists()) == ([], False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_at_work_it_leaves_no_process_and_no_folder(
    place: Path, number: signal.Signals
) -> None:
    called = start(place, "run", "shop", "--continuous", "--interval", "0.05")
    assert called.stdout is not None
    for line in called.stdout:
        if "PLANNING" in line:
            break
    called.send_signal(number)
    called.communicate(timeout=LONG_S)
    assert called.returncode == 128 + number
    assert (left_in(place), running_for(place / "temporary")) == ([], [])


def test_cycle_after_cycle_sees_what_was_committed_and_begins_nothing_twice(place: Path) -> None:
    called = start(place, "run", "shop", "--continuous", "--interval", "0.02", "--json")
    assert called.stdout is not None
    first = json.loads(called.stdout.readline())
    commit(place / "shop", "BACKLOG.md", PLAN + "- [ ] Write the manual\n")
    seen = [json.loads(called.stdout.readline()) for _ in range(3)]
    called.send_signal(signal.SIGINT)
    called.communicate(timeout=LONG_S)
    assert len(first["stories"]) == 1
    assert [one["stories"] for one in seen] == [[], [], []]
    assert any("Write the manual" in decided(one, "intake") for one in seen)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "neither a folder here nor OWNER/REPO"),
        (["empty"], "not a git repository"),
        (["shop", "--interval", "0"], "--interval"),
        (["shop", "--max-prs", "-1"], "--max-prs"),
        (["shop", "--interval", "nan"], "--interval"),
        (["shop/README.md"], "neither a folder here nor OWNER/REPO"),
        (["shop", "--config", "gone.yml"], "gone.yml"),
        (["shop", "--config", "broken.yml"], "line 2"),
        (["shop", "--model", "best"], "unknown model"),
        (["acme/shop", "--model", "scripted:x"], "is for folders"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_started(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    (place / "empty").mkdir()
    (place / "broken.yml").write_text("version: 1\nbacklog: {dashboards: yes}\n")
    (place / "temporary").mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr("tempfile.tempdir", str(place / "temporary"))
    answer = CliRunner().invoke(run, arguments)
    assert answer.exit_code == Exit.USAGE, answer.output
    assert said in answer.output
    assert left_in(place) == []


def test_a_configuration_from_elsewhere_holds_instead(place: Path) -> None:
    (place / "towpath.yml").write_text("version: 1\nbacklog: {sources: [todo]}\n")
    called = start(place, "run", "shop", "--dry-run", "--json", "--config", "towpath.yml")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.OK, said
    assert decided(json.loads(out), "intake") == {}


def test_on_github_it_begins_once_and_a_rehearsal_changes_nothing(world: World) -> None:
    plan = "- [ ] Bump idna from 3.4 to 3.10\n"
    world.act("alice").push(REPO, "main", {**FILES, "BACKLOG.md": plan}, "plan")
    world.settle()
    house = LoneHouse(world.settings, clock=world.now)
    repository = house.github.repository(REPO)
    quiet = Console(quiet=True)

    def everything() -> tuple[Any, ...]:
        rows = house.journal.streams(limit=10_000)
        issues = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")
        return sorted((row.stream, row.version) for row in rows), len(issues)

    before = everything()
    dry = LoneHouse(world.settings.model_copy(update={"mode": "dry_run"}), clock=world.now)
    with on_a_copy(dry, repository) as copy:
        rehearsed = Cycle(quiet, copy, repository)
        rehearsed.dry = True
        told = rehearsed.run()
    assert decided(told, "dispatch")["Bump idna from 3.4 to 3.10"][0] == "would begin"
    assert everything() == before
    told = Cycle(quiet, house, repository).run()
    [story] = told["stories"]
    assert story["state"] == State.WAITING
    assert [pull["number"] for pull in world.pulls()] == [story["pull_request"]]
    assert Cycle(quiet, house, repository).run()["stories"] == []
    assert Backlog(house.journal).item(str(repository.id), story["item"]).state == "PR"
    world.settle()


def test_a_broken_configuration_lets_nothing_be_done_and_is_named(place: Path) -> None:
    commit(place / "shop", ".github/towpath.yml", "version: 1\nbacklog: {dashboards: yes}\n")
    called = start(place, "run", "shop")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.FAILED, said
    assert "towpath.yml:2" in out
    assert not (place / "towpath-run-shop").exists()
