"""Lanes in real processes: at once, killed, and deciding the same whatever the seed (B6)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.backlog.lanes.history import history, stream_of
from bot.backlog.lanes.lane import Outcome
from bot.story.journal import Journal
from bot.story.lane_events import LaneStarted
from tests.backlog.lanes.samples import Said, runner_on
from tests.backlog.lanes.worker import THEN
from tests.journal.samples import REPOSITORY, Clock

ROOT = Path(__file__).parents[3]
STREAM = stream_of(REPOSITORY.id, "intake")
DOCUMENTS = {
    "BACKLOG.md": "- [ ] Log-in times out (value: 8)\n- [ ] Export as CSV\n- [x] Done\n",
    "docs/backlog.yml": "- {title: Explain limits, labels: [bug]}\n- {title: log-in times out}\n",
    "plans/todo.yml": "- title: One\n- {title: [\n",
    "work.json": '[{"title": "Work of ours", "size": 3, "status": "open"}]',
}


def begin(*words: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.backlog.lanes.worker", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.PIPE,
        text=True,
    )


def url_of(journal: Journal) -> str:
    return journal.engine.url.render_as_string(hide_password=False)


def test_runs_of_one_lane_never_overlap(either: Journal, tmp_path: Path) -> None:
    log = tmp_path / "log"
    workers = [begin("race", url_of(either), f"w{n}", str(log), "4") for n in range(3)]
    for worker in workers:
        worker.communicate(timeout=60)
        assert worker.returncode == 0
    lines = log.read_text().split("\n")[:-1]
    assert lines[::2] == [f"{line.split()[0]} in" for line in lines[1::2]]
    assert all(line.endswith(" out") for line in lines[1::2])
    assert len({line.split()[0] for line in lines}) > 1, "it was no race"
    started = [one for one in either.load(STREAM) if isinstance(one.event, LaneStarted)]
    assert [one.event.run for one in started] == list(range(1, len(lines) // 2 + 1))
    assert either.verify(STREAM) == []


def test_a_killed_run_is_taken_over_where_it_got_to(journal: Journal, clock: Clock) -> None:
    worker = begin("die", url_of(journal))
    worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL
    clock.now = THEN + timedelta(seconds=1)
    lane = Said(answer=lambda shift: Outcome())
    runner = runner_on(journal, lane, owner="next")
    assert runner.run_due() == []  # its lease is not over
    clock.move(45)
    assert len(runner.run_due()) == 1
    assert lane.shifts[0].checkpoint == "3"
    told = history(journal, STREAM)
    assert told.ended is not None
    assert (told.ended.by, told.ended.run, told.open) == ("next", 2, None)
    assert journal.verify(STREAM) == []


@pytest.fixture
def tree(tmp_path: Path) -> tuple[str, str]:
    """A git folder with DOCUMENTS, and its head."""
    root = tmp_path / "tree"
    for name, text in DOCUMENTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def git(*words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        told = subprocess.run(
            ["git", *who, *words], cwd=root, capture_output=True, text=True, check=True
        )
        return told.stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    return str(root / ".git"), git("rev-parse", "HEAD")


def test_the_same_inputs_lead_to_the_same_decisions(tmp_path: Path, tree: tuple[str, str]) -> None:
    workers = {
        seed: begin("decide", f"sqlite:///{tmp_path}/{seed}.db", seed, *tree, PYTHONHASHSEED=seed)
        for seed in ("0", "1", "42")
    }
    told = {seed: worker.communicate(timeout=90)[0] for seed, worker in workers.items()}
    assert told["0"] == told["1"] == told["42"]
    lanes: dict[str, Any] = {one["lane"]: one for one in json.loads(told["0"])}
    counts = dict(lanes["intake"]["counts"])
    assert (counts["new"], counts["joined"]) == (45, 1)
    assert len(lanes["rank"]["decisions"]) == 20
    assert any("plans/todo.yml" in why for _, _, why in lanes["intake"]["decisions"])
