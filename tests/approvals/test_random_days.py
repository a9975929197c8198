"""The same on a whole world: random days around one pull request, and what is merged of it."""

from __future__ import annotations

import random
import re

import pytest

from tests.approvals.oracle import Oracle, Yes
from tests.world import REPO, World

BRANCH = "feature/STORY-1/bump-idna-from-3-4-to-3-10"
WHO = ("alice", "bob", "carol")


class Day:
    """What people do to the story of issue 1; the oracle keeps what they agreed to."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.number = world.story()
        self.pull = world.tale(self.number).pull_number
        self.ids = {name: world.act("alice").request("GET", f"/users/{name}")["id"] for name in WHO}
        self.oracle = Oracle({self.ids["alice"]})
        self.marks: list[tuple[str, int]] = []
        self.writers = set(WHO)

    def tree(self, sha: str) -> str:
        told = self.world.act("alice").request("GET", f"/repos/{REPO}/commits/{sha}")
        return told["commit"]["tree"]["sha"]

    def step(self) -> None:
        getattr(
            self, self.dice.choice(["approve", "approve", "push", "change", "access", "look"])
        )()

    def approve(self) -> None:
        name = self.dice.choice(WHO)
        shown = re.search(
            r"\| Head \| `([0-9a-f]{40})`", self.world.status_comments(self.number)[0]
        )
        self.world.later()
        mark = self.world.act(name).comment(REPO, self.number, "/approve")
        if shown:
            self.oracle.said.append(Yes(self.ids[name], self.tree(shown[1]), mark))
        self.marks.append((name, mark))
        if self.dice.random() < 0.7:
            self.world.settle()

    def push(self) -> None:
        self.world.later()
        text = f"x = {self.dice.randrange(9)}\n"
        quiet = self.dice.random() < 0.5
        name = "carol" if "carol" in self.writers else "alice"
        self.world.act(name, silently=quiet).push(REPO, BRANCH, {"more.py": text}, "feat: more")
        self.oracle.hands.add(self.ids[name])
        self.world.settle()

    def change(self) -> None:
        if not self.marks:
            return
        name, mark = self.marks.pop(self.dice.randrange(len(self.marks)))
        self.world.later()
        person = self.world.act(name, silently=self.dice.random() < 0.5)
        if self.dice.random() < 0.5:
            person.edit_comment(REPO, mark, "not so sure")
        else:
            person.delete_comment(REPO, mark)
        self.oracle.takes_back(mark=mark)

    def access(self) -> None:
        name = self.dice.choice(["bob", "carol"])
        level = self.dice.choice(["read", "write"])
        self.world.hub.add_collaborator(REPO, name, level)
        (self.writers.add if level == "write" else self.writers.discard)(name)

    def look(self) -> None:
        self.world.later(300)
        self.world.sweep()

    def merged(self) -> bool:
        return bool(self.world.pull(self.pull)["merged"])


@pytest.mark.parametrize("seed", [1, 5, 8])
def test_what_is_merged_was_agreed_to_by_somebody_who_may(world: World, seed: int) -> None:
    day = Day(world, seed)
    for _ in range(9):
        writers = {day.ids[name] for name in day.writers}
        day.step()
        if day.merged():
            head = world.pull(day.pull)["head"]["sha"]
            assert day.oracle.rightful(day.tree(head), writers)
            return
