"""Which Python a project's environment is made with.

Promises: one that the project accepts and that a sandbox can see: under /usr (always visible), else
the one that we run on ourselves, bound for it.
Never: downloads one, or runs anything that belongs to a project.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet


class NoInterpreter(LookupError):
    """No Python here satisfies the project. `wanted`, `found` (versions)."""

    def __init__(self, wanted: str, found: Sequence[str]) -> None:
        super().__init__(f"Python {wanted} wanted, found {', '.join(found) or 'none'}")
        self.wanted, self.found = wanted, tuple(found)


@dataclass(frozen=True)
class Interpreter:
    """`path`: its executable, the same inside and outside. `prefix`: to be bound, or None."""

    path: Path
    version: str
    prefix: Path | None = None

    @property
    def readonly(self) -> dict[str, Path]:
        return {str(self.prefix): self.prefix} if self.prefix else {}


def choose_interpreter(requires: str = "") -> Interpreter:
    """The first that satisfies `requires` (a requires-python, may be empty); NoInterpreter."""
    try:
        accepted = SpecifierSet(requires)
    except InvalidSpecifier:
        accepted = SpecifierSet()
    known = available()
    for found in known:
        if accepted.contains(found.version, prereleases=True):
            return found
    raise NoInterpreter(requires, [i.version for i in known])


@cache
def available() -> tuple[Interpreter, ...]:
    """Every Python that a sandbox could use, the system's own first, then newest first."""
    named = [Path("/usr/bin/python3"), Path("/usr/local/bin/python3")]
    others = [
        p for folder in ("/usr/bin", "/usr/local/bin") for p in Path(folder).glob("python3.*")
    ]
    others = [p for p in others if re.fullmatch(r"python3\.\d+", p.name)]
    others.sort(key=lambda p: int(p.name.split(".")[1]), reverse=True)
    found: dict[str, Interpreter] = {}
    for path in (*named, *others):
        version = _version(path)
        if version:
            found.setdefault(version, Interpreter(path, version))
    base = Path(sys.base_prefix).resolve()
    own = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    version = _version(own)
    if version and not base.is_relative_to("/usr"):
        found.setdefault(version, Interpreter(own, version, base))
    return tuple(found.values())


def _version(path: Path) -> str | None:
    asked = [str(path), "-I", "-S", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]
    try:
        said = subprocess.run(asked, capture_output=True, timeout=10, check=True, env={}, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()
