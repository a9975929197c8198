"""How much a text looks as if it tried to command the model that reads it (M12).

Promises: pure; each sign has a weight, a sign counts once a text however often it stands there, and
the verdict names the signs. It is one guard of several: what a model may do is decided elsewhere,
so a text that passes gains nothing but to be read. Never: changes a text, or asks a model.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.story.vocabulary import Gate, Verdict, allow, digest, wait
from policies.signs import signs_in

HIGH = 1.0  # of what people wrote in the story and below it
HIGH_IN_FILES = 2.0  # of what stands in the repository: somebody with write access put it there
_LONGEST = 400_000  # characters of a text that are looked at

_TAGS = re.compile("[\U000e0020-\U000e007f]{2,}")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = re.compile("[\u200b\u2060-\u2064\ufeff\u00ad]")
_BETWEEN_LETTERS = re.compile("(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff\u00ad](?=[A-Za-z])")
_OUT_OF_SIGHT = re.compile(
    r"<!--(.*?)(?:-->|\Z)|<\w+[^<>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0"
    r"|font-size\s*:\s*0|color\s*:|left\s*:\s*-|\shidden\b|aria-hidden|<summary)[^<>]*>([^<]{0,4000})"
    r"|<(?:details|script|template|svg)\b[^<>]*>(.{0,4000})|!\[([^\[\]]{0,4000})\]"
    r"|\]\([^()\n]{0,400}[\"']([^\"'\n]{0,4000})|\b(?:alt|title|data-\w+)=[\"']([^\"'<>]{0,4000})"
    r"|^ {0,3}\[[^\[\]\n]{1,200}\]:([^\n]{0,2000}(?:\n[^\n]{0,2000})?)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_GAP = re.compile(r"(\s)\s{2,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,2000}={0,2}")


@dataclass(frozen=True)
class Suspicion:
    """`score`: the sum of the weights of `signs`."""

    score: float = 0.0
    signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """A text that is too suspicious to be used unseen; `subject` is its digest."""

    name: str
    subject: str
    suspicion: Suspicion


@lru_cache(maxsize=128)
def look(text: str) -> Suspicion:
    """The signs in a text, also in what it hides from people."""
    text = text[:_LONGEST]
    found = signs_in(_readable(text))
    if _TAGS.search(text):
        found["tag_characters"] = 1.0
    if _BIDI.search(text):
        found["turned_direction"] = 0.5
    if len(_BETWEEN_LETTERS.findall(text)) > 2:
        found["split_words"] = 0.6
    unseen = "\n".join(part for one in _OUT_OF_SIGHT.findall(text) for part in one if part)
    if unseen and signs_in(_readable(unseen)):
        found["commands_where_nobody_looks"] = 0.7
    for coded in list(_BASE64.finditer(text))[:20]:
        inside = _decoded(coded[0])
        if inside and signs_in(inside.casefold()):
            found["commands_in_code"] = 1.0
    return Suspicion(round(sum(found.values()), 2), tuple(found))


def _readable(text: str) -> str:
    """As a model would understand it: tag characters as letters, look-alikes as themselves."""
    if not text.isascii():
        text = _TAGS.sub(lambda tags: "".join(chr(ord(c) - 0xE0000) for c in tags[0]), text)
    text = _ZERO_WIDTH.sub("", _BIDI.sub("", text)).replace("\u200c", "").replace("\u200d", "")
    return _GAP.sub(r"\1\1", unicodedata.normalize("NFKC", text).casefold())


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def suspects(texts: Iterable[tuple[str, str, bool]]) -> tuple[Suspect, ...]:
    """Those that are too suspicious. Each is (name, text, whether it is of the repository)."""
    found = []
    for name, text, in_repository in texts:
        suspicion = look(text)
        if suspicion.score >= (HIGH_IN_FILES if in_repository else HIGH):
            found.append(Suspect(name, digest(text), suspicion))
    return tuple(found)


def decide(found: Iterable[Suspect], vouched: frozenset[str]) -> Verdict:
    """WAIT for a person to look at the first text that nobody has let pass; else ALLOW."""
    for one in found:
        if one.subject in vouched:
            continue
        signs = ", ".join(one.suspicion.signs).replace("_", " ")
        reason = (
            f"{one.name} reads as if it tried to command the model ({signs}). Is it meant that way?"
        )
        return wait("suspicious_text", reason, Gate.PAUSED).model_copy(
            update={"subject": one.subject}
        )
    return allow("nothing_suspicious")


# What stands in the repository, among the parts of a call; all else people wrote in the story.
_OF_REPOSITORY = frozenset(
    {"files", "excerpts", "instructions", "tree", "diff", "results", "failing_tests"}
)
# What code of ours or a model made of texts that were looked at before.
_OURS = frozenset(
    {"spec", "plan", "task", "conventions", "failure", "attempts", "kind", "suggestions"}
)


def texts_of(package: dict[str, object]) -> Iterable[tuple[str, str, bool]]:
    """The foreign texts of a call by their places (`story body`, `files src/a.py`)."""
    for part, value in package.items():
        if part not in _OURS:
            for name, text in _strings(part, value):
                yield name, text, part in _OF_REPOSITORY


def _strings(name: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(f"{name} {key}", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value, 1):
            yield from _strings(f"{name} {number}", item)
