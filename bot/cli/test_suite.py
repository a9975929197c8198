"""`towpath test`: Towpath's own tests, from a fresh clone.

Promises: pytest's output and exit code; no setting of the caller's environment reaches a test.
Tests that install packages are left out, saying so, only where no package index answers.
The tests' files are kept in memory where there is plenty of it: what is promised to survive a lost
machine is synchronised there too, but waits for no disk. Folders of tests that fail stay.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path

import click

from bot.cli.installer import index_answers
from bot.settings import PREFIX
from bot.texts import operator as texts

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108 - whether it can be used is asked below
ROOM = 3 << 30  # bytes: three times what all tests and the gates' tools came to
MOST = 8  # each worker has a queue server and a database server of its own


def _spread() -> list[str]:
    """More than twice the cores, because most of the time tests wait for a process or a disk."""
    if importlib.util.find_spec("xdist") is None:
        return []
    return ["-n", str(min(MOST, 5 * (os.cpu_count() or 1) // 2)), "--dist", "worksteal"]


def _in_memory() -> list[str]:
    """Options of pytest that leave little behind, where its folders can be in memory."""
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or not os.access(MEMORY, os.W_OK):
        return []
    place = os.statvfs(MEMORY)
    if place.f_flag & os.ST_NOEXEC or place.f_bavail * place.f_frsize < ROOM:
        return []
    told = re.search(r"^MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    if told is None or int(told[1]) * 1024 < 2 * ROOM:
        return []
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)
    return ["-o", "tmp_path_retention_policy=failed", "-o", "tmp_path_retention_count=1"]


@click.command(
    "test", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test_suite(arguments: tuple[str, ...]) -> None:
    """Run Towpath's own tests; ARGUMENTS go to pytest."""
    if importlib.util.find_spec("pytest") is None or not (ROOT / "tests").is_dir():
        raise click.UsageError(texts.NO_TESTS)
    chosen = "not slow"
    if not index_answers():
        click.echo(texts.NO_INDEX, err=True)
        chosen += " and not network"
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[variable]
    os.chdir(ROOT)
    command = [sys.executable, "-m", "pytest", "-m", chosen, *_spread(), *_in_memory(), *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is the point
