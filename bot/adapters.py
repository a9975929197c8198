"""Who performs which effects: one adapter a kind, and none does anything without a verdict.

Promises: this is the only list; what is not in it cannot be done (P1).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.agent.conversation import Conversations
from bot.agent.gateway import Gateway
from bot.agent.perform import Model
from bot.agent.prompts import Registry
from bot.families import rewrite
from bot.gates.perform import Gates
from bot.outside.github_effects import Effects
from bot.settings import Settings
from bot.story.permit import Permitted
from bot.workspace import perform as workspace


def of(
    settings: Settings,
    github: Effects,
    shop: workspace.Workshop,
    conversations: Conversations,
    tickets: Mapping[str, Any],
    servers: Mapping[str, Any],
) -> Mapping[str, Permitted]:
    """By kind of effect. `tickets`: the tracker's, where there is one. `servers`: of MCP."""
    performers: dict[str, Any] = {
        **dict.fromkeys(github.kinds, github),
        **tickets,
        **servers,
        "push_branch": workspace.Push(shop),
        "prepare_environment": workspace.Prepare(shop),
        "run_tests": workspace.Tests(shop),
        "run_gates": gates(settings, shop),
        "run_command": workspace.Command(shop, {"rewrite": Path(rewrite.__file__).parent}),
    }
    if settings.models:
        gateway = Gateway(
            settings.models,
            timeout=settings.model_timeout_seconds,
            output_limit=settings.model_output_tokens,
            prompts=Registry(settings.home),
            record=settings.record,
        )
        performers["call_model"] = Model(gateway, conversations)
    return {kind: Permitted(performer) for kind, performer in performers.items()}


def gates(settings: Settings, shop: workspace.Workshop) -> Gates:
    """The quality gates with their tools."""
    return Gates(shop, settings.home / "gates", settings.osv_url, settings.gate_tools)
