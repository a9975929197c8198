"""`towpath try` as a person calls it: its exit status, its results, and what it leaves alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bot.cli.exits import Exit
from bot.cli.try_repository import try_repository
from tests.cli.people import (
    LONG_S,
    STORY,
    commit,
    fingerprint,
    git,
    left_in,
    project,
    running_for,
    short_folder,
    start,
)

__all__ = ["short_folder"]

ASKS = {
    "answers": [
        {
            "purpose": "analyze",
            "output": {
                "story_type": "feature",
                "complexity": 2,
                "questions": ["Which currency is meant?"],
            },
        }
    ]
}


@pytest.fixture
def place(short_folder: Path) -> Path:
    (short_folder / "story.md").write_text(STORY)
    project(short_folder / "shop")
    return short_folder


def test_an_approved_story_is_done_and_its_patch_fits_the_repository(place: Path) -> None:
    before = fingerprint(place / "shop")
    called = start(place, "try", "shop", "--story", "story.md", "--approve", "--json")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.OK, said
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (told["state"], told["model_calls"], told["cost_usd"]) == ("DONE", 0, 0)
    assert told["pull_request"] > 0
    assert told["branch"].startswith("feature/STORY-1/")
    assert told["story"] == "STORY-1"
    assert 0 < told["seconds"] < LONG_S
    assert "Remove unused imports" in Path(told["report"]).read_text()
    assert fingerprint(place / "shop") == before
    git(place / "shop", "apply", "--index", told["patch"])
    assert git(place / "shop", "diff", "--cached", "--name-only") == "src/shop.py"
    assert "import os" not in (place / "shop/src/shop.py").read_text()
    assert (left_in(place), running_for(place / "temporary")) == ([], [])


def test_called_in_a_shallow_clone_it_waits_and_writes_beside_it(place: Path) -> None:
    url, clone = f"file://{place / 'shop'}", place / "clone"
    git(place, "clone", "--quiet", "--depth=1", url, str(clone))
    (clone / "temporary").mkdir()
    called = start(clone, "try", ".", "--story", "../story.md")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.WAITS, said
    assert "--approve" in out
    (patch,) = (place / "towpath-try-clone").glob("*.patch")
    git(clone, "apply", "--check", str(patch))
    assert git(clone, "status", "--porcelain") == ""


def test_a_question_is_shown_and_has_a_status_of_its_own(place: Path) -> None:
    (place / "asks.yaml").write_text(yaml.safe_dump(ASKS))
    (place / "story.md").write_text("Show prices in the right currency\n")
    called = start(place, "try", "shop", "--story", "story.md", "--model", "scripted:asks.yaml")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.QUESTION, out + said
    assert "Which currency is meant?" in out


def test_what_the_second_person_may_not_approve_waits_and_says_so(place: Path) -> None:
    commit(place / "shop", ".github/CODEOWNERS", "* @carol\n")
    called = start(place, "try", "shop", "--story", "story.md", "--approve")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.WAITS, out + said
    assert "the report says why" in out
    assert "CODEOWNERS" in (place / "towpath-try-shop/STORY-1.md").read_text()


def test_without_a_model_a_story_of_no_known_kind_is_handed_over(place: Path) -> None:
    (place / "story.md").write_text("Make it nicer\n")
    called = start(place, "try", "shop", "--story", "story.md", "--json")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.HANDED_OVER, said
    told = json.loads(out.splitlines()[-1])
    assert (told["state"], told["patch"], told["pull_request"]) == ("FAILED", "", None)
    assert "TOWPATH_MODEL" in told["reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_at_work_it_leaves_no_process_and_no_folder(
    place: Path, number: signal.Signals
) -> None:
    called = start(place, "try", "shop", "--story", "story.md", "--approve")
    assert called.stdout is not None
    for line in called.stdout:
        if "ANALYZING" in line:
            break
    assert len(running_for(place / "temporary")) >= 6, "nothing runs that could be left"
    called.send_signal(number)
    called.communicate(timeout=LONG_S)
    assert called.returncode == 128 + number
    assert (left_in(place), running_for(place / "temporary")) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--story", "story.md"], "does not exist"),
        (["empty", "--story", "story.md"], "not a git repository"),
        (["shop", "--story", "blank.md"], "holds no story"),
        (["shop", "--story", "story.md", "--model", "best"], "unknown model"),
        (["shop", "--story", "story.md", "--model", "scripted:gone.yaml"], "cannot read"),
        (["shop", "--story", "story.md", "--out", "story.md/results"], "--out"),
        (["shop", "--story", "story.md", "--timeout", "0"], "--timeout"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_started(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    (place / "empty").mkdir()
    (place / "blank.md").write_text("\n \n")
    (place / "temporary").mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr("tempfile.tempdir", str(place / "temporary"))
    answer = CliRunner().invoke(try_repository, arguments)
    assert answer.exit_code == Exit.USAGE, answer.output
    assert said in answer.output
    assert left_in(place) == []
