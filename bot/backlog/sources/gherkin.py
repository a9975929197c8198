"""Gherkin: a scenario without steps, or a feature without scenarios, waits to be made (B4)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from gherkin.dialect import Dialect
from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser
from gherkin.token_scanner import TokenScanner

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.story.item_events import Family

NAME = "gherkin"

_TONGUE = re.compile(r"^\s*#\s*language\s*:\s*([\w-]+)\s*$", re.MULTILINE)
_TAGS = re.compile(r"^\s*@\S")


def fits(document: Document) -> bool:
    return document.ending == ".feature"


def _entries(document: Document, told: Sightings) -> None:
    try:
        _feature(_parsed(document.text), told, 0)
    except ParserError as error:
        for line, what in _problems(error):
            told.fault(line, f"broken Gherkin: {what}")
        _one_by_one(document.text, told)


def _parsed(text: str) -> dict[str, Any]:
    return Parser().parse(TokenScanner(text)).get("feature") or {}  # type: ignore[return-value]


def _problems(error: ParserError) -> list[tuple[int, str]]:
    every = error.errors if isinstance(error, CompositeParserException) else [error]
    found = []
    for one in every:
        line = (getattr(one, "location", None) or {}).get("line", 0)
        found.append((line, re.sub(r"^\(\d+:\d+\):\s*", "", str(one))[:200]))
    return found


def _one_by_one(text: str, told: Sightings) -> None:
    """The scenarios of a broken feature that can be read, each for itself."""
    lines = text.split("\n")
    tongue, blocks, heads = _words(text)
    head = next((line for line in lines if heads.match(line)), "")
    head = f"{tongue}\n{head}" if head else "Feature: "
    starts = [n for n, line in enumerate(lines) if blocks.match(line)]
    for at, after in pairwise([*starts, len(lines)]):
        while after < len(lines) and after - 1 > at and _TAGS.match(lines[after - 1]):
            after -= 1  # the next one's tags
        try:
            _feature(_parsed("\n".join([head, *lines[at:after]])), told, at - head.count("\n") - 1)
        except ParserError:
            continue  # its line is among the faults


def _words(text: str) -> tuple[str, re.Pattern[str], re.Pattern[str]]:
    """The line that names the document's language, and what scenarios and features begin with."""
    named = _TONGUE.search(text)
    tongues = [named[1]] if named else []
    dialect = next(found for name in (*tongues, "en") if (found := Dialect.for_name(name)))
    keywords = [*dialect.scenario_keywords, *dialect.scenario_outline_keywords]
    blocks, heads = ("|".join(map(re.escape, one)) for one in (keywords, dialect.feature_keywords))
    tongue = f"# language: {named[1]}" if named else ""
    return tongue, re.compile(rf"^\s*(?:{blocks}):"), re.compile(rf"^\s*(?:{heads}):")


def _feature(feature: dict[str, Any], told: Sightings, before: int) -> None:
    name = str(feature.get("name") or "")
    labels = _tags(feature)
    children = feature.get("children") or []
    scenarios = [
        one["scenario"]
        for child in [*children, *(c for r in children for c in _rule(r).get("children") or [])]
        for one in [child]
        if "scenario" in one
    ]
    if feature and not scenarios:
        line = feature["location"]["line"] + before
        body = str(feature.get("description") or "").strip()
        told.add(_entry(f"Feature: {name}", line, body, labels, f"feature {name}"))
    for one in scenarios:
        if not one.get("steps"):
            line = one["location"]["line"] + before
            said = str(one.get("description") or "").strip()
            body = "\n\n".join(part for part in (f"Feature: {name}", said) if part)
            title = f"Scenario: {one.get('name') or ''}"
            told.add(_entry(title, line, body, labels + _tags(one), f"{name} / {one.get('name')}"))


def _rule(child: dict[str, Any]) -> dict[str, Any]:
    return child.get("rule") or {}


def _tags(node: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(tag["name"]).lstrip("@") for tag in node.get("tags") or [])


def _entry(title: str, line: int, body: str, labels: tuple[str, ...], key: str) -> Entry:
    bare = title.partition(": ")[2].strip()
    return Entry(
        title if bare else "",
        line,
        body,
        {},
        key=key[:200],
        family=Family.FEATURE,
        labels=labels,
    )


read = reader(NAME, _entries)
