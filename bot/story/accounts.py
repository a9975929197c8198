"""What a story used of models, as its journal tells it (M4).

Promises: sums of recorded calls, of those too that gave no usable answer; a call whose price is
unknown counts by its tokens. Never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.story.vocabulary import Usage, Value


class ModelCall(Value):
    """The evidence of one model call, as its recorded result tells it."""

    purpose: str
    model: str
    provider: str
    prompt_version: str
    usage: Usage
    seconds: float


@dataclass(kw_only=True)
class Accounts:
    """Written by the fold alone."""

    model_calls: list[ModelCall] = field(default_factory=list)
    lost_usage: list[Usage] = field(default_factory=list)  # of calls that gave no usable answer
    model_requests: int = 0  # with those that failed
    budget_raised_usd: float = 0.0
    server_calls: list[tuple[str, str]] = field(default_factory=list)  # (server, tool)

    @property
    def usages(self) -> list[Usage]:
        """What every model call used."""
        return [call.usage for call in self.model_calls] + self.lost_usage

    @property
    def cost_usd(self) -> float:
        """What the model calls cost, as far as their prices are known."""
        return sum(used.cost_usd or 0.0 for used in self.usages)

    @property
    def cost_unknown(self) -> bool:
        """Whether a call was made whose price nobody knows."""
        return any(used.cost_usd is None for used in self.usages)

    @property
    def unpriced_tokens(self) -> int:
        """Tokens of the calls whose price nobody knows."""
        return sum(used.tokens for used in self.usages if used.cost_usd is None)

    @property
    def cache_read_share(self) -> float | None:
        """Which part of all input tokens was read from a cache; None where there were none."""
        read = sum(used.cache_read_tokens for used in self.usages)
        wrote = sum(used.cache_write_tokens for used in self.usages)
        whole = read + wrote + sum(used.input_tokens for used in self.usages)
        return read / whole if whole else None
