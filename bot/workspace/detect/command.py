"""What a repository's own files say about how it is worked on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["install", "build", "test", "lint", "format", "types"]
PURPOSES: tuple[Purpose, ...] = ("install", "build", "test", "lint", "format", "types")

# How much a place is worth that names a command: what the owner wrote for us, how tests are run
# here, what the project's automation runs, its own tasks, what its tools' settings imply, what its
# language offers.
Rank = Literal["explicit", "plan", "automation", "script", "settings", "default"]
_ORDER: tuple[Rank, ...] = ("explicit", "plan", "automation", "script", "settings", "default")


@dataclass(frozen=True)
class Command:
    """One way to do one thing.

    `tool`: what it runs in the end, a name that `parsers.parse` takes where there is a parser.
    `argv`: read-only for linters and formatters: never with an option that mends. `cwd`: relative
    to the root, "" for it. `source`: the file, with a line where one line says it ("tox.ini:3").
    """

    purpose: Purpose
    tool: str
    argv: tuple[str, ...]
    cwd: str
    reason: str
    source: str
    rank: Rank = "default"

    def __str__(self) -> str:
        where = f" in {self.cwd}" if self.cwd else ""
        said = " ".join(self.argv)
        if self.purpose == "install" and self.tool in ("pnpm", "yarn"):
            said = f"{self.tool} install"
        return f"{self.purpose}: {said}{where} ({self.reason}, {self.source})"


@dataclass(frozen=True)
class Detected:
    """`commands`: those chosen, at most one a purpose, tool and folder. `notes`: what was not."""

    languages: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, purpose: Purpose, *, cwd: str | None = None) -> tuple[Command, ...]:
        """The commands for `purpose`, everywhere or in the folder `cwd`."""
        return tuple(
            c for c in self.commands if c.purpose == purpose and (cwd is None or c.cwd == cwd)
        )

    def tool(self, name: str) -> Command | None:
        """The command that runs `name`, or None where the project does not use it."""
        return next((c for c in self.commands if c.tool == name), None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every choice with its reason, for people."""
        return tuple(str(command) for command in self.commands)


def choose(found: Iterable[Command]) -> list[Command]:
    """The best-founded command for each purpose, tool and folder; explicit ones replace the rest.

    A tool that only its settings name is run where its settings are found, with the arguments that
    the project's automation gives it.
    """
    by_key: dict[tuple[str, ...], Command] = {}
    everything = list(found)
    for command in everything:
        key: tuple[str, ...] = (command.purpose, command.tool, command.cwd)
        if command.purpose == "install":
            key += command.argv  # several steps of one installer
        known = by_key.get(key)
        if known is None or _ORDER.index(command.rank) < _ORDER.index(known.rank):
            by_key[key] = command
    told = {c.purpose for c in by_key.values() if c.rank == "explicit"}
    chosen = [c for c in by_key.values() if c.rank == "explicit" or c.purpose not in told]
    # What a language offers is not wanted where the project made a choice of its own.
    own = {(c.purpose, c.cwd) for c in chosen if c.rank != "default"}
    chosen = [c for c in chosen if c.rank != "default" or (c.purpose, c.cwd) not in own]
    # A build script is more than the compiler that it runs.
    built = {c.cwd for c in chosen if c.purpose == "build" and c.argv[:2] == ("npm", "run")}
    chosen = [c for c in chosen if (c.purpose, c.tool) != ("build", "tsc") or c.cwd not in built]
    planned = {c.cwd for c in chosen if c.purpose == "test" and c.rank == "plan"}
    chosen = [
        c
        for c in chosen
        if c.purpose != "test" or c.rank in ("explicit", "plan") or c.cwd not in planned
    ]
    return sorted(chosen, key=lambda c: (PURPOSES.index(c.purpose), c.cwd, _ORDER.index(c.rank)))


@dataclass(frozen=True)
class Text:
    """A file that says something. `lines` are found by what stands in them."""

    path: str
    content: str

    def at(self, needle: str, start: int = 0) -> str:
        """ "path:line" of the first line that holds `needle`, or the path alone."""
        place = self.content.find(needle, start)
        return (
            f"{self.path}:{self.content.count(chr(10), 0, place) + 1}" if place >= 0 else self.path
        )
