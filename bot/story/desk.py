"""The desk a stage works at: the story, durable steps, and a way to write things down.

Promises: `do` performs an effect once and gives the recorded result ever after, so a stage that was
killed is simply run again from its start; `note` appends facts before the stage relies on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.story.effects import CallModel, Effect
from bot.story.events import Event
from bot.story.leases import Lease
from bot.story.machine import Story
from bot.story.next_move import HEAD_MOVED, Move, overtaken
from bot.story.performer import NotAllowed, Performer
from bot.story.vocabulary import State
from policies.budget import Caps, Spent, share
from policies.standing import DRY_RUN, SAID

WRITES = frozenset({"test", "code", "repair", "respond"})  # purposes whose answers are the change


class StageStops(Exception):
    """A stage ends early with this move (a question, a handoff, a gate)."""

    def __init__(self, move: Move) -> None:
        super().__init__(move.reason)
        self.move = move


class Desk:
    """What a stage may use. `story` is kept up to date by `do` and `note`."""

    def __init__(
        self,
        story: Story,
        performer: Performer,
        lease: Lease,
        append: Callable[..., None],
        clock: Callable[[], datetime],
        caps: Caps,
    ) -> None:
        self.story, self._caps = story, caps
        self._performer, self._lease, self._append, self.clock = performer, lease, append, clock

    def key(self, kind: str, *parts: object) -> str:
        """The idempotency key of a step of this round, iteration and round of review."""
        story = self.story
        where = f"r{story.round}.i{story.iteration}"
        if story.review_rounds:
            where += f".v{story.review_rounds}"
        return "/".join([story.stream, kind, where, *map(str, parts)])

    def do(self, effect: Effect) -> dict[str, Any]:
        """Propose, judge, perform and record `effect`; or give the recorded result.

        Raises NotAllowed (denied, or a gate is shut) and NotNow (try again later). What is only
        said, and nothing follows from, is left out in a dry run.
        """
        if isinstance(effect, CallModel):
            effect = self._situated(effect)
        try:
            result = self._performer.do(effect, self.story, self._lease)
        except NotAllowed as no:
            if no.verdict.rule != DRY_RUN or effect.kind not in SAID:
                raise
            result = {}
        self._append()
        story = self.story
        if story.state in (State.CODING, State.REVIEWING) and overtaken(story):
            raise StageStops(Move(State.TESTING, HEAD_MOVED))  # hands off what people pushed
        return result

    def _situated(self, effect: CallModel) -> CallModel:
        """With what decides on the model that is asked (M2)."""
        story = self.story
        caps = replace(self._caps, raised_usd=story.budget_raised_usd)
        spent = Spent(story.cost_usd, story.unpriced_tokens)
        wrote = {c.provider for c in story.model_calls if c.purpose in WRITES}
        situation = {
            "complexity": story.spec.complexity if story.spec else effect.complexity,
            "spent": round(share(spent, caps), 3),
            "written_by": tuple(sorted(wrote)),
        }
        return effect.model_copy(update=situation)

    def note(self, *events: Event) -> None:
        """Append facts; the story has them when this returns."""
        self._append(*events)
