"""What an item asks for, made clear without a model: criteria, size, questions; may it begin (B1).

Promises: pure; the same item is refined the same way. A question holds an item only where nobody
could tell when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.backlog.item import Item
from bot.story.item_events import Authority, Input, ItemRefined, Provenance

MOST = 30  # criteria that are kept
WHAT = "What should be different when it is done?"

_WORD = re.compile(r"[^\W\d_]{2,}")
_SIZES = ((1, 2), (3, 3), (6, 5), (10, 8))  # up to so many criteria → size
_HOLD = frozenset(
    {"blocked", "onhold", "hold", "wontfix", "invalid", "duplicate", "question", "needsinfo",
     "needsinformation", "moreinformationneeded", "needsdiscussion", "discussion", "donotstart",
     "icebox", "waiting"}
)  # fmt: skip


def refined(item: Item, criteria: Callable[[str, str], Sequence[str]]) -> ItemRefined:
    """`criteria`: what title and body say has to be met."""
    told = tuple(criteria(item.title, item.body))[:MOST]
    size = None
    if told:
        number = next((size for most, size in _SIZES if len(told) <= most), 13)
        reason = f"{len(told)} criteria" if len(told) > 1 else "one criterion"
        size = Input(number=number, origin=Provenance(authority=Authority.ESTIMATE, reason=reason))
    vague = len(_WORD.findall(item.title)) < 2 and not _WORD.search(item.body)
    return ItemRefined(criteria=told, questions=(WHAT,) if vague and not told else (), size=size)


def is_news(item: Item, told: ItemRefined) -> bool:
    """Whether it says anything that the item does not know of itself."""
    known = (item.criteria, item.questions)
    size = told.size is not None and told.size != item.estimated_size
    return (told.criteria, told.questions) != known or size


def held(item: Item) -> str:
    """The label by which people hold the item; '' where none does."""
    for label in item.labels:
        bare = re.sub(r"[^a-z]+", "", label.casefold().removeprefix("status"))
        if bare in _HOLD:
            return label
    return ""
