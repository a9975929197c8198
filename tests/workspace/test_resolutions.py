"""git remembers what conflicts came to: by their lines, in one repository, whatever happens."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from bot.workspace.git import git
from bot.workspace.mirror import Mirror
from bot.workspace.resolutions import ENTRIES, LARGEST, Resolutions

DAY = 86_400


def clash(one: str = "one", two: str = "two", *, end: str = "end\n", label: str = "a") -> bytes:
    mine, theirs = f"<<<<<<< {label}\n{one}\n", f"=======\n{two}\n>>>>>>> {label}\n"
    return f"begin\n{mine}{theirs}{end}".encode()


def came(to: str = "both", end: str = "end\n") -> bytes:
    return f"begin\n{to}\n{end}".encode()


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror.open(tmp_path / "mirrors", "repository-7")


@pytest.fixture
def memory(mirror: Mirror) -> Resolutions:
    return mirror.resolutions


def test_the_same_lines_come_out_the_same_whoever_has_them_on_which_side(
    memory: Resolutions,
) -> None:
    assert memory.recall([clash()]) == [None]
    assert memory.learn([(clash(), came())]) == 1
    turned = clash("two", "one", label="b", end="end\nand more\n")
    other = clash("one", "three")
    found = memory.recall([turned, other, b"no conflict\n", clash()])
    assert found == [came(end="end\nand more\n"), None, None, came()]
    assert memory.learn([(clash(), came())]) == 0


def test_what_another_repository_came_to_is_not_known(memory: Resolutions, tmp_path: Path) -> None:
    memory.learn([(clash(), came())])
    assert Mirror.open(tmp_path / "mirrors", "repository-77").resolutions.recall([clash()]) == [
        None
    ]


def test_the_newer_resolution_holds_and_one_that_is_forgotten_does_not(memory: Resolutions) -> None:
    memory.learn([(clash(), came())])
    assert memory.learn([(clash(), came("other"))]) == 1
    assert memory.recall([clash()]) == [came("other")]
    memory.forget([clash()])
    assert memory.recall([clash()]) == [None]


def test_the_same_lines_in_other_surroundings_are_two_things_to_know(memory: Resolutions) -> None:
    ours, theirs = clash(), b"far\n" * 9 + clash() + b"away\n" * 9
    end = b"far\n" * 9 + came("else") + b"away\n" * 9
    memory.learn([(ours, came()), (theirs, end)])
    assert memory.recall([theirs, ours]) in ([end, came()], [end.replace(b"else", b"both"), came()])


@pytest.mark.parametrize(
    "pair",
    [
        (clash(), clash()),  # marks are left
        (clash(), came() + b">>>>>>> b\n"),
        (clash(), came() + b"\0"),
        (clash() + b"\0", came()),
        (clash() + b"x" * LARGEST, came()),
        (clash(), came() + b"x" * LARGEST),
        (came(), came("other")),  # no conflict at all
        (b"<<<<<<< a\nno end\n", came()),
        (clash("=======", "two"), came()),  # where one side ends cannot be told
        (b"", b""),
    ],
)  # fmt: skip
def test_what_is_no_resolution_of_text_is_not_remembered(
    memory: Resolutions, mirror: Mirror, pair: tuple[bytes, bytes]
) -> None:
    memory.learn([pair])
    assert memory.recall([pair[0]]) == [None]
    assert [*mirror.path.glob("rr-cache/*")] == []


def test_what_the_repository_says_of_merging_is_not_asked(
    memory: Resolutions, mirror: Mirror, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    for name in ("merge.x.driver", "diff.x.command", "core.fsmonitor", "filter.x.smudge"):
        git(mirror.path, "config", name, f"touch {ran}")
    git(mirror.path, "config", "rerere.autoUpdate", "true")
    (mirror.path / "info" / "attributes").write_text("* merge=x diff=x filter=x\n0 merge=x\n")
    hooks = mirror.path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "pre-auto-gc", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    attributes = clash("* merge=x", "* filter=x")  # a file that would tell git how to merge
    memory.learn([(attributes, came()), (clash(), came())])
    assert memory.recall([attributes, clash()]) == [came(), came()]
    assert not ran.exists()


def test_a_link_in_the_place_of_the_memory_is_neither_read_nor_written(
    memory: Resolutions, mirror: Mirror, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory.learn([(clash(), came())])
    kept, away = mirror.path / "rr-cache", tmp_path / "away"
    (entry,) = kept.iterdir()
    (entry / "postimage").rename(tmp_path / "secret")
    (entry / "postimage").symlink_to(tmp_path / "secret")
    assert memory.recall([clash()]) == [None]
    entry.rename(away)
    entry.symlink_to(away)
    assert memory.recall([clash()]) == [None]
    assert memory.learn([(clash(), came("new"))]) == 1  # a folder of ours stands there now
    assert not entry.is_symlink()
    assert (away / "postimage").read_bytes() == came()
    kept.rename(tmp_path / "cache")
    kept.symlink_to(tmp_path / "cache")
    caplog.set_level(logging.WARNING)
    assert memory.recall([clash()]) == [None]
    assert memory.learn([(clash("3", "4"), came())]) == 0
    assert len([*(tmp_path / "cache").iterdir()]) == 1
    assert "no resolution could be learnt" in caplog.text


def test_what_a_killed_process_left_does_no_harm(memory: Resolutions, mirror: Mirror) -> None:
    memory.learn([(clash(), came())])
    (entry,) = (mirror.path / "rr-cache").iterdir()
    (entry / "preimage").unlink()
    (mirror.path / "rerere-dead" / "git").mkdir(parents=True)
    (mirror.path / "MERGE_RR.lock").touch()
    assert memory.recall([clash()]) == [None]
    assert memory.learn([(clash(), came("again"))]) == 1
    assert memory.recall([clash()]) == [came("again")]
    assert [*mirror.path.glob("rerere-*")] == []


def test_what_is_old_goes_and_what_is_used_stays(memory: Resolutions, mirror: Mirror) -> None:
    used, unused = clash("used"), clash("unused")
    memory.learn([(used, came()), (unused, came())])
    for file in (mirror.path / "rr-cache").glob("*/*"):
        os.utime(file, (time.time() - 70 * DAY,) * 2)
    assert memory.recall([used]) == [came()]
    memory.learn([(clash("new"), came())])
    assert memory.recall([used, unused]) == [came(), None]


def test_there_is_an_end_to_how_much_is_remembered(memory: Resolutions, mirror: Mirror) -> None:
    old = time.time() - DAY
    for number in range(ENTRIES + 20):
        folder = mirror.path / "rr-cache" / f"{number:040x}"
        folder.mkdir(parents=True)
        for name in ("preimage", "postimage"):
            (folder / name).write_text("x")
            os.utime(folder / name, (old + number, old + number))
    memory.learn([(clash(), came())])
    left = {one.name for one in (mirror.path / "rr-cache").iterdir()}
    assert len(left) == ENTRIES
    assert f"{ENTRIES + 19:040x}" in left
    assert f"{0:040x}" not in left
    assert memory.recall([clash()]) == [came()]


def _learn(path: Path, number: int) -> None:
    for step in range(3):
        Resolutions(path).learn([(clash(f"{number}.{step}"), came(f"{number}.{step}"))])
        assert Resolutions(path).recall([clash("shared")]) == [came("shared")]


def test_processes_that_learn_at_once_take_turns(memory: Resolutions, mirror: Mirror) -> None:
    memory.learn([(clash("shared"), came("shared"))])
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_learn, args=(mirror.path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    names = [f"{number}.{step}" for number in range(3) for step in range(3)]
    assert memory.recall([clash(name) for name in names]) == [came(name) for name in names]
