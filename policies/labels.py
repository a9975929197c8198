"""Which label shows the state of a story, and what it means when a person moves one (W8).

Promises: pure; a story carries at most one of our state labels. Labels are display: they give work
back, they never approve anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from bot.story.vocabulary import TERMINAL, Gate, Person, State

READY = "towpath:ready"
DOING = "towpath:doing"
REVIEW = "towpath:review"
BLOCKED = "towpath:blocked"
DONE = "towpath:done"
ALL = (READY, DOING, REVIEW, BLOCKED, DONE)
_FOR_REVIEW = frozenset({Gate.PRE_CODE, Gate.PRE_DEPLOY, Gate.PRE_PRODUCTION})


def label_of(state: State, gate: Gate | None = None) -> str | None:
    """The one label of a story in `state` (waiting at `gate`); None: cancelled, none of ours."""
    match state:
        case State.RECEIVED:
            return READY
        case State.WAITING:
            return REVIEW if gate in _FOR_REVIEW else BLOCKED
        case State.DONE:
            return DONE
        case State.FAILED:
            return BLOCKED
        case State.CANCELLED:
            return None
        case _:
            return DOING


def ours(label: str) -> bool:
    """Whether a label is one of our state labels."""
    return label in ALL


def changes(present: Iterable[str], wanted: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(labels to add, labels to remove) so that `wanted` is the only one of ours."""
    have = set(present)
    add = (wanted,) if wanted is not None and wanted not in have else ()
    return add, tuple(label for label in ALL if label in have and label != wanted)


class Move(StrEnum):
    """What a change of a label means."""

    START = "start"  # the story label was put on
    GIVE_BACK = "give_back"  # take the work away from us
    PUT_RIGHT = "put_right"  # our display was changed: show the state again
    NOTHING = "nothing"


def meaning(
    action: str, label: str, by: Person, state: State | None, gate: Gate | None, story_label: str
) -> Move:
    """What it means that `by` did `action` (labeled | unlabeled) with `label`.

    `state` None: there is no story yet. Whether `by` may start one is for who_commands to say.
    """
    if by.is_bot or by.login.endswith("[bot]"):
        return Move.NOTHING
    ended = state is None or state in TERMINAL
    if label == story_label:
        if action == "labeled":
            return Move.START if ended else Move.NOTHING
        return Move.GIVE_BACK if action == "unlabeled" and not ended else Move.NOTHING
    if label not in ALL or state is None:
        return Move.NOTHING
    shown = label_of(state, gate)
    if action == "unlabeled" and label == shown:
        return Move.PUT_RIGHT if ended else Move.GIVE_BACK
    if action == "labeled" and label != shown:
        return Move.PUT_RIGHT
    return Move.NOTHING
