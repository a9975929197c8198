"""What an answer cost, from dated price data.

Promises: a price is a sum in US dollars or None, which means unknown; an unknown price is never 0.
Never fetches prices: the data is that of the installed library, and `dated` says which.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from bot.story.vocabulary import Usage


@cache
def dated() -> str:
    """The price data in use, as a name and a version; empty where none is installed."""
    try:
        return f"genai-prices {installed('genai-prices')}"
    except PackageNotFoundError:
        return ""


def priced(usage: Usage, provider: str, name: str) -> Usage:
    """`usage` with its cost. Whoever runs a server of their own sets its price: unknown."""
    return usage.model_copy(update={"cost_usd": _cost(usage, provider, name)})


def _cost(usage: Usage, provider: str, name: str) -> float | None:
    if provider not in ("anthropic", "openai") or not usage.output_tokens:
        return None  # an answer without counted tokens has a cost that nobody told us
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    counted = Counted(  # its input total includes what was cached
        input_tokens=usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        price = calc_price(counted, name, provider_id=provider)
    except (LookupError, ValueError):
        return None
    total = float(price.total_price)
    return total if total > 0 else None
