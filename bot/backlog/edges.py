"""The states of an item and the moves between them (B1): no other move can be recorded."""

from __future__ import annotations

from bot.story.item_events import ItemState as S

OPEN = (S.NEW, S.REFINED, S.READY)  # nobody works on it yet
UNDERWAY = (S.DOING, S.PR)
HELD = "held by "  # how the reason of a blocked item begins that a person holds back

# To DOING from NEW or REFINED only where a person wants it begun as it is.
EDGES: dict[S, frozenset[S]] = {
    S.NEW: frozenset({S.REFINED, S.READY, S.DOING, S.DONE, S.BLOCKED}),
    S.REFINED: frozenset({S.NEW, S.READY, S.DOING, S.DONE, S.BLOCKED}),
    S.READY: frozenset({S.NEW, S.REFINED, S.DOING, S.DONE, S.BLOCKED}),
    S.DOING: frozenset({S.READY, S.PR, S.DONE, S.BLOCKED}),
    S.PR: frozenset({S.READY, S.DOING, S.DONE, S.BLOCKED}),
    S.BLOCKED: frozenset({S.NEW, S.REFINED, S.READY, S.DOING, S.PR, S.DONE}),
    S.DONE: frozenset({S.NEW}),  # it came back
}


class UndeclaredMove(ValueError):
    """An item cannot go from `source` to `target`."""

    def __init__(self, source: S, target: S) -> None:
        super().__init__(f"an item does not go from {source} to {target}")
        self.source, self.target = source, target


def check_move(source: S, target: S, reason: str = "") -> None:
    """Raises UndeclaredMove; ValueError for a BLOCKED that does not say why."""
    if target not in EDGES[source]:
        raise UndeclaredMove(source, target)
    if target is S.BLOCKED and not reason.strip():
        raise ValueError("a blocked item needs a reason")
