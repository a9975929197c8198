"""What each family of models can do, as a table: provider, then the beginning of the name.

Promises: the longest prefix that fits decides, a name that nothing fits gets the explicit default
of its provider; `DATED` says when the table was last gone through. Never guesses from the middle of
a name, and never asks a provider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DATED = "2026-11-21"


@dataclass(frozen=True)
class Capabilities:
    """`context` and `output` in tokens, None where nobody but the operator of a server knows.

    `cache`: marks (the request says where), prefix (the provider finds it), none (nothing known).
    `reasoning`: whether the family thinks before it answers. `sampling`: temperature and the like
    may be sent. `forced_tool`: the request may demand a certain tool. `completion_limit`: the
    name `max_completion_tokens` is understood.
    """

    tools: bool = True
    forced_tool: bool = True
    json_schema: bool = True
    reasoning: Literal["never", "optional", "always"] = "never"
    cache: Literal["marks", "prefix", "none"] = "none"
    context: int | None = None
    output: int | None = None
    sampling: bool = False
    completion_limit: bool = True


_CLAUDE = Capabilities(reasoning="optional", cache="marks", context=200_000, output=64_000)
_GPT = Capabilities(cache="prefix", context=128_000, output=16_384)
_THINKING = replace(_GPT, reasoning="always", context=200_000, output=100_000)
# The servers that speak the chat format differ most in what they ignore: ask for the least.
_SERVER = Capabilities(json_schema=False, sampling=True, completion_limit=False)
_REPLAYED = Capabilities(cache="prefix")

DEFAULTS: dict[str, Capabilities] = {
    "anthropic": _CLAUDE,
    "openai": _GPT,
    "openai-compatible": _SERVER,
    "scripted": _REPLAYED,
    "replay": _REPLAYED,
}

TABLE: dict[str, dict[str, Capabilities]] = {
    "anthropic": {
        "claude-3-haiku": replace(_CLAUDE, reasoning="never", output=4_096),
        "claude-3-5-": replace(_CLAUDE, reasoning="never", output=8_192),
        "claude-3-7-": _CLAUDE,
        "claude-opus-4-0": replace(_CLAUDE, output=32_000),
        "claude-opus-4-1": replace(_CLAUDE, output=32_000),
        "claude-opus-4-2025": replace(_CLAUDE, output=32_000),
    },
    "openai": {
        "gpt-4o": replace(_GPT, sampling=True),
        "gpt-4.1": replace(_GPT, sampling=True, context=1_047_576, output=32_768),
        "gpt-5": replace(_THINKING, context=400_000, output=128_000),
        "gpt-5-chat": _GPT,
        "o1": _THINKING,
        "o3": _THINKING,
        "o4-": _THINKING,
    },
    "openai-compatible": {},
    "scripted": {},
    "replay": {},
}


def of(provider: str, name: str) -> Capabilities:
    """The row of the longest prefix of `name`, else the provider's default."""
    rows = TABLE[provider]
    fitting = [prefix for prefix in rows if name.startswith(prefix)]
    return rows[max(fitting, key=len)] if fitting else DEFAULTS[provider]
