"""What a server offers, and what of it a model may be shown (W14).

Promises: only tools that the operator allowed, each under a name that no tool of ours can have,
with words and a schema that were bounded and cleaned; a tool whose description or schema is another
than the operator looked at is withheld, and that is said. Never: shows a tool that is not pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from bot.agent.servers.schemas import Unusable, harmless, plain
from bot.configuration.servers import Server
from bot.story.vocabulary import digest

PARTS = "__"  # between a server's name and a tool's; no tool of ours has it
_LONGEST_NAME = 64  # what providers take
_DESCRIPTION = 1_000


@dataclass(frozen=True)
class Offered:
    """A tool that may be called. `shown`: its name for a model; `pin`: of what it is now."""

    name: str
    shown: str
    description: str
    parameters: dict[str, Any]
    pin: str
    writes: bool


@dataclass(frozen=True)
class Withheld:
    """A tool that may not. `rule`: not_pinned | changed | absent | name | twice | schema…"""

    name: str
    rule: str
    pin: str = ""
    description: str = ""


def pin_of(tool: types.Tool) -> str:
    """Digest of what a model would go by: name, description and schema, as the server says them."""
    return digest([tool.name, tool.description or "", tool.input_schema])


def shown_name(server: str, tool: str) -> str:
    """The name for a model."""
    return f"{server}{PARTS}{re.sub(r'[^A-Za-z0-9_-]', '_', tool)}"


def offered(server: Server, told: Iterable[types.Tool]) -> tuple[list[Offered], list[Withheld]]:
    """What may be called of the tools that a server told of, and what may not though allowed."""
    listed: dict[str, list[types.Tool]] = {}
    for tool in told:
        listed.setdefault(tool.name, []).append(tool)
    usable: dict[str, Offered] = {}
    withheld = []
    for allowed in server.tools:
        found = listed.get(allowed.name, [])
        if len(found) != 1:
            withheld.append(Withheld(allowed.name, "twice" if found else "absent"))
            continue
        try:
            made = _made(server, found[0], allowed.writes)
        except Unusable as problem:
            withheld.append(Withheld(allowed.name, str(problem)))
            continue
        if allowed.pin != made.pin:
            rule = "changed" if allowed.pin else "not_pinned"
            withheld.append(Withheld(allowed.name, rule, made.pin, made.description))
        elif len(made.shown) > _LONGEST_NAME or made.shown in usable:
            withheld.append(Withheld(allowed.name, "name"))
        else:
            usable[made.shown] = made
    return list(usable.values()), withheld


def _made(server: Server, tool: types.Tool, writes: bool) -> Offered:
    return Offered(
        name=tool.name,
        shown=shown_name(server.name, tool.name),
        description=plain(tool.description, _DESCRIPTION),
        parameters=harmless(tool.input_schema),
        pin=pin_of(tool),
        writes=writes,
    )
