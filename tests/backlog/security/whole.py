"""The ten tickets through the whole of Towpath: lanes, engine, sandbox, the shop's own tests."""

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
from tests.backlog.security import shop

NAME = "you/shop"
CONFIG = """\
version: 1
limits: {prs_per_day: 50, open_prs: 50}
backlog:
  sources: [issues, documents, dependabot, secret_scanning]
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


@contextmanager
def project(
    folder: Path, files: Mapping[str, str], alerts: Sequence[dict[str, Any]]
) -> Iterator[LocalProject]:
    """The shop on a GitHub of its own, with its alerts and its people's issue."""
    source = folder / "shop"
    for path, text in {**files, ".github/towpath.yml": CONFIG}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    for words in ("init -q -b main .", "add -A", "commit -q -m shop"):
        who = ["-c", "user.name=a", "-c", "user.email=a@shop.test"]
        subprocess.run(["git", *who, *words.split()], cwd=source, check=True)
    with LocalProject(folder, source, NAME, {}) as made:
        place = made.hub.state.repositories[NAME]
        place.alerts["dependabot"] = [*alerts]
        place.alerts["secret_scanning"] = shop.SECRETS
        issue = made.hub.act_as("reviewer").open_issue(NAME, *shop.RATES_ISSUE)
        made.hub.act_as("reviewer").label(NAME, issue, "security")
        made.hear()
        yield made


def cycle(
    folder: Path,
    console: Console,
    files: Mapping[str, str] = shop.FILES,
    alerts: Sequence[dict[str, Any]] = shop.DEPENDABOT,
) -> dict[str, Ended]:
    """One cycle of `towpath run`; every ticket that there is by the words of `shop.WANTED`."""
    with project(folder, files, alerts) as made:
        (folder / "results").mkdir()
        one = LocalCycle(console, made, folder / "results")
        one.most = 10
        told = {story["item"]: story for story in one.run()["stories"]}
        items = Backlog(made.house.journal).items(str(made.repository.id))
    ended = {}
    for words in shop.WANTED:
        found = [one for one in items if words in one.title and one.merged_into is None]
        if not found:
            continue
        [item] = found
        story = told.get(item.number, {})
        patch = story.get("patch") or ""
        ended[words] = Ended(item, story, Path(patch) if patch else None)
    return ended


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        ended = cycle(Path(folder), Console())
    bad = 0
    for words, wanted in shop.WANTED.items():
        bad += ended[words].kind != wanted
        print(f"{'ok ' if ended[words].kind == wanted else 'BAD'} {words}: {ended[words].kind}")
    return 1 if bad else 0
