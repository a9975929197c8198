"""XML as elements with their lines, read as a stream (B4).

Promises: an entity declared in the document is refused, nothing outside it is ever fetched; where a
document breaks, the elements before and after the break are read; depth and size are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from bot.backlog.entry import Sightings

_DEEPEST = 200
_LONGEST = 200_000
_MOST_BREAKS = 200


class _Refused(Exception):
    """The document declares entities, or is nested too deeply."""


@dataclass
class Element:
    """An element that has ended. `name` without its namespace; `text` without the children's."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def get(self, *names: str) -> str:
        """The first attribute of these that is there; '' otherwise."""
        return next((told for name in names if (told := self.attributes.get(name))), "")


def elements(
    data: bytes,
    told: Sightings,
    each: Callable[[Element, tuple[Element, ...]], bool],
    entries: tuple[str, ...] = (),
    around: tuple[str, ...] = (),
) -> None:
    """Call `each(element, parents)` when an element ends; True: it is done with and forgotten.

    Where the document breaks, the one of `entries` that is open is lost, and it goes on at the next
    of these or of those `around` them.
    """
    data = data.lstrip()
    names = "|".join(map(re.escape, (*entries, *around))).encode()
    begins = re.compile(rb"<(?:[\w.-]+:)?(?:" + names + rb")[\s/>]")
    reader = _Reader(each, frozenset(entries))
    at = 0
    for number in range(_MOST_BREAKS):
        broke = reader.read(data, at)
        if broke is None:
            return
        found = begins.search(data, max(broke.at, at + 1)) if entries and broke.mendable else None
        if found is not None or not number or broke.what not in _OF_FORMER:
            told.fault(broke.line, broke.what)
        if found is None:
            return
        at = found.start()


# What an earlier break leaves behind at the end: tags that do not close what is open.
_OF_FORMER = ("broken XML: mismatched tag", "broken XML: no element found")


@dataclass(frozen=True)
class _Break:
    """Where (offset and line) and why a document could not be read on."""

    at: int
    line: int
    what: str
    mendable: bool


class _Reader:
    """Reads a document from some element on, inside those that are open there."""

    def __init__(
        self,
        each: Callable[[Element, tuple[Element, ...]], bool],
        entries: frozenset[str],
    ) -> None:
        self._each, self._entries = each, entries
        self._stack: list[Element] = []
        self._names: list[str] = []  # of the stack, as the document writes them
        self._encoding: str | None = None

    def read(self, data: bytes, at: int) -> _Break | None:
        """Read from `at` on; where it broke off, None where it did not."""
        stack, names = self._stack, self._names
        before = data.count(b"\n", 0, at)
        opened = "".join(f"<{name}>" for name in names).encode() if at else b""
        parser = expat.ParserCreate(self._encoding if at else None)
        if opened:
            parser.Parse(opened, False)

        def start(name: str, attributes: dict[str, str]) -> None:
            if len(stack) >= _DEEPEST:
                raise _Refused("nested too deeply")
            bare = {_local(key): value for key, value in attributes.items()}
            stack.append(Element(_local(name), before + parser.CurrentLineNumber, bare))
            names.append(name)

        def end(name: str) -> None:
            one = stack.pop()
            names.pop()
            if not self._each(one, tuple(stack)) and stack:
                stack[-1].children.append(one)

        def text(said: str) -> None:
            if stack and len(stack[-1].text) < _LONGEST:
                stack[-1].text += said

        def entity(*_: object) -> None:
            raise _Refused("it declares entities")

        def declared(version: str, encoding: str | None, standalone: int) -> None:
            self._encoding = encoding

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler, parser.EntityDeclHandler = text, entity
        parser.XmlDeclHandler = declared
        parser.buffer_text = True
        try:
            parser.Parse(data[at:], True)
        except expat.ExpatError as error:
            what = f"broken XML: {expat.ErrorString(error.code)}"
            self._leave()
            offset = at + max(parser.ErrorByteIndex - len(opened), 0)
            return _Break(offset, before + error.lineno, what, mendable=True)
        except (_Refused, ValueError, LookupError) as error:  # the last: an unknown encoding
            return _Break(at, before + parser.CurrentLineNumber, f"refused: {error}", False)
        return None

    def _leave(self) -> None:
        """Out of the entry that broke: what lies around it is still open."""
        for number, one in enumerate(self._stack):
            if one.name in self._entries:
                del self._stack[number:], self._names[number:]
                return


def _local(name: str) -> str:
    return name.rpartition(":")[2]
