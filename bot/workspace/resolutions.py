"""How conflicts were resolved before: git's own memory (rerere), one a repository (S22, O3).

Promises: a resolution is known by the lines that were in conflict, and comes back only where git
can place it without a doubt; processes take turns, and one that dies leaves nothing half written;
what nobody needed for sixty days goes, and the oldest beyond the bounds. git is shown texts under
names of ours in a repository of ours: the project's names, attributes and settings play no part.
Never: decides what is worth remembering, follows a link, is the reason that work stops.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.workspace.erase import erase
from bot.workspace.git import GitFailed, git
from bot.workspace.locks import Busy, locked

log = logging.getLogger(__name__)

LARGEST = 500_000  # bytes of a text
ENTRIES, BYTES = 500, 32_000_000  # of one repository; an entry is what one conflict came to
_DAYS = ("gc.rerereResolved=60", "gc.rerereUnresolved=1")
_WAIT = 20.0  # seconds for another process
_VARIANTS = 16  # files of an entry: the same lines in several surroundings

_NAME = re.compile(r"[0-9a-f]{40}")
_IMAGE = re.compile(r"(?:pre|post)image(?:\.[0-9]{1,2})?")
_MARK = re.compile(rb"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_NO_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the empty one: only its stage is read
_TROUBLE = (GitFailed, Busy, OSError)

_Entry = Mapping[str, bytes]  # file of an entry → what is in it


class Resolutions:
    """What the conflicts of one repository came to, kept in its mirror at `mirror`.

    A text in conflict holds git's marks; what a method cannot do is logged and comes to nothing.
    """

    def __init__(self, mirror: Path) -> None:
        self._mirror, self._kept = mirror, mirror / "rr-cache"

    def recall(self, conflicts: Sequence[bytes]) -> list[bytes | None]:
        """For each text in conflict what it came to before, or None."""
        found: dict[int, bytes] = {}
        texts = {n: text for n, text in enumerate(conflicts) if _fits(text, marked=True)}
        if texts and self._kept.exists():
            try:
                with self._bench() as bench:
                    names, found = self._replay(bench, texts)
                    for number in found:
                        self._used(names[number])
            except _TROUBLE as error:
                _unknown("recalled", error)
        return [found.get(number) for number in range(len(conflicts))]

    def learn(self, resolved: Sequence[tuple[bytes, bytes]]) -> int:
        """Remember (text in conflict, what it came to); how many of them were not known yet.

        Where something else is remembered in the same place, the newer one holds.
        """
        pairs = {
            number: pair
            for number, pair in enumerate(resolved)
            if _fits(pair[0], marked=True) and _fits(pair[1], marked=False)
        }
        try:
            return self._learn(pairs) if pairs else 0
        except _TROUBLE as error:
            _unknown("learnt", error)
            return 0

    def forget(self, conflicts: Sequence[bytes]) -> None:
        """Remember nothing of texts in conflict any more."""
        texts = {n: text for n, text in enumerate(conflicts) if _fits(text, marked=True)}
        if not texts or not self._kept.exists():
            return
        try:
            with self._bench() as bench:
                for name in set(bench.lay_out(texts).values()):
                    self._drop(name, bench)
        except _TROUBLE as error:
            _unknown("forgotten", error)

    # -- under the lock -----------------------------------------------------------------------

    def _learn(self, pairs: Mapping[int, tuple[bytes, bytes]]) -> int:
        with self._bench() as bench:
            names, known = self._replay(bench, {n: pair[0] for n, pair in pairs.items()})
            wrong = {names[n] for n in known if known[n] != pairs[n][1]}
            for name in wrong:
                self._drop(name, bench)
            fresh = [n for n in names if n not in known or names[n] in wrong]
            if fresh:
                kept = {names[n]: self._entry(names[n]) for n in fresh}
                bench.lay_out({n: pairs[n][0] for n in fresh}, kept)
                bench.settle({n: pairs[n][1] for n in fresh})
                for name in kept:
                    self._publish(name, bench)
                self._bounded(bench)
            return len(fresh)

    def _replay(
        self, bench: _Bench, texts: Mapping[int, bytes]
    ) -> tuple[dict[int, str], dict[int, bytes]]:
        """(what git calls each conflict, what is remembered of it)."""
        names = bench.lay_out(texts)
        kept = {name: entry for name in names.values() if (entry := self._entry(name))}
        if not kept:
            return names, {}
        left = bench.lay_out({n: texts[n] for n in names}, kept)
        placed = {n: bench.text(n) for n in names if n not in left}
        return names, {n: text for n, text in placed.items() if _fits(text, marked=False)}

    @contextmanager
    def _bench(self) -> Iterator[_Bench]:
        with locked(self._mirror / "rerere.lock", wait_s=_WAIT):
            for left in self._mirror.glob("rerere-*"):  # by a process that was killed
                if left.is_dir() and not left.is_symlink():
                    erase(left)
            self._kept.mkdir(exist_ok=True)
            if not stat.S_ISDIR(os.lstat(self._kept).st_mode):
                raise NotADirectoryError(f"{self._kept.name} is not a folder")
            folder = Path(tempfile.mkdtemp(prefix="rerere-", dir=self._mirror))
            try:
                yield _Bench(folder)
            finally:
                erase(folder)

    def _entry(self, name: str) -> dict[str, bytes]:
        """The whole files of an entry; {} where it is none that git would have written."""
        folder, found = self._kept / name, {}
        try:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                return {}
            inside = [one for one in os.listdir(folder) if _IMAGE.fullmatch(one)]
        except FileNotFoundError:
            return {}
        if len(inside) > _VARIANTS:
            return {}
        for one in inside:
            if (content := _read(folder / one)) is not None:
                found[one] = content
        pairs = {one.replace("post", "pre"): one for one in found if one.startswith("post")}
        whole = {pre: post for pre, post in pairs.items() if pre in found}
        return {one: found[one] for pair in whole.items() for one in pair}

    def _publish(self, name: str, bench: _Bench) -> None:
        self._drop(name, bench)
        os.rename(bench.memory / name, self._kept / name)

    def _drop(self, name: str, bench: _Bench) -> None:
        """Out of the way in one step, whatever stands there; it goes with the bench."""
        if os.path.lexists(self._kept / name):
            os.rename(self._kept / name, tempfile.mkdtemp(dir=bench.folder) + "/dropped")

    def _used(self, name: str) -> None:
        for one in self._entry(name):
            os.utime(self._kept / name / one, follow_symlinks=False)

    def _bounded(self, bench: _Bench) -> None:
        """Age is git's to judge; number and size are ours, the newest first."""
        (self._mirror / "MERGE_RR.lock").unlink(missing_ok=True)  # of one that was killed
        ages = [part for days in _DAYS for part in ("-c", days)]
        git(self._mirror, "-c", "rerere.enabled=true", *ages, "rerere", "gc")
        entries = []
        for one in os.scandir(self._kept):
            if _NAME.fullmatch(one.name) and one.is_dir(follow_symlinks=False):
                about = [f.stat(follow_symlinks=False) for f in os.scandir(one.path)]
                last = max((f.st_mtime for f in about), default=0.0)
                entries.append((last, sum(f.st_size for f in about), one.name))
        total = 0
        for place, (_, size, name) in enumerate(sorted(entries, reverse=True)):
            total += size
            if place >= ENTRIES or total > BYTES:
                self._drop(name, bench)


class _Bench:
    """A repository with nothing in it but numbered texts in conflict, and a memory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._git, self._tree = folder, folder / "git", folder / "tree"
        self.memory = self._git / "rr-cache"
        self._seen = self._git / "MERGE_RR"
        git(self._git, "init", "--bare", "--quiet", "--template=")

    def lay_out(
        self, texts: Mapping[int, bytes], memory: Mapping[str, _Entry] | None = None
    ) -> dict[int, str]:
        """Show git the texts, with nothing in its memory but `memory`.

        Returns what it calls the conflicts that it sees and that its memory does not resolve.
        """
        erase(self._tree)
        erase(self.memory)
        self._seen.unlink(missing_ok=True)
        self._tree.mkdir()
        for name, entry in (memory or {}).items():
            (self.memory / name).mkdir(parents=True)
            for one, content in entry.items():
                (self.memory / name / one).write_bytes(content)
        self._write(texts)
        stages = "".join(f"100644 {_NO_BLOB} {at}\t{n}\n" for n in texts for at in (1, 2, 3))
        (self._git / "index").unlink(missing_ok=True)
        git(self._git, "update-index", "--index-info", stdin=stages.encode())
        self._rerere()
        rows = [row.split(b"\t") for row in self._seen.read_bytes().split(b"\0") if row]
        return {int(number): name.decode()[:40] for name, number in rows}

    def settle(self, texts: Mapping[int, bytes]) -> None:
        """Tell git what the texts that it saw came to."""
        self._write(texts)
        self._rerere()

    def text(self, number: int) -> bytes:
        return (self._tree / str(number)).read_bytes()

    def _write(self, texts: Mapping[int, bytes]) -> None:
        for number, text in texts.items():
            (self._tree / str(number)).write_bytes(text)

    def _rerere(self) -> None:
        how = ("core.bare=false", "rerere.enabled=true", "rerere.autoUpdate=false")
        settings = [part for setting in how for part in ("-c", setting)]
        git(self._git, *settings, "rerere", work_tree=self._tree)


def _fits(text: bytes, *, marked: bool) -> bool:
    return len(text) <= LARGEST and b"\0" not in text and bool(_MARK.search(text)) is marked


def _read(path: Path) -> bytes | None:
    """What is in a file of ours; None where it is a link, no file, or too large."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        about = os.fstat(opened)
        if not stat.S_ISREG(about.st_mode) or about.st_size > 2 * LARGEST:
            return None
        return file.read()


def _unknown(what: str, error: Exception) -> None:
    log.warning("no resolution could be %s", what, extra={"why": str(error)})
