"""A snapshot of texts that somebody holds, for whom there is no repository to read.

Promises: the same texts give the same snapshot as a commit of them would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.codebase.blobs import Listed, blob_id
from bot.codebase.snapshot import Reader, Snapshot
from bot.codebase.store import Store


@dataclass(frozen=True)
class TextBlobs:
    """Texts by path."""

    texts: Mapping[str, str]

    def listed(self) -> list[Listed]:
        files = ((path, self.texts[path].encode()) for path in sorted(self.texts))
        return [Listed(path, blob_id(data), len(data)) for path, data in files]

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes]]:
        for one in files:
            yield one, self.texts[one.path].encode()


class GivenSnapshot(Snapshot):
    """Make it with `of_texts`."""

    @classmethod
    def of_texts(cls, texts: Mapping[str, str], store: Store) -> Snapshot:
        blobs = TextBlobs(texts)
        return cls(blobs, Reader(blobs, store), "texts")._filled()
