"""`towpath metrics`, as a person and a script call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.story import events as e
from bot.story.vocabulary import State
from tests.journal.samples import REPOSITORY
from tests.metrics.tales import Teller

HERE = ("--since", "2026-02-01", "--until", "2026-04-01")


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["metrics", "--home", str(home), *arguments])


def test_numbers_are_shown_to_people_and_machines(tmp_path: Path, teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    told = json.loads(run(tmp_path, "--json", *HERE).stdout)
    assert told["dora"]["deployment_frequency"]["count"] == 1
    assert told["since"] == "2026-02-01T00:00:00Z"
    shown = run(tmp_path, *HERE).stdout
    assert "median 4.0 h" in shown
    assert "2026-W09    1  feature 1" in shown


def test_a_folder_without_data_has_no_numbers_and_stays_as_it_is(tmp_path: Path) -> None:
    done = run(tmp_path, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["dora"]["deployment_frequency"] is None
    assert "no data" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_repository_goes_by_its_name_or_id(tmp_path: Path, teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    from bot.story.journal import Head

    teller.journal.append(
        "story:7:1", [], actor="test", head=Head(repository=REPOSITORY.full_name, kind="story")
    )
    for name in ("7", "ada/tables", "Ada/Tables"):
        told = json.loads(run(tmp_path, "--json", "--repository", name, *HERE).stdout)
        assert told["repository"] == "7"
        assert told["dora"]["deployment_frequency"]["count"] == 1
    assert run(tmp_path, "--repository", "ada/chairs").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "soon"),
        ("--since", "2026-13-01"),
        ("--since", "999999w"),
        ("--since", "0d"),
        ("--until", "999999w"),
        ("--since", "0001-01-01T00:00+14:00"),
        ("--since", "2026-05-02", "--until", "2026-05-01"),
    ],
)
def test_a_window_that_is_none_is_refused_with_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = run(tmp_path, *arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_story_that_waits_since_before_the_window_is_shown(
    tmp_path: Path, teller: Teller
) -> None:
    teller.working(1, 0)
    teller.moved(1, 1, State.TESTING, State.DEPLOYING, State.WAITING)
    teller.story(1, 2, e.HeadMoved(sha="a" * 40, by=None))
    told = json.loads(run(tmp_path, "--json", "--since", "2026-03-05", "--until", "1h").stdout)
    assert told["flow"]["approvals_open"] == 1


def test_a_window_that_never_ends_ends_in_a_year(tmp_path: Path, teller: Teller) -> None:
    teller.done(1, 0, merge=5)
    far = run(tmp_path, "--json", "--since", "2020-02-01", "--until", "9999-12-31")
    assert far.exit_code == 0, far.output
    assert json.loads(far.stdout)["until"] < "9000"


@pytest.mark.parametrize("name", ["", " ", "\u202e x", "../.."])
def test_a_name_that_is_none_is_refused(tmp_path: Path, teller: Teller, name: str) -> None:
    teller.done(1, 0, merge=5)
    assert run(tmp_path, "--repository", name).exit_code == 2
