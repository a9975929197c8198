"""Ten tickets through the whole of Towpath: lanes, engine, sandbox, the project's own tests."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.backlog.item import Item
from bot.backlog.store import Backlog
from bot.cli.cycle import LocalCycle
from bot.cli.local_project import LocalProject
from tests.backlog.security import ledger, shop

NAME = "you/shop"
CONFIG = """\
version: 1
limits: {prs_per_day: 50, open_prs: 50}
backlog:
  sources: [issues, documents, dependabot, secret_scanning, code_scanning]
"""


@dataclass(frozen=True)
class Ended:
    """A ticket after the cycle. `story`: what the cycle says of it, {} where none was begun."""

    item: Item
    story: dict[str, Any]
    patch: Path | None

    @property
    def kind(self) -> tuple[str, str]:
        """What became of it, and by which rule, as `shop.WANTED` has it."""
        if self.story.get("state") == "WAITING":  # for the approval of its pull request
            return "dispatch", "known_fix"
        if self.story.get("state") == "FAILED":
            return "hand_over", "restricted_path"
        rule = self.item.reason.partition(" by rule ")[2].partition(":")[0]
        if self.item.state == "DONE":
            return "close", rule or "not_affected"
        return "hand_over", rule


@dataclass(frozen=True)
class Sample:
    """A project, what is told of it, and what is to become of each ticket by words of its title."""

    files: Mapping[str, str]
    alerts: Mapping[str, Sequence[dict[str, Any]]]
    wanted: Mapping[str, tuple[str, str]]
    issues: Sequence[tuple[str, str]] = ()


SHOP = Sample(
    shop.FILES,
    {"dependabot": shop.DEPENDABOT, "secret_scanning": shop.SECRETS},
    shop.WANTED,
    [shop.RATES_ISSUE],
)
LEDGER = Sample(ledger.FILES, ledger.ALERTS, ledger.WANTED)


@contextmanager
def project(folder: Path, sample: Sample) -> Iterator[LocalProject]:
    """The project on a GitHub of its own, with its alerts and its people's issues."""
    source = folder / "shop"
    for path, text in {**sample.files, ".github/towpath.yml": CONFIG}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    for words in ("init -q -b main .", "add -A", "commit -q -m shop"):
        who = ["-c", "user.name=a", "-c", "user.email=a@shop.test"]
        subprocess.run(["git", *who, *words.split()], cwd=source, check=True)
    with LocalProject(folder, source, NAME, {}) as made:
        place = made.hub.state.repositories[NAME]
        for kind, alerts in sample.alerts.items():
            place.alerts[kind] = [*alerts]
        for title, body in sample.issues:
            issue = made.hub.act_as("reviewer").open_issue(NAME, title, body)
            made.hub.act_as("reviewer").label(NAME, issue, "security")
        made.hear()
        yield made


def cycle(folder: Path, console: Console, sample: Sample) -> dict[str, Ended]:
    """One cycle of `towpath run`; every ticket that there is by the words of `sample.wanted`."""
    with project(folder, sample) as made:
        (folder / "results").mkdir()
        one = LocalCycle(console, made, folder / "results")
        one.most = 10
        told = {story["item"]: story for story in one.run()["stories"]}
        items = Backlog(made.house.journal).items(str(made.repository.id))
    ended = {}
    for words in sample.wanted:
        found = [one for one in items if words in one.title and one.merged_into is None]
        if not found:
            continue
        [item] = found
        story = told.get(item.number, {})
        patch = story.get("patch") or ""
        ended[words] = Ended(item, story, Path(patch) if patch else None)
    return ended


def main() -> int:
    bad = 0
    for sample in (SHOP, LEDGER):
        with tempfile.TemporaryDirectory() as folder:
            ended = cycle(Path(folder), Console(), sample)
            for words, wanted in sample.wanted.items():
                kind = ended[words].kind
                bad += kind != wanted
                print(f"{'ok ' if kind == wanted else 'BAD'} {words}: {kind}")
    return 1 if bad else 0
