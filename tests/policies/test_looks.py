"""Everything has its turn, evenly and in a fair order, however much there is (W3)."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys

import pytest

from policies.looks import MOST, PER_ROUND, rounds_between, turn


@pytest.mark.parametrize(
    ("count", "rounds"),
    [
        (0, 1),
        (1, 1),
        (30, 1),
        (31, 2),
        (60, 2),
        (61, 5),
        (300, 10),
        (500, 30),
        (901, 60),
        (9000, 60),
    ],
)
def test_the_more_there_are_the_rarer_each_is_looked_at(count: int, rounds: int) -> None:
    assert rounds_between(count) == rounds


def rounds_of(names: list[str], tried: dict[str, int], first: int, last: int) -> list[list[str]]:
    """Each round's names, where every round looks at `MOST` at most."""
    told = []
    for number in range(first, last):
        told.append(turn(names, tried, number)[:MOST])
        tried |= dict.fromkeys(told[-1], number)
    return told


@pytest.mark.parametrize("count", [1, 30, 31, 150, 300, 500, 1000])
def test_after_a_burst_the_turns_are_spread_evenly_and_none_is_late(count: int) -> None:
    names, between = [f"repository {n}" for n in range(count)], rounds_between(count)
    tried = dict.fromkeys(names, 0)  # all of them at the start
    told = rounds_of(names, tried, 1, 3 * between + 1)
    assert max(map(len, told)) <= -(-count // between) <= PER_ROUND
    for name in names:
        at = [0, *(number for number, some in enumerate(told, 1) if name in some)]
        assert max(b - a for a, b in itertools.pairwise(at)) <= between
        assert 3 * between - at[-1] < between


def test_coming_and_going_makes_nobody_late() -> None:
    chance = random.Random(7)
    names = {f"repository {n}" for n in range(200)}
    tried: dict[str, int] = {}
    late, longest = {}, 0
    for number in range(1, 400):
        for _ in range(chance.randrange(12)):
            names.add(f"repository {chance.randrange(1000)}")
        names -= set(chance.sample(sorted(names), chance.randrange(min(12, len(names)))))
        tried = {name: at for name, at in tried.items() if name in names}
        looked_at = turn(names, tried, number)[:MOST]
        tried |= dict.fromkeys(looked_at, number)
        late = {name: number - tried.get(name, number) for name in names}
        longest = max(longest, *late.values())
    assert longest <= rounds_between(500)


def test_who_has_waited_longest_comes_first_and_what_is_news_is_due() -> None:
    names = [f"r{n:03}" for n in range(300)]
    tried = {name: 100 for name in names} | {"r007": 3, "r200": 2}
    del tried["r111"]
    told = turn(names, tried, 101, now_too={"r250"})
    assert told[:3] == ["r111", "r200", "r007"]
    assert "r250" in told


def test_more_than_a_round_takes_is_looked_at_in_the_next_ones() -> None:
    names = [f"r{n:04}" for n in range(250)]
    told = rounds_of(names, {}, 1, 4)
    assert [len(some) for some in told[:2]] == [MOST, MOST]
    assert {name for some in told for name in some} == set(names)
    assert len(set(told[0]) | set(told[1])) == 2 * MOST, "nobody twice before all had a turn"


def test_the_same_inputs_give_the_same_bytes_in_every_process() -> None:
    code = (
        "from policies.looks import turn\n"
        "names = {f'repository {n}' for n in range(500)}\n"
        "tried = {name: len(name) * 3 % 17 for name in names}\n"
        "print(turn(names, tried, 19, {'repository 7', 'repository 400'}))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
