"""What git says while it is still at work, and what is left of it when nobody listens any more."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil
import pytest

from bot.workspace.git import GitFailed, GitTimedOut, parts


def _slow(folder: Path, seconds: float) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    command = f"!printf 'one\\0tw'; sleep 0.2; printf 'o\\0three\\0'; sleep {seconds}"
    subprocess.run(["git", f"--git-dir={folder}", "config", "alias.slow", command], check=True)


def _children() -> int:
    return len(psutil.Process().children(recursive=True))


def test_a_part_is_told_before_the_command_ends_and_none_is_torn(tmp_path: Path) -> None:
    _slow(tmp_path, 30)
    before, began = _children(), time.monotonic()
    said = parts(tmp_path, "slow")
    assert [next(said), next(said), next(said)] == [b"one", b"two", b"three"]
    said.close()
    assert time.monotonic() - began < 20
    assert _children() == before


def test_a_command_that_says_nothing_more_ends_in_time(tmp_path: Path) -> None:
    _slow(tmp_path, 30)
    before = _children()
    with pytest.raises(GitTimedOut):
        list(parts(tmp_path, "slow", timeout=0.5))
    assert _children() == before


def test_a_status_that_was_not_expected_is_raised_with_what_it_said(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    with pytest.raises(GitFailed) as failed:
        list(parts(tmp_path, "rev-parse", "--verify", "nothing"))
    assert failed.value.status == 128
    assert "fatal" in failed.value.said
    assert list(parts(tmp_path, "rev-parse", "--verify", "nothing", ok=(128,))) == []
