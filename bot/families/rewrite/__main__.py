"""Rewrites files in place below the working directory; prints `{changed, unreadable}`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from . import UNREADABLE, look

MAX_FILE = 2_000_000  # bytes
_SKIPPED = {"node_modules", "venv", "site-packages", "__pycache__", "build", "dist", "_vendor"}


def _files(root: Path, paths: list[str]) -> Iterator[Path]:
    """The Python files below the paths; symbolic links are not followed."""
    for name in paths:
        top = (root / name).absolute()
        if root not in (top, *top.parents) or ".." in Path(name).parts:
            raise SystemExit(f"{name} is outside")
        if top.is_file() and not top.is_symlink():
            yield top
        for folder, folders, files in os.walk(top, followlinks=False):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
            yield from (
                path
                for file in sorted(files)
                if file.endswith(".py") and not (path := Path(folder, file)).is_symlink()
            )


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="rewrite")
    parser.add_argument("--rules", required=True, help="codes, separated by commas")
    parser.add_argument("paths", nargs="+")
    given = parser.parse_args(argv)
    changed: dict[str, int] = {}
    unreadable: list[str] = []
    root = Path.cwd()
    for path in _files(root, given.paths):
        name = path.relative_to(root).as_posix()
        if path.stat().st_size > MAX_FILE:
            unreadable.append(name)
            continue
        source = path.read_bytes()
        try:
            looked = look(source, given.rules.split(","))
        except UNREADABLE:
            unreadable.append(name)
            continue
        if looked.changed and looked.source != source:
            path.write_bytes(looked.source)
            changed[name] = looked.changed
    print(json.dumps({"changed": changed, "unreadable": unreadable}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
