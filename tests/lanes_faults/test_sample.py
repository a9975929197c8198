"""A few lane runs under faults; many, and others: `python -m tests.lanes_faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lanes_faults.interval import clopper_pearson
from tests.lanes_faults.scene import disturb


def test_disturbed_lanes_lose_nothing_and_begin_nothing_twice(tmp_path: Path) -> None:
    left = disturb(tmp_path, 5, 6, 325, lambda line: None)
    assert left.problems == []
    assert (left.ended, left.settled, left.items) == (left.runs, 5, 5)


@pytest.mark.parametrize(
    ("good", "tried", "low", "high"),
    [
        (152, 152, 0.97602, 1.0),  # as in the paper
        (1520, 1520, 0.99758, 1.0),
        (0, 10, 0.0, 0.30850),
        (8, 10, 0.44390, 0.97479),
        (1, 1, 0.025, 1.0),
    ],
)
def test_the_interval_is_the_exact_one(good: int, tried: int, low: float, high: float) -> None:
    assert clopper_pearson(good, tried) == pytest.approx((low, high), abs=1e-4)
