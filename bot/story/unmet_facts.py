"""Gathers what `policies.unmet` needs: the story, the settings in force, and GitHub as it is now.

Promises: GitHub is asked only where the answer can matter (there is a pull request to approve);
where it does not answer, that is part of the facts. Never: decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from bot.story.involved import Asks, approval_rule, involved
from bot.story.involved import GitHub as InvolvedReads
from bot.story.judge import pull_facts
from bot.story.machine import Story
from bot.story.vocabulary import Gate, Repository
from policies.approvals import Involved
from policies.budget import Caps
from policies.unmet import Condition, UnmetFacts, unmet


class GitHub(InvolvedReads, Protocol):
    """The reads that this needs."""

    def pull(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def check_runs(self, repository: Repository, sha: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class InForce:
    """What counts for the repository: the settings, and what its configuration makes of them."""

    gates: frozenset[Gate] = frozenset({Gate.PRE_DEPLOY, Gate.PRE_PRODUCTION})
    asks: Mapping[Gate, Asks] = field(default_factory=dict)
    caps: Caps = field(default_factory=Caps)
    mode: str = "on"
    broken: tuple[str, datetime | None] | None = None
    suspended: datetime | None = None
    lacks: tuple[str, ...] = ()


def missing(github: GitHub, story: Story, rules: InForce, now: datetime) -> list[Condition]:
    """All that is missing between now and done."""
    return unmet(story, facts(github, story, rules, now))


def facts(github: GitHub, story: Story, rules: InForce, now: datetime) -> UnmetFacts:
    """The facts of a story as things are."""
    gate = story.waiting.gate if story.waiting else Gate.PRE_DEPLOY
    asks = rules.asks.get(gate) or rules.asks.get(Gate.PRE_DEPLOY) or Asks()
    known = UnmetFacts(
        now=now,
        gates=rules.gates,
        rule=approval_rule(github, story, False, asks),
        involved=Involved(requester=story.requester, issue_author=story.author),
        caps=rules.caps,
        mode=rules.mode,
        broken=rules.broken,
        suspended=rules.suspended,
        lacks=rules.lacks,
    )
    if story.terminal or story.merged_sha or not story.pull_number:
        return known
    try:
        pull = github.pull(story.repository, story.pull_number)
        return replace(
            known,
            pull=pull_facts(pull),
            failing=_failing(github, story),
            merge_state=str(pull.get("mergeable_state") or ""),
            rule=approval_rule(github, story, True, asks),
            involved=involved(github, story, pull),
        )
    except Exception as error:
        if getattr(error, "retryable", None) is None:
            raise  # a fault of ours
        return replace(known, asked=False)


def _failing(github: GitHub, story: Story) -> tuple[str, ...]:
    """The checks on the head that failed; ours are told as tests and gates."""
    try:
        told = github.check_runs(story.repository, story.head_sha)
    except Exception as error:
        if getattr(error, "kind", "") in ("not_found", "forbidden", "refused"):
            return ()
        raise
    names = {
        str(run.get("name") or "?")
        for run in told
        if run.get("conclusion") in ("failure", "timed_out", "startup_failure")
        and not str(run.get("name") or "").startswith("towpath / ")
    }
    return tuple(sorted(names))
