"""The definitions that a change touches, whole, for who judges it (S15).

Promises: lines of the files as they are after the change, to the letter; no more than asked for.
"""

from __future__ import annotations

from bot.codebase import skeleton
from bot.codebase.budget import count_tokens
from bot.codebase.languages import language_of
from bot.codebase.snapshot import Snapshot


def changed(snapshot: Snapshot, diff: str, tokens: int) -> dict[str, str]:
    """Path → the definitions touched by `diff`, which leads to this snapshot, as far as they fit.

    One of which the diff shows every line is left out: it would be read twice.
    """
    found: dict[str, str] = {}
    for path, lines in skeleton.changed_lines(diff).items():
        text, facts = snapshot.text(path), snapshot.facts(path)
        touched, new = set(skeleton.touched(facts, lines)), set(lines)
        names = [
            one.qualname
            for one in facts.definitions
            if one.qualname in touched and not new.issuperset(range(one.start, one.end + 1))
        ]
        if not text or not names:
            continue
        shown = skeleton.excerpt(text, facts, language_of(path) or "", names, [])
        cost = count_tokens(shown)
        if cost <= tokens:
            found[path] = shown
            tokens -= cost
    return found
