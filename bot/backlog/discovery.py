"""What there is to do in a folder, whatever source says so (B13).

Promises: ranked by score, then by place; the same folder gives the same answer. A further source is
one function in `LOOKS`. Never: writes, asks a model or uses the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.backlog.item import INPUTS
from bot.backlog.sources.folder import plans_in
from bot.backlog.todo.authors import Author, authors_of
from bot.backlog.todo.estimate import worth
from bot.backlog.todo.identity import identified
from bot.backlog.todo.scan import Folder, listed, scan_folder
from bot.story.item_events import ItemState
from policies.ranking import UNIT, base

FILES_BLAMED = 40  # without being asked to: a process each


@dataclass(frozen=True, slots=True)
class Discovered:
    """One thing to do. `kind` is as the source says it (a mark's is TODO, FIXME, …).

    `inputs`: value, time, risk and size, each with `number` and `reason`. `more`: what only this
    source knows.
    """

    source: str
    kind: str
    file: str
    line: int
    text: str
    title: str
    family: str
    identity: str
    inputs: dict[str, dict[str, Any]]
    wsjf: float
    more: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.__slots__ if name != "more"}
        return own | self.more


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look. `blame`: whether to ask who wrote what; None: if that is cheap.

    `broken` is told the document, the line (0: all of it) and what cannot be read there.
    """

    folder: Folder
    blame: bool | None = None
    broken: Callable[[str, int, str], None] = lambda place, line, what: None


def discover(place: Place) -> list[Discovered]:
    """Everything found, the most worthwhile first. Raises GitFailed."""
    found = [one for look in LOOKS for one in look(place)]
    return sorted(found, key=lambda one: (-one.wsjf, one.file, one.line, one.text))


def _marks(place: Place) -> Iterator[Discovered]:
    folder = place.folder
    snapshot = scan_folder(folder)
    authors: dict[tuple[str, int], Author] = {}
    wanted = len(snapshot) <= FILES_BLAMED if place.blame is None else place.blame
    if wanted and folder.git_dir is not None:
        lines = {folder.prefix + path: [one.line for one in snapshot[path]] for path in snapshot}
        authors = authors_of(folder.top, folder.git_dir, lines)
    for identity, todo in identified(listed(snapshot)):
        about = worth(todo)
        given = {"value": about.value, "time": about.time, "risk": about.risk, "size": about.size}
        score = base(**{name: one.number for name, one in given.items()})
        author = authors.get((folder.prefix + todo.path, todo.line))
        yield Discovered(
            source="todo",
            kind=todo.kind,
            file=todo.path,
            line=todo.line,
            text=todo.text,
            title=todo.title or f"{todo.kind} in {todo.symbol or todo.path}",
            family=about.family,
            identity=identity,
            inputs={n: {"number": one.number, "reason": one.reason} for n, one in given.items()},
            wsjf=round(score / UNIT, 3),
            more={
                "end_line": todo.end_line,
                "language": todo.language,
                "symbol": todo.symbol,
                "owner": todo.owner or None,
                "reference": todo.reference or None,
                "author": author.name if author else None,
                "since": author.at.isoformat() if author else None,
            },
        )


def _plans(place: Place) -> Iterator[Discovered]:
    """The entries of a BACKLOG.md, a backlog.yml and their like that are not done."""
    for reading in plans_in(place.folder.path):
        for fault in reading.faults:
            place.broken(reading.place, fault.line, fault.what)
        for one in reading.sightings:
            if one.state in (ItemState.DONE, ItemState.BLOCKED):
                continue
            given = {name: getattr(one.inputs, name) for name in INPUTS}
            score = base(**{name: told.number for name, told in given.items()})
            yield Discovered(
                source=one.source,
                kind=one.source,
                file=one.place,
                line=one.line,
                text=one.body or one.title,
                title=one.title,
                family=one.family,
                identity=one.key,
                inputs={
                    n: {
                        "number": told.number,
                        "reason": told.origin.reason or told.origin.authority,
                    }
                    for n, told in given.items()
                },
                wsjf=round(score / UNIT, 3),
                more={"labels": list(one.labels), "url": one.url or None},
            )


LOOKS: tuple[Callable[[Place], Iterable[Discovered]], ...] = (_marks, _plans)
