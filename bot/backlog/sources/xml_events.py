"""XML as elements with their lines, read as a stream (B4).

Promises: an entity declared in the document is refused, nothing outside it is ever fetched; a
document that breaks off gives the elements that ended before; depth and size are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from bot.backlog.entry import Sightings

_DEEPEST = 200
_LONGEST = 200_000


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
    data: bytes, told: Sightings, each: Callable[[Element, tuple[Element, ...]], bool]
) -> None:
    """Call `each(element, parents)` when an element ends; True: it is done with and forgotten."""
    stack: list[Element] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) >= _DEEPEST:
            raise _Refused("nested too deeply")
        bare = {_local(key): value for key, value in attributes.items()}
        stack.append(Element(_local(name), parser.CurrentLineNumber, bare))

    def end(name: str) -> None:
        one = stack.pop()
        if not each(one, tuple(stack)) and stack:
            stack[-1].children.append(one)

    def text(said: str) -> None:
        if stack and len(stack[-1].text) < _LONGEST:
            stack[-1].text += said

    def entity(*_: object) -> None:
        raise _Refused("it declares entities")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = text, entity
    parser.buffer_text = True
    try:
        parser.Parse(data.lstrip(), True)
    except expat.ExpatError as error:
        told.fault(error.lineno, f"broken XML: {expat.ErrorString(error.code)}")
    except (_Refused, ValueError, LookupError) as error:  # the last: an encoding nobody knows
        told.fault(parser.CurrentLineNumber, f"refused: {error}")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
