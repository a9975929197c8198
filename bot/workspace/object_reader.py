"""One `git cat-file` for a repository, started when first asked and ended with its owner.

Promises: a new object is found without a restart; a process that died is started once more; an
answer that does not come ends in GitTimedOut; what is read inside one `together` asks one process
a repository. Never: outlives this process (it ends when its input closes), runs a hook or a filter.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from bot.workspace.git import GitFailed, GitTimedOut, end_group, environment, git

_AT_ONCE = 32  # questions before answers are read: they must fit into a pipe
_LONGEST = 60_000  # bytes of one question, which must fit into a pipe too
_KEPT = 1 << 20  # bytes of answers that are held at a time, beside the one that is read
_LISTINGS = 4  # of trees
_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\w+) (\d+)")


class About(NamedTuple):
    """What an object is; `size` in bytes."""

    id: str
    kind: str
    size: int


class Objects:
    """Objects of the repository at `git_dir`. Not for threads."""

    def __init__(self, git_dir: Path, *, timeout: float = 60) -> None:
        self.git_dir = git_dir
        self.timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._end = lambda: None
        self._listings: dict[str, list[bytes]] = {}  # of trees, which never change

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, str, bytes] | None]:
        """(id, type, content) of each object name, or None for one that is not there.

        Raises GitFailed, GitTimedOut.
        """
        for answer in self._asked("contents", names):
            yield None if answer is None else (answer[0].id, answer[0].kind, answer[1])

    def about(self, names: Iterable[str]) -> Iterator[About | None]:
        """The same without the contents."""
        for answer in self._asked("info", names):
            yield None if answer is None else answer[0]

    def listed(self, tree: str) -> list[bytes]:
        """A line of `git ls-tree -l` for each file below a tree (its full id)."""
        if tree not in self._listings:
            how = ("ls-tree", "-r", "-l", "-z", "--full-tree", tree)
            self._listings[tree] = git(self.git_dir, *how).split(b"\0")[:-1]
            while len(self._listings) > _LISTINGS:
                self._listings.pop(next(iter(self._listings)))
        return self._listings[tree]

    def _asked(self, what: str, names: Iterable[str]) -> Iterator[tuple[About, bytes] | None]:
        batch: list[str] = []
        for name in names:
            if "\n" in name or 4 * len(name) > _LONGEST:
                raise ValueError("not the name of an object")
            batch.append(name)
            if len(batch) == _AT_ONCE or len(name) > 500:
                yield from self._ask(what, batch)
                batch = []
        yield from self._ask(what, batch)

    def open(self) -> None:
        """Start the process, so that the first question need not wait for it."""
        self._running()

    def close(self) -> None:
        """End the process; the next question starts another."""
        self._end()
        self._process = None

    def _ask(self, what: str, names: Sequence[str]) -> list[tuple[About, bytes] | None]:
        if not names:
            return []
        lines = [*(f"{what} {name}\n" for name in names), "flush\n"]
        asked = "".join(lines).encode("utf-8", "surrogateescape")
        for last in (False, True):
            process = self._running()
            try:
                if process.stdin is None:
                    raise EOFError("git has no pipes")
                process.stdin.write(asked)
                answers = _Answers(process, time.monotonic() + self.timeout)
                return [answers.next(what == "contents") for _ in names]
            except TimeoutError:
                self.close()
                raise GitTimedOut("cat-file", -1, f"no end after {self.timeout:g} s") from None
            except (OSError, EOFError) as problem:
                self.close()
                if last:
                    git(self.git_dir, "rev-parse", "--git-dir")  # says so where it is no repository
                    raise GitFailed("cat-file", -1, f"{problem}") from None
            except BaseException:  # a job's time was over: what is half read is no answer to others
                self.close()
                raise
        return []

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            process = subprocess.Popen(
                [
                    "git",
                    "-c",
                    "safe.directory=*",
                    f"--git-dir={self.git_dir}",
                    "cat-file",
                    "--batch-command",
                    "--buffer",  # one answer to a batch wakes us once, not thrice an object
                ],
                bufsize=0,  # what it did not take any more must not be tried again at its end
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                cwd="/",
                start_new_session=True,
            )
            self._process = process
            self._end = weakref.finalize(self, end_group, process)
        return self._process


class _Answers:
    """What the process says to one batch of questions. Nothing is left over at its end."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        if process.stdout is None:
            raise EOFError("git has no pipes")
        self._stream, self._deadline = process.stdout.fileno(), deadline
        self._said = select.poll()
        self._said.register(self._stream, select.POLLIN)
        self._data, self._at = bytearray(), 0

    def next(self, whole: bool) -> tuple[About, bytes] | None:
        """The answer to the next question; `whole`: a content comes with it."""
        while (end := self._data.find(b"\n", self._at)) < 0:
            self._more()
        head = _HEAD.fullmatch(self._data, self._at, end)
        self._at = end + 1
        if head is None:  # `… missing`, `… ambiguous`
            return None
        about = About(head[1].decode(), head[2].decode(), int(head[3]))
        if not whole:
            return about, b""
        start, self._at = self._at, self._at + about.size + 1
        while len(self._data) < self._at:
            self._more()
        content = bytes(memoryview(self._data)[start : self._at - 1])
        if self._at > _KEPT:
            del self._data[: self._at]
            self._at = 0
        return about, content

    def _more(self) -> None:
        if not self._said.poll(max(0, self._deadline - time.monotonic()) * 1000):
            raise TimeoutError
        data = os.read(self._stream, _KEPT)
        if not data:
            raise EOFError("git ended")
        self._data += data


_together: ContextVar[dict[Path, Objects] | None] = ContextVar("_together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Whatever this thread reads inside asks one process a repository, ended at the block's end."""
    if _together.get() is not None:
        yield
        return
    opened: dict[Path, Objects] = {}
    token = _together.set(opened)
    try:
        yield
    finally:
        _together.reset(token)
        for one in opened.values():
            one.close()


def objects_of(git_dir: Path) -> Objects:
    """Those of the block that we are in; outside of one, new ones."""
    opened = _together.get()
    if opened is None:
        return Objects(git_dir)
    return opened.setdefault(git_dir, Objects(git_dir))
