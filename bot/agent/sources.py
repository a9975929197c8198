"""Where answers come from: a provider, a script, a recorded trace (M1).

Promises: all of them take the same request and give the same kind of answer, so nothing beyond this
module knows which one it was. Never tries a second one: that is `bot.agent.chain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.agent import providers
from bot.agent.providers import RawAnswer, Request, Target
from bot.agent.replay import Recorded, Replay
from bot.agent.scripted import Script


class Source(Protocol):
    """One place to ask. `model` is the string that names it in the settings; `room`: characters
    that a prompt may have there, None where nobody knows."""

    model: str
    provider: str
    room: int | None

    def ask(self, asked: Request) -> RawAnswer:
        """The answer; raises `ModelError`."""


@dataclass(frozen=True)
class Live:
    """A model of a provider."""

    model: str
    target: Target
    timeout: float
    limit: int

    @property
    def provider(self) -> str:
        return self.target.provider

    @property
    def room(self) -> int | None:
        """Leaves place for the answer and a conversation; a token has three letters at least."""
        context = self.target.capabilities.context
        return max(3_000, (context - self.limit) * 2) if context else None

    def ask(self, asked: Request) -> RawAnswer:
        return providers.request(self.target, asked, timeout=self.timeout, limit=self.limit)


def source(model: str, *, timeout: float, limit: int, record: Path | None = None) -> Source:
    """The source that `model` names; raises `ModelError(configuration)`.

    `record`: a file that what is asked and answered is appended to.
    """
    kind, _, where = model.partition(":")
    made: Source
    if kind == "scripted":
        made = Script.load(Path(where))
    elif kind == "replay":
        made = Replay.load(Path(where))
    else:
        made = Live(model, providers.parse(model), timeout, limit)
    return Recorded(made, record) if record else made
