"""What a mark is known by: its words, the definition around it, and which of its like it is.

Promises: pure; the same under a move, a rename of the file and any edit elsewhere. Two marks with
the same words are two.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from bot.backlog.todo.found import Todo


def identified(todos: Iterable[Todo]) -> Iterator[tuple[str, Todo]]:
    """(identity, mark), counting equal ones in the order given."""
    seen: Counter[tuple[str, str]] = Counter()
    for todo in todos:
        alike = (todo.digest, todo.symbol)
        seen[alike] += 1
        whole = "\0".join((*alike, str(seen[alike])))
        yield hashlib.sha256(whole.encode()).hexdigest()[:16], todo
