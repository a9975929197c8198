"""How the CI of a repository does, as GitHub says now (B10).

What counts: workflow runs of this repository itself (no fork's) on its default branch and on the
branches of stories. Promises: where runs cannot be read because nobody granted it, or there are no
workflows, nothing is said of CI. Never: decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from bot.configuration.schema import RepositoryConfig
from bot.story.vocabulary import Repository
from policies.branches import issue_of_branch
from policies.throttle import CiHealth, CiRun, Pace, ci_health


class Reads(Protocol):
    """`bot.outside.ports` has the contract."""

    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]: ...


def health(github: Reads, repository: Repository, now: datetime) -> CiHealth | None:
    """None: nothing can be said."""
    try:
        told = github.recent_runs(repository)
    except Exception as error:
        if getattr(error, "kind", "") in ("not_found", "forbidden"):
            return None
        raise
    return ci_health(_runs(told, repository), now)


def _runs(told: list[dict[str, Any]], repository: Repository) -> Iterator[CiRun]:
    for run in told:
        branch = str(run.get("head_branch") or "")
        if branch != repository.default_branch and issue_of_branch(branch) is None:
            continue
        if ((run.get("head_repository") or {}).get("id") or repository.id) != repository.id:
            continue
        at = _instant(run.get("updated_at") or run.get("created_at"))
        if at is not None and isinstance(run.get("id"), int):
            concluded = run.get("status", "completed") == "completed"
            conclusion = str(run.get("conclusion") or "") if concluded else ""
            yield CiRun(run["id"], conclusion, at)


def pace_of(config: RepositoryConfig) -> Pace:
    """The limits that a configuration sets."""
    told, slow = config.limits, config.backlog.throttle
    return Pace(
        told.prs_per_day,
        min(slow.slow_prs_per_day, told.prs_per_day),
        told.open_prs,
        told.ci_failure_rate,
        {one.family: (one.prs_per_day, one.open_prs) for one in slow.families},
    )


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
