"""What the tests of `demo` and `try` share: repositories, calls of the command, what still runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.call import command, environ

LONG_S = 240  # for a whole story on a machine that is busy with others

MODULE = "import os\n\n\ndef total(prices):\n    return sum(prices)\n"
TEST = (
    'import sys\n\nsys.path.insert(0, "src")\nimport shop\n\n\n'
    "def test_total():\n    assert shop.total([1, 2]) == 3\n"
)
STORY = "# Remove unused imports (F401) in src/shop.py\n"


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for a socket below it, which pytest's own do not."""
    folder = Path(
        tempfile.mkdtemp(prefix="t-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp"))
    )
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def git(folder: Path, *arguments: str) -> str:
    """git as a person who has no configuration but a name."""
    who = {"NAME": "Ann", "EMAIL": "ann@example.org"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    told = {f"GIT_{role}_{part}": v for role in ("AUTHOR", "COMMITTER") for part, v in who.items()}
    fixed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments],
        env={**kept, **told, **fixed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def project(folder: Path, branch: str = "trunk", *options: str) -> Path:
    """A repository of two commits and a tag, with one unused import."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", f"--initial-branch={branch}", *options)
    for path, text in (("README.md", "A shop.\n"), ("src/shop.py", MODULE)):
        commit(folder, path, text)
    commit(folder, "tests/test_shop.py", TEST)
    git(folder, "tag", "v1")
    return folder


def commit(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"add {path}")


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of every file, those of `.git` too."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`towpath …` called in `folder`, which also holds what it keeps for a while."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        command(*arguments),
        env={**environ(), "TMPDIR": str(temporary)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_in_a_terminal,
    )


def _as_in_a_terminal() -> None:
    """Who is started in the background by a script inherits that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def left_in(folder: Path) -> list[str]:
    """What the command has left in its place for a while."""
    return sorted(path.name for path in (folder / "temporary").iterdir())


def running_for(folder: Path) -> list[str]:
    """Processes that were called with, or told of, something below `folder`."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid():
            continue
        try:
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            state = (place / "stat").read_text().rpartition(") ")[2][:1]
        except OSError:  # it has ended, or is not ours
            continue
        if os.fsencode(folder) in told and state != "Z":
            found.append(f"{place.name} {told[:200]!r}")
    return found
