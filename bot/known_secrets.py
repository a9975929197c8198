"""The secrets that this process holds, so that no text takes one out (§25).

Promises: what was remembered is taken out by its value, whatever it looks like, and also where it
was encoded for a URL. Never: says one, keeps one on disk.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from bot.settings import Settings

SHORTEST = 6  # shorter ones would blacken half of every line
SHORTEST_SAID = 12  # in what is posted: a word that people use is no secret worth a broken text
A_LINE = 40  # characters of a line of a key that say enough of it
REDACTED = "[redacted]"
_KEYS_OF_MODELS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_COMPATIBLE_API_KEY")
_known: tuple[str, ...] = ()  # the longest first


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Values of the settings, and of the models' keys, that must not be seen; longest first."""
    found = [secret.decode() for secret in settings.webhook_secrets]
    if settings.private_key is not None:
        found.append(settings.private_key.get_secret_value())
    found += [one.decode() for one in settings.jira_webhook_secrets]
    if settings.jira_token is not None or settings.jira_token_file is not None:
        found.append(settings.read_jira_token())
    found += _of_servers(settings)
    for url in (settings.database_url, settings.redis_url):
        found.append((urlsplit(url).password if url else None) or "")
    found += [os.environ.get(name, "") for name in _KEYS_OF_MODELS]
    return _longest_first(found)


def _of_servers(settings: Settings) -> list[str]:
    """Credentials of MCP servers, as far as they are there: one that is not is told elsewhere."""
    from bot.settings_problems import SettingsError
    from bot.settings_servers import credential_of

    found = []
    with contextlib.suppress(SettingsError):
        for server in settings.read_mcp_servers().servers:
            with contextlib.suppress(SettingsError):
                found.append(credential_of(server))
    return found


def remember(secrets: Iterable[str]) -> None:
    """From now on `without_known` takes these out, too, and long lines of them."""
    global _known
    given = {secret.strip() for secret in secrets}
    given |= {line for secret in given for line in secret.splitlines() if len(line) >= A_LINE}
    _known = _longest_first({*_known, *given, *(quote(secret, safe="") for secret in given)})


def without_known(text: str, shortest: int = SHORTEST) -> str:
    """`text` without the secrets that are remembered and have `shortest` characters."""
    for secret in _known:
        if len(secret) >= shortest and secret in text:
            text = text.replace(secret, REDACTED)
    return text


def _longest_first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({s for s in found if len(s) >= SHORTEST}, key=len, reverse=True))
