"""Sources of others, installed as packages are: good ones and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.backlog.sources import document_sources, endings, readings
from bot.backlog.sources.document import Document
from bot.backlog.sources.folder import documents_in

MODULE = """
from bot.backlog.entry import Entry
from bot.backlog.sources.document import reader

class Tasks:
    NAME, ENDINGS = "tasks", (".tasks",)
    def fits(self, document):
        return document.ending in (".tasks", ".md")
    read = staticmethod(reader("tasks", lambda document, told: told.add(Entry("Of a plug-in", 1))))

class Nothing(Tasks):
    NAME = "nothing"
    def fits(self, document):
        return document.ending == ".json"
    def read(self, document):
        return None

class Ends(Tasks):
    NAME = "ends"
    def fits(self, document):
        raise SystemExit(3)

class Ours(Nothing):
    NAME = "csv"

class Breaks:
    def __init__(self):
        raise SystemExit(3)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    about = tmp_path / "plugs" / "plugs-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugs\nVersion: 1.0\n")
    names = ("Tasks", "Nothing", "Ends", "Ours", "Breaks", "Missing")
    points = "".join(f"{name.lower()} = towpath_test_plugs:{name}\n" for name in names)
    (about / "entry_points.txt").write_text(f"[towpath.sources]\n{points}")
    (tmp_path / "plugs" / "towpath_test_plugs.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path / "plugs"))
    document_sources.cache_clear()
    endings.cache_clear()
    yield
    document_sources.cache_clear()
    endings.cache_clear()


@pytest.mark.usefixtures("installed")
def test_a_plug_in_reads_what_it_asks_for_and_a_bad_one_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [one.source for one in readings(Document("BACKLOG.md", b"- [ ] One thing"))] == ["tasks"]
    [told] = readings(Document("backlog.json", b"[]"))
    assert (told.complete, told.faults[0].what) == (
        False,
        "could not be read as nothing (TypeError)",
    )
    [told] = readings(Document("a.csv", b"title,value\nOne thing,3\n"))
    assert (told.source, len(told.sightings)) == ("csv", 1)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "week.tasks").write_text("anything")
    monkeypatch.chdir(tmp_path / "work")
    found = [one for told in documents_in([Path()], None, []) for one in told.readings]
    assert [one.sightings[0].title for one in found] == ["Of a plug-in"]
