"""A push tells exactly what two whole scans differ by."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from bot.backlog.todo.push import NeedsWhole, advanced, changes, scan
from bot.backlog.todo.scan import Folder, scan_folder
from bot.workspace.object_reader import Objects

LINES = (
    "# TODO: one", "# FIXME: two", "x = 1", '"""', "# plain", "y = '# TODO: no'", "// TODO: three",
    "/*", "*/", "", "# TODO: one", "    # XXX four", "\t# HACK: five\r", "# towpath: ignore",
)  # fmt: skip
NAMES = (
    "a.py", "b/c.py", "d.js", "e.md", "f.ts", "vendor/g.py", "h i.py", "j\tk.py", "l.sh", "ü.py",
    "m.min.js", "n.yml",
)  # fmt: skip


def git(folder: Path, *args: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "Ann", f"GIT_{who}_EMAIL": "ann@example.org"}
    return subprocess.run(
        ["git", *args], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


def change(folder: Path, chance: random.Random) -> None:
    for name in chance.sample(NAMES, 4):
        path = folder / name
        what = chance.random()
        if what < 0.2:
            path.unlink(missing_ok=True)
        elif what < 0.3 and path.exists():
            path.rename(folder / chance.choice(NAMES).replace("/", "_"))
        elif what < 0.35:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"\0# TODO: binary\n")
        elif what < 0.4 and path.exists():
            path.chmod(0o755)
        else:
            path.parent.mkdir(exist_ok=True)
            text = "\n".join(chance.choices(LINES, k=chance.randrange(12)))
            path.write_text(text + chance.choice(("", "\n")), newline="")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


@pytest.mark.parametrize("seed", range(3))
def test_the_change_equals_the_difference_of_two_whole_scans(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    change(folder, chance)
    before = scan(folder / ".git", commit(folder))
    seen, objects = 0, Objects(folder / ".git")
    for _ in range(12):
        change(folder, chance)
        after = scan(folder / ".git", commit(folder))
        changed = changes(objects, before.commit, after.commit, before.attributes)
        assert advanced(before.marks, changed) == after.marks
        assert scan_folder(Folder.of(folder)) == after.marks
        seen += len(after.marks)
        before = after
    assert seen > 20  # it looked at something


def test_attributes_ask_for_a_whole_scan(folder: Path) -> None:
    (folder / "a.py").write_text("# TODO: a\n")
    first = scan(folder / ".git", commit(folder))
    (folder / ".gitattributes").write_text("*.py linguist-vendored\n")
    second = commit(folder)
    with pytest.raises(NeedsWhole):
        changes(Objects(folder / ".git"), first.commit, second, first.attributes)
    assert scan(folder / ".git", second).marks == {}
    with pytest.raises(NeedsWhole):
        changes(Objects(folder / ".git"), "0" * 40, second, {})


def test_a_file_that_becomes_a_link_or_a_folder_has_no_marks(folder: Path) -> None:
    (folder / "a.py").write_text("# TODO: a\n")
    (folder / "b.py").write_text("# TODO: b\n")
    first = commit(folder)
    (folder / "a.py").unlink()
    (folder / "a.py").symlink_to("b.py")
    (folder / "b.py").unlink()
    (folder / "b.py").mkdir()
    (folder / "b.py" / "c.py").write_text("# TODO: c\n")
    found = changes(Objects(folder / ".git"), first, commit(folder), {})
    assert {path: len(todos) for path, todos in found.items()} == {
        "a.py": 0, "b.py": 0, "b.py/c.py": 1,
    }  # fmt: skip


def test_attributes_also_take_back_in(folder: Path) -> None:
    (folder / "vendor").mkdir()
    (folder / "vendor" / "a.py").write_text("# TODO: ours\n")
    (folder / "b.py").write_text("# TODO: theirs\n")
    said = "vendor/** -linguist-vendored\nb.py linguist-generated\n"
    (folder / ".gitattributes").write_text(said)
    assert list(scan(folder / ".git", commit(folder)).marks) == ["vendor/a.py"]


def test_submodules_and_links_are_no_files(folder: Path) -> None:
    (folder / "a.py").write_text("# TODO: a\n")
    (folder / "link.py").symlink_to("a.py")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(folder, "add", "a.py", "link.py")
    git(folder, "commit", "-q", "-m", "x")
    assert list(scan(folder / ".git", git(folder, "rev-parse", "HEAD")).marks) == ["a.py"]
