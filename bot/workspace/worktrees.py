"""A few work trees per mirror, reset between uses instead of made anew.

Promises: a tree that is handed out holds exactly one commit, whatever its last user left in it;
what is on disk afterwards becomes a tree id without any of it being executed or followed. git's
own folder is never inside a work tree, so nothing in a sandbox can see or change it.
Never: runs what a tree brings along (hooks, filters, monitors, nested repositories), keeps more
than `size` trees on disk, lets two users into one tree.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.workspace.erase import erase
from bot.workspace.git import GitFailed, git
from bot.workspace.locks import Busy, try_lock
from bot.workspace.mirror import Mirror
from bot.workspace.paths import is_git_directory
from bot.workspace.reading import GITLINK, SYMLINK, Entry


class UnsafeTree(ValueError):
    """A command left something that must not become part of a commit. `path`, `why`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path!r}: {why}")
        self.path, self.why = path, why


class Tree:
    """One work tree in use: `path` on disk, `commit` that it was reset to."""

    def __init__(
        self, slot: Path, mirror: Mirror, commit: str, owner: tuple[int, int] | None
    ) -> None:
        self.path = slot / "tree"
        self.commit = commit
        self._mirror = mirror
        self._owner = owner
        self._env = {"GIT_INDEX_FILE": str(slot / "index")}

    def reset(self, commit: str | None = None) -> None:
        """Back to `commit` (default: the same as before), with everything else gone."""
        self.commit = commit or self.commit
        self.path.mkdir(mode=0o755, exist_ok=True)
        _disarm(self.path)
        self._git("read-tree", "--reset", "-u", self.commit)
        self._git("clean", "-ffdxq")
        if self._owner and _hand_over(self.path, self._owner):
            self._git("update-index", "-q", "--really-refresh")  # changing the owner moved ctime

    def write_tree(self) -> str:
        """The id of the tree that is on disk now, ignored files left out.

        Symbolic links are stored as links. Nested repositories lose their `.git`. Raises
        UnsafeTree for a new link that leads out of the tree, and for what git cannot store.
        """
        try:
            _disarm(self.path)
            self._git("add", "--all", "--", ".")
        except (GitFailed, OSError) as problem:
            raise UnsafeTree(".", str(problem)[-300:]) from problem
        tree = self._git("write-tree").decode().strip()
        self._refuse_ways_out(tree)
        return tree

    def untracked(self) -> list[str]:
        """Files on disk that the index does not hold, ignored ones included."""
        _disarm(self.path)
        listed = self._git("ls-files", "--others", "-z").split(b"\0")[:-1]
        return [name.decode("utf-8", "surrogateescape") for name in listed]

    def _git(self, *args: str) -> bytes:
        return git(
            self._mirror.path, "-c", "core.bare=false", *args,
            env=self._env, work_tree=self.path, timeout=300,
        )  # fmt: skip

    def _refuse_ways_out(self, tree: str) -> None:
        before = {(e.path, e.mode, e.sha) for e in self._links(self.commit)}
        for entry in self._links(tree):
            if (entry.path, entry.mode, entry.sha) in before:
                continue
            if entry.mode == GITLINK:
                raise UnsafeTree(entry.path, "a nested repository")
            target = self._mirror.read(tree, entry.path, limit=4096).decode("utf-8", "replace")
            place = os.path.normpath(os.path.join(os.path.dirname(entry.path), target))
            if target.startswith("/") or place == ".." or place.startswith("../"):
                raise UnsafeTree(entry.path, "a symbolic link that leads out of the tree")

    def _links(self, commit: str) -> list[Entry]:
        return [e for e in self._mirror.ls(commit) if e.mode in {SYMLINK, GITLINK}]


class Pool:
    """At most `size` work trees of `mirror` under `root`, shared between processes.

    `owner`: (uid, gid) that the sandbox runs as, when it is not ours (`Sandbox.owner`).
    """

    def __init__(
        self,
        root: Path,
        mirror: Mirror,
        *,
        size: int = 4,
        owner: tuple[int, int] | None = None,
    ) -> None:
        self._slots = [root / f"{mirror.path.stem}-{number}" for number in range(size)]
        self._mirror = mirror
        self._owner = owner

    @contextmanager
    def checkout(self, commit: str, *, wait_s: float = 600) -> Iterator[Tree]:
        """A tree that holds `commit` and is ours until the block ends. Busy after `wait_s`."""
        commit = self._mirror.resolve(commit)
        slot, held = self._take(commit, wait_s)
        try:
            yield self._ready(slot, commit)
        finally:
            os.close(held)

    def _take(self, commit: str, wait_s: float) -> tuple[Path, int]:
        deadline = time.monotonic() + wait_s
        while True:
            for slot in sorted(self._slots, key=lambda slot: _distance(slot, commit)):
                held = try_lock(slot.with_name(f"{slot.name}.lock"))
                if held is not None:
                    return slot, held
            if time.monotonic() >= deadline:
                raise Busy(f"all {len(self._slots)} work trees are in use")
            time.sleep(0.05)

    def _ready(self, slot: Path, commit: str) -> Tree:
        tree = Tree(slot, self._mirror, commit, self._owner)
        slot.mkdir(parents=True, exist_ok=True)
        (slot / "index.lock").unlink(missing_ok=True)  # of a holder that was killed
        (slot / "commit").unlink(missing_ok=True)
        try:
            tree.reset()
        except (GitFailed, OSError):
            # Whatever its last user did to it: begin again from nothing.
            erase(slot)
            slot.mkdir(parents=True)
            tree.reset()
        (slot / "commit").write_text(commit)
        return tree


def _distance(slot: Path, commit: str) -> int:
    """The order in which slots are tried: same commit, any other, not made yet."""
    try:
        return 0 if (slot / "commit").read_text() == commit else 1
    except OSError:
        return 1 if (slot / "tree").exists() else 2


def _disarm(tree: Path) -> None:
    """Remove every `.git` in it and make it ours to change, without following a link."""
    ours = os.geteuid()
    folders = [str(tree)]
    while folders:
        folder = folders.pop()
        if ours != 0 and os.stat(folder, follow_symlinks=False).st_mode & 0o700 != 0o700:
            os.chmod(folder, 0o700)
        with os.scandir(folder) as entries:
            for entry in entries:
                inside = entry.is_dir(follow_symlinks=False)
                suspect = entry.name[0] in ".gG" or not entry.name.isascii()
                if suspect and is_git_directory(entry.name):
                    erase(Path(entry.path)) if inside else os.unlink(entry.path)
                elif inside:
                    folders.append(entry.path)


def _hand_over(tree: Path, owner: tuple[int, int]) -> bool:
    """Give everything in the tree to `owner`; True when something changed hands."""
    changed = False
    folders = [str(tree)]
    if os.stat(tree).st_uid != owner[0]:
        os.chown(tree, *owner)
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                if about.st_uid != owner[0]:
                    os.chown(entry.path, *owner, follow_symlinks=False)
                    changed = True
                if stat.S_ISDIR(about.st_mode):
                    folders.append(entry.path)
    return changed
