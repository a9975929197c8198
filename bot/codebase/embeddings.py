"""Vectors of texts, from a provider or made here without any model (C1, C4).

Promises: the lexical fallback needs no download and gives the same numbers on any machine; vectors
are kept by adapter and content, so that a text is sent once. Never: sends anything unless an
endpoint was configured, or puts its key into an error.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import urllib.request
import zlib
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from bot.codebase.store import Store

Vector = array[float]  # 32-bit, of length 1 (or 0 for an empty text)
_AT_ONCE = 64  # texts in one request
_CHARS = 8_000  # of each text: endpoints refuse more than a few thousand tokens
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")


class Embedder(Protocol):
    """`name` identifies what makes the vectors: other name, other vectors."""

    name: str

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text, all of one dimension. Raises EmbeddingFailed."""
        ...


@dataclass
class EmbeddingFailed(Exception):
    """The endpoint did not answer with vectors. `status`: of HTTP, or None."""

    host: str
    status: int | None
    reason: str

    def __str__(self) -> str:
        return f"embeddings from {self.host} failed ({self.status or 'no answer'}): {self.reason}"


@dataclass(frozen=True)
class Lexical:
    """Hashed words and character trigrams: near means written alike. Signed, so that clashes of
    hashes cancel out instead of adding up."""

    dimension: int = 256
    name: str = "lexical-1"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Vector:
        counts: Counter[str] = Counter()
        for match in _WORD.finditer(text):
            word = match[0].lower()
            counts[word] += 1
            marked = f"<{word}>"
            counts.update(marked[at : at + 3] for at in range(len(marked) - 2))
        values = [0.0] * self.dimension
        for feature, count in sorted(counts.items()):
            digest = zlib.crc32(feature.encode())
            weight = (1.0 + math.log(count)) * (1.0 if len(feature) > 3 else 0.5)
            values[(digest >> 1) % self.dimension] += weight if digest & 1 else -weight
        return _unit(values)


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible `/embeddings` endpoint. `url`: its base, e.g. `https://HOST/v1`."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError("an embeddings endpoint starts with http:// or https://")

    @property
    def name(self) -> str:
        return f"{self.url}#{self.model}"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        found: list[Vector] = []
        for at in range(0, len(texts), _AT_ONCE):
            found += self._ask([text[:_CHARS] or " " for text in texts[at : at + _AT_ONCE]])
        return found

    def _ask(self, texts: Sequence[str]) -> list[Vector]:
        host = urlsplit(self.url).hostname or ""
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        body = json.dumps({"model": self.model, "input": list(texts)}).encode()
        place = f"{self.url.rstrip('/')}/embeddings"
        request = urllib.request.Request(place, body, headers)  # noqa: S310 - scheme checked
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                rows = json.load(answer)["data"]
            ordered = sorted(rows, key=lambda row: row["index"])
            vectors = [_unit([float(x) for x in row["embedding"]]) for row in ordered]
        except HTTPError as problem:
            raise EmbeddingFailed(host, problem.code, "refused") from None
        except (URLError, OSError) as problem:
            raise EmbeddingFailed(host, None, type(problem).__name__) from None
        except (ValueError, KeyError, TypeError) as problem:
            raise EmbeddingFailed(host, 200, f"no vectors: {type(problem).__name__}") from None
        if len(vectors) != len(texts) or len({len(one) for one in vectors}) != 1:
            raise EmbeddingFailed(host, 200, f"{len(vectors)} vectors for {len(texts)} texts")
        return vectors


def kept(store: Store, embedder: Embedder, texts: Sequence[str]) -> list[Vector]:
    """Vectors of texts, from the store where it has them. Raises EmbeddingFailed."""
    keys = [
        hashlib.blake2b(f"{embedder.name}\0{text}".encode(), digest_size=20).hexdigest()
        for text in texts
    ]
    known = store.vectors(sorted(set(keys)))
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        made = embedder.embed(list(missing.values()))
        fresh = {key: one.tobytes() for key, one in zip(missing, made, strict=True)}
        store.keep_vectors(sorted(fresh.items()))
        known |= fresh
    return [array("f", known[key]) for key in keys]


def cosine(one: Vector, two: Vector) -> float:
    """Likeness of two unit vectors, -1 to 1; 0 when one of them is empty."""
    return math.fsum(a * b for a, b in zip(one, two, strict=True))


def _unit(values: Sequence[float]) -> Vector:
    length = math.sqrt(math.fsum(value * value for value in values))
    return array("f", (value / length for value in values) if length else values)
