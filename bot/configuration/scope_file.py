"""`.automation-scope.yaml`, in both ways it is written, also mixed (P2).

One has `repository_operations` and `automation_limits`, the other `external_operations`,
`restricted_paths` and `auto_approve`. Promises: as strict as `towpath.yml`; what both files say
about the same thing holds together, which is the narrower of the two. Pure.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.configuration.reader import read_as
from bot.configuration.schema import AutoApprove, External, Paths, RepositoryConfig
from bot.configuration.section import Pattern, Section

_PATHS: Any = Field((), max_length=500, description="Patterns of paths; './' is everything.")


class RepositoryOperations(Section):
    """Which paths may be changed."""

    allowed_paths: tuple[Pattern, ...] = _PATHS
    restricted_paths: tuple[Pattern, ...] = _PATHS


class AutomationLimits(Section):
    """How much is done."""

    max_prs_per_day: int | None = Field(None, ge=0, le=1000, description="Pull requests a day.")
    max_open_prs: int | None = Field(None, ge=0, le=1000, description="Pull requests at once.")
    max_branch_age_hours: float | None = Field(
        None, gt=0, le=8760, description="Age at which a branch is too old."
    )
    max_branch_lines: int | None = Field(
        None, ge=1, le=1_000_000, description="Changed lines from which a branch says why."
    )
    max_iterations: int | None = Field(None, ge=1, le=100, description="Rounds of a story.")
    ci_failure_rate_threshold: float | None = Field(
        None, ge=0, le=1, description="Share of failing CI runs above which less is opened."
    )


class ScopeAutoApprove(Section):
    """What passes without a person."""

    max_wsjf_score: float = Field(2.0, ge=0, le=1000, description="Highest score of the item.")
    file_change_limit: int = Field(10, ge=0, le=10_000, description="Most files changed.")
    test_coverage_min: float = Field(
        80.0, ge=0, le=100, description="Least coverage in percent; up to 1 it is a share."
    )


class ScopeFile(Section):
    """Everything `.automation-scope.yaml` can say."""

    repository_operations: RepositoryOperations = Field(
        RepositoryOperations(), description="Which paths may be changed."
    )
    automation_limits: AutomationLimits = Field(AutomationLimits(), description="How much is done.")
    external_operations: External = Field(External(), description="What outside may be used.")
    allowed_paths: tuple[Pattern, ...] = _PATHS
    restricted_paths: tuple[Pattern, ...] = _PATHS
    auto_approve: ScopeAutoApprove | None = Field(None, description="What passes by itself.")

    @property
    def restricted(self) -> tuple[str, ...]:
        """All that is restricted."""
        return (*self.repository_operations.restricted_paths, *self.restricted_paths)

    @property
    def allowed(self) -> tuple[str, ...]:
        """All that is allowed; () is everything."""
        return (*self.repository_operations.allowed_paths, *self.allowed_paths)


def read(text: bytes | str, path: str = ".automation-scope.yaml") -> ScopeFile:
    """The scope of a file's text. Raises `Unreadable`."""
    return read_as(ScopeFile, text, path)


def narrowed(told: RepositoryConfig, scope: ScopeFile) -> RepositoryConfig:
    """`told` with what the scope file says; only `allowed` is left out (it is a second list)."""
    limits = _limits(told, scope.automation_limits)
    restricted = tuple(dict.fromkeys((*told.paths.restricted, *scope.restricted)))
    return told.model_copy(
        update={
            "limits": limits,
            "paths": Paths(allowed=told.paths.allowed, restricted=restricted),
            "auto_approve": _auto_approve(told.auto_approve, scope.auto_approve),
            "external": _external(told.external, scope.external_operations),
        }
    )


_SAME = {
    "max_prs_per_day": "prs_per_day",
    "max_open_prs": "open_prs",
    "max_branch_age_hours": "branch_age_hours",
    "max_branch_lines": "branch_lines",
    "max_iterations": "max_iterations",
    "ci_failure_rate_threshold": "ci_failure_rate",
}


def _limits(told: RepositoryConfig, scope: AutomationLimits) -> Any:
    said = {_SAME[name]: value for name, value in scope if value is not None}
    mine = told.limits.model_dump(exclude_unset=True)
    both = {name: min(value, mine.get(name, value)) for name, value in said.items()}
    return type(told.limits)(**{**mine, **both})


def _auto_approve(mine: AutoApprove | None, scope: ScopeAutoApprove | None) -> AutoApprove | None:
    if scope is None:
        return mine
    share = 0 < scope.test_coverage_min <= 1
    coverage = scope.test_coverage_min * (100 if share else 1)
    if mine is None:
        return AutoApprove(
            max_wsjf=scope.max_wsjf_score,
            max_files=scope.file_change_limit,
            min_coverage=coverage,
        )
    return mine.model_copy(
        update={
            "max_wsjf": min(mine.max_wsjf, scope.max_wsjf_score),
            "max_files": min(mine.max_files, scope.file_change_limit),
            "min_coverage": max(mine.min_coverage, coverage),
        }
    )


def _external(mine: External, scope: External) -> External:
    """Allowed where neither file forbids it; what only one file speaks of is as it says."""
    said = {**scope.model_dump(exclude_unset=True), **mine.model_dump(exclude_unset=True)}
    both = mine.model_fields_set & scope.model_fields_set
    for name in both & {"github_api", "docker_registry"}:
        said[name] = getattr(mine, name) and getattr(scope, name)
    if "deployment_targets" in both:
        targets = set(scope.deployment_targets)
        said["deployment_targets"] = tuple(t for t in mine.deployment_targets if t in targets)
    return External(**said)
