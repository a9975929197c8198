"""Documents on disk: named one by one, or found in a folder (B4).

Promises: follows no link out of the folder, reads no hidden, vendored or generated folder, and no
file that is too large; a document that was known and is not there any more is read as an empty one,
so that what it asked for is gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.backlog.reading import Reading
from bot.backlog.sources import document_sources, endings, readings
from bot.backlog.sources.document import LARGEST, Document
from bot.story.vocabulary import digest

SKIPPED = frozenset(
    {"node_modules", "vendor", "third_party", "dist", "build", "target", "venv", "site-packages"}
)
ENDINGS = frozenset(
    [
        ".md",
        ".markdown",
        ".yml",
        ".yaml",
        ".json",
        ".jsonl",
        ".ndjson",
        ".toml",
        ".csv",
        ".tsv",
        ".sarif",
        ".xml",
        ".feature",
    ]
)
_MOST_FILES = 50_000


@dataclass(frozen=True)
class Found:
    """What a file says. `named`: it was asked for itself; `problem`: why it cannot be read."""

    place: str
    readings: tuple[Reading, ...] = ()
    problem: str = ""
    named: bool = True


def documents_in(
    paths: Sequence[Path], kind: str | None, known: Sequence[tuple[str, str]]
) -> Iterator[Found]:
    """Everything at the paths, in the order given; `known`: (source, place) read before."""
    for path in paths:
        if path.is_dir():
            yield from _folder(path, kind, known)
        else:
            yield _read(path, _place(path), kind, named=True)


def plans_in(folder: Path) -> Iterator[Reading]:
    """What the documents say that a project names as its plan, where projects keep such a thing."""
    for place in ("", ".github", "doc", "docs"):
        at = folder / place
        for file in sorted(at.iterdir()) if at.is_dir() and not at.is_symlink() else ():
            document = Document(file.relative_to(folder).as_posix(), b"")
            is_plan = document.is_named_plan and document.ending in ENDINGS
            if is_plan and file.is_file() and not file.is_symlink():
                yield from _read(file, document.place, None, named=False).readings


def _folder(path: Path, kind: str | None, known: Sequence[tuple[str, str]]) -> Iterator[Found]:
    here = set()
    benchmarks: list[Document] = []
    for file in _files(path):
        place = _place(file)
        found = _read(file, place, kind, named=False, earlier=tuple(benchmarks))
        here |= {(one.source, one.place) for one in found.readings}
        if any(one.source == "benchmark" for one in found.readings):
            benchmarks.append(Document(place, file.read_bytes()))
        yield found
    inside = f"{_place(path)}/" if _place(path) != "." else ""
    for source, place in known:
        gone = source in document_sources() and place.startswith(inside)
        if (
            gone
            and (source, place) not in here
            and not os.path.isabs(place)
            and not Path(place).exists()
        ):
            yield Found(place, (Reading(source, place, digest("")),), named=False)


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(
            one for one in folders
            if one not in SKIPPED and (one[0] != "." or one in (".github", ".benchmarks"))
        )  # fmt: skip
        for name in sorted(files):
            file = Path(at, name)
            if (
                file.suffix.casefold() in ENDINGS | endings()
                and file.is_file()
                and not file.is_symlink()
            ):
                count += 1
                if count > _MOST_FILES:
                    return
                yield file


def _read(
    path: Path, place: str, kind: str | None, *, named: bool, earlier: tuple[Document, ...] = ()
) -> Found:
    try:
        if path.stat().st_size > LARGEST and not named:
            return Found(place, problem="too large", named=False)
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        return Found(place, problem=type(error).__name__, named=named)
    document = Document(place, data, earlier=earlier)
    told = readings(document, kind)
    return Found(place, tuple(told) or _by_ending(document, named), named=named)


def _by_ending(document: Document, named: bool) -> tuple[Reading, ...]:
    """A file that somebody names is read, though it does not look like a backlog by itself."""
    kinds = {".json": "json", ".yml": "yaml", ".yaml": "yaml", ".toml": "toml"}
    kind = kinds.get(document.ending)
    if not named or kind is None:
        return ()
    return tuple(one for one in readings(document, kind) if one.sightings or one.faults)


def _place(path: Path) -> str:
    """The path as a repository would name it: from here on, with `/`."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()
