"""Architecture decision records whose status is "proposed": a decision waits to be taken (B4).

Reads Nygard's form (`## Status`), MADR's (front matter, or `* Status: proposed`) and a line
`Status: Proposed`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

import yaml

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.markdown_parts import ENDINGS, blocks, front_matter, words
from bot.story.item_events import Family

NAME = "adr"

_FOLDER = re.compile(
    r"(^|/)(adrs?|decisions?|architecture[-_]decisions?|decision[-_]records?|rfcs?)/", re.IGNORECASE
)
_FILE = re.compile(r"^(adr[-_ ]?)?\d{1,5}[-_ ]|^adr[-_ ]", re.IGNORECASE)
_STATUS_LINE = re.compile(
    r"^\s*(?:[-*+]\s+|>\s*|\|\s*)?(?:\*\*|__)?status(?:\*\*|__)?\s*[:|]\s*(?:\*\*|__)?\s*(.+?)\s*\|?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"^(?:adr[-_ ]?)?(\d{1,5})\b[\s.:)–—-]*", re.IGNORECASE)
_DECISION = re.compile(r"^#{1,3}\s*(decision|context)", re.IGNORECASE | re.MULTILINE)


def fits(document: Document) -> bool:
    if document.ending not in ENDINGS or document.name in ("readme.md", "index.md", "template.md"):
        return False
    placed = bool(_FOLDER.search(document.place)) or bool(_FILE.match(document.name))
    return _status(document.text) != "" and (placed or bool(_DECISION.search(document.text)))


def _entries(document: Document, told: Sightings) -> None:
    status = _status(document.text)
    for line, what in _broken_front(document.text):
        told.fault(line, what)
    if "|" in status:
        return  # a template names every status
    if not re.match(r"[*_`\s\"']*proposed\b", status, re.IGNORECASE):
        if get_close_matches(status.casefold()[:20], ["proposed"], cutoff=0.7):
            told.fault(_line_of(document.text, status), f"the status “{status}” is not known")
        return
    title, line = _title(document.text)
    stem = document.name.rpartition(".")[0]
    number = _NUMBER.match(title) or _NUMBER.match(stem)
    bare = _NUMBER.sub("", title, count=1) or stem.replace("-", " ")
    fields = _front(document.text)
    told.add(
        Entry(
            f"Decide: {bare}",
            line,
            _section(document.text, "context"),
            {"created": fields.get("date", "")},
            key=number[1] if number else stem,
            family=Family.DOCS,
            inputs={"size": (2, "a decision to take"), "value": (3, "a decision to take")},
        )
    )


def _broken_front(text: str) -> list[tuple[int, str]]:
    try:
        yaml.safe_load(front_matter(text))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "not understood"
        return [(mark.line + 2 if mark else 1, f"broken front matter: {what}")]
    return []


def _line_of(text: str, said: str) -> int:
    lines = text.split("\n")
    return next((number for number, line in enumerate(lines, 1) if said in line), 1)


def _front(text: str) -> dict[str, object]:
    try:
        data = yaml.safe_load(front_matter(text))
    except (yaml.YAMLError, ValueError):
        return {}
    return {str(k).casefold(): v for k, v in data.items()} if isinstance(data, dict) else {}


def _status(text: str) -> str:
    told = _front(text).get("status")
    if told:
        return str(told)
    section = _section(text, "status").strip()
    if section:
        return section.splitlines()[0].strip(" *_->")
    line = _STATUS_LINE.search(text)
    return line[1].strip(" *_") if line else ""


def _title(text: str) -> tuple[str, int]:
    tokens = blocks(text)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            return words(tokens[at + 1]), token.map[0] + 1 if token.map else 0
    told = _front(text).get("title")
    return str(told or ""), 1


def _section(text: str, name: str) -> str:
    """What stands under the heading `name` up to the next one."""
    tokens = blocks(text)
    lines = text.split("\n")
    for at, token in enumerate(tokens):
        if token.type != "heading_open" or token.map is None:
            continue
        if words(tokens[at + 1]).casefold().split()[:1] == [name]:
            nexts = (t.map[0] for t in tokens[at + 1 :] if t.type == "heading_open" and t.map)
            return "\n".join(lines[token.map[1] : next(nexts, len(lines))]).strip()
    return ""


read = reader(NAME, _entries)
