"""How much fits: an estimate of tokens, and what is left out first when it does not (§8.1, §8.4).

Promises: needs no tokenizer and no download; the same parts give the same choice. What must stay
(the target files and what they import) is never left out: if that alone is too big, `TooBig` says
by how much, and the work has to be cut into smaller tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

# Pieces that tokenizers of code make: word parts, up to three digits, short runs of signs, line
# ends with their indentation. Compared with a published tokenizer on 108 files of five projects the
# count was 0.83 to 1.1 of the real one, 0.99 on average; MARGIN keeps the promise of the budget.
_PIECES = re.compile(r"[A-Z]?[a-z]{1,8}|[A-Z]{1,4}|\d{1,3}|[!-/:-@\[-`{-~]{1,2}|[^\x00-\x7f]|\n+")
MARGIN = 1.1
_ENDS = "\n[...]"


def count_tokens(text: str) -> int:
    """Tokens of a text for a language model, rather too many than too few."""
    return -int(-len(_PIECES.findall(text)) * MARGIN // 1)


def cut(text: str, tokens: int) -> str:
    """The first lines of a text that hold at most `tokens`, with a mark where it ends."""
    if count_tokens(text) <= tokens:
        return text
    lines, left = [], tokens - count_tokens(_ENDS)
    for line in text.split("\n"):
        left -= count_tokens(line + "\n")
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines) + _ENDS if lines else ""


class Layer(IntEnum):
    """Why something is in a prompt; the higher, the earlier it is left out (§8.4)."""

    TARGET = 0
    DEPENDENCY = 1
    SYSTEM = 2
    STORY = 3
    TASK = 4
    PROJECT = 5
    ERROR = 6
    TYPES = 7
    SIBLING = 8
    SEARCH = 9
    MEMORY = 10


KEPT = frozenset(
    {Layer.TARGET, Layer.DEPENDENCY, Layer.SYSTEM, Layer.STORY, Layer.TASK, Layer.PROJECT}
)
TOKENS = {  # what a layer may take by itself (§8.1)
    Layer.SYSTEM: 2_000,
    Layer.PROJECT: 1_500,
    Layer.STORY: 2_000,
    Layer.TASK: 1_000,
    Layer.ERROR: 3_000,
    Layer.MEMORY: 1_500,
}


@dataclass(frozen=True)
class Part:
    """Something that wants to be in a prompt. `worth`: the higher, the longer it stays."""

    name: str
    layer: Layer
    tokens: int
    worth: float = 0.0


class TooBig(ValueError):
    """What must stay needs more than there is. `tokens` needed, `limit` given, `names` by size."""

    def __init__(self, tokens: int, limit: int, names: tuple[str, ...]) -> None:
        super().__init__(f"{tokens} tokens are needed and {limit} given: {', '.join(names[:5])}")
        self.tokens, self.limit, self.names = tokens, limit, names


def evict(parts: Iterable[Part], limit: int) -> tuple[list[Part], list[Part]]:
    """What stays, in the given order, and what was left out, in the order it went.

    Memory goes first, then search results, siblings, types; in a layer the least worth, then the
    biggest. Raises TooBig when the layers that always stay are over the limit by themselves.
    """
    kept = list(parts)
    total = sum(part.tokens for part in kept)
    gone = []
    for part in sorted(kept, key=_goes_first):
        if total <= limit:
            break
        if part.layer not in KEPT:
            gone.append(part)
            total -= part.tokens
    if total > limit:
        raise TooBig(total, limit, _by_size(part for part in kept if part.layer in KEPT))
    left_out = {id(part) for part in gone}
    return [part for part in kept if id(part) not in left_out], gone


def _goes_first(part: Part) -> tuple[int, float, int, str]:
    return -part.layer, part.worth, -part.tokens, part.name


def _by_size(parts: Iterable[Part]) -> tuple[str, ...]:
    ordered: Sequence[Part] = sorted(parts, key=lambda part: (-part.tokens, part.name))
    return tuple(part.name for part in ordered)
