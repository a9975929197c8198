"""What holds for a repository: its files, inside what the operator allows (P2, P5).

Promises: pure; a limit is the smaller of the two, a quorum the larger, a second person is asked for
where either does; what the file does not say is as the operator set it. A file decides on its own
about gates, method and label. Never: lets a file loosen a bound of the operator's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.configuration import patterns
from bot.configuration.schema import (
    Approvals,
    ApprovalsByGate,
    GateApprovals,
    Gates,
    Limits,
    Merge,
    Mode,
    RepositoryConfig,
)
from bot.configuration.scope_file import ScopeFile, narrowed
from bot.configuration.section import Pattern

MODES: tuple[Mode, ...] = ("off", "dry_run", "on")


@dataclass(frozen=True)
class Operator:
    """What the operator set for all repositories: defaults and, where both are said, bounds."""

    mode: Mode = "on"  # where a file says none
    most: Mode = "on"  # and the most that a file can say
    story_label: str = "story"
    pre_code: bool = False
    pre_deploy: bool = True
    quorum: int = 1
    second_person: bool = True
    merge_method: str = "merge"
    limits: Limits = field(default_factory=Limits)


class EffectiveConfig(RepositoryConfig):
    """What holds. `also_allowed`: the scope file's own list; a path has to be in both lists."""

    also_allowed: tuple[Pattern, ...] = ()

    @property
    def allowed_lists(self) -> tuple[tuple[str, ...], ...]:
        """Lists of gitignore patterns; a path is allowed where every list has it."""
        lists = (self.paths.allowed, self.also_allowed)
        return tuple(tuple(map(patterns.allowed, each)) for each in lists if each)


def in_force(
    told: RepositoryConfig, operator: Operator, scope: ScopeFile | None = None
) -> EffectiveConfig:
    """`told` (what the file says; only what it sets counts) with the operator's word."""
    if scope is not None:
        told = narrowed(told, scope)
    said = told.model_fields_set
    wanted = told.mode if "mode" in said else operator.mode
    # A copy, not a validation: which keys were set must not get lost.
    return EffectiveConfig.model_construct(
        **{
            **dict(told),
            "also_allowed": scope.allowed if scope is not None else (),
            "mode": _mode(wanted if told.external.github_api else "off", operator.most),
            "story_label": told.story_label if "story_label" in said else operator.story_label,
            "gates": _gates(told.gates, operator),
            "approvals": _approvals(told.approvals, operator),
            "limits": _limits(told.limits, operator.limits),
            "merge": told.merge
            if "method" in told.merge.model_fields_set
            else Merge(method=operator.merge_method),
        }
    )


def _mode(wanted: Mode, most: Mode) -> Mode:
    return min(wanted, most, key=MODES.index)


def _gates(told: Gates, operator: Operator) -> Gates:
    defaults = {"pre_code": operator.pre_code, "pre_deploy": operator.pre_deploy}
    unsaid = {name: on for name, on in defaults.items() if name not in told.model_fields_set}
    return told.model_copy(update=unsaid)


def _approvals(told: Approvals, operator: Operator) -> Approvals:
    by_gate = {
        name: _at_least(getattr(told.gates, name), operator)
        for name in type(told.gates).model_fields
    }
    return told.model_copy(
        update={
            "quorum": max(told.quorum, operator.quorum),
            "second_person": (told.second_person and "second_person" in told.model_fields_set)
            or operator.second_person,
            "gates": ApprovalsByGate(**by_gate),
        }
    )


def _at_least(told: GateApprovals, operator: Operator) -> GateApprovals:
    quorum, second = told.quorum, told.second_person
    return told.model_copy(
        update={
            "quorum": None if quorum is None else max(quorum, operator.quorum),
            "second_person": None if second is None else second or operator.second_person,
        }
    )


def _limits(told: Limits, operator: Limits) -> Limits:
    """The smaller of both where the operator said something; what nobody said is the default."""
    found = {}
    for name in Limits.model_fields:
        mine, bound = getattr(told, name), getattr(operator, name)
        if name not in told.model_fields_set:
            found[name] = bound
        elif name in operator.model_fields_set:
            found[name] = min(mine, bound)
        else:
            found[name] = mine
    return Limits(**found)
