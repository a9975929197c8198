"""What an operator can set for the REST API (W13) and the MCP server (W14).

A part of `bot.settings.Settings`.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class ApiSettings(BaseSettings):
    """Who may come in, how often, and with what."""

    api_requests_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="Requests a person or key may make in a minute."
    )
    api_tokens_per_minute: int = Field(
        20, ge=1, le=100_000, description="Tokens that one address may ask for in a minute."
    )
    api_signing_folder: Path | None = Field(
        None,
        description="Folder of the keys that sign the API's tokens; the same for all web "
        "processes. Default: api-signing in the home.",
    )
    api_trusted_proxies: str = Field(
        "",
        description="Networks (CIDR, separated by commas) of proxies that may tell of client "
        "certificates and of where a request comes from. Default: nobody.",
    )
    api_subject_header: str = Field(
        "X-Client-Subject",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="Header in which such a proxy names the subject of a client certificate.",
    )
    api_verified_header: str = Field(
        "X-Client-Verify",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="Header in which such a proxy says SUCCESS for a certificate it verified.",
    )

    mcp_login: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$",
        description="The person on GitHub that `towpath mcp` acts as, with what they may do there.",
    )

    @field_validator("api_trusted_proxies", mode="after")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in value.replace(",", " ").split():
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError("expected networks such as 10.0.0.0/8") from None
        return value

    @property
    def api_proxies(self) -> tuple[str, ...]:
        """The networks of trusted proxies."""
        return tuple(self.api_trusted_proxies.replace(",", " ").split())
