"""Secrets that are planted in every world, and the places where none of them may turn up.

Planted: the webhook secret, the app's private key, each token that GitHub minted, the key of a
model, passwords of the settings' URLs. Looked through when a world ends: all that lies on GitHub,
the deliveries that GitHub sent, the journal as it lies on the disk; and what was logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.log_lines import LogLine
from bot.known_secrets import secrets_of
from bot.localhub.git import GitRepository
from bot.localhub.state import Account, App, Installation

if TYPE_CHECKING:
    from tests.world import World

MODEL_KEY = "canary-of-a-models-key"
_NOT_LOOKED_INTO = (GitRepository, Account, App, Installation)


def planted(world: World) -> dict[str, str]:
    """What must not turn up: name → secret."""
    found = {f"setting {n}": secret for n, secret in enumerate(secrets_of(world.settings))}
    found["model key"] = MODEL_KEY
    body = [line for line in world.app.pem.splitlines() if line and "-----" not in line]
    found["private key"] = body[len(body) // 2]
    found |= {f"token {n}": token for n, token in enumerate(world.hub.tokens.minted)}
    return found


def leaks(world: World, records: Iterable[logging.LogRecord] = ()) -> list[str]:
    """Where which planted secret is, by its name; never the secret itself."""
    secrets = planted(world)
    line = LogLine(as_json=True)
    places = {
        "GitHub": "\n".join(_strings(list(world.hub.state.repositories.values()), set())),
        "deliveries": "\n".join(told.body.decode() for told in world.hub.deliveries.log),
        "logs": "\n".join(line.format(record) for record in records),
        "journal": _journal(world.settings.home),
    }
    return [
        f"{name} in {place}"
        for place, text in places.items()
        for name, secret in secrets.items()
        if secret in text or secret.encode().hex() in text
    ]


def _journal(home: Path) -> str:
    files = [*home.glob("towpath.db*"), *home.glob("trace*"), *home.glob("*.jsonl")]
    return "\n".join(each.read_bytes().decode(errors="replace") for each in files)


def _strings(value: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    if isinstance(value, _NOT_LOOKED_INTO) or id(value) in seen:
        return
    if is_dataclass(value) and not isinstance(value, type):
        inside: Iterable[Any] = [getattr(value, one.name) for one in fields(value)]
    elif isinstance(value, Mapping):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = value
    else:
        return
    seen.add(id(value))
    for one in inside:
        yield from _strings(one, seen)
