"""The sources of the backlog: one file each; others come as plug-ins (B4).

A source of documents is a module (or object) with `NAME`, `fits(document) -> bool` and
`read(document) -> Reading`. A plug-in names one under the entry point `towpath.sources`; it is
asked before ours, and its `ENDINGS` (as `(".tasks",)`) are looked for in folders besides the usual
ones. A document can be of several sources: a Markdown file may hold a checklist and a table.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

from bot.backlog.reading import Fault, Reading, of_one_look
from bot.backlog.sources.document import Document

log = logging.getLogger(__name__)

GROUP = "towpath.sources"

# The more particular ones first: the first JSON or XML source that fits is the one that reads.
OWN = (
    "sarif",
    "cyclonedx",
    "container_scan",
    "benchmark",
    "openapi_diff",
    "junit",
    "coverage_xml",
    "gherkin",
    "adr",
    "markdown_checklist",
    "markdown_table",
    "csv_table",
    "toml_records",
    "json_records",
    "yaml_records",
)
_TOGETHER = frozenset({"markdown_checklist", "markdown_table"})


class DocumentSource(Protocol):
    """What reads one kind of document."""

    NAME: str

    def fits(self, document: Document) -> bool: ...
    def read(self, document: Document) -> Reading: ...


class UnknownSource(LookupError):
    """There is no source of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no source {name}")
        self.name, self.known = name, known


@cache
def document_sources() -> dict[str, DocumentSource]:
    """Every source of documents by its name; a plug-in cannot take the name of one of ours."""
    own = [import_module(f"bot.backlog.sources.{module}") for module in OWN]
    ours: dict[str, DocumentSource] = {source.NAME: source for source in own}
    found: dict[str, DocumentSource] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            plugged = point.load()
            plugged = plugged() if isinstance(plugged, type) else plugged
            found.setdefault(str(plugged.NAME), plugged)
        except (Exception, SystemExit):  # somebody else's code: the others go on
            log.exception("the source %s cannot be loaded", point.name)
    return {name: one for name, one in found.items() if name not in ours} | ours


@cache
def endings() -> frozenset[str]:
    """How the files end that plug-ins ask for, in lower case."""
    told = [getattr(one, "ENDINGS", ()) for one in document_sources().values()]
    return frozenset(
        ending.casefold()
        for each in told
        if isinstance(each, (list, tuple, set, frozenset))
        for ending in each
        if isinstance(ending, str) and ending.startswith(".")
    )


def readings(document: Document, kind: str | None = None) -> list[Reading]:
    """Everything the document says. `kind`: read it as this source whatever it looks like.

    [] where no source knows such a document. Raises UnknownSource.
    """
    sources = document_sources()
    if kind is not None:
        if kind not in sources:
            raise UnknownSource(kind, sorted(sources))
        return [_read(sources[kind], document)]
    fitting = [source for source in sources.values() if _fits(source, document)]
    if not fitting:
        return []
    if fitting[0].NAME in _TOGETHER:
        return of_one_look([_read(one, document) for one in fitting if one.NAME in _TOGETHER])
    return [_read(fitting[0], document)]


def _fits(source: DocumentSource, document: Document) -> bool:
    try:
        return bool(source.fits(document))
    except (Exception, SystemExit):  # a plug-in's mistake must not hide the others
        log.exception("the source %s cannot say whether it fits", source.NAME)
        return False


def _read(source: DocumentSource, document: Document) -> Reading:
    """Read; a source that fails on what somebody wrote says so and loses nothing."""
    try:
        told = source.read(document)
        if not isinstance(told, Reading):
            raise TypeError(f"expected a Reading, found {type(told).__name__}")
        return told
    except (Exception, SystemExit) as error:
        log.exception("the source %s failed", source.NAME)
        fault = Fault(0, f"could not be read as {source.NAME} ({type(error).__name__})")
        place, at = document.place, document.digest
        return Reading(source.NAME, place, at, faults=(fault,), complete=False)
