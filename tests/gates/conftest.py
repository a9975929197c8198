"""Changes made of two sets of files, and a bench for the gates that look at them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.gates.change import Change, Criterion
from bot.gates.gate import Gate, Seen
from bot.gates.toolbox import Toolbox
from bot.gates.workbench import Choices, Workbench
from bot.workspace.commits import Person
from bot.workspace.environment import Environments
from bot.workspace.mirror import Mirror
from bot.workspace.package_index import PackageIndex
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import Sandbox
from bot.workspace.worktrees import Pool

ANN = Person("Ann", "ann@example.com")
THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Files = Mapping[str, str | bytes | None]


def as_bytes(files: Files) -> dict[str, bytes | None]:
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in files.items()
    }


def make_change(root: Path, base: Files, *heads: Files, **more: Any) -> Change:
    """A change of one commit for each of `heads`, on a base that holds `base`."""
    mirror = Mirror.open(root / "mirrors", "ann/project")
    first = mirror.commit_files(None, as_bytes({"README": "x\n", **base}), "one", ANN, THEN)
    head, history = first, []
    for files in heads:
        head = mirror.commit_files(head, as_bytes(files), "more", ANN, THEN)
        history.append(head)
    criteria = tuple(Criterion(f"C{n}", text) for n, text in enumerate(more.pop("criteria", ()), 1))
    return Change(mirror, first, head, tuple(history), criteria, **more)


def make_bench(
    root: Path, change: Change, sandbox: Sandbox | None = None, **choices: Any
) -> Workbench:
    sandbox = sandbox or PlainProcess()
    pool = Pool(root / "trees", change.mirror, owner=sandbox.owner)
    return Workbench(
        change,
        sandbox=sandbox,
        toolbox=Toolbox(root / "tools", {}, offline=True),
        pool=pool,
        environments=Environments(
            root / "environments", change.mirror, pool, sandbox, PackageIndex.of(os.environ)
        ),
        caches=root / "caches",
        choices=Choices(**choices),
    )


Looks = Callable[..., Seen]


@pytest.fixture
def look(tmp_path: Path) -> Looks:
    """What a gate sees in the change from `base` to `head`."""

    def looks(gate: Gate, base: Files, *heads: Files, **more: Any) -> Seen:
        change = make_change(tmp_path, base, *heads, **more)
        with make_bench(tmp_path, change) as bench:
            return gate.run(change, bench)

    return looks
