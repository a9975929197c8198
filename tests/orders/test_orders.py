"""A short form of `python -m tests.orders`: a few stories in a few orders."""

from __future__ import annotations

from pathlib import Path

from tests.orders.script import run

STORIES = 6
ORDERS = range(1, 4)


def test_in_any_order_with_losses_and_doubles_the_end_is_the_same(
    tmp_path: Path, queue_url: str, environments: Path
) -> None:
    wanted, problems, _ = run(tmp_path / "wanted", queue_url, environments, STORIES, None)
    assert problems == []
    lost = twice = 0
    for seed in ORDERS:
        got, problems, order = run(tmp_path / str(seed), queue_url, environments, STORIES, seed)
        assert problems == [], seed
        assert got == wanted, seed
        lost, twice = lost + order.lost, twice + order.twice
    assert lost
    assert twice
