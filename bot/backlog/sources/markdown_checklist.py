"""Markdown checklists, and the plain lists of a BACKLOG.md (B4).

    ## Bugs
    - [ ] CRIT-002: Log-in times out (value: 8, size: 2) #12
      - [x] reproduce it
      More about it.
    - [x] Done already

A box at the outermost level is an entry, boxes beneath it are its steps; the heading above tells
the kind where it names one. In a file called BACKLOG, TODO, ROADMAP … a list item needs no box, and
a heading that begins with an id (`### CRIT-002: …`) is an entry too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.markdown_parts import ENDINGS, blocks, first_link, unended, words
from bot.backlog.words import family_of, field_of, priority_of, state_of
from bot.story.item_events import Family, ItemState

NAME = "markdown_checklist"

_BOX = re.compile(r"\[([ xX✓✔~/-]?)\](?:\s+|$)")
_HAS_BOX = re.compile(r"^\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s+\[[ xX✓✔~/-]?\]", re.MULTILINE)
_LONGEST_LINE = 2_000  # in which fields are looked for
_ID = re.compile(r"(?:\[)?([A-Z][A-Z0-9]{1,14}-\d{1,7})(?:\])?\s*[:.)–—-]?\s+(?=\S)")
_TICKET_HEADING = re.compile(r"[A-Z][A-Z0-9]{1,14}-\d{1,7}\b")
_PAIRS = re.compile(r"[(\[{]([^()\[\]{}]{3,200})[)\]}]")
_PAIR = re.compile(r"\s*([A-Za-z][\w /-]{0,30}?)\s*[:=]\s*([^,;:=]{1,40}?)\s*")
_TAG = re.compile(r"(?<!\S)#([A-Za-z][\w:=/.-]{1,40})")
_LINE_PAIR = re.compile(r"(?:\*\*|__)?([A-Za-z][\w /-]{0,30}?)(?:\*\*|__)?\s*:\s*(?:\*\*)?\s*(.+)")


def fits(document: Document) -> bool:
    if document.ending not in ENDINGS:
        return False
    return bool(document.is_named_plan or _HAS_BOX.search(document.text))


@dataclass
class _Section:
    """The headings above an entry."""

    names: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, name: str) -> None:
        self.names = [one for one in self.names if one[0] < level] + [(level, name)]

    @property
    def family(self) -> Family | None:
        return next((f for _, n in reversed(self.names) if (f := _family(n))), None)

    @property
    def priority(self) -> str | None:
        return next((p for _, n in reversed(self.names) if (p := _priority(n))), None)

    @property
    def state(self) -> ItemState | None:
        return next((s for _, n in reversed(self.names) if (s := _state(n))), None)


@dataclass
class _Found:
    """A list item while it is read."""

    line: int
    boxed: bool = False
    done: bool = False
    state: str = ""  # of a box that says neither yes nor no
    inline: Token | None = None
    rest: list[str] = field(default_factory=list)


def _entries(document: Document, told: Sightings) -> None:
    for line, what in unended(document.text):
        told.fault(line, what)
    page = _Page(plain=document.is_named_plan)
    for one in page.walk(blocks(document.text)):
        told.add(one)


@dataclass
class _Page:
    """Walks the blocks of a document. `plain`: list items need no box."""

    plain: bool
    section: _Section = field(default_factory=_Section)
    found: list[Entry] = field(default_factory=list)
    stack: list[_Found] = field(default_factory=list)
    headed: Entry | None = None  # a heading with an id: what follows is its text
    text: list[str] = field(default_factory=list)

    def walk(self, tokens: list[Token]) -> list[Entry]:
        heading: Token | None = None
        for token in tokens:
            if token.type == "heading_open":
                heading = token
            elif heading is not None:
                self._heading(heading, token)
                heading = None
            elif token.type == "list_item_open":
                self.stack.append(_Found(_line(token)))
            elif token.type == "list_item_close":
                self._close(self.stack.pop())
            elif token.type == "inline" and self.stack:
                _read_inline(self.stack[-1], token)
            elif token.type in ("inline", "fence", "code_block"):
                (self.stack[-1].rest if self.stack else self.text).append(token.content)
        self._end_headed()
        return self.found

    def _heading(self, opened: Token, inline: Token) -> None:
        self._end_headed()
        name = words(inline)
        if self.plain and _TICKET_HEADING.match(name):
            self.headed = _entry(name, _line(opened), "", inline, self.section, None)
        else:
            self.section.enter(int(opened.tag[1:]), name)

    def _end_headed(self) -> None:
        if self.headed is not None:
            self.found.append(_with_fields(self.headed, self.text))
        self.headed, self.text = None, []

    def _close(self, one: _Found) -> None:
        if self.stack:
            _nest(self.stack[-1], one)
        elif self.headed is not None:
            said = one.inline.content if one.inline else ""
            self.text.append("\n".join([f"- {said}", *one.rest]))
        elif one.inline is not None and (one.boxed or self.plain):
            body, done = "\n".join(one.rest), one.done if one.boxed else None
            said = _said(one)
            entry = _entry(said, one.line, body, one.inline, self.section, done, boxed=one.boxed)
            if one.state:
                entry = replace(entry, fields={**entry.fields, "state": one.state})
            self.found.append(entry)
        else:
            self.found += _inner(one, self.section)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _inner(one: _Found, section: _Section) -> list[Entry]:
    """The boxes beneath a list item that has none itself."""
    found = []
    for line in one.rest:
        if box := re.match(r"\s*- (\[[ xX✓✔~-]?\])\s+(.+?)\x00(\d+)$", line):
            done = box[1] not in ("[ ]", "[]")
            found.append(_entry(box[2], int(box[3]), "", None, section, done, boxed=True))
    return found


def _read_inline(one: _Found, token: Token) -> None:
    if one.inline is None:
        one.inline = token
        if box := _BOX.match(token.content):
            one.boxed, one.done = True, box[1] in ("x", "X", "✓", "✔")
            one.state = {"/": "in progress", "-": "dropped", "~": "dropped"}.get(box[1], "")
    else:
        one.rest.append(token.content)


def _nest(parent: _Found, child: _Found) -> None:
    box = f"[{'x' if child.done else ' '}] " if child.boxed else ""
    mark = f"\x00{child.line}" if child.boxed and not parent.boxed else ""
    parent.rest.append(f"- {box}{_said(child)}{mark}")
    parent.rest += [f"  {line}" for part in child.rest for line in part.split("\n")]


def _said(one: _Found) -> str:
    said = words(one.inline)
    return _BOX.sub("", said, count=1) if one.boxed else said


def _with_fields(headed: Entry, text: list[str]) -> Entry:
    """The entry of a heading, with the fields that the text beneath it names."""
    fields = dict(headed.fields)
    body = re.sub(r"\x00\d+", "", "\n".join(text))
    for line in body.split("\n"):
        found = _LINE_PAIR.fullmatch(line.strip().removeprefix("- "))
        name = field_of(found[1]) if found else None
        if found and name and name not in ("title", "body", "id"):
            fields.setdefault(name, found[2].strip().strip("*"))
    return replace(headed, body=body, fields=fields)


def _entry(
    said: str,
    line: int,
    body: str,
    inline: Token | None,
    section: _Section,
    done: bool | None,
    *,
    boxed: bool = False,
) -> Entry:
    fields: dict[str, object] = {}
    title = said
    for group in _PAIRS.finditer(said[:_LONGEST_LINE]):
        pairs = [_PAIR.fullmatch(part) for part in re.split(r"[,;|]", group[1])]
        named = [(field_of(one[1]), one[2]) for one in pairs if one]
        if pairs and len(named) == len(pairs) and all(name for name, _ in named):
            fields.update({name: told for name, told in named if name})
            title = title.replace(group[0], " ")
    if found := _ID.match(title):
        fields.setdefault("id", found[1])
        title = title[found.end() :]
    labels = tuple(_TAG.findall(title))
    title = _TAG.sub(" ", title)
    link = first_link(inline)
    if link:
        fields.setdefault("url", link)
    if section.priority:
        fields.setdefault("priority", section.priority)
    if section.state and not boxed and "state" not in fields:
        fields["state"] = section.state.value
    if inline is not None and _struck(inline):
        fields["state"] = "cancelled"
    body = re.sub(r"\x00\d+", "", body)
    return Entry(
        " ".join(title.split()).strip(" -–—:"), line, body, fields, family=section.family,
        labels=labels, done=done,
    )  # fmt: skip


def _struck(inline: Token) -> bool:
    """Whether all of the line is ~~struck out~~."""
    children = [one for one in inline.children or () if one.content.strip() or one.nesting]
    texts = [one for one in children if one.type == "text" and not _BOX.fullmatch(one.content)]
    opened = [one.type for one in children]
    return "s_open" in opened and len(texts) == 1 and opened.index("s_open") <= 1


_NO_LETTERS = re.compile(r"[^\w\s/-]+")


def _heading_words(name: str) -> list[str]:
    return [one for one in re.split(r"[\s/&,]+", _NO_LETTERS.sub(" ", name.casefold())) if one]


def _family(name: str) -> Family | None:
    said = [family_of(w) or family_of(w.removesuffix("s")) for w in _heading_words(name)[:4]]
    whole = family_of(name) or family_of(name.rstrip("s"))
    return whole or next((one for one in said if one), None)


def _priority(name: str) -> str | None:
    said = _heading_words(name)
    if "priority" in said or any(re.fullmatch(r"p[0-5]", one) for one in said):
        return next((p for w in said if w != "priority" and (p := priority_of(w))), None)
    return priority_of(name) if name.casefold() in ("critical", "urgent", "must") else None


def _state(name: str) -> ItemState | None:
    state = state_of(_NO_LETTERS.sub(" ", name).strip())
    return None if state is ItemState.NEW else state


read = reader(NAME, _entries)
