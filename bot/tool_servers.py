"""The operator's MCP servers in one process: who may use which, and who calls them (W14).

Promises: what is allowed is the operator's file as it is now, narrowed by the repository's own
word; a file that cannot be read allows nothing, and that is in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from bot.agent.servers.perform import ServerTools
from bot.configuration.in_force import EffectiveConfig
from bot.configuration.servers import Server, Servers
from bot.known_secrets import remember
from bot.settings import Settings, SettingsError
from bot.settings_servers import credential_of
from bot.story.vocabulary import Repository
from bot.workspace.perform import Workshop
from policies.servers import CALL, LIST, ServerFacts, ToolFacts

log = logging.getLogger(__name__)


class ToolServers:
    """`configuration`: what holds for a repository."""

    def __init__(
        self, settings: Settings, configuration: Callable[[Repository], EffectiveConfig]
    ) -> None:
        self._settings, self._configuration = settings, configuration

    def allowed(self, repository: Repository) -> Mapping[str, ServerFacts]:
        """The servers that a repository may use, by name, with the tools that it may call."""
        declared = self._declared().servers
        if not declared:
            return {}
        own = self._configuration(repository).tools
        return {
            server.name: ServerFacts(
                purposes=frozenset(server.stages),
                tools={
                    tool.name: ToolFacts(tool.pin or "", tool.writes)
                    for tool in server.tools
                    if own.lets(server.name, tool.name)
                },
                inside=server.url is None,
            )
            for server in declared
            if server.serves(repository.full_name) and own.lets(server.name)
        }

    def adapters(self, workshop: Workshop) -> dict[str, ServerTools]:
        """By kind of effect."""
        settings = self._settings
        made = ServerTools(self._declared, credential, workshop, settings.home)
        return {LIST: made, CALL: made}

    def _declared(self) -> Servers:
        try:
            return self._settings.read_mcp_servers()
        except SettingsError as error:
            log.error("no MCP server can be used: %s", error)
            return Servers()


def credential(server: Server) -> str:
    """As it is now, and in no text from now on. Raises LookupError."""
    try:
        told = credential_of(server)
    except SettingsError as error:
        raise LookupError(str(error)) from None
    remember([told])
    return told
