"""The files kept up to date in a repository, as the journal tells it (B14). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.story import published_events as e
from bot.story.events import EffectFailed, EffectProposed


def stream_of(repository_id: int | str) -> str:
    """The journal's stream of a repository's published files."""
    return f"published/{repository_id}"


@dataclass(frozen=True)
class Published:
    """`sha`, `says`, `base`: of the last proposal, at `at`. `effects`: by their marks.

    `number`: of the last pull request, with its `outcome` ('' while it is open) and the `settings`
    under which it ended; `offered`: how many there were. `unoffered`: the last proposal is in none.
    `refused`: when GitHub refused last.
    """

    sha: str = ""
    says: str = ""
    base: str = ""
    at: datetime | None = None
    tries: int = 0
    number: int = 0
    offered: int = 0
    outcome: str = ""
    settings: str = ""
    unoffered: bool = False
    refused: datetime | None = None
    effects: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is a pull request that nobody closed or merged."""
        return self.number > 0 and self.outcome == ""


def fold(recorded: Iterable[Any]) -> Published:
    """What things with .at and .event tell of."""
    told = Published()
    for one in recorded:
        told = _happen(told, one.event, one.at)
    return told


def _happen(told: Published, event: Any, at: datetime) -> Published:
    match event:
        case e.FilesProposed():
            return replace(
                told,
                sha=event.sha,
                says=event.says,
                base=event.base,
                at=at,
                tries=told.tries + 1,
                unoffered=told.unoffered or not told.is_open,
                refused=None,
                effects={**told.effects, event.mark: event.effect} if event.mark else told.effects,
            )
        case e.FilesOffered():
            offered = told.offered + 1
            return replace(told, number=event.number, offered=offered, outcome="", unoffered=False)
        case e.FilesEnded():
            outcome = "" if event.outcome == "reopened" else event.outcome
            return replace(told, outcome=outcome, settings=event.settings)
        case EffectFailed(final=True):
            return replace(told, refused=at, tries=told.tries + 1)
        case EffectProposed() if not event.verdict.allowed:
            return replace(told, refused=at, tries=told.tries + 1)
        case _:
            return told
