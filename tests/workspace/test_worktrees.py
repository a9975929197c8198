"""Trees that are reset between users, and that nothing planted in them can use against the host."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bot.workspace.locks import Busy
from bot.workspace.worktrees import UnsafeTree
from tests.workspace.conftest import BOT, THEN, Project, shell_git


def _on_disk(tree: Path) -> dict[str, str]:
    return {str(p.relative_to(tree)): p.read_text() for p in tree.rglob("*") if p.is_file()}


def test_a_tree_holds_one_commit_whatever_its_last_user_left(project: Project) -> None:
    first = project.commit({"a.txt": "1\n", "d/b.txt": "b\n", ".gitignore": "*.log\n"})
    second = project.commit({"a.txt": "2\n"})
    pool = project.pool(size=1)
    with pool.checkout(first) as tree:
        (tree.path / "d" / "b.txt").unlink()
        (tree.path / "d").rmdir()
        (tree.path / "d").write_text("a file now")
        (tree.path / "left.log").write_text("ignored")
        (tree.path / "new").mkdir()
        (tree.path / "new" / "x").write_text("x")
        (tree.path / "a.txt").chmod(0)
    with pool.checkout(second) as tree:
        assert _on_disk(tree.path) == {"a.txt": "2\n", "d/b.txt": "b\n", ".gitignore": "*.log\n"}
        assert tree.write_tree() == project.mirror.tree_of(second)
    with pool.checkout(first) as tree:
        assert (tree.path / "a.txt").read_text() == "1\n"


def test_a_change_that_hides_behind_size_and_time_is_found_and_undone(project: Project) -> None:
    base = project.commit({"a.txt": "aaaa\n"})
    pool = project.pool(size=1)
    with pool.checkout(base) as tree:
        about = (tree.path / "a.txt").stat()
    time.sleep(1.1)  # past the second in which git distrusts every time
    with pool.checkout(base) as tree:
        about = (tree.path / "a.txt").stat()
        (tree.path / "a.txt").write_text("evil\n")
        os.utime(tree.path / "a.txt", ns=(about.st_atime_ns, about.st_mtime_ns))
        assert tree.write_tree() != project.mirror.tree_of(base)
        (tree.path / "a.txt").write_text("EVIL\n")
        os.utime(tree.path / "a.txt", ns=(about.st_atime_ns, about.st_mtime_ns))
    with pool.checkout(base) as tree:
        assert (tree.path / "a.txt").read_text() == "aaaa\n"


def test_what_a_command_wrote_becomes_a_tree_without_what_is_ignored(project: Project) -> None:
    base = project.commit({"a.txt": "1\n", ".gitignore": "*.log\n", "gone.txt": "x"})
    with project.pool().checkout(base) as tree:
        (tree.path / "a.txt").write_text("2\n")
        (tree.path / "gone.txt").unlink()
        (tree.path / "x.log").write_text("ignored")
        (tree.path / "__pycache__").mkdir()
        (tree.path / "__pycache__" / "a.pyc").write_text("debris")
        os.mkfifo(tree.path / "pipe")
        with socket.socket(socket.AF_UNIX) as listening:
            here = os.getcwd()
            os.chdir(tree.path)
            listening.bind("socket")
            os.chdir(here)
        written = tree.write_tree()
        assert tree.write_tree() == written
    changed = [(c.path, c.status) for c in project.mirror.changed_files(base, written)]
    assert changed == [("a.txt", "M"), ("gone.txt", "D")]


def test_gits_own_folder_is_not_inside_the_tree(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    with project.pool().checkout(base) as tree:
        assert os.listdir(tree.path) == ["a.txt"]


def _plant(folder: Path, marker: Path) -> None:
    """Everything in a repository that git may run: hooks, monitor, filter, diff driver, pager."""
    script = folder / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    keys = {
        "core.fsmonitor": script, "core.hooksPath": folder / ".git" / "hooks", "core.pager": script,
        "filter.evil.clean": script, "filter.evil.smudge": script, "filter.evil.process": script,
        "diff.evil.textconv": script, "diff.external": script, "core.sshCommand": script,
    }  # fmt: skip
    for key, value in keys.items():
        shell_git(folder, "config", key, str(value))
    for name in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script.read_text())
        hook.chmod(0o755)
    (folder / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (folder / "x.txt").write_text("x\n")


def test_planted_git_configuration_runs_nothing_on_the_host(
    project: Project, tmp_path: Path
) -> None:
    base = project.commit({"a.txt": "1\n"})
    marker = tmp_path / "ran"
    control = tmp_path / "control"
    control.mkdir()
    _plant(control, marker)
    subprocess.run(["git", "-C", str(control), "add", "-A"], check=False, capture_output=True)
    assert marker.exists(), "the plant must work where nothing defends"
    marker.unlink()
    pool = project.pool(size=1)
    with pool.checkout(base) as tree:
        _plant(tree.path, marker)
        (tree.path / "sub").mkdir()
        _plant(tree.path / "sub", marker)
        (tree.path / "deep").mkdir()
        (tree.path / "deep" / ".git").write_text(f"gitdir: {control}/.git\n")
        (tree.path / "deep" / "y.txt").write_text("y\n")
        written = tree.write_tree()
    planted = project.mirror.commit_tree(base, written, "feat: planted", BOT, THEN)
    with pool.checkout(planted):
        project.mirror.diff(base, planted)
    assert not marker.exists()
    paths = {e.path for e in project.mirror.ls(written)}
    assert {"sub/x.txt", "deep/y.txt"} <= paths
    assert not any(".git" in path.split("/") for path in paths)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "d/../../x", ".."])
def test_a_link_out_of_the_tree_is_refused_and_never_followed(
    project: Project, target: str
) -> None:
    base = project.commit({"d/a.txt": "1\n"})
    with project.pool().checkout(base) as tree:
        (tree.path / "link").symlink_to(target)
        with pytest.raises(UnsafeTree, match="leads out"):
            tree.write_tree()


def test_a_folder_swapped_for_a_link_does_not_bring_host_files_in(
    project: Project, tmp_path: Path
) -> None:
    base = project.commit({"d/a.txt": "1\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("secret of the host")
    (outside / "more.txt").write_text("more")
    pool = project.pool(size=1)
    with pool.checkout(base) as tree:
        (tree.path / "d" / "a.txt").unlink()
        (tree.path / "d").rmdir()
        (tree.path / "d").symlink_to(outside)
        with pytest.raises(UnsafeTree):
            tree.write_tree()
    with pool.checkout(base) as tree:
        assert _on_disk(tree.path) == {"d/a.txt": "1\n"}
    assert (outside / "a.txt").read_text() == "secret of the host"
    assert (outside / "more.txt").exists()


def test_a_link_inside_the_tree_is_kept_as_a_link(project: Project) -> None:
    base = project.commit({"d/a.txt": "1\n"})
    with project.pool().checkout(base) as tree:
        (tree.path / "d" / "link").symlink_to("../d/a.txt")
        written = tree.write_tree()
    modes = {e.path: e.mode for e in project.mirror.ls(written)}
    assert modes["d/link"] == "120000"
    assert project.mirror.read(written, "d/link") == b"../d/a.txt"


def test_a_link_that_the_project_had_before_is_its_own_affair(project: Project) -> None:
    (project.clone / "link").symlink_to("/etc/hostname")
    base = project.commit_all()
    with project.pool().checkout(base) as tree:
        (tree.path / "new.txt").write_text("x")
        assert tree.write_tree()


def test_two_users_never_share_a_tree_and_a_third_waits(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    pool = project.pool(size=2)
    with pool.checkout(base) as one, pool.checkout(base) as two:
        assert one.path != two.path
        with pytest.raises(Busy), pool.checkout(base, wait_s=0.2):
            pass
    got = threading.Event()

    def wait() -> None:
        with pool.checkout(base, wait_s=10):
            got.set()

    with pool.checkout(base), pool.checkout(base):
        thread = threading.Thread(target=wait)
        thread.start()
        assert not got.wait(0.2)
    thread.join(10)
    assert got.is_set()
    assert len([p for p in (project.root / "trees").iterdir() if p.is_dir()]) == 2


def test_a_tree_held_by_a_killed_process_is_free_and_clean(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    script = f"""
import os, signal
from pathlib import Path
from bot.workspace.mirror import Mirror
from bot.workspace.worktrees import Pool
mirror = Mirror(Path({str(project.mirror.path)!r}))
pool = Pool(Path({str(project.root / "trees")!r}), mirror, size=1)
with pool.checkout({base!r}) as tree:
    (tree.path / "a.txt").write_text("half")
    (tree.path.parent / "index.lock").write_text("")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert done.returncode == -9
    with project.pool(size=1).checkout(base, wait_s=1) as tree:
        assert (tree.path / "a.txt").read_text() == "1\n"


def test_a_damaged_slot_is_made_anew(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    pool = project.pool(size=1)
    with pool.checkout(base) as tree:
        (tree.path.parent / "index").write_bytes(b"not an index")
    with pool.checkout(base) as tree:
        assert tree.write_tree() == project.mirror.tree_of(base)


def test_folders_too_deep_for_a_path_break_neither_the_tree_nor_the_pool(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    pool = project.pool(size=1)
    with pool.checkout(base) as tree:
        deep = "import os\nfor _ in range(1500):\n    os.mkdir('deep'); os.chdir('deep')\n"
        subprocess.run([sys.executable, "-c", deep], cwd=tree.path, check=True)
        with pytest.raises(UnsafeTree):
            tree.write_tree()
    with pool.checkout(base) as tree:
        assert _on_disk(tree.path) == {"a.txt": "1\n"}
