"""The shape of the file in which the operator names MCP servers for the agent (W14).

Promises: strict as `.github/towpath.yml`; a server says where it is, who may use it and which of
its tools, and nothing is allowed that the file does not say. Never: holds a credential; it says
where one is.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from bot.configuration.reader import read_as
from bot.configuration.section import END, Section

Purpose = Literal["test", "code", "repair", "respond"]

_NAME = r"^[a-z][a-z0-9-]{0,19}" + END
_TOOL = r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}" + END
_PIN = r"^[0-9a-f]{64}" + END
_CREDENTIAL = r"^(env:[A-Za-z_][A-Za-z0-9_]{0,99}|file:/[^\u0000-\u001f]{1,400})" + END
# Not what the sandbox makes itself, nor all of the machine.
_FOLDER = (
    r"^/(?!(?:proc|sys|dev|tmp|etc|workspace|tools|environment)(?:/|" + END + r"))"
    r"[^/\u0000-\u001f,:][^\u0000-\u001f,:]{0,400}" + END
)
_REPOSITORY = r"^([A-Za-z0-9_.-]{1,100}|\*)/([A-Za-z0-9_.-]{1,100}|\*)" + END
_WORD = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\u0000]*" + END)
]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
MANY = 20


class AllowedTool(Section):
    """A tool that may be called."""

    name: str = Field(pattern=_TOOL, description="As the server calls it.")
    pin: str | None = Field(
        None,
        pattern=_PIN,
        description="Digest of its description and schema, from `towpath doctor`, once you have "
        "read them. Without one, or with another, the tool is withheld.",
    )
    writes: bool = Field(
        True, description="Whether a call changes anything; false: it may be repeated."
    )


class Server(Section):
    """One server, over HTTP (`url`) or as a process in the sandbox (`command`)."""

    name: str = Field(pattern=_NAME, description="What its tools' names begin with.")
    url: str | None = Field(None, max_length=500, description="Of streamable HTTP.")
    credential: str | None = Field(
        None,
        pattern=_CREDENTIAL,
        description="Where its credential is: env:NAME or file:/PATH. For HTTP only.",
    )
    header: str = Field(
        "Authorization",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}" + END,
        description="Header of the credential; in Authorization, it is a bearer token.",
    )
    private: bool = Field(
        False, description="Whether it may be at a loopback or private address, or without TLS."
    )
    command: tuple[_WORD, ...] = Field(
        (),
        max_length=50,
        description="Program and arguments, run in the sandbox: no network, no secret, the "
        "story's files at /workspace.",
    )
    folders: tuple[Annotated[str, StringConstraints(pattern=_FOLDER)], ...] = Field(
        (),
        max_length=20,
        description="Folders of this machine that the command sees, read-only, where they are.",
    )
    repositories: tuple[Annotated[str, StringConstraints(pattern=_REPOSITORY)], ...] = Field(
        max_length=500, description="Who may use it: OWNER/NAME, OWNER/* or */*."
    )
    stages: tuple[Purpose, ...] = Field(
        ("test", "code", "repair", "respond"), max_length=4, description="What it is used for."
    )
    tools: tuple[AllowedTool, ...] = Field(
        (), max_length=50, description="The tools that may be called; no other is."
    )
    timeout_seconds: float = Field(20.0, ge=1, le=300, description="Longest of one call.")
    answer_characters: int = Field(
        8_000, ge=200, le=50_000, description="Longest answer that a model is shown."
    )

    @field_validator("url", mode="after")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("a URL that starts with https://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("a URL without a user, a password, a query or a fragment")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Server:
        if (self.url is None) == (not self.command):
            raise ValueError("either `url` or `command`")
        if self.url is None and (self.credential or self.private):
            raise ValueError("no `credential` and no `private` beside `command`")
        if self.url is not None and self.folders:
            raise ValueError("no `folders` beside `url`")
        if self.url is not None and not self.url.startswith("https://") and not self.private:
            raise ValueError("https:// in `url`, or `private: true`")
        if len({tool.name for tool in self.tools}) != len(self.tools):
            raise ValueError("each tool once")
        return self

    @property
    def transport(self) -> str:
        """How it is spoken to."""
        return "http" if self.url is not None else "stdio"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine, by its name."""
        return urlsplit(self.url or "").hostname in _LOOPBACK

    def tool(self, name: str) -> AllowedTool | None:
        """The allowed tool of this name."""
        return next((tool for tool in self.tools if tool.name == name), None)

    def serves(self, repository: str) -> bool:
        """Whether a repository (full name) may use it."""
        name = repository.casefold()
        owner, _, own = name.partition("/")
        return any(
            one.casefold() in (name, f"{owner}/*", "*/*", f"*/{own}") for one in self.repositories
        )


class Servers(Section):
    """The whole file."""

    version: int = Field(1, ge=1, le=1, description="Version of this format.")
    servers: tuple[Server, ...] = Field((), max_length=MANY, description="The servers.")

    @model_validator(mode="after")
    def _each_once(self) -> Servers:
        if len({one.name for one in self.servers}) != len(self.servers):
            raise ValueError("each server's name once")
        return self

    def named(self, name: str) -> Server | None:
        """The server of this name."""
        return next((one for one in self.servers if one.name == name), None)


def read(text: bytes | str, path: str) -> Servers:
    """The servers of a file's text. Raises `bot.configuration.problems.Unreadable`."""
    return read_as(Servers, text, path)
