"""Package files that were fetched before, kept where no sandbox can write. (T5)

Promises: only what a package host itself sent, whole, under its address; the least recently used
go first when there are too many.
Never: keeps what was built, or an index page, which changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_ENDINGS = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".metadata")


@dataclass(frozen=True)
class Artifacts:
    """`limit`: bytes kept in all."""

    folder: Path
    limit: int = 4 << 30

    def place(self, url: str) -> Path | None:
        """Where the file at `url` is kept; None for what is not."""
        if "?" in url or not url.endswith(_ENDINGS):
            return None
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    def open(self, place: Path) -> IO[bytes] | None:
        """The kept file, or None."""
        try:
            found = place.open("rb")
        except FileNotFoundError:
            return None
        os.utime(place)
        return found

    @contextmanager
    def keeping(self, place: Path, size: int) -> Iterator[IO[bytes]]:
        """A file to write to; it is kept if it holds `size` bytes in the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="new-", delete=False) as new:
            try:
                yield new
                new.flush()
                if new.tell() == size:
                    os.replace(new.name, place)
            finally:
                Path(new.name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove the oldest beyond the limit."""
        found = []
        for path in self.folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        left = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if left <= self.limit:
                return
            path.unlink(missing_ok=True)
            left -= size
