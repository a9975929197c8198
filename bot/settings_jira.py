"""Which Jira, and who Towpath is there; a part of `bot.settings.Settings` (B8).

Promises: the host and the token come from the operator alone; a token goes to that host and to no
other. Never: a token in an error or a `repr`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from bot.settings_github import text_of
from bot.settings_problems import PREFIX

_CLOUD = (".atlassian.net", ".jira.com", "api.atlassian.com")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class JiraSettings(BaseSettings):
    """The one Jira of this installation; without a URL there is none."""

    jira_url: str | None = Field(
        None,
        description="Base URL of Jira: https://NAME.atlassian.net, or that of a Data Center. "
        "Default: no Jira.",
    )
    jira_kind: Literal["cloud", "data_center"] | None = Field(
        None, description="cloud or data_center. Default: what the URL says."
    )
    jira_user: str | None = Field(
        None,
        description="Account of Towpath in Jira Cloud (its e-mail address). Data Center: leave it "
        "out with a personal access token; with a password, the user's name.",
    )
    jira_token: SecretStr | None = Field(
        None,
        description="API token (Cloud) or personal access token (Data Center). Or name a file.",
    )
    jira_token_file: Path | None = Field(
        None, description="File that holds the token of Jira; read again at every connection."
    )
    jira_webhook_secret: SecretStr | None = Field(
        None, description="Secret of Jira's webhook. Without one, Jira is only asked."
    )
    jira_projects: str = Field(
        "",
        description="Which repository may exchange items with which project: OWNER/NAME=KEY, "
        "separated by commas; * for any name. Default: the one that its configuration names.",
    )

    @field_validator("jira_url", mode="after")
    @classmethod
    def _a_base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.username or parts.password or parts.query or not parts.hostname:
            raise ValueError("expected a URL without a user, a password or a query")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("expected a URL that starts with https:// (a token is sent there)")
        return value.rstrip("/")

    @field_validator("jira_token", "jira_webhook_secret", mode="after")
    @classmethod
    def _no_blank(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("expected a value that is not empty, or no such variable")
        return value

    @field_validator("jira_projects", mode="after")
    @classmethod
    def _pairs(cls, value: str) -> str:
        for one in _several(value):
            name, equals, key = one.partition("=")
            if not equals or name.count("/") != 1 or not key.replace("_", "").isalnum():
                raise ValueError("expected OWNER/NAME=KEY, separated by commas")
        return value

    @model_validator(mode="after")
    def _who_and_where(self) -> JiraSettings:
        token = self.jira_token or self.jira_token_file
        if self.jira_token is not None and self.jira_token_file is not None:
            raise ValueError(f"{PREFIX}JIRA_TOKEN_FILE: expected only one of the two tokens")
        if self.jira_url is not None and token is None:
            raise ValueError(f"{PREFIX}JIRA_TOKEN: expected one where {PREFIX}JIRA_URL is set")
        if self.jira_url is not None and self.is_jira_cloud and self.jira_user is None:
            raise ValueError(f"{PREFIX}JIRA_USER: expected the account's address in Jira Cloud")
        return self

    @property
    def is_jira_cloud(self) -> bool:
        """Whether it is Cloud: by its setting, else by its host."""
        if self.jira_kind is not None:
            return self.jira_kind == "cloud"
        return (urlsplit(self.jira_url or "").hostname or "").endswith(_CLOUD)

    @property
    def jira_webhook_secrets(self) -> tuple[bytes, ...]:
        """What Jira's webhooks may be signed with; () where none is taken."""
        secret = self.jira_webhook_secret
        return (secret.get_secret_value().encode(),) if secret is not None else ()

    def read_jira_token(self) -> str:
        """The token as it is now. Raises SettingsError when its file cannot be read."""
        if self.jira_token is not None:
            return self.jira_token.get_secret_value().strip()
        if self.jira_token_file is None:
            return ""
        return text_of(self.jira_token_file, "JIRA_TOKEN_FILE").strip()

    def may_use_jira(self, repository: str, project: str) -> bool:
        """Whether the operator lets a repository (full name) exchange with a project."""
        pairs = [one.partition("=") for one in _several(self.jira_projects)]
        owner = repository.partition("/")[0].casefold()
        whose = (repository.casefold(), f"{owner}/*", "*/*")
        return not pairs or any(
            name.casefold() in whose and key == project for name, _, key in pairs
        )


def _several(told: str) -> list[str]:
    return [one.strip() for one in told.split(",") if one.strip()]
