"""Which gates block, and the score of a change (§17.1, §24.4, Q1–Q8, Q13).

Promises: pure; a gate that nobody has decided about blocks; the score has the six dimensions of
§24.4, each from 0 to 1, with weights that people may change.
Never: turns an `error` into anything better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WARNING_ONLY = frozenset({"size"})
DIMENSIONS = (
    "correctness", "maintainability", "consistency", "security", "test_quality", "documentation",
)  # fmt: skip
WEIGHTS: Mapping[str, float] = {
    "correctness": 0.30,
    "maintainability": 0.20,
    "consistency": 0.15,
    "security": 0.15,
    "test_quality": 0.15,
    "documentation": 0.05,
}
# Which gates speak for a dimension. `documentation` is measured, not gated.
_SPEAK: Mapping[str, tuple[str, ...]] = {
    "correctness": ("tests", "types", "criteria", "analysis"),
    "maintainability": ("complexity", "size", "conflicts", "binaries"),
    "consistency": ("lint", "format"),
    "security": ("security", "content", "secrets", "dependencies", "protected"),
    "test_quality": ("coverage", "weakening"),
    "documentation": (),
}
_WORTH = {"pass": 1.0, "warn": 0.7, "fail": 0.0, "error": 0.0}


@dataclass(frozen=True)
class Score:
    """`dimensions`: by name, 0 to 1, None where nothing spoke. `composite`: weighted, or None."""

    dimensions: Mapping[str, float | None]
    composite: float | None


def blocks(gate: str, status: str, overrides: Mapping[str, bool] | None = None) -> bool:
    """Does `gate` with `status` stop the change?"""
    return is_blocking(gate, overrides) and status in ("fail", "error")


def is_blocking(gate: str, overrides: Mapping[str, bool] | None = None) -> bool:
    """`overrides`: what people said, by gate."""
    return (overrides or {}).get(gate, gate not in WARNING_ONLY)


def score(
    statuses: Mapping[str, str],
    measured: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Score:
    """`statuses`: of gates by name. `measured`: shares from 0 to 1 that say more than a status,

    by gate or dimension (`coverage`, `documentation`). Skipped gates say nothing.
    """
    measured = measured or {}
    found: dict[str, float | None] = {}
    for dimension in DIMENSIONS:
        values = [
            _value(gate, statuses[gate], measured)
            for gate in _SPEAK[dimension]
            if statuses.get(gate, "skipped") in _WORTH
        ]
        if dimension in measured:
            values.append(_bounded(measured[dimension]))
        found[dimension] = round(sum(values) / len(values), 3) if values else None
    said = {**WEIGHTS, **(weights or {})}
    spoken = [(said[name], value) for name, value in found.items() if value is not None]
    total = sum(weight for weight, _ in spoken)
    composite = sum(weight * value for weight, value in spoken) / total if total > 0 else None
    return Score(found, None if composite is None else round(composite, 3))


def _value(gate: str, status: str, measured: Mapping[str, float]) -> float:
    worth = _WORTH[status]
    return _bounded(measured[gate]) if gate in measured and status != "error" else worth


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))


def enough_coverage(covered: int, missed: int, least: float) -> bool:
    """Do tests reach enough of the new lines? None to reach is enough (Q2)."""
    total = covered + missed
    return total == 0 or covered / total >= least
