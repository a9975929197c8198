"""May this effect be performed for a repository, outside of any story? (P1)

Promises: pure; a kind without a row is denied; nothing is done for another repository than the one
whose journal proposes it. Never: looks anything up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.story.vocabulary import Verdict, allow, deny

CONFIGURATION_CHECK = "towpath / configuration"


@dataclass(frozen=True)
class RepositoryFacts:
    """`id`: of the repository whose stream proposes. `mode`: on | dry_run | off."""

    id: int
    mode: str = "on"


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


TABLE: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {"publish_check": (_own_repository, _of_configuration)}
)
