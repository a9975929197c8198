"""The exact (Clopper–Pearson) interval of a share."""

from __future__ import annotations

import math
from collections.abc import Callable

_STEPS = 100  # of halving: more than a float can tell apart


def clopper_pearson(good: int, tried: int, alpha: float = 0.05) -> tuple[float, float]:
    """(lowest, highest) share that `good` of `tried` agrees with, at a confidence of 1 - alpha."""
    if not 0 <= good <= tried or tried < 1:
        raise ValueError(f"{good} of {tried}")
    low = 0.0 if good == 0 else _root(lambda p: _above(good, tried, p) - alpha / 2)
    high = 1.0 if good == tried else _root(lambda p: alpha / 2 - _below(good, tried, p))
    return low, high


def _below(good: int, tried: int, share: float) -> float:
    """How likely `good` successes or fewer are."""
    return math.fsum(_exactly(n, tried, share) for n in range(good + 1))


def _above(good: int, tried: int, share: float) -> float:
    """How likely `good` successes or more are."""
    return math.fsum(_exactly(n, tried, share) for n in range(good, tried + 1))


def _exactly(good: int, tried: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(good == tried * share)
    ways = math.lgamma(tried + 1) - math.lgamma(good + 1) - math.lgamma(tried - good + 1)
    return math.exp(ways + good * math.log(share) + (tried - good) * math.log1p(-share))


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
