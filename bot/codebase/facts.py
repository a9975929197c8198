"""What one source file says about itself, in one vocabulary for all languages (C1, C2).

Promises: plain values that depend only on a file's language and bytes. Lines count from 1 and
`end` is included. Never: a path, a commit, or anything that another file decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "function", "method", "class", "interface", "struct", "enum", "trait", "type", "module", "macro"
]
ApiKind = Literal["route", "command", "graphql", "event"]


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name that other code can use.

    `qualname`: names of the enclosing definitions and its own, joined by dots (`Outer.method`).
    `start`: the line of its keyword (decorators stand above). `signature`: its header on one line,
    `doc`: the first line of its docstring or comment; both may be empty.
    """

    name: str
    qualname: str
    kind: Kind
    start: int
    end: int
    signature: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """A request for another module, as written.

    `module`: dotted name, path or package; `names`: what is taken from it (`*` for everything,
    empty for the module itself); `level`: leading dots of a relative Python import.
    """

    module: str
    names: tuple[str, ...] = ()
    level: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class ApiEntry:
    """A door for callers outside: `name` is what they say (`GET /users`), `handler` who answers."""

    kind: ApiKind
    name: str
    handler: str
    line: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that is known of one blob. `references`: identifier → times used in code.

    Keywords, strings and comments are not references; a definition's own name is one. `exports`:
    names that other files are meant to use, sorted.
    """

    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    references: Mapping[str, int] = field(default_factory=dict)
    exports: tuple[str, ...] = ()
    api: tuple[ApiEntry, ...] = ()


NOTHING = FileFacts()
