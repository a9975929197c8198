"""Performs CallModel: the only way from a story to a model (M1).

Promises: the result holds the checked answer, its usage, model, provider and prompt version.
"""

from __future__ import annotations

from typing import Any

from bot.agent.gateway import Gateway
from bot.agent.schemas import SCHEMA_OF
from bot.story.effects import CallModel


class Model:
    """The adapter; a model's answer cannot be looked up, so a lost one is asked for again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def perform(self, effect: CallModel) -> dict[str, Any]:
        reply = self._gateway.call(
            effect.purpose, effect.package, SCHEMA_OF[effect.purpose], effect.attempt
        )
        return {
            "purpose": effect.purpose,
            "output": reply.output.model_dump(mode="json"),
            "usage": reply.usage.model_dump(mode="json"),
            "model": reply.model,
            "provider": reply.provider,
            "prompt_version": reply.prompt_version,
            "seconds": reply.seconds,
        }

    def look(self, effect: CallModel) -> None:
        return None
