"""Performs CallModel: the only way from a story to a model (M1).

Promises: the result holds the checked answer, or what was said in a turn, with its usage, model,
provider and prompt version. Never: asks in a conversation that is not as the effect says.
"""

from __future__ import annotations

from typing import Any

from bot.agent.conversation import Conversations, bounded
from bot.agent.gateway import Gateway
from bot.agent.schemas import SCHEMA_OF
from bot.agent.tool_arguments import TOOLS
from bot.story.effects import CallModel


class Model:
    """The adapter; a model's answer cannot be looked up, so a lost one is asked for again."""

    def __init__(self, gateway: Gateway, conversations: Conversations) -> None:
        self._gateway, self._conversations = gateway, conversations

    def perform(self, effect: CallModel) -> dict[str, Any]:
        if effect.turn:
            return self._turn(effect)
        reply = self._gateway.call(
            effect.purpose, effect.package, SCHEMA_OF[effect.purpose], effect.attempt
        )
        return {"output": reply.output.model_dump(mode="json"), **_evidence(effect, reply)}

    def _turn(self, effect: CallModel) -> dict[str, Any]:
        talk = self._conversations.at(effect.conversation, effect.history)
        turn = self._gateway.turn(
            talk.purpose, talk.package, talk.history, TOOLS, attempt=talk.attempt
        )
        said = bounded(turn.said).model_dump(mode="json")
        return {"said": said, **_evidence(effect, turn)}

    def look(self, effect: CallModel) -> None:
        return None


def _evidence(effect: CallModel, answer: Any) -> dict[str, Any]:
    return {
        "purpose": effect.purpose,
        "usage": answer.usage.model_dump(mode="json"),
        "model": answer.model,
        "provider": answer.provider,
        "prompt_version": answer.prompt_version,
        "seconds": answer.seconds,
    }
