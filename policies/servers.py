"""May this tool of an operator's MCP server be used here and now? (W14)

Promises: pure; what the operator's file and the repository's own word do not both allow is denied;
a tool is called only as it was when the operator looked at it. Never: looks a server up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.story.vocabulary import Verdict, allow, deny

LIST, CALL = "list_server_tools", "call_server_tool"
MOST_ARGUMENTS = 20_000  # characters


@dataclass(frozen=True)
class ToolFacts:
    """`pin`: the digest that the operator wrote down, '' for none."""

    pin: str
    writes: bool


@dataclass(frozen=True)
class ServerFacts:
    """A server as the operator and the repository let it be used in this repository.

    `inside`: it runs in the sandbox.
    """

    purposes: frozenset[str]
    tools: Mapping[str, ToolFacts] = field(default_factory=lambda: MappingProxyType({}))
    inside: bool = False


def decide(effect: Any, servers: Mapping[str, ServerFacts] | None) -> Verdict:
    """The verdict on a look at a server's tools, or on a call of one."""
    known = (servers or {}).get(effect.server)
    if known is None:
        return deny("known_server", f"{effect.server!r} is no server that may be used here")
    if effect.purpose not in known.purposes:
        return deny("server_stage", f"{effect.server} is not for the work on {effect.purpose!r}")
    if effect.kind != CALL:
        return allow("known_server")
    tool = known.tools.get(effect.tool)
    if tool is None:
        return deny(
            "allowed_tool", f"{effect.tool!r} is no tool of {effect.server} that is allowed"
        )
    if not tool.pin or tool.pin != effect.pin:
        return deny("pinned_tool", f"the operator has not looked at {effect.tool!r} as it is now")
    if tool.writes and not effect.writes:
        return deny("writing_tool", f"{effect.tool!r} writes, and would be called as if it did not")
    if len(json.dumps(effect.arguments)) > MOST_ARGUMENTS:
        return deny("tool_arguments", f"arguments of more than {MOST_ARGUMENTS} characters")
    return allow("allowed_tool")
