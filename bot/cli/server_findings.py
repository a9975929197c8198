"""What `towpath doctor` says of the MCP servers that the operator declared (W14).

Promises: each is asked for its tools once, and a server that is away costs its own time; a tool
that is withheld is shown with what it says of itself, and with the pin that lets it in; where no
server is declared, nothing is said. Never: calls a tool, shows a credential.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.cli.findings import Finding
from bot.settings import Settings, SettingsError
from bot.texts import servers as texts

if TYPE_CHECKING:
    from bot.configuration.servers import Server


def servers(settings: Settings) -> Iterator[Finding]:
    """Findings, if servers are declared."""
    if settings.mcp_servers is None:
        return
    try:
        declared = settings.read_mcp_servers()
    except SettingsError as error:
        for one in error.problems:
            yield Finding(one.variable, "missing", one.expected, one.next)
        return
    for server in declared.servers:
        yield from _asked(server, settings)


def _asked(server: Server, settings: Settings) -> Iterator[Finding]:
    from bot.agent import event_loop
    from bot.agent.servers.offered import offered
    from bot.agent.servers.perform import told_by
    from bot.agent.servers.sessions import Door, Problem
    from bot.tool_servers import credential
    from bot.workspace.choose_sandbox import choose_sandbox

    name = f"server {server.name}"
    door = Door(settings.home, lambda: choose_sandbox(settings.sandbox), credential)
    try:
        told = event_loop.run(told_by(server, door))
    except Problem as problem:
        yield Finding(name, "warning", texts.doctor_away(problem.rule), texts.NEXT)
        return
    usable, withheld = offered(server, told)
    if not server.repositories:
        yield Finding(name, "warning", texts.NO_REPOSITORY, texts.NEXT)
    if not server.tools:
        found = texts.none_allowed(one.name for one in told)
        yield Finding(name, "warning", found, texts.ALLOW)
    if usable:
        yield Finding(name, "ok", texts.doctor_tools(one.name for one in usable))
    for one in withheld:
        found = texts.doctor_withheld(one.rule, one.description)
        yield Finding(f"{name}/{one.name}", "warning", found, texts.doctor_pin(one.pin))
