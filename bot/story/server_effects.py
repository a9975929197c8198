"""What Towpath may do with an operator's MCP server: a part of `bot.story.effects` (W14).

`server` is its name in the operator's file; `purpose` what the agent is at work on.
"""

from __future__ import annotations

from typing import Any, Literal

from bot.story.vocabulary import Repository, Value


class _ServerEffect(Value):
    key: str  # idempotency key, as for any effect
    repository: Repository
    server: str
    purpose: str


class ListServerTools(_ServerEffect):
    """Ask a server for its tools.

    Result: tools (name, shown, description, parameters, pin, writes of each that may be called),
    withheld (name and rule of each that may not), problem (a word, or ''), server, seconds.
    """

    kind: Literal["list_server_tools"] = "list_server_tools"


class CallServerTool(_ServerEffect):
    """Call a tool with checked arguments, while its pin is `pin`.

    `sha`: the files that a server in the sandbox sees. `writes`: it may change something, so that
    it is never called a second time. Result: outcome (answered | failed | refused | unknown),
    text (as the model is shown it), digest and size (of all of the answer), why, server, tool,
    seconds.
    """

    kind: Literal["call_server_tool"] = "call_server_tool"
    tool: str
    pin: str
    arguments: dict[str, Any]
    writes: bool
    sha: str = ""


ServerEffect = ListServerTools | CallServerTool
