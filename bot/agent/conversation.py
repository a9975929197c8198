"""What was said in the work on one task, and how the journal's copy of it stays small (S6).

Promises: a conversation only grows; its running digest names everything before the next turn, so
that a turn can be recorded by what is new in it. Each conversation is known to the stage that leads
it and to the adapter that asks the model; after a crash the stage builds it again from recorded
turns. Never: keeps a conversation that ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.agent.messages import Exchange, History, Said, ToolSpec
from bot.story.vocabulary import digest

TEXT_KEPT = 20_000  # characters of what a model says beside its calls
RAW_KEPT = 400  # characters of arguments that nobody could read


@dataclass
class Conversation:
    """`id`: unique in the process; `package`: what the first message is made of.

    `tools`: those of servers, beside ours. `notice`: what is said of servers in the first answer.
    """

    id: str
    purpose: str
    package: dict[str, Any]
    attempt: int = 1
    exchanges: list[Exchange] = field(default_factory=list)
    digest: str = ""
    tools: tuple[ToolSpec, ...] = ()
    notice: str = ""

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.digest = digest([self.digest, exchange.model_dump(mode="json")])

    @property
    def history(self) -> History:
        return tuple(self.exchanges)

    @property
    def turn(self) -> int:
        """The number of the next turn, from 1."""
        return len(self.exchanges) + 1


class NotTheSame(LookupError):
    """The conversation that a turn belongs to is not as it was when the turn was recorded."""


class Conversations:
    """Those under way in this process."""

    def __init__(self) -> None:
        self._open: dict[str, Conversation] = {}

    @contextmanager
    def opened(self, conversation: Conversation) -> Iterator[Conversation]:
        self._open[conversation.id] = conversation
        try:
            yield conversation
        finally:
            del self._open[conversation.id]

    def at(self, name: str, history: str) -> Conversation:
        """The conversation `name`, provided that it stands at the digest `history`; NotTheSame."""
        found = self._open.get(name)
        if found is None or found.digest != history:
            raise NotTheSame(f"{name} is not open at {history[:12] or 'its beginning'}")
        return found


def bounded(said: Said) -> Said:
    """What a model said, with calls of different names, and no more of it than is worth keeping."""
    ids: Counter[str] = Counter()
    calls = []
    for call in said.calls:
        name = call.id or "call"
        ids[name] += 1
        unique = name if call.id and ids[name] == 1 else f"{name}-{ids[name]}"
        raw = call.raw[:RAW_KEPT] if call.arguments is None else ""
        calls.append(call.model_copy(update={"id": unique, "raw": raw}))
    return said.model_copy(update={"text": said.text[:TEXT_KEPT], "calls": tuple(calls)})
