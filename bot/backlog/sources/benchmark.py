"""pytest-benchmark JSON: each benchmark that became slower than before is an item (B4).

A run is compared with the earlier runs that are known (`Document.earlier`): slower means that its
median is above 1.2 × the median of theirs, and that its quickest round is above that too, so that
one noisy machine makes no work.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.json_reports import data_of, inside, line_of, listed, objects, text
from bot.story.item_events import Family

NAME = "benchmark"

SLOWER = 1.2


def fits(document: Document) -> bool:
    if document.ending != ".json":
        return False
    return '"benchmarks"' in document.text and '"machine_info"' in document.text


def _entries(document: Document, told: Sightings) -> None:
    before: dict[str, list[float]] = {}
    for one in document.earlier:
        for name, run in _runs(data_of(one, Sightings("", ""), _mended)).items():
            if (took := _seconds(run, "median")) is not None:
                before.setdefault(name, []).append(took)
    for name, run in _runs(data_of(document, told, _mended)).items():
        took, quickest = _seconds(run, "median"), _seconds(run, "min")
        if took is None or quickest is None or name not in before:
            continue
        usual = median(before[name])
        if usual > 0 and took > SLOWER * usual and quickest > usual:
            told.add(_entry(name, run, took / usual, took, usual))
    if not document.earlier:
        told.fault(0, "no earlier run to compare with", loses=False)


def _mended(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    return {"benchmarks": listed(pieces, "benchmarks", "name", "stats")}


def _runs(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {text(one, "fullname") or text(one, "name"): one for one in objects(data, "benchmarks")}


def _seconds(run: dict[str, Any], name: str) -> float | None:
    told = inside(run, "stats", name)
    return float(told) if isinstance(told, (int, float)) and not isinstance(told, bool) else None


def _entry(name: str, run: dict[str, Any], ratio: float, took: float, usual: float) -> Entry:
    number = 13 if ratio >= 3 else 8 if ratio >= 1.5 else 5
    reason = f"{ratio:.2f} times as slow"
    return Entry(
        f"{name.rpartition('::')[2]} became {ratio:.1f} times as slow",
        line_of(run),
        f"{name}: a median of {took:.6g} s; it was {usual:.6g} s.",
        {},
        key=name,
        family=Family.DEBT,
        identities=(f"benchmark:{name}",),
        inputs={"value": (number, reason), "time": (5, reason), "size": (3, "usual for it")},
    )


read = reader(NAME, _entries)
