"""The tools of the operator's MCP servers in the work on a task (W14).

Promises: looking at a server and calling a tool of it are effects: judged, journalled, done once
and counted; a stage that runs again has the recorded tools and answers, and asks no server. A
server that is away, and a call whose outcome nobody knows, are said to the model as such; an answer
that reads as if it commanded the model is not read to it. Never: lets what looks like a secret out,
or a call of a tool that the model was not shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.agent.loop import Ran
from bot.agent.messages import ToolCall, ToolSpec
from bot.agent.tool_arguments import TOOLS
from bot.agent.untrusted import Secrets, visible
from bot.stages.workroom import Workroom
from bot.story.desk import Desk
from bot.story.performer import NotAllowed
from bot.story.server_effects import CallServerTool, ListServerTools
from bot.story.vocabulary import Task
from bot.texts import servers as texts
from policies.standing import DRY_RUN
from policies.suspicion import HIGH, look

_OURS = frozenset(tool.name for tool in TOOLS)


@dataclass
class Toolbox:
    """What servers offer for one task. `tools`: server and recorded tool, by the shown name.

    `inside`: the servers that run in the sandbox.
    """

    desk: Desk
    purpose: str
    task: Task
    inside: frozenset[str] = frozenset()
    tools: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """As a model is told of them, in a fixed order."""
        return tuple(
            ToolSpec(
                name=shown,
                description=texts.described(server, tool["description"], tool["writes"]),
                parameters=tool["parameters"],
            )
            for shown, (server, tool) in sorted(self.tools.items())
        )

    @property
    def notice(self) -> str:
        """What a model is told of servers that are not there."""
        return "\n".join(self.lacks)

    def call(self, call: ToolCall, number: int, draft: Callable[[], str]) -> Ran:
        """Call a tool; `draft` is the commit that a server in the sandbox sees."""
        from bot.agent.servers.schemas import faults  # who uses no server needs none of it

        server, tool = self.tools[call.name]
        arguments = call.arguments or {}
        if wrong := faults(tool["parameters"], arguments):
            return Ran(f"Error: {wrong}", ok=False)
        if _says_a_secret(arguments):
            return Ran(texts.HELD_BACK, ok=False)
        effect = CallServerTool(
            key=self.desk.key("call_server_tool", self.purpose, self.task.id, number),
            repository=self.desk.story.repository,
            server=server,
            purpose=self.purpose,
            tool=tool["name"],
            pin=tool["pin"],
            arguments=arguments,
            writes=tool["writes"],
            sha=draft() if server in self.inside else "",
        )
        try:
            result = self.desk.do(effect)
        except NotAllowed as no:
            if no.waiting is not None and no.verdict.rule != DRY_RUN:
                raise
            return Ran(texts.not_allowed(no.verdict.reason), ok=False)
        text, answered = texts.outcome(server, tool["name"], result), "answered"
        if signs := _commands(result["text"]):
            text, answered = texts.suspicious(server, signs), ""
        return Ran(text, ok=result["outcome"] == answered, seconds=result["seconds"])


def toolbox(desk: Desk, room: Workroom, purpose: str, task: Task) -> Toolbox:
    """Ask the servers that this story may use for their tools: once an attempt and purpose."""
    repository = desk.story.repository
    servers = room.servers(repository)
    inside = frozenset(name for name, one in servers.items() if one.inside)
    made = Toolbox(desk, purpose, task, inside)
    for name, allowed in sorted(servers.items()):
        if purpose not in allowed.purposes or not allowed.tools:
            continue
        effect = ListServerTools(
            key=desk.key("list_server_tools", purpose, name),
            repository=repository,
            server=name,
            purpose=purpose,
        )
        try:
            result = desk.do(effect)
        except NotAllowed as no:
            if no.waiting is not None:
                raise
            made.lacks.append(texts.away(name, no.verdict.rule))
            continue
        if result["problem"]:
            made.lacks.append(texts.away(name, result["problem"]))
        made.lacks += [texts.withheld(name, one["name"], one["rule"]) for one in result["withheld"]]
        offered = {tool["shown"]: (name, tool) for tool in result["tools"]}
        made.tools |= {shown: one for shown, one in offered.items() if shown not in _OURS}
    return made


def _commands(text: str) -> tuple[str, ...]:
    """The signs of an answer that would command the model; () of one that may be read to it."""
    found = look(text)
    return found.signs if found.score >= HIGH else ()


def _says_a_secret(value: Any) -> bool:
    """Whether a text in it is, or holds, what looks like a secret, hidden signs or not."""
    match value:
        case str():
            plain = visible(value)
            return Secrets().hide(plain) != plain
        case dict():
            return any(map(_says_a_secret, (*value, *value.values())))
        case list():
            return any(map(_says_a_secret, value))
    return False
