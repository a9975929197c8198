"""One `git cat-file --batch` for a repository, started when first asked and ended with its owner.

Promises: a new object is found without a restart; a process that died is started once more; an
answer that does not come ends in GitTimedOut. Never: outlives this process (it ends when its input
closes), runs a hook or a filter.
"""

from __future__ import annotations

import re
import subprocess
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from bot.workspace.git import GitFailed, GitTimedOut, end_group, environment

_AT_ONCE = 32  # questions before answers are read: they must fit into a pipe
_LONGEST = 100_000  # characters of one question
_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\w+) (\d+)\n")


class Objects:
    """Objects of the repository at `git_dir`. Not for threads."""

    def __init__(self, git_dir: Path, *, timeout: float = 60) -> None:
        self.git_dir = git_dir
        self.timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._end = lambda: None

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, str, bytes] | None]:
        """(id, type, content) of each object name, or None for one that is not there.

        Raises GitFailed, GitTimedOut.
        """
        batch: list[str] = []
        for name in names:
            if "\n" in name or len(name) > _LONGEST:
                raise ValueError("not the name of an object")
            batch.append(name)
            if len(batch) == _AT_ONCE or len(name) > 500:
                yield from self._ask(batch)
                batch = []
        yield from self._ask(batch)

    def close(self) -> None:
        """End the process; the next question starts another."""
        self._end()
        self._process = None

    def _ask(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        if not names:
            return []
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        for last in (False, True):
            process = self._running()
            late = threading.Event()
            timer = threading.Timer(self.timeout, _give_up, (process, late))
            timer.start()
            try:
                return _answers(process, asked, len(names))
            except (OSError, EOFError) as problem:
                self.close()
                if late.is_set():
                    raise GitTimedOut("cat-file", -1, f"no end after {self.timeout:g} s") from None
                if last:
                    raise GitFailed("cat-file", -1, f"{problem}") from None
            finally:
                timer.cancel()
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
                    "--batch",
                ],
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


def _give_up(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _answers(
    process: subprocess.Popen[bytes], asked: bytes, count: int
) -> list[tuple[str, str, bytes] | None]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise EOFError("git has no pipes")
    stdin.write(asked)
    stdin.flush()
    return [_answer(stdout) for _ in range(count)]


def _answer(stdout: IO[bytes]) -> tuple[str, str, bytes] | None:
    line = stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError("git ended")
    head = _HEAD.fullmatch(line)
    if head is None:  # `… missing`, `… ambiguous`
        return None
    size = int(head[3])
    data = stdout.read(size + 1)
    if len(data) != size + 1:
        raise EOFError("git ended")
    return head[1].decode(), head[2].decode(), data[:-1]
