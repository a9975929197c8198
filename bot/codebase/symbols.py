"""Every name that a repository defines, where, and how often it is used (C1).

Promises: a name is found by itself, by its qualified name, and by the end of that. Uses are counted
by name over code (no strings, no comments), the definition itself included, so that a count of one
means that nobody uses it. The table of a commit from that of another costs what differs. Never:
claims that a use of a name is a use of one certain definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.codebase.facts import NOTHING, Definition, FileFacts
from bot.codebase.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Symbol:
    """One definition at its place. `exported`: its file offers it to others.

    `uses`: times its name occurs in the repository's code; `files`: in how many files.
    """

    path: str
    definition: Definition
    exported: bool
    uses: int
    files: int


class Symbols:
    """The symbol table of one snapshot; make it with `of` or `advanced`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._paths: list[str] = []  # position → path; files that are gone keep theirs
        self._position: dict[str, int] = {}
        self._defined: dict[str, tuple[int, ...]] = {}  # name → positions of defining files
        # name → positions of files that use it; most names have one, and a list costs much more
        self._users: dict[str, int | list[int]] = {}
        self._uses: dict[str, int] = {}  # name → times it is used

    @classmethod
    def of(cls, snapshot: Snapshot) -> Symbols:
        """The table of every source file; reads all facts once."""
        table = cls(snapshot)
        for path in snapshot.files():
            if snapshot.files()[path].language is not None:
                table._place(path)
        for path, facts in snapshot.each_with_references():
            table._add(table._position[path], facts)
        return table

    def advanced(self, snapshot: Snapshot) -> Symbols:
        """The table of another snapshot of the same repository. This one must not be used again."""
        changes = snapshot.changes_from(self.snapshot)
        for change in changes:
            if change.before is not None and change.path in self._position:
                self._remove(self._position[change.path], change.before.facts)
                if change.after is None:
                    del self._position[change.path]
        table = Symbols(snapshot)
        table._paths, table._position = self._paths, self._position
        table._defined, table._users, table._uses = self._defined, self._users, self._uses
        for change in changes:
            if change.after is not None and change.after.language is not None:
                table._add(table._place(change.path), change.after.facts)
        return table

    # -- questions ------------------------------------------------------------------------------

    def find(self, name: str) -> list[Symbol]:
        """Definitions called `name`, or whose qualified name is it or ends with it; by path."""
        last = name.rpartition(".")[2]
        found = []
        for path in sorted({self._paths[at] for at in self._defined.get(last, ())}):
            facts = self.snapshot.outlines([path]).get(path, NOTHING)
            for one in facts.definitions:
                if one.name == last and f".{one.qualname}".endswith(f".{name}"):
                    found.append(self._symbol(path, one, facts))
        return found

    def in_file(self, path: str) -> list[Symbol]:
        """The definitions of one file, in order of appearance."""
        facts = self.snapshot.outlines([path]).get(path, NOTHING)
        return [self._symbol(path, one, facts) for one in facts.definitions]

    def defined_in(self, name: str) -> list[str]:
        """Files that define a name, sorted."""
        return sorted({self._paths[at] for at in self._defined.get(name, ())})

    def used_in(self, name: str) -> list[str]:
        """Files whose code holds a name, sorted; those that define it too."""
        return sorted(self._paths[at] for at in self._using(name))

    def uses(self, name: str) -> int:
        """Times that a name occurs in code."""
        return self._uses.get(name, 0)

    def names(self) -> int:
        """How many different names are defined."""
        return len(self._defined)

    def definitions(self) -> int:
        """How many definitions there are."""
        return sum(map(len, self._defined.values()))

    def _symbol(self, path: str, one: Definition, facts: FileFacts) -> Symbol:
        return Symbol(
            path, one, one.name in facts.exports, self.uses(one.name),
            len(self._using(one.name)),
        )  # fmt: skip

    def _using(self, name: str) -> Sequence[int]:
        users = self._users.get(name, ())
        return (users,) if isinstance(users, int) else users

    # -- making it ------------------------------------------------------------------------------

    def _place(self, path: str) -> int:
        if path not in self._position:
            self._position[path] = len(self._paths)
            self._paths.append(path)
        return self._position[path]

    def _add(self, at: int, facts: FileFacts) -> None:
        for name, count in facts.references.items():
            users = self._users.get(name)
            if users is None:
                self._users[name] = at
                self._uses[name] = count
                continue
            self._uses[name] += count
            if isinstance(users, int):
                self._users[name] = [users, at]
            else:
                users.append(at)
        for one in facts.definitions:
            self._defined[one.name] = (*self._defined.get(one.name, ()), at)

    def _remove(self, at: int, facts: FileFacts) -> None:
        for name, count in facts.references.items():
            users = self._users[name]
            self._uses[name] -= count
            if not isinstance(users, int):
                users.remove(at)
            if users in (at, []):
                del self._users[name], self._uses[name]
        for name in {one.name for one in facts.definitions}:
            left = tuple(other for other in self._defined[name] if other != at)
            if left:
                self._defined[name] = left
            else:
                del self._defined[name]
