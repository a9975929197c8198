"""Performs CallModel: the only way from a story to a model (M1).

Promises: the result holds the checked answer, its usage and the price data in use, the version of
the prompt, which model answered, why it was meant, and which others were passed over.
Never: asks in a conversation that is not as the effect says.
"""

from __future__ import annotations

from typing import Any

from bot.agent import prices
from bot.agent.conversation import Conversations, bounded
from bot.agent.gateway import Asked, Gateway
from bot.agent.schemas import SCHEMA_OF
from bot.agent.tool_arguments import TOOLS
from bot.story.effects import CallModel
from policies.routing import Situation


class Model:
    """The adapter; a model's answer cannot be looked up, so a lost one is asked for again."""

    def __init__(self, gateway: Gateway, conversations: Conversations) -> None:
        self._gateway, self._conversations = gateway, conversations

    def perform(self, effect: CallModel) -> dict[str, Any]:
        if effect.turn:
            return self._turn(effect)
        reply = self._gateway.call(
            effect.purpose,
            effect.package,
            SCHEMA_OF[effect.purpose],
            effect.attempt,
            situation=situation_of(effect),
        )
        return {"output": reply.output.model_dump(mode="json"), **evidence(effect, reply)}

    def _turn(self, effect: CallModel) -> dict[str, Any]:
        talk = self._conversations.at(effect.conversation, effect.history)
        turn = self._gateway.turn(
            talk.purpose,
            talk.package,
            talk.history,
            (*TOOLS, *talk.tools),
            attempt=talk.attempt,
            situation=situation_of(effect),
        )
        said = bounded(turn.said).model_dump(mode="json")
        return {"said": said, **evidence(effect, turn)}

    def look(self, effect: CallModel) -> None:
        return None


def situation_of(effect: CallModel) -> Situation:
    """What decides on the model that is asked."""
    return Situation(
        effect.purpose,
        complexity=effect.complexity,
        attempt=effect.attempt,
        spent=effect.spent,
        written_by=frozenset(effect.written_by),
    )


def evidence(effect: CallModel, asked: Asked) -> dict[str, Any]:
    """What the journal keeps of a call beside its answer."""
    return {
        "purpose": effect.purpose,
        "usage": asked.usage.model_dump(mode="json"),
        "prices": prices.dated(),
        "model": asked.model,
        "provider": asked.provider,
        "prompt_version": asked.prompt_version,
        "seconds": asked.seconds,
        "requests": asked.requests,
        "grade": asked.grade,
        "rule": asked.rule,
        "spent": effect.spent,
        "left_out": list(asked.left_out),
        "skipped": [
            {"model": one.model, "kind": one.kind.value, "sent": one.sent} for one in asked.skipped
        ],
    }
