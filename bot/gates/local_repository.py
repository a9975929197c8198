"""Somebody's git repository, as it is on disk, as a change to judge.

Promises: the repository is only read: its objects are borrowed, its index is copied, and what is
not committed becomes a commit in a mirror of ours. Nothing that it configures is run. Ignored
files are left out. Never: guesses a base without saying which.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.gates.change import Change, Criterion
from bot.workspace.commits import Person, commit_object
from bot.workspace.git import GitFailed, environment, git, run
from bot.workspace.locks import locked
from bot.workspace.mirror import Mirror
from bot.workspace.objects import Object, store

_US = Person("Towpath", "towpath@localhost")
_THEN = datetime(2000, 1, 1, tzinfo=UTC)  # the same tree gives the same commit
_DEFAULTS = ("origin/HEAD", "upstream/HEAD", "origin/main", "origin/master", "main", "master")


class CannotRead(ValueError):
    """`kind`: no_repository | bare | inside | other_names | no_base | not_read."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


@dataclass(frozen=True)
class Base:
    """The commit that a change is judged against, and why it is that one."""

    commit: str
    why: str


class LocalRepository:
    """The repository whose top is `source`; what we keep of it is below `home`."""

    def __init__(self, source: Path, home: Path) -> None:
        self.source = source.resolve()
        self._folder, self._common = _git_folders(self.source)
        self.mirror = Mirror.open(home, str(self.source))
        self._borrow()

    def change(
        self,
        base: str | None = None,
        *,
        criteria: Sequence[Criterion] = (),
        story: str = "",
    ) -> Change:
        """What is on disk against `base` (any revision), or against what it grew from.

        CannotRead.
        """
        with locked(self.mirror.path / "gates.lock", wait_s=120):
            head, notes = self._on_disk()
        tip = self._resolve("HEAD")
        chosen = self._named(base) if base else self._found(tip, head != tip)
        history: tuple[str, ...] = ()
        if tip:
            try:
                history = self.mirror.commits(chosen.commit, head)
            except GitFailed:  # a shallow clone may lack what is between
                history = (head,)
        return Change(
            self.mirror, chosen.commit, head, history, tuple(criteria), story,
            (chosen.why, *notes),
        )  # fmt: skip

    # -- the base -------------------------------------------------------------------------------

    def _named(self, base: str) -> Base:
        found = self._resolve(base)
        if found is None:
            raise CannotRead("no_base", base)
        return Base(found, f"base: {base} ({found[:10]})")

    def _found(self, tip: str | None, dirty: bool) -> Base:
        if tip is None:
            return Base(self._nothing(), "base: nothing, this is the first commit")
        known = ((name, self._resolve(name)) for name in (*_DEFAULTS, "@{upstream}"))
        name, other = next(((name, found) for name, found in known if found), ("", None))
        common = self.mirror.merge_base(tip, other) if other else None
        if common and common != tip:
            return Base(common, f"base: where HEAD left {name} ({common[:10]})")
        if dirty:
            return Base(tip, f"base: HEAD ({tip[:10]}), with what is not committed as the change")
        before = self._resolve("HEAD~1")
        if before is None:
            return Base(self._nothing(), "base: nothing, HEAD is the first commit")
        return Base(before, f"base: HEAD~1 ({before[:10]}), for there is nothing uncommitted")

    def _resolve(self, name: str) -> str | None:
        try:
            status, out = run(
                self._folder, "rev-parse", "--verify", "--quiet", "--end-of-options",
                f"{name}^{{commit}}", ok=(0, 1, 128),
            )  # fmt: skip
        except (GitFailed, ValueError):
            return None
        return out.decode().strip() or None if status == 0 else None

    def _nothing(self) -> str:
        empty = Object("tree", b"")
        commit = commit_object([], empty.id.hex(), "nothing", _US, _THEN)
        store(self.mirror.path, [empty, commit])
        return commit.id.hex()

    # -- what is on disk ------------------------------------------------------------------------

    def _on_disk(self) -> tuple[str, tuple[str, ...]]:
        """The commit of what is there now, HEAD itself where that is the same; remarks."""
        tip = self._resolve("HEAD")
        with tempfile.TemporaryDirectory(dir=self.mirror.path, prefix="index-") as private:
            index, excludes = Path(private, "index"), Path(private, "excludes")
            excludes.write_text("\n".join(self._ignored()) + "\n")
            theirs = self._folder / "index"
            if theirs.is_file() and not list(self._folder.glob("sharedindex.*")):
                shutil.copyfile(theirs, index)
                stamp = theirs.stat()  # git tells by it which entries it must look at again
                os.utime(index, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
            env = {"GIT_INDEX_FILE": str(index)}
            try:
                if not index.exists() and tip:
                    git(self.mirror.path, "read-tree", tip, env=env)
                status, _ = run(
                    self.mirror.path, "-c", "core.bare=false", "-c",
                    f"core.excludesFile={excludes}", "add", "--all", "--ignore-errors", "--", ".",
                    env=env, work_tree=self.source, timeout=300, ok=(0, 1, 128),
                )  # fmt: skip
                tree = git(self.mirror.path, "write-tree", env=env).decode().strip()
            except GitFailed as problem:
                raise CannotRead("not_read", problem.said.strip()[-300:]) from problem
        notes = ("some files could not be read and are left out",) if status else ()
        if tip and self.mirror.tree_of(tip) == tree:
            return tip, notes
        parents = [tip] if tip else []
        commit = commit_object(parents, tree, "what is on disk", _US, _THEN)
        store(self.mirror.path, [commit])
        return commit.id.hex(), notes

    def _ignored(self) -> list[str]:
        """What the person's own git ignores besides what the repository says."""
        asked = subprocess.run(
            ["git", "config", "--global", "--path", "--get", "core.excludesFile"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        named = asked.stdout.strip() or os.path.expanduser("~/.config/git/ignore")
        lines = [".towpath/", "__pycache__/", "*.py[cod]", "node_modules/", ".coverage"]
        for place in (Path(named), self._common / "info" / "exclude"):
            try:
                lines += place.read_text(errors="replace").splitlines()
            except OSError:
                continue
        return lines

    def _borrow(self) -> None:
        """Let the mirror see the repository's objects, and where its history was cut off."""
        alternates = self.mirror.path / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        _replace(alternates, f"{self._common / 'objects'}\n".encode())
        shallow = self._common / "shallow"
        if shallow.exists():
            _replace(self.mirror.path / "shallow", shallow.read_bytes())
        else:
            (self.mirror.path / "shallow").unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(name, path)


def _git_folders(source: Path) -> tuple[Path, Path]:
    """The folder of the work tree's git, and the one that holds the objects; CannotRead."""
    questions = ("--absolute-git-dir", "--show-object-format", "--is-bare-repository",
                 "--git-common-dir", "--show-prefix")  # fmt: skip
    try:
        asked = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(source), "rev-parse", *questions],
            env=environment(), capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    except OSError as problem:
        raise CannotRead("no_repository", str(problem)) from problem
    if asked.returncode:
        raise CannotRead("no_repository", str(source))
    folder, names, bare, common, below = os.fsdecode(asked.stdout).split("\n")[:5]
    if bare == "true":
        raise CannotRead("bare", str(source))
    if below:
        raise CannotRead("inside", str(source)[: -len(below)] or "/")
    if names != "sha1":
        raise CannotRead("other_names", names)
    return Path(folder), (source / common).resolve()
