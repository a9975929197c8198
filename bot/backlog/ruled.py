"""What a repository's own rules (`backlog.wsjf`) say of an item (B2).

Promises: pure; an item meets a rule where it meets every condition of it, and of several rules the
first that names an input counts. The rule is named, so that people find it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pathspec import GitIgnoreSpec

from bot.backlog.item import INPUTS, Item
from bot.configuration import patterns
from bot.configuration.backlog import WsjfRule
from bot.story.item_events import Authority, Input, Inputs, Provenance

PLACE = ".github/towpath.yml"
_AT_LINE = re.compile(r"^(?:- )?(?P<path>[^\s:]+\.[^\s:]+):\d+\b", re.MULTILINE)


def ruled(item: Item, rules: Sequence[WsjfRule]) -> Inputs:
    """The inputs that the rules give the item."""
    told: dict[str, Input] = {}
    for number, rule in enumerate(rules, 1):
        named = {name: one for name in INPUTS if (one := getattr(rule, name)) is not None}
        if not named.keys() - told.keys() or not _meets(item, rule):
            continue
        origin = Provenance(
            authority=Authority.RULE, source="rule", place=PLACE, reason=_said(number, rule)
        )
        for name, one in named.items():
            told.setdefault(name, Input(number=one, origin=origin))
    return Inputs(**told)


def _meets(item: Item, rule: WsjfRule) -> bool:
    if rule.family is not None and rule.family != item.family:
        return False
    if rule.label is not None and not _labelled(item, rule.label):
        return False
    if rule.path is None:
        return True
    spec = GitIgnoreSpec.from_lines([patterns.restricted(rule.path)])
    return any(spec.match_file(path) for path in places(item))


def _labelled(item: Item, wanted: str) -> bool:
    pattern = re.sub(r"\*+", "*", wanted.casefold()).replace("[", "[[]").replace("?", "[?]")
    return any(fnmatchcase(label.casefold(), pattern) for label in item.labels)


def places(item: Item) -> Iterator[str]:
    """The paths that an item is about, and those of the documents that hold it."""
    for one in item.known:
        if one.place != one.source:
            yield one.place
        for name in one.identities:
            if name.startswith("rule:"):
                yield name.removeprefix("rule:").rpartition("|")[0]
        for found in _AT_LINE.finditer(one.body):
            yield found["path"]


def _said(number: int, rule: WsjfRule) -> str:
    conditions = [
        f"{name} {told}"
        for name in ("label", "path", "family")
        if (told := getattr(rule, name)) is not None
    ]
    return f"rule {number}: {', '.join(conditions) or 'every item'}"
