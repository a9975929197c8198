"""JUnit XML: each test that failed is an item (B4); one whose suite passes again is gone."""

from __future__ import annotations

import re

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.xml_events import Element, elements
from bot.story.item_events import Family

NAME = "junit"

_BAD = ("failure", "error", "rerunFailure")


def fits(document: Document) -> bool:
    return bool(re.search(r"<(?:\w+:)?testsuites?\b", document.head))


def _entries(document: Document, told: Sightings) -> None:
    def each(one: Element, parents: tuple[Element, ...]) -> bool:
        if one.name in ("system-out", "system-err", "properties"):
            return True
        if one.name != "testcase":
            return one.name in ("testsuite", "testsuites")
        bad = next((child for child in one.children if child.name in _BAD), None)
        if bad is not None:
            suite = next((p.get("name") for p in reversed(parents) if p.name == "testsuite"), "")
            told.add(_entry(one, bad, suite))
        return True

    elements(document.data, told, each, ("testcase",), ("testsuite",))


def _entry(case: Element, bad: Element, suite: str) -> Entry:
    name = case.get("name") or "a test without a name"
    where = case.get("classname") or suite
    test = f"{where}.{name}" if where and not name.startswith(where) else name
    said = bad.get("message") or bad.text.strip().partition("\n")[0]
    kind = bad.get("type")
    body = "\n\n".join(part for part in (kind, said, _fenced(bad.text)) if part)
    file = case.get("file")
    return Entry(
        f"Failing test: {test}",
        case.line,
        body,
        {"file": file} if file else {},
        key=test,
        family=Family.BUG,
        identities=(f"test:{test}",),
        inputs={
            "value": (5, "a test fails"),
            "time": (8, "a test fails"),
            "risk": (5, "a test fails"),
            "size": (2, "usual for a failing test"),
        },
    )


def _fenced(text: str) -> str:
    text = text.strip()
    return f"```\n{text[-4000:].replace('```', chr(39) * 3)}\n```" if text else ""


read = reader(NAME, _entries)
