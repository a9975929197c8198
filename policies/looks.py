"""Whose turn it is to be looked at, of many that mostly did not change (W3).

Promises: pure; everything has its turn within `rounds_between` rounds, whatever came before; the
turns are spread evenly, so that a round of many costs as much as one of few; the same inputs give
the same order. Where more is due than a round takes, who has waited longest comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

PER_ROUND = 30  # of a kind that one round looks at, as long as that is often enough
MOST = 100  # that one round looks at in any case
_ROUNDS = (1, 2, 5, 10, 15, 30, 60)


def rounds_between(count: int) -> int:
    """In which of the rounds each of `count` things is looked at: every one, every second …"""
    return next((rounds for rounds in _ROUNDS if count <= PER_ROUND * rounds), _ROUNDS[-1])


def turn(
    names: Collection[str],
    tried: Mapping[str, int],
    number: int,
    now_too: Collection[str] = (),
) -> list[str]:
    """The names to look at in round `number`, those first that nobody looked at for longest.

    `tried`: the round in which each was looked at last. `now_too`: of the names, in any case.
    The caller looks at `MOST` of them, and at the others in the next round.
    """
    between = rounds_between(len(names))
    due = [
        name
        for rank, name in enumerate(sorted(names))
        if name in now_too
        or name not in tried
        or (number + rank) // between > (tried[name] + rank) // between
    ]
    return sorted(due, key=lambda name: (tried.get(name, -1), name))
