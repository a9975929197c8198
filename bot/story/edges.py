"""The edges of the state machine, all of them (S1).

Promises: what is not here cannot happen; a transition is checked when it is written and when it is
read.
"""

from __future__ import annotations

from bot.story.vocabulary import State

_S = State
_STOP = frozenset({_S.WAITING, _S.FAILED, _S.CANCELLED})

EDGES: dict[State, frozenset[State]] = {
    _S.RECEIVED: _STOP | {_S.ANALYZING},
    _S.ANALYZING: _STOP | {_S.PLANNING},
    _S.PLANNING: _STOP | {_S.CODING, _S.ANALYZING},
    _S.CODING: _STOP | {_S.REVIEWING, _S.TESTING, _S.PLANNING, _S.ANALYZING},
    _S.REVIEWING: _STOP | {_S.TESTING, _S.CODING, _S.PLANNING, _S.ANALYZING},
    _S.TESTING: _STOP | {_S.DEPLOYING, _S.CODING, _S.PLANNING, _S.ANALYZING},
    _S.DEPLOYING: _STOP | {_S.VERIFYING, _S.TESTING, _S.CODING},
    _S.VERIFYING: _STOP | {_S.DONE, _S.CODING},
    _S.WAITING: frozenset(
        {
            _S.RECEIVED,  # paused before the first step
            _S.ANALYZING,
            _S.PLANNING,
            _S.CODING,
            _S.REVIEWING,
            _S.TESTING,
            _S.DEPLOYING,
            _S.VERIFYING,
            _S.FAILED,
            _S.CANCELLED,
        }
    ),
    _S.DONE: frozenset(),
    _S.FAILED: frozenset({_S.ANALYZING}),  # /retry
    _S.CANCELLED: frozenset({_S.ANALYZING}),  # labelled again, or /retry
}


class UndeclaredEdge(ValueError):
    """Somebody asked for a transition that the machine does not have."""

    def __init__(self, source: State, target: State) -> None:
        super().__init__(f"no edge {source} -> {target}")


def check_edge(source: State, target: State) -> None:
    """Raise UndeclaredEdge unless the machine has this edge."""
    if target not in EDGES[source]:
        raise UndeclaredEdge(source, target)
