"""A sample of the boundaries, the same in each run; `python -m tests.faults` kills at every one."""

from __future__ import annotations

from pathlib import Path

from tests.faults.walk import Walk, wrong

SAMPLE = 5


def test_a_worker_killed_at_a_boundary_loses_nothing_and_doubles_nothing(
    queue_url: str, environments: Path
) -> None:
    whole = Walk(queue_url, environments)
    assert wrong(whole.run()) == {}
    step = whole.boundaries // SAMPLE
    for number in range(1 + step // 2, whole.boundaries, step):
        left = Walk(queue_url, environments, crash_at=number).run()
        assert wrong(left) == {}, f"killed at {number} of {whole.boundaries} ({left.killed_at})"
