"""All that the sources of a repository say now, by the names that its configuration uses (B4).

Promises: in a fixed order, one reading at a time; a document that is not there any more is an empty
reading of it; test data, vendored files and templates are no plans of the project. Never: writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from bot.backlog.reading import Reading
from bot.backlog.sources import (
    advisories,
    code_scanning,
    dependabot,
    document_sources,
    endings,
    github_issues,
    readings,
    secret_scanning,
    workflow_runs,
)
from bot.backlog.sources.document import LARGEST, Document
from bot.backlog.sources.folder import ENDINGS, SKIPPED
from bot.backlog.sources.github_service import Reads
from bot.codebase.blobs import Blobs, Listed
from bot.codebase.roles import role_of
from bot.story.schema import storable
from bot.story.vocabulary import Repository, digest

ON_GITHUB = ("issues", "dependabot", "code_scanning", "secret_scanning", "advisories",
             "workflow_runs")  # fmt: skip
IN_TREE = ("backlog_md", "backlog_yml", "documents", "container_scan", "benchmarks")

_MARKDOWN = ("markdown_checklist", "markdown_table")
_RECORDS = ("yaml", "json", "toml", "csv")
_OWN_KIND = {"container_scan": "container_scan", "benchmark": "benchmarks"}
_NO_PLAN = ("pull_request_template", "issue_template", "contributing", "license", "changelog")


def on_github(
    reads: Reads,
    repository: Repository,
    wanted: Collection[str],
    *,
    story_label: str = "story",
    us: str = "",
) -> Iterator[Reading]:
    """A reading for each source on GitHub that is wanted. Raises what the reads raise when away."""
    asks: dict[str, Callable[[Reads, Repository], Reading]] = {
        "issues": partial(github_issues.read, story_label=story_label, us=us),
        "dependabot": dependabot.read,
        "code_scanning": code_scanning.read,
        "secret_scanning": secret_scanning.read,
        "advisories": advisories.read,
        "workflow_runs": workflow_runs.read,
    }
    for name in ON_GITHUB:
        if name in wanted:
            yield asks[name](reads, repository)


def in_tree(
    blobs: Blobs,
    wanted: Collection[str],
    known: Sequence[tuple[str, str]] = (),
    repository: str = "",
    heard: Callable[[Document, Reading], Reading] = lambda document, told: told,
) -> Iterator[Reading]:
    """A reading for each document of a tree. `known`: (source, place) that items are known from.

    `heard`: what of a reading is not our own writing (`bot.backlog.published.edits`).
    """
    files = [one for one in blobs.listed() if _is_candidate(one)]
    here: set[tuple[str, str]] = set()
    benchmarks: tuple[Document, ...] = ()
    for one, data in blobs.read(files):
        path = storable(one.path)  # git's paths are bytes, and not all of them are text
        document = Document(path, data, repository, benchmarks)
        for told in readings(document):
            if kind_of(told.source, document) not in wanted:
                continue
            here.add((told.source, told.place))
            yield heard(document, told)
            if told.source == "benchmark":
                benchmarks = (*benchmarks, Document(path, data))
    for source, place in known:
        ours = source in document_sources() and kind_of(source, Document(place, b"")) in wanted
        if ours and (source, place) not in here:
            yield Reading(source, place, digest(""))


def kind_of(source: str, document: Document) -> str:
    """The name that the configuration has for a document of this source."""
    if source in _OWN_KIND:
        return _OWN_KIND[source]
    if document.is_named_plan and source in _MARKDOWN:
        return "backlog_md"
    return "backlog_yml" if document.is_named_plan and source in _RECORDS else "documents"


def _is_candidate(one: Listed) -> bool:
    path = one.path.casefold()
    name = path.rpartition("/")[2]
    if not any(name.endswith(ending) for ending in ENDINGS | endings()) or one.size > LARGEST:
        return False
    if any(part in SKIPPED for part in path.split("/")) or role_of(one.path) == "test":
        return False
    return not any(word in path for word in _NO_PLAN)
