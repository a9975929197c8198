"""GitHub as the rest of the house sees it: reads, and the adapter that performs effects.

Promises: one place to build both from settings. Never: decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.outside.github_effects import Effects
from bot.outside.github_http import AppKey, GitHubHttp
from bot.outside.github_reads import NEEDS, Reads
from bot.story.services import Services


class GitHub(Reads):
    """Reads (`bot.outside.ports.GitHubReads`), and `effects` (`EffectAdapter`)."""

    def __init__(self, http: GitHubHttp) -> None:
        super().__init__(http)
        self.effects = Effects(http, self)


def connect(
    base_url: str,
    app_id: str,
    private_key: str | Callable[[], str],
    now: Callable[[], datetime],
    *,
    timeout: int = 15,
    seconds_between_writes: float | None = None,
    services: Services | None = None,
) -> GitHub:
    """GitHub, GHES (`https://host/api/v3`) or a compatible server, as the app with this key.

    `now` is timezone-aware; `services`: what all processes know of GitHub's health. Nothing is
    sent before the first read or effect.
    """
    key = AppKey(app_id=str(app_id), private_key=private_key)
    return GitHub(
        GitHubHttp(
            base_url,
            key,
            now,
            timeout=timeout,
            seconds_between_writes=seconds_between_writes,
            services=services,
        )
    )


def permissions_needed(effects: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """All permissions that the reads and these effects take: name → the highest level."""
    needed: dict[str, str] = {}
    for one in (NEEDS, *effects.values()):
        for name, level in one.items():
            needed[name] = "write" if "write" in (level, needed.get(name)) else level
    return needed
