"""How the app stands with a repository, and its onboarding, as the journal tells it (W5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any

from bot.story import installation_events as e
from bot.story.vocabulary import Repository


@dataclass(frozen=True)
class InstallationFacts:
    """`access` '' before anybody asked. `outcome`: of the onboarding, '' while it is open."""

    repository: Repository | None = None
    access: str = ""
    reason: str = ""
    since: datetime | None = None
    permissions: Mapping[str, str] | None = None
    skipped: str = ""
    number: int = 0  # of the onboarding's pull request
    url: str = ""
    sha: str = ""
    digest: str = ""
    outcome: str = ""


# Removed and added again by an owner: what was declined once may be proposed once more.
_FORGOTTEN: dict[str, Any] = {
    "skipped": "",
    "number": 0,
    "url": "",
    "outcome": "",
}


def apply(facts: InstallationFacts, event: Any, at: datetime) -> InstallationFacts:
    """The facts with one more event; other events change nothing."""
    return _apply(event, facts, at)


@singledispatch
def _apply(event: Any, facts: InstallationFacts, at: datetime) -> InstallationFacts:
    return facts


@_apply.register
def _(event: e.AccessChanged, facts: InstallationFacts, at: datetime) -> InstallationFacts:
    return replace(
        facts,
        repository=event.repository,
        access=event.access,
        reason=event.reason,
        since=facts.since if facts.access == event.access else at,
        permissions=dict(event.permissions),
        **(_FORGOTTEN if event.access == "granted" and facts.access == "removed" else {}),
    )


@_apply.register
def _(event: e.OnboardingOpened, facts: InstallationFacts, at: datetime) -> InstallationFacts:
    return replace(
        facts,
        number=event.number,
        url=event.url,
        sha=event.sha,
        digest=event.digest,
        outcome="",
        skipped="",
    )


@_apply.register
def _(event: e.OnboardingEnded, facts: InstallationFacts, at: datetime) -> InstallationFacts:
    outcome = "" if event.outcome == "reopened" else event.outcome
    return replace(facts, number=event.number, outcome=outcome)


@_apply.register
def _(event: e.OnboardingSkipped, facts: InstallationFacts, at: datetime) -> InstallationFacts:
    return replace(facts, skipped=event.why)
