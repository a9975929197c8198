"""A text of a person, taken apart: its words, and what it names outright (C4).

Promises: issues, commit messages, tracebacks and code blocks of any shape give a question; nothing
in a text is followed or run. Work grows with the text's length, which is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bot.codebase.tokens import (
    LONGEST,
    STOP,
    count_terms,
    identifiers,
    pieces,
    stem,
    whole,
)

READ = 60_000  # characters of a text; logs pasted below that say no more

_SUFFIX = r"(?:pyi?|pyx|tsx?|jsx?|mjs|cjs|go|rs|java|cc|cpp|hpp|cxx|c|h)"
_PATH = re.compile(rf"(?<![\w$.\-/\\~])[\w$.\-/\\~]{{0,300}}[\w$\-]\.{_SUFFIX}\b(?!\()")
_FRAMES = (
    re.compile(r'File "(?P<path>[^"\n]{1,400})", line \d+'),  # CPython
    re.compile(r"^(?P<path>[\w$.\-/\\~]{1,400}\.pyi?):\d+: ", re.M),  # pytest
    re.compile(r"(?<![\w$.\-/~])(?P<path>[\w$.\-/~]{1,400}\.py) in \w+\("),  # IPython
    re.compile(  # Node
        r"^\s*at (?:[^\n()]{0,200}\()?(?P<path>[^\s()]{1,400}\.(?:[tj]sx?|mjs|cjs)):\d+:\d+", re.M
    ),
    re.compile(r"^\s*(?P<path>[\w./\-@]{1,400}\.go):\d+", re.M),  # Go
)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.S | re.M)
_QUOTED = re.compile(r"(?<!`)`+([^`\n]+)`")
_CALLED = re.compile(r"\b([A-Za-z_]\w{2,})\(")
_URL = re.compile(r"https?://\S+")
_VERSION = re.compile(r"\b([A-Za-z]{2,20})/(\d)\b")  # what is said HTTP/2 is written http2
_SCOPE = re.compile(
    r"\W{0,9}(?:\w+\(([^)\n]{1,80})\)|([\w./, -]{2,40}?))!?: "
)  # `fix(cli): `, `cli: `
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_COMPOUND = re.compile(r"[A-Za-z]+[a-z0-9]*[A-Z_]\w*|\w*_\w+|[A-Z][a-z0-9]+[A-Z]\w*")

# A title sums up; prose explains; code shows a use, mostly of other people's names.
_TITLE, _PROSE, _CODE = 3.0, 1.0, 0.5
_PLAIN = 0.15  # a word of prose that only happens to be an identifier somewhere
# Words side by side may be one name in the code, and the other way round: terms that are only there
# if they are right, so they cost little where they are wrong.
_SIDE_BY_SIDE, _IN_ONE, _APART = 0.7, 0.4, 0.4
_BELOW = 0.6  # of that outside of the title
_SATURATION = 2.2  # repeating a word in a text adds less each time


@dataclass(frozen=True, slots=True)
class Question:
    """`words`, `title`: term → weight. `spelled`: identifier as written → weight.

    `scope`: terms of the part of the project that the title starts with (`fix(cli): `).
    `paths`: file paths named, normalised, sorted; `title_paths`: those in the title.
    `frames`: paths of a traceback, innermost last.
    """

    words: Mapping[str, float]
    title: Mapping[str, float]
    spelled: Mapping[str, float]
    scope: frozenset[str]
    paths: tuple[str, ...]
    title_paths: tuple[str, ...]
    frames: tuple[str, ...]


def ask(text: str) -> Question:
    """The question in `text` (any string; its first line that says something is its title)."""
    text = text[:READ].replace("\r", "").strip()
    text = _URL.sub(lambda url: f" {' '.join(_PATH.findall(url[0]))} ", text)
    text = _VERSION.sub(r"\g<0> \1\2", text)
    title, _, body = text.partition("\n")
    code = "\n".join(found[0] for found in _FENCE.finditer(body))
    prose = _FENCE.sub(" ", body)
    weights: dict[str, float] = {}
    for part, factor in ((title, _TITLE), (prose, _PROSE), (code, _CODE)):
        for term, times in count_terms(identifiers(part)).items():
            weights[term] = weights.get(term, 0.0) + factor * times
    words = {
        term: weight * (_SATURATION + 1) / (weight + _SATURATION)
        for term, weight in weights.items()
    }
    titles = {term: 1.0 for term in count_terms(identifiers(title))}
    for term, weight in _joined(title).items():
        words.setdefault(term, weight)
        titles.setdefault(term, 0.8 * weight)
    for term, weight in _joined(prose).items():
        words.setdefault(term, _BELOW * weight)
    for term in _run_together(f"{title}\n{prose}"):
        words.setdefault(term, _APART)
    scope = _SCOPE.match(title)
    return Question(
        words=words,
        title=titles,
        spelled=_spelled(title, prose, code),
        scope=frozenset(count_terms(identifiers(scope[1] or scope[2])) if scope else ()),
        paths=_paths(text),
        title_paths=_paths(title),
        frames=_frames(text),
    )


def _paths(text: str) -> tuple[str, ...]:
    return tuple(sorted({normal(found) for found in _PATH.findall(text)}))


def normal(path: str) -> str:
    """A path as a repository would write it, from the way a person or a traceback does."""
    return re.sub(r"/{2,}", "/", path.replace("\\", "/")).lstrip("./~")


def _spelled(title: str, prose: str, code: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, factor, plain in ((title, 2.0, _PLAIN), (prose, 1.0, _PLAIN), (code, 0.5, 0.5)):
        marked = {name for quoted in _QUOTED.findall(part) for name in identifiers(quoted)}
        marked.update(_CALLED.findall(part))
        for name in identifiers(part):
            if not 3 <= len(name) <= LONGEST or name.lower() in STOP:
                continue
            strong = name in marked or _COMPOUND.fullmatch(name)
            weight = factor if strong else factor * plain
            found[name] = max(found.get(name, 0.0), weight)
    return found


def _joined(text: str) -> dict[str, float]:
    """Terms of the names that words of a text may stand for: `retry after` for `retryAfter`."""
    found: dict[str, float] = {}
    for line in text.split("\n"):
        words = [word.lower() for word in _PLAIN_WORD.findall(line)]
        for at, word in enumerate(words):
            for length in (3, 2, 1):
                some = words[at : at + length]
                if len(some) < length or all(one in STOP for one in some):
                    continue
                if length == 1 and len(word) < 3:
                    continue
                weight = _IN_ONE if length == 1 else _SIDE_BY_SIDE
                term = whole(*some)
                if len(term) > LONGEST:
                    continue
                for one in (term, term[:-1]) if term.endswith("s") else (term,):
                    found[one] = max(found.get(one, 0.0), weight)
    return found


def _run_together(text: str) -> set[str]:
    """Words that two neighbouring parts of a name make: `NetRCAuth` also speaks of `netrc`."""
    found = set()
    for name in identifiers(text):
        if len(name) <= LONGEST:
            parts = pieces(name)
            found.update(
                stem(one + other) for one, other in pairwise(parts) if len(one + other) < 20
            )
    return found


def _frames(text: str) -> tuple[str, ...]:
    found = sorted(
        (match.start("path"), normal(match["path"]))
        for pattern in _FRAMES
        for match in pattern.finditer(text)
    )
    return tuple(path for _, path in found)
