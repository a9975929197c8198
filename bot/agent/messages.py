"""What passes between a stage and a model in a conversation, in one form for all providers (M1).

Promises: every call of a tool has exactly one result, in the order of the calls, so a history with
an orphaned or a doubled call cannot be made; a message never changes once it is made. Never holds
a provider's own types.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from bot.story.vocabulary import Value


class ToolSpec(Value):
    """A tool as a model is told of it. `parameters`: JSON Schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Value):
    """A model's call. `arguments` is None where `raw` is not a JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""


class ToolResult(Value):
    """What a tool answered; `error` where it could not do what was asked."""

    call_id: str
    content: str
    error: bool = False


class Reasoning(Value):
    """What a provider wants back unchanged in the next turn. Another provider never gets it."""

    provider: str  # as in `Turn.provider`
    text: str = ""
    id: str | None = None
    signature: str | None = None
    details: dict[str, Any] | None = None


class Said(Value):
    """What a model said in one turn: a text, calls, or both. `finish`: stop | length | refused."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"
    reasoning: tuple[Reasoning, ...] = ()


class Exchange(Value):
    """What a model said, and what it was told then: the results of its calls, and perhaps a note.

    Raises ValueError where the results are not those of the calls, each once and in their order.
    """

    said: Said
    results: tuple[ToolResult, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def _each_call_answered_once(self) -> Self:
        called = [call.id for call in self.said.calls]
        if called != [result.call_id for result in self.results]:
            raise ValueError("the results are not those of the calls, in their order")
        if len(set(called)) != len(called):
            raise ValueError("two calls have the same id")
        return self


History = tuple[Exchange, ...]
