"""What was worked out once and may be asked again, with how often that helped (M11, §26.1).

Promises: an entry's key names everything that its value depends on, so nothing is ever stale;
bounded. Never: a value for another key.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass
class Rate:
    """How often an answer was there already."""

    name: str
    hits: int = 0
    misses: int = 0

    @property
    def share(self) -> float:
        """Hits by questions; 0.0 when nothing was asked."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0

    def __str__(self) -> str:
        return f"{self.name}: {self.hits} of {self.hits + self.misses} ({self.share:.0%})"


class Memory(Generic[V]):
    """Values of this process, the least recently used dropped first. Not for threads."""

    def __init__(self, name: str, size: int) -> None:
        self.rate = Rate(name)
        self._size = size
        self._kept: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of `key`, made when it is not there."""
        if key in self._kept:
            self.rate.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        self.rate.misses += 1
        self._kept[key] = value = make()
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return value


def digest(parts: Iterable[str]) -> str:
    """A key of any number of texts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:32]
