"""What the commands about a repository's index say: index, locate, impact, context, conventions.

Promises: figures and labels; a person's mistake is answered with what to do instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ONE_STATE = "Give one of --at and --worktree."
ONE_QUESTION = "Give one of --text and --queries."
NOTHING_FITS = "Nothing here fits the text."


def no_commit(revision: str, path: str) -> str:
    return (
        f"There is no commit {revision!r} in {path}. Name one with --at, or commit something first."
    )


def not_readable(path: str, problem: str) -> str:
    return f"{path} cannot be read as a git repository: {problem}"


def no_repository(path: str, revision: str) -> str:
    return f"{path} is no git repository, so it has no {revision!r}."


def no_cache(path: str, problem: str) -> str:
    return f"The index cannot be kept in {path} ({problem}). Name another folder with --cache."


def no_place(problem: str) -> str:
    return f"{problem}. Name a file from the top of the repository, as FILE or FILE:SYMBOL."


def not_a_question(number: int) -> str:
    return f"Line {number} is not a JSON object with a `text`."


def lines_skipped(count: int, path: str) -> str:
    return f"{count} lines name commits that {path} does not have."


def indexed(facts: Mapping[str, Any]) -> str:
    """The figures of `bot.codebase.layers.measured`, for a person."""
    read, cache = facts["read"], facts["cache"]
    languages = ", ".join(f"{count} {name}" for name, count in facts["languages"].items())
    doors = ", ".join(f"{count} {kind}" for kind, count in facts["api"].items())
    steps = ", ".join(f"{name} {one['seconds']:.2f}" for name, one in facts["steps"].items())
    return "\n".join(
        (
            f"{facts['files']} files ({languages or 'no source that is read'})",
            f"{facts['definitions']} definitions of {facts['names']} names",
            f"{facts['imports']} dependencies between files, {facts['cycles']} cycles",
            f"API: {doors or 'nothing found'}",
            f"conventions: {facts['conventions']} found; instructions: "
            f"{', '.join(facts['instructions']) or 'none'}",
            f"read {read['files']} blobs ({read['bytes'] / 1e6:.1f} MB), {read['known']} known",
            f"cache {cache['path']} ({cache['bytes'] / 1e6:.1f} MB, {cache['damaged']} damaged)",
            *(hits(**one) for one in facts["caches"]),
            f"{facts['seconds']:.2f} s ({steps}), {facts['peak_mb']:.0f} MB at most",
        )
    )


def hits(name: str, hits: int, misses: int) -> str:
    """How often a cache had the answer."""
    asked = hits + misses
    return f"  {name}: {hits} of {asked} from the cache" + (
        f" ({hits / asked:.0%})" if asked else ""
    )
