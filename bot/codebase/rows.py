"""Facts as bytes, for the store and between processes, and back.

Promises: the same facts give the same bytes. Never: bytes that could run anything.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from sys import intern as once

from bot.codebase.facts import ApiEntry, Definition, FileFacts, Import


def encoded(facts: FileFacts) -> tuple[bytes, bytes, bytes]:
    """Definitions; imports, exports and API; references: each as JSON."""
    outline = [_row(one) for one in facts.definitions]
    links = [
        [(i.module, i.names, i.level, i.line) for i in facts.imports],
        facts.exports,
        [astuple(entry) for entry in facts.api],
    ]
    return _json(outline), _json(links), _json(facts.references)


def _row(one: Definition) -> tuple[str, str, str, int, int, str, str]:
    return (one.name, one.qualname, one.kind, one.start, one.end, one.signature, one.doc)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def decoded(outline: bytes, links: bytes, uses: bytes, *, prose: bool = True) -> FileFacts:
    """The facts again. Names recur within and between files: each is held in memory once.

    Without `prose`, signatures and docstrings stay empty.
    """
    imports, exports, api = json.loads(links)
    return FileFacts(
        definitions=tuple(
            Definition(
                once(name),
                once(qualname),
                once(kind),  # type: ignore[arg-type]
                start,
                end,
                signature if prose else "",
                doc if prose else "",
            )
            for name, qualname, kind, start, end, signature, doc in json.loads(outline)
        ),
        imports=tuple(
            Import(once(module), tuple(map(once, names)), level, line)
            for module, names, level, line in imports
        ),
        references={once(name): count for name, count in json.loads(uses).items()},
        exports=tuple(map(once, exports)),
        api=tuple(ApiEntry(*row) for row in api),
    )
