"""Who has really agreed to what: kept from what people saw and did, by other rules than ours.

A person agrees to the *files* that were before their eyes when they said yes. The oracle knows what
was on the screen at that very moment; Towpath only knows whole seconds and what it was told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.story.vocabulary import Person


@dataclass
class Yes:
    """`mark`: the comment or review that says it."""

    who: int
    tree: str
    mark: int


@dataclass
class Oracle:
    """`hands`: who had a hand in the change. `quorum`, `second`: what is asked for now."""

    hands: set[int]
    quorum: int = 1
    second: bool = True
    owner: int | None = None
    said: list[Yes] = field(default_factory=list)

    def agrees(self, person: Person, tree: str, mark: int) -> None:
        if tree and not person.is_bot:
            self.said.append(Yes(person.id, tree, mark))

    def takes_back(self, *, who: int | None = None, mark: int | None = None) -> None:
        self.said = [
            one
            for one in self.said
            if not ((who is not None and one.who == who) or (mark is not None and one.mark == mark))
        ]

    def rightful(self, tree: str, writers: set[int]) -> bool:
        """Whether enough people who may agree to these files do."""
        people = {one.who for one in self.said if one.tree == tree} & writers
        if self.owner is not None and self.owner not in people:
            return False
        return len(people) >= self.quorum and (not self.second or bool(people - self.hands))
