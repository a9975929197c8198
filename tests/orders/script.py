"""What people do with some stories, told in one order or another, and what is left in the end.

People act in rounds; GitHub's deliveries of a round are kept back and then sent in an order that a
seed gives: some are lost (GitHub notes that nobody answered), some are sent twice, some again later
under their old or under another GUID. A round ends in the sweeps that find what was lost.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.localhub.deliveries import Reply
from tests.world import FILES, REPO, World

LIMITS = "limits: {prs_per_day: 1000, open_prs: 1000}\n"
LOST, TWICE, AGAIN = 0.1, 0.2, 0.1
SWEEPS = 3


@dataclass
class Order:
    """How the deliveries of one run are sent; `seed` None: as they happened."""

    seed: int | None
    sent: int = 0
    lost: int = 0
    twice: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def shuffled(self, count: int) -> list[int]:
        order = list(range(count))
        if self.seed is not None:
            self._dice.shuffle(order)
        return order

    def happens(self, share: float) -> bool:
        return self.seed is not None and self._dice.random() < share


class Shuffled(World):
    """A world whose GitHub delivers in the order of `order`."""

    def __init__(self, root: Path, redis_url: str, environments: Path, order: Order) -> None:
        self.order, self.disturbed = order, False
        super().__init__(root, redis_url, environments)

    def _deliver(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        order = self.order
        order.sent += 1
        if not self.disturbed:
            return super()._deliver(url, headers, body)
        if order.happens(LOST):
            order.lost += 1
            return Reply(0, {}, "timed out")
        if order.happens(TWICE):
            order.twice += 1
            guid = headers["X-GitHub-Delivery"]
            if order.happens(0.5):  # as a second hook would
                guid = str(uuid.uuid5(uuid.NAMESPACE_URL, guid))
            super()._deliver(url, {**headers, "X-GitHub-Delivery": guid}, body)
        return super()._deliver(url, headers, body)

    def round(self, act: Callable[[], object]) -> None:
        """`act`, told in another order; at its end nothing is left that was not heard."""
        self.hub.deliveries.hold()
        act()
        self.disturbed = True
        self.hub.deliveries.release(self.order.shuffled(self.hub.deliveries.held))
        self.settle()
        for told in list(self.hub.deliveries.log):
            if self.order.happens(AGAIN):
                self.hub.deliveries.redeliver(told.id)
        self.settle()
        self.disturbed = False
        for _ in range(SWEEPS):
            self.later(61)
            self.sweep()


@dataclass(frozen=True)
class Left:
    """What is left of one story on GitHub and in the journal."""

    state: str
    gate: str
    paused: bool
    labels: tuple[str, ...]
    issue: str
    pulls: tuple[tuple[str, bool], ...]
    statuses: int
    answered: tuple[tuple[int, tuple[str, ...]], ...]
    said_twice: tuple[str, ...] = ()


@dataclass
class Script:
    """`stories` stories of six kinds, and what people do with them."""

    world: Shuffled
    stories: int
    commands: list[tuple[int, int]] = field(default_factory=list)  # (number of the story, comment)

    def play(self) -> dict[int, Left]:
        world = self.world
        world.repository({**FILES, ".github/towpath.yml": LIMITS})
        for act in (self._open, self._talk, self._decide):
            world.round(act)
        return {number: self._left(number) for number in self._numbers()}

    def _numbers(self) -> Iterator[int]:
        return iter(range(1, self.stories + 1))

    def _say(self, login: str, number: int, text: str) -> int:
        self.world.later()
        comment = self.world.act(login).comment(REPO, number, text)
        if text.startswith("/"):
            self.commands.append((number, comment))
        return comment

    def _open(self) -> None:
        world = self.world
        titles = [
            ("Bump idna from 3.4 to 3.10", "CVE"),
            ("Bump idna", "It has a CVE."),
            ("Add a discount", "total() should take one."),
            ("Bump idna", "Which one?"),
            ("Tidy up", "Somehow."),
            ("Bump idna", "Nobody with write access asks."),
        ]
        for number in self._numbers():
            kind = (number - 1) % len(titles) if number > 1 else 0
            title, body = titles[kind if number == 1 or kind else 1]
            made = world.act("alice").open_issue(REPO, title, body)
            assert made == number
            world.later()
            world.act("tom" if kind == 5 else "alice").label(REPO, number, "story", "later")
            if kind == 3:
                world.later()
                world.act("alice").unlabel(REPO, number, "story")
                world.later()
                world.act("alice").label(REPO, number, "story")
            if kind == 4:
                world.later()
                world.act("carol").unlabel(REPO, number, "story")
            world.act("rita").comment(REPO, number, "Good idea.\n\n> /cancel")

    def _talk(self) -> None:
        world = self.world
        for number in self._numbers():
            kind = (number - 1) % 6
            if kind == 5:
                continue
            self._say("bob", number, "/status")
            self._say("rita", number, "/cancel")
            if kind != 4:
                self._say("alice", number, "/pause")
                self._say("bob", number, "/resume")
                self._say("carol", number, "/pause")
            world.later()
            world.act("tom").label(REPO, number, "towpath:done", "triaged")
            edited = world.act("rita").comment(REPO, number, "hm")
            world.later()
            world.act("rita").edit_comment(REPO, edited, "hm, no")
            world.act("rita").delete_comment(REPO, edited)
            pull = self._pull(number)
            if pull:
                world.act("bob").review(REPO, pull, "COMMENT", "nice")
                self._say("tom", pull, "/approve")

    def _decide(self) -> None:
        world = self.world
        for number in self._numbers():
            kind = (number - 1) % 6
            if kind == 0:
                self._say("alice", number, "/resume")
                if pull := self._pull(number):
                    self._say("bob", pull, "/approve")
            elif kind == 1:
                self._say("bob", number, "/cancel")
            elif kind == 2:
                self._say("alice", number, "/status")
            elif kind == 3:
                world.later()
                world.act("alice").close_issue(REPO, number)

    def _pull(self, number: int) -> int:
        return self.world.tale(number).pull_number if self.world.events(number) else 0

    def _left(self, number: int) -> Left:
        world = self.world
        story = world.tale(number) if world.events(number) else None
        issue = world.act("alice").issue(REPO, number)
        said = [*world.comments(number)]
        pulls = [p for p in world.pulls() if story and p["number"] == story.pull_number]
        for pull in pulls:
            said += world.comments(pull["number"])
        marks = Counter(body.rstrip().rsplit("\n", 1)[-1] for body in said)
        answered = [
            (place, tuple(sorted(world.reactions(comment))))
            for place, (about, comment) in enumerate(self.commands)
            if about == number
        ]
        return Left(
            state=str(story.state) if story else "",
            gate=str(story.waiting.gate) if story and story.waiting else "",
            paused=bool(story and story.pause),
            labels=tuple(sorted(label["name"] for label in issue["labels"])),
            issue=issue["state"],
            pulls=tuple((p["state"], bool(p["merged_at"])) for p in pulls),
            statuses=len(
                [body for body in said if "### Towpath ·" in body and "status key" in body]
            ),
            answered=tuple(answered),
            said_twice=tuple(mark for mark, times in marks.items() if times > 1),
        )


def wrong(world: World) -> list[str]:
    """What must never be, in whatever order: an effect done twice, a chain that does not hold."""
    found = [str(problem) for problem in world.house.journal.verify()]
    for stream in world.house.journal.streams(kind="story"):
        records = world.house.journal.load(stream.stream)
        once: Counter[Any] = Counter(
            (r.event.comment_id, r.event.index)
            for r in records
            if r.event.kind == "command_handled"
        )
        once.update(r.event.key for r in records if r.event.kind == "effect_performed")
        found += [f"{stream.stream}: {key} {n} times" for key, n in once.items() if n > 1]
    return found


def run(
    root: Path, redis_url: str, environments: Path, stories: int, seed: int | None
) -> tuple[dict[int, Left], list[str], Order]:
    """One order, in a world of its own."""
    order = Order(seed)
    world = Shuffled(root, redis_url, environments, order)
    try:
        return Script(world, stories).play(), wrong(world), order
    finally:
        world.close()


def differences(wanted: dict[int, Left], got: dict[int, Left]) -> list[str]:
    """Where two ends differ, one line a field."""
    return [
        f"story {number}: {name.name} is {getattr(got[number], name.name)}, "
        f"not {getattr(wanted[number], name.name)}"
        for number in wanted
        for name in fields(Left)
        if getattr(got[number], name.name) != getattr(wanted[number], name.name)
    ]
