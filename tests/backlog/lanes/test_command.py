"""`towpath lanes` tells what goes on by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.backlog.lanes.lane import Decision, Outcome, Wait
from bot.cli import main
from bot.story.database import open_database
from bot.story.journal import Journal
from tests.backlog.lanes.samples import Said, runner_on
from tests.journal.samples import REPOSITORY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """The journal of the home that the command looks into."""
    monkeypatch.setenv("TOWPATH_HOME", str(tmp_path))
    engine = open_database(f"sqlite:///{tmp_path}/towpath.db")
    yield Journal(engine, lambda: datetime.now(UTC))
    engine.dispose()


def towpath(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lanes", *arguments])


def test_lanes_are_shown_with_what_they_wait_for(home: Journal) -> None:
    assert "No lane has run yet" in towpath().output
    told = Outcome(
        [Decision(3, "ready", "nothing holds it")], {"tree": "1f"}, {"ready": 1},
        waits=[Wait("document", "BACKLOG.md:3: \x1b[31mred")],
    )  # fmt: skip
    lanes = Said("refine", answer=lambda shift: told), Said("intake", answer=lambda shift: told)
    runner_on(home, *lanes).run_due()
    shown = towpath().output
    assert shown.splitlines()[0] == REPOSITORY.full_name
    assert shown.index("intake") < shown.index("refine")
    assert "waiting" in shown
    assert "waits: document: BACKLOG.md:3: ?[31mred, since " in shown
    assert "\x1b" not in shown
    [first, _] = json.loads(towpath("--json").stdout)["lanes"]
    assert (first["lane"], first["outcome"], first["run"]) == ("intake", "waiting", 1)
    assert datetime.fromisoformat(first["next"]) > datetime.now(UTC) + timedelta(minutes=4)
    assert first["holder"] is None
    assert len(first["runs"]) == 1


def test_one_artefact_is_shown_whole(home: Journal) -> None:
    told = Outcome([Decision(3, "ready", "nothing holds it")], {"tree": "1f"}, {"ready": 1})
    runner = runner_on(home, lane := Said("refine", answer=lambda shift: told))
    for _ in range(2):
        runner.run(REPOSITORY, lane)
    shown = towpath("show", REPOSITORY.full_name, "refine").output
    assert "refine of ada/tables, run 2" in shown
    assert "    item 3: ready: nothing holds it" in shown
    runs = json.loads(towpath("show", "7", "refine", "--runs", "5", "--json").stdout)["runs"]
    assert [one["run"] for one in runs] == [2, 1]
    assert runs[0]["decisions"] == [{"item": 3, "what": "ready", "why": "nothing holds it"}]
    assert runs[0]["decided"] == runs[1]["decided"]
    assert len(json.loads(towpath("--runs", "2", "--json").stdout)["lanes"][0]["runs"]) == 2


def test_what_there_is_not_is_answered_with_what_there_is(home: Journal) -> None:
    assert "no lane swim; there are intake, refine" in towpath("show", "7", "swim").output
    assert "has not run yet for 7" in towpath("show", "7", "rank").output
    assert towpath("show", "ada/none", "rank").exit_code == 2
    assert towpath("--repository", "ada/none").exit_code == 2


def test_a_lane_that_runs_now_has_its_holder(home: Journal) -> None:
    seen: list[dict] = []  # type: ignore[type-arg]

    def answer(shift: object) -> Outcome:
        seen.append(json.loads(towpath("--json").stdout)["lanes"][0])
        return Outcome()

    runner_on(home, Said(answer=answer), owner="host:1").run_due()
    assert seen[0]["holder"].startswith("host:1")
    assert seen[0]["running_since"] is not None
