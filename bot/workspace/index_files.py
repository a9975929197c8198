"""What the operator's own pip, uv and npm files say about package indexes.

Promises: reads the files that these tools would read for this user; a file that cannot be read or
makes no sense is as good as none, since the installer's own settings are not ours to judge.
Never: looks into the files of a project.
"""

from __future__ import annotations

import configparser
import netrc
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.workspace.egress.proxy import basic


def from_files(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(settings as variables, `Authorization` by host) of the user that `environ` belongs to."""
    home = Path(environ.get("HOME", "/nonexistent"))
    said: dict[str, str] = {}
    for path in (Path("/etc/pip.conf"), home / ".pip/pip.conf", home / ".config/pip/pip.conf",
                 Path(environ.get("PIP_CONFIG_FILE", "/dev/null"))):  # fmt: skip
        said |= _pip(_read(path))
    for path in (Path("/etc/uv/uv.toml"), home / ".config/uv/uv.toml"):
        said |= _uv(_read(path))
    tokens = _logins(home / ".netrc")
    for path in (home / ".npmrc", Path(environ.get("NPM_CONFIG_USERCONFIG", "/dev/null"))):
        text = _read(path)
        for host, token in re.findall(r"^//([^/\s]+)/\S*:_authToken\s*=\s*(\S+)", text, re.M):
            if not token.startswith("${"):
                tokens[host] = f"Bearer {token}"
        if found := re.search(r"^registry\s*=\s*(\S+)", text, re.M):
            said["NPM_CONFIG_REGISTRY"] = found[1]
    return said, tokens


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _pip(text: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    # Not `extra-index-url`: pip asks all at once, uv one before the other, and a mixture of what
    # several indexes say is how a stranger's package takes the place of a private one.
    sections = [s for s in ("install", "global") if parser.has_option(s, "index-url")]
    return {"PIP_INDEX_URL": parser.get(sections[0], "index-url")} if sections else {}


def _uv(text: str) -> dict[str, str]:
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    found = {}
    listed = [i for i in table.get("index", []) if isinstance(i, dict) and i.get("url")]
    default = [i["url"] for i in listed if i.get("default")] or [table.get("index-url")]
    others = [i["url"] for i in listed if not i.get("default")] + table.get("extra-index-url", [])
    if default[0]:
        found["UV_DEFAULT_INDEX"] = str(default[0])
    if others:
        found["UV_INDEX"] = " ".join(map(str, others))
    return found


def _logins(path: Path) -> dict[str, str]:
    try:
        hosts = netrc.netrc(path).hosts
    except (OSError, netrc.NetrcParseError):
        return {}
    return {host: basic(user, word or "") for host, (user, _, word) in hosts.items() if user}
