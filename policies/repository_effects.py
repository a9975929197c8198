"""May this effect be performed for a repository, outside of any story? (P1)

Promises: pure; a kind without a row is denied; nothing is done for another repository than the one
whose journal proposes it. Never: looks anything up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.story.vocabulary import Verdict, allow, deny

CONFIGURATION_CHECK = "towpath / configuration"
ONBOARDING_BRANCH = "towpath/configure"
ONBOARDING_PATH = ".github/towpath.yml"
PUBLISHED_BRANCH = "towpath/backlog"
BACKLOG_PATH = "backlog.yml"
REPORTS = "docs/status/"
_REPORT = re.compile(
    rf"{REPORTS}(?:metrics-snapshot|autonomous-development-report)-\d{{4}}-\d\d-\d\d\.(?:json|md)",
    re.ASCII,
)


@dataclass(frozen=True)
class RepositoryFacts:
    """`id`: of the repository whose stream proposes. `mode`: on | dry_run | off.

    `configured`: it has a configuration of its own. `publishes`: what of backlog_file,
    daily_report and pull_request that configuration asks for.
    """

    id: int
    mode: str = "on"
    default_branch: str = "main"
    configured: bool = False
    publishes: frozenset[str] = frozenset()


def in_any_mode(effect: Any) -> bool:
    """Whether it sets up or mends the configuration, which a mode of it cannot forbid."""
    return is_configuration_check(effect) or getattr(effect, "branch", "") == ONBOARDING_BRANCH


def is_configuration_check(effect: Any) -> bool:
    """Whether it shows what is wrong with the configuration: also where that turned us off."""
    return effect.kind == "publish_check" and effect.check == CONFIGURATION_CHECK


Rule = Callable[[Any, RepositoryFacts], Verdict | None]


def judge(effect: Any, facts: RepositoryFacts) -> Verdict:
    """Whether `effect` may be performed now."""
    rules = TABLE.get(getattr(effect, "kind", ""))
    if rules is None:
        return deny("no_story", "without a story there is nothing to do but this repository's own")
    for rule in rules:
        if (verdict := rule(effect, facts)) is not None:
            return verdict
    return allow(f"{effect.kind}_allowed")


def _own_repository(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    if effect.repository.id != facts.id:
        return deny("own_repository", "the effect is for another repository")
    return None


def _of_configuration(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    if effect.check != CONFIGURATION_CHECK:
        return deny("own_check", "a repository's own check is the one of its configuration")
    return None


def _own_branch(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    ours = effect.branch in (ONBOARDING_BRANCH, PUBLISHED_BRANCH)
    if not ours or effect.branch == facts.default_branch:
        return deny("own_branch", "a repository's own branches are towpath/configure and /backlog")
    return None


def _own_files(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    paths = {path for path, _ in effect.all_files}
    if effect.branch == ONBOARDING_BRANCH:
        if paths != {ONBOARDING_PATH}:
            return deny("own_file", f"nothing but {ONBOARDING_PATH} is proposed without a story")
        if facts.configured:
            return deny("configured", "the repository has a configuration of its own")
        return None
    wanted = {"backlog_file": lambda path: path == BACKLOG_PATH, "daily_report": _REPORT.fullmatch}
    known = [fits for name, fits in wanted.items() if name in facts.publishes]
    if foreign := sorted(path for path in paths if not any(fits(path) for fits in known)):
        return deny("own_file", f"{foreign[0]} is not what backlog.publish asks for")
    return None


def _asked_for(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    if effect.branch == PUBLISHED_BRANCH and "pull_request" not in facts.publishes:
        return deny("own_pull", "the configuration asks for a branch only (backlog.publish.where)")
    return None


def _into_default(effect: Any, facts: RepositoryFacts) -> Verdict | None:
    if effect.base != facts.default_branch:
        return deny("base", f"pull requests go to {facts.default_branch}")
    return None


TABLE: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "publish_check": (_own_repository, _of_configuration),
        "propose_file": (_own_repository, _own_branch, _own_files),
        "open_pull_request": (_own_repository, _own_branch, _asked_for, _into_default),
        "delete_branch": (_own_repository, _own_branch),
    }
)
