"""What a repository says about the servers whose tools the agent may use (W14).

Promises: it chooses among what the operator lets it use, or switches off. Never: adds any.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from bot.configuration.section import END, Section

_SERVER = r"^[a-z][a-z0-9-]{0,19}" + END
_ONE = r"^[a-z][a-z0-9-]{0,19}(/[A-Za-z0-9][A-Za-z0-9_./-]{0,99})?" + END


class Tools(Section):
    """Tools of MCP servers that the operator declared."""

    servers: tuple[Annotated[str, StringConstraints(pattern=_SERVER)], ...] | None = Field(
        None, max_length=20, description="Only these servers; [] for none. Default: all allowed."
    )
    without: tuple[Annotated[str, StringConstraints(pattern=_ONE)], ...] = Field(
        (), max_length=100, description="Not these: SERVER, or SERVER/TOOL for one tool of it."
    )

    def lets(self, server: str, tool: str = "") -> bool:
        """Whether a server, or one tool of it, may be used here."""
        chosen = self.servers is None or server in self.servers
        return chosen and not {server, f"{server}/{tool}"} & set(self.without)
