"""Choosing what of a repository a model gets to see.

Promises: the same repository and text give the same files in the same order, byte for byte, on any
machine; the budget is kept. Plain BM25 over words with identifiers split, with what the text names
first. Never shows what looks binary, generated or secret.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

MAX_FILE = 60_000  # characters a file may have to be shown whole
MAX_INDEXED = 4_000  # files whose contents are compared
_K1, _B = 1.2, 0.75

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d+")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_CODE = re.compile(
    r"\.(?:pyi?|js|jsx|ts|tsx|go|rs|java|kt|rb|php|c|h|cc|cpp|hpp|cs|swift|sh|sql|html|css|j2)$"
)
_PROSE = re.compile(r"\.(?:md|rst|txt|toml|cfg|ini|ya?ml|json)$|(?:^|/)(?:Makefile|Dockerfile)$")
_LEFT_OUT = re.compile(
    r"(^|/)(\.git|\.venv|venv|node_modules|dist|build|vendor|_vendor|__pycache__|\.idea)(/|$)"
    r"|\.(?:min\.(?:js|css)|lock|map|svg|pem|key|p12|pfx)$|(^|/)(?:package-lock\.json|\.env[\w.]*)$"
    r"|(^|/)(?:id_rsa|credentials|secrets?)[\w.]*$"
)
_STOP_WORDS = """
the and for with that this from are was not but when then should have has can into its it is in of
to an as at by on or be if we you all any self none true false return def import class str int list
dict
"""
_STOP = frozenset(_STOP_WORDS.split())


def words(text: str) -> list[str]:
    """Lower-case words, identifiers also by their parts; a plural counts as its singular."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        parts = _PARTS.findall(word)
        for part in {word, *parts} if len(parts) > 1 else (word,):
            lowered = part.lower()
            if len(lowered) > 1 and lowered not in _STOP:
                plural = len(lowered) > 3 and lowered.endswith("s") and not lowered.endswith("ss")
                found.append(lowered[:-1] if plural else lowered)
    return sorted(found)


def select(
    paths: Iterable[str], read: Callable[[str], str | None], text: str, budget_chars: int
) -> dict[str, str]:
    """Whole files for a text, the best first, as many as the budget (characters) holds.

    A file that is too big is passed over for the next.
    """
    texts = _texts(sorted({path for path in paths if not _LEFT_OUT.search(path)}), read)
    files: dict[str, str] = {}
    left = budget_chars
    for path in rank(texts, text):
        if len(texts[path]) <= min(left, MAX_FILE):
            files[path] = texts[path]
            left -= len(texts[path])
    return files


def rank(texts: dict[str, str], text: str) -> list[str]:
    """Paths by worth for a text: named in it, then BM25 over contents and paths.

    Paths without any common word are left out. Code counts more than prose, tests a little less
    than what they test.
    """
    query = Counter(words(text))
    documents = {path: Counter(words(f"{path} {path} {body}")) for path, body in texts.items()}
    count = len(documents) or 1
    lengths = {path: sum(terms.values()) for path, terms in documents.items()}
    mean = sum(lengths.values()) / count or 1
    holds = Counter(term for terms in documents.values() for term in terms.keys() & query.keys())
    scores: dict[str, float] = {}
    for path, terms in documents.items():
        score = 0.0
        for term in sorted(query.keys() & terms.keys()):
            rarity = math.log(1 + (count - holds[term] + 0.5) / (holds[term] + 0.5))
            often = terms[term]
            weight = often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * lengths[path] / mean))
            score += min(query[term], 3) * rarity * weight
        if score:
            scores[path] = score * _kind(path)
    top = max(scores.values(), default=1.0)
    for path in texts:
        if named := _named(path, text):
            scores[path] = scores.get(path, 0.0) + named * top
    return sorted(scores, key=lambda path: (-round(scores[path], 9), path))


def _kind(path: str) -> float:
    if not _CODE.search(path):
        return 0.4
    return 0.8 if re.search(r"(^|/)(tests?|testing)(/|$)|(^|/)test_|_test\.", path) else 1.0


def _named(path: str, text: str) -> float:
    """2 if the text names the path, 1 the file, 0.5 the module; 0 otherwise."""
    pure = PurePosixPath(path)
    if re.search(rf"(?<![\w/.-]){re.escape(path)}(?![\w/-])", text):
        return 2.0
    if pure.name != "__init__.py" and re.search(
        rf"(?<![\w.-]){re.escape(pure.name)}(?![\w-])", text
    ):
        return 1.0
    dotted = ".".join(pure.with_suffix("").parts[-2:])
    return 0.5 if "." in dotted and re.search(rf"\b{re.escape(dotted)}\b", text) else 0.0


def _texts(paths: list[str], read: Callable[[str], str | None]) -> dict[str, str]:
    wanted = [path for path in paths if _CODE.search(path)]
    wanted += [path for path in paths if _PROSE.search(path)]
    found: dict[str, str] = {}
    for path in wanted[:MAX_INDEXED]:
        content = read(path)
        if content and "\0" not in content[:8_000] and len(content) <= 10 * MAX_FILE:
            found[path] = content
    return dict(sorted(found.items()))
