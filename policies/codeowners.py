"""Who owns a path, as GitHub reads a CODEOWNERS file (P3).

Promises: pure; the last matching line wins, a last line without owners takes ownership away, and
a line that GitHub cannot read is skipped and named in `problems`. The matching itself is the
`codeowners` library's. Never: it does not know people; logins and teams are for the caller to
resolve. The file to hand in is the one of the base branch, never the one of the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from codeowners import CodeOwners

OWNERS_FILES = (
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
)  # GitHub's order; first one counts
MAX_FILE = 3 * 1024 * 1024  # GitHub ignores a bigger one
_MOST_WILDCARDS = 8  # more in one pattern make matching slow, and no team writes them
_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9_-]*)(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+", re.ASCII
)


@dataclass(frozen=True)
class Owner:
    """`kind`: user | team | email. `name`: the login, `org/team` or address, without the @."""

    kind: str
    name: str


@dataclass(frozen=True)
class Problem:
    """A line that is skipped. `line` from 1."""

    line: int
    why: str


class CodeOwnersFile:
    """One CODEOWNERS file. Reading never raises."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        if len(text.encode("utf-8", "replace")) > MAX_FILE:
            self.problems.append(Problem(0, "the file is bigger than 3 MB"))
            text = ""
        lines = (self._readable(n, line) for n, line in enumerate(text.splitlines(), 1))
        self._matcher = CodeOwners("\n".join(lines))

    def _readable(self, number: int, line: str) -> str:
        """The line as the library should see it, '' where GitHub would skip it."""
        line = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if not line:
            return ""
        pattern, *owners = line.replace("\\ ", "\0").split()
        why = ""
        if pattern.startswith("!"):
            why = "negation is not supported"
        elif "[" in pattern or "]" in pattern:
            why = "character ranges are not supported"
        elif pattern.count("*") > _MOST_WILDCARDS:
            why = "too many wildcards"
        elif not pattern.strip("/"):
            why = "the pattern is empty"
        elif bad := [owner for owner in owners if not _OWNER.fullmatch(owner)]:
            why = f"not an owner: {bad[0][:60]}"
        if why:
            self.problems.append(Problem(number, why))
            return ""
        return line

    def owners(self, path: str) -> tuple[Owner, ...]:
        """The owners of a repository path; empty where nobody is."""
        kinds = {"USERNAME": "user", "TEAM": "team", "EMAIL": "email"}
        return tuple(
            Owner(kinds[kind], name.removeprefix("@"))
            for kind, name in self._matcher.of(path.lstrip("/"))
        )

    def owned(self, paths: Iterable[str]) -> dict[str, tuple[Owner, ...]]:
        """The paths that have owners, with them."""
        return {path: owners for path in paths if (owners := self.owners(path))}


def owners_of(text: str, path: str) -> tuple[str, ...]:
    """The owners of `path` as written in a CODEOWNERS text: `@login`, `@org/team`, an address."""
    return tuple(
        owner.name if owner.kind == "email" else f"@{owner.name}"
        for owner in read(text).owners(path)
    )


@lru_cache(maxsize=8)
def read(text: str) -> CodeOwnersFile:
    """The file of a text, read once however many paths are asked for."""
    return CodeOwnersFile(text)
