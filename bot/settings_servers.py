"""Where the operator names MCP servers for the agent; a part of `bot.settings.Settings` (W14).

Promises: the file is read anew whenever it is needed, so a pin that was written counts at once;
what is wrong in it is told with its line. Never: shows a credential.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import BaseSettings

from bot.settings_problems import PREFIX, SettingsError, SettingsProblem

if TYPE_CHECKING:
    from bot.configuration.servers import Server, Servers

_NAME = f"{PREFIX}MCP_SERVERS"
_MOST = 262_144


class ServerSettings(BaseSettings):
    """The one file of servers; without it there are none."""

    mcp_servers: Path | None = Field(
        None,
        description="File (YAML) that declares the MCP servers whose tools the agent may use. "
        "Default: none.",
    )

    def read_mcp_servers(self) -> Servers:
        """The servers as the file declares them now. Raises SettingsError."""
        from bot.configuration import servers  # the web process needs none of it
        from bot.configuration.problems import Unreadable

        if self.mcp_servers is None:
            return servers.Servers()
        try:
            with self.mcp_servers.open("rb") as file:
                text = file.read(_MOST)
            return servers.read(text, str(self.mcp_servers))
        except OSError as error:
            why = f"expected a file that can be read ({type(error).__name__})"
            raise SettingsError([SettingsProblem(_NAME, why, "Correct or unset it")]) from None
        except Unreadable as wrong:
            raise SettingsError(
                [
                    SettingsProblem(
                        _NAME,
                        f"{one.path}:{one.line}:{one.column}: {one.key}: {one.message}",
                        "Correct it",
                    )
                    for one in wrong.problems
                ]
            ) from None


def credential_of(server: Server) -> str:
    """The credential of a server as it is now; '' where it has none. Raises SettingsError."""
    kind, _, where = (server.credential or "").partition(":")
    if not kind:
        return ""
    try:
        told = os.environ[where] if kind == "env" else Path(where).read_text("utf-8")
    except (KeyError, OSError, UnicodeDecodeError):
        told = ""
    if not told.strip():
        why = f"the credential of {server.name} is not there"
        raise SettingsError([SettingsProblem(_NAME, why, f"Set what {kind}: names")])
    return told.strip()
