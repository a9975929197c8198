"""What is the same thing: names, words, and an edited line (B5).

Promises: pure and deterministic. A name that no two things share (`identities`) always joins; equal
words join only across documents and never against names that differ; an edited entry is found
again in its own document. Doubt makes two items, never one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from bot.story.item_events import Sighting
from bot.story.vocabulary import digest

_PREFIX = re.compile(
    r"^\s*(?:\[[^\]\n]{1,24}\]\s*|\((?:critical|urgent|high|medium|low)\)\s*|P[0-4]:\s*|#\d+[:.)\s-]\s*|[A-Z][A-Z0-9]+-\d+[:.)\s-]\s*"
    r"|(?:todo|fixme|hack|xxx|bug|feature|feat|fix|chore|docs?|test|task|refactor|perf|security)"
    r"(?:\([^)\n]{0,40}\))?!?:\s*)+",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\s*\((?:#|gh-)\d+\)\s*$", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_NO_WORD = re.compile(r"[^\w]+")

_NUMBER = re.compile(r"\d+")
_BY_WORDS = re.compile(r"#[0-9a-f]{16}(?:~[0-9a-f]{16})?$")  # keys of entries without an id

LIKE = 0.62  # of SequenceMatcher: an edited title
_MOST_PAIRS = 40_000  # comparisons of titles in one reading; beyond, only equal bodies are found
_LONGEST = 200


def words_of(title: str) -> str:
    """The words of a title as they are compared: no mark-up, case, ticket number or kind."""
    text = unicodedata.normalize("NFKC", title)[:1000]
    text = _SUFFIX.sub("", _PREFIX.sub("", _LINK.sub(r"\1", text)))
    return " ".join(_NO_WORD.sub(" ", text.casefold().replace("_", " ")).split())


def words_key(title: str) -> str | None:
    """A key of the words; None where they say too little to be one thing."""
    words = words_of(title)
    if len(words) < 8 or " " not in words:
        return None
    return f"words:{digest(words)[:24]}"


def is_by_words(key: str) -> bool:
    """Whether a key is made from the entry's own words, and not from an id that it has."""
    return bool(_BY_WORDS.search(key))


def conflict(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two things bear different names of one kind, as two advisories do."""
    mine, theirs = _by_kind(one), _by_kind(other)
    return any(mine[kind].isdisjoint(theirs[kind]) for kind in mine.keys() & theirs.keys())


def _by_kind(identities: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in identities:
        found.setdefault(name.partition(":")[0], set()).add(name)
    return found


def edited(vanished: Sequence[Sighting], fresh: Sequence[Sighting]) -> dict[str, str]:
    """Which fresh entry of a document is a vanished one, edited: fresh key → vanished key.

    Equal bodies first, then titles that are alike, the most alike first; each only once.
    """
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    by_body = {old.body.strip(): old for old in vanished if len(old.body.strip()) >= 20}
    for new in fresh:
        old = by_body.get(new.body.strip())
        if old is not None and old.key not in taken and not _differ(old, new):
            pairs[new.key] = old.key
            taken.add(old.key)
    left_old = [one for one in vanished if one.key not in taken]
    left_new = [one for one in fresh if one.key not in pairs]
    if len(left_old) * len(left_new) > _MOST_PAIRS:
        return pairs
    for _, new_key, old_key in sorted(_likes(left_old, left_new)):
        if new_key not in pairs and old_key not in taken:
            pairs[new_key] = old_key
            taken.add(old_key)
    return pairs


def _likes(old: Sequence[Sighting], new: Sequence[Sighting]) -> list[tuple[float, str, str]]:
    found = []
    words = {one.key: words_of(one.title)[:_LONGEST] for one in old}
    for fresh in new:
        matcher = SequenceMatcher(autojunk=False, b=words_of(fresh.title)[:_LONGEST])
        for gone in old:
            matcher.set_seq1(words[gone.key])
            if matcher.quick_ratio() < LIKE or _differ(gone, fresh) or _counted(gone, fresh):
                continue
            if (ratio := matcher.ratio()) >= LIKE:
                found.append((-ratio, fresh.key, gone.key))
    return found


def _counted(one: Sighting, other: Sighting) -> bool:
    """Whether nothing but a number tells them apart: chapter 3 is no edit of chapter 2."""
    words, others = words_of(one.title), words_of(other.title)
    return words != others and _NUMBER.sub("0", words) == _NUMBER.sub("0", others)


def _differ(one: Sighting, other: Sighting) -> bool:
    """Whether their names, or the ids that their document gives them, say that they are two."""
    if conflict(one.identities, other.identities):
        return True
    numbered = not (_BY_WORDS.search(one.key) or _BY_WORDS.search(other.key))
    return numbered and words_of(one.title) != words_of(other.title)
