"""Run a command on a commit, in the sandbox, and get the tree that it left.

Promises: commit id in, tree id out; what is on disk in between is reset before its next use.
Never: runs the command where it could see more than the work tree and what was bound for it.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.workspace.environment import Environment, find_tool
from bot.workspace.sandbox import Limits, Run, Sandbox
from bot.workspace.worktrees import Pool


@dataclass(frozen=True)
class Left:
    """`tree`: the id of what the command left on disk, ignored files excluded."""

    run: Run
    tree: str


def run_on(
    pool: Pool,
    sandbox: Sandbox,
    commit: str,
    argv: Sequence[str],
    *,
    environment: Environment | None = None,
    readonly: Mapping[str, Path] | None = None,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Left:
    """Run `argv` at `/workspace` holding `commit`. Raises UnsafeTree, Busy.

    `environment`: the project's own, when the command needs it.
    """
    bound = {**(environment.readonly if environment else {}), **(readonly or {})}
    settings = {**(environment.env if environment else {}), **(env or {})}
    with pool.checkout(commit) as tree:
        run = sandbox.run(
            argv,
            tree=tree.path,
            readonly=bound,
            env=settings,
            limits=limits or Limits(),
        )
        return Left(run, tree.write_tree())


def tool(name: str) -> tuple[str, dict[str, Path]]:
    """A program of our own for use inside: (its path inside, what to bind read-only for it).

    For programs that are one file (`ruff`, `uv`); FileNotFoundError.
    """
    inside = f"/tools/{name}"
    return inside, {inside: find_tool(name)}


@dataclass(frozen=True)
class Program:
    """How a program of ours is started inside: the first words, what to bind, its variables."""

    words: tuple[str, ...]
    readonly: Mapping[str, Path]
    env: Mapping[str, str]


def script(path: Path) -> Program:
    """A Python script of ours, run by our interpreter with our packages, all read-only.

    `path`: a file, or a package that stands alone. The interpreter's files are bound whole: it
    finds its library by its own place.
    """
    python = f"/tools/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    inside = f"/tools/{path.name}" if path.is_file() else f"/tools/own/{path.name}"
    words = (inside,) if path.is_file() else ("-m", path.name)
    readonly = {
        "/tools/python": Path(sys.base_prefix).resolve(),
        "/tools/packages": Path(sysconfig.get_path("platlib")).resolve(),
        inside: path,
    }
    env = {"PYTHONPATH": "/tools/packages:/tools/own", "PYTHONDONTWRITEBYTECODE": "1"}
    return Program((python, "-s", *words), readonly, env)
