"""What each model can do: from the installed libraries' dated data, and a table for what they lack.

Promises: the size of a context is that of the price data (`prices.dated` says which), the length of
an answer and whether a tool can be demanded are those of the providers' library; for what neither
knows, the longest fitting prefix of the table decides, and a name that nothing fits gets the
explicit default of its provider. Never guesses from the middle of a name, and never asks a
provider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

DATED = "2026-11-21"  # when the table was last gone through


@dataclass(frozen=True)
class Capabilities:
    """`context` and `output` in tokens, None where nobody but the operator of a server knows.

    `cache`: marks (the request says where), prefix (the provider finds it), none (nothing known).
    `forced_tool`: the request may demand a certain tool. `completion_limit`: the name
    `max_completion_tokens` is understood.
    """

    tools: bool = True
    forced_tool: bool = True
    cache: Literal["marks", "prefix", "none"] = "none"
    context: int | None = None
    output: int | None = None
    completion_limit: bool = True


_CLAUDE = Capabilities(cache="marks", context=200_000, output=64_000)
_GPT = Capabilities(cache="prefix", context=128_000, output=16_384)
_THINKING = replace(_GPT, output=100_000)
# The servers that speak the chat format differ most in what they ignore: ask for the least.
_SERVER = Capabilities(completion_limit=False)
_REPLAYED = Capabilities(cache="prefix")

DEFAULTS: dict[str, Capabilities] = {
    "anthropic": _CLAUDE,
    "openai": _GPT,
    "openai-compatible": _SERVER,
    "scripted": _REPLAYED,
    "replay": _REPLAYED,
}

TABLE: dict[str, dict[str, Capabilities]] = {
    "anthropic": {  # the older ones, of whose answers the library does not know the length
        "claude-3-haiku": replace(_CLAUDE, output=4_096),
        "claude-3-opus": replace(_CLAUDE, output=4_096),
        "claude-3-5-": replace(_CLAUDE, output=8_192),
        "claude-opus-4-0": replace(_CLAUDE, output=32_000),
        "claude-opus-4-1": replace(_CLAUDE, output=32_000),
        "claude-opus-4-2025": replace(_CLAUDE, output=32_000),
    },
    "openai": {
        "gpt-4.1": replace(_GPT, output=32_768),
        "gpt-5": replace(_THINKING, output=128_000),
        "gpt-5-chat": _GPT,
        "gpt-6": replace(_THINKING, output=128_000),
        "o1": _THINKING,
        "o1-mini": replace(_THINKING, tools=False, forced_tool=False, output=65_536),
        "o1-preview": replace(_THINKING, tools=False, forced_tool=False, output=32_768),
        "o3": _THINKING,
        "o4-": _THINKING,
    },
    "openai-compatible": {},
    "scripted": {},
    "replay": {},
}


@lru_cache(maxsize=64)
def of(provider: str, name: str) -> Capabilities:
    """The row of the longest prefix of `name`, else the provider's default; then the data."""
    rows = TABLE[provider]
    fitting = [prefix for prefix in rows if name.startswith(prefix)]
    row = rows[max(fitting, key=len)] if fitting else DEFAULTS[provider]
    if provider not in ("anthropic", "openai"):
        return row
    told = _profile(provider, name)
    return replace(
        row,
        context=_context(provider, name) or row.context,
        output=told.get("anthropic_max_output_tokens") or row.output,
        forced_tool=row.forced_tool and told.get("supports_forced_tool_choice") is not False,
    )


def _context(provider: str, name: str) -> int | None:
    """Tokens, by the price data; None where it is not installed or does not know the name."""
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None
    try:
        _, found = get_snapshot().find_provider_model(name, None, provider, None)
    except LookupError:
        return None
    return found.context_window


def _profile(provider: str, name: str) -> dict[str, Any]:
    """What the providers' library says of the model; {} where it is not installed."""
    try:
        from pydantic_ai.profiles.anthropic import anthropic_model_profile
        from pydantic_ai.profiles.openai import openai_model_profile
    except ImportError:
        return {}
    found = anthropic_model_profile(name) if provider == "anthropic" else openai_model_profile(name)
    return dict(found or {})
