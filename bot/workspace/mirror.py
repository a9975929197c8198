"""One bare repository per project: everything that a story does to code happens in it, as objects.

Promises: every step maps commit and tree ids to commit and tree ids, so that a worker killed
anywhere loses nothing and a repeated step gives the same id. Commits are made without a checkout.
What a story needs is kept under `refs/towpath/`, where neither a fetch nor a tidy-up drops it.
Never: runs a hook or a filter, keeps a credential, follows a symbolic link.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.workspace import remote as wire
from bot.workspace import trees
from bot.workspace.commits import Person, commit_object
from bot.workspace.git import Remote, git, run
from bot.workspace.locks import locked
from bot.workspace.objects import store
from bot.workspace.reading import NotFound, Reading
from bot.workspace.resolutions import Resolutions
from bot.workspace.signing import Signer

KEPT = "refs/towpath/"
EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

# What building and testing leave behind, so that it never becomes part of a change.
_DEBRIS = (
    "__pycache__/ *.py[cod] *.egg-info/ .eggs/ .pytest_cache/ .ruff_cache/ .mypy_cache/ "
    ".hypothesis/ .tox/ .nox/ .coverage .coverage.* node_modules/"
)


class NothingChanged(ValueError):
    """The tree asked for is the parent's: there is nothing to commit."""


@dataclass(frozen=True)
class Merged:
    """A merge of trees: `tree` when it is clean, else the paths in conflict, sorted."""

    tree: str | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflicted:
    """`tree` holds what merged cleanly, and marks in the files of `conflicts` that are text."""

    tree: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Rebased:
    """`head`: the last replayed commit, or None when `stopped_at` did not apply cleanly."""

    head: str | None
    stopped_at: str | None = None
    conflicts: tuple[str, ...] = ()


class Mirror(Reading):
    """A bare repository at `path`. Cheap to make; safe to use from many processes at once.

    `signer` signs the commits that are made here.
    """

    signer: Signer | None = None

    @classmethod
    def open(cls, root: Path, repo_key: str, signer: Signer | None = None) -> Mirror:
        """The mirror of `repo_key` (any text, e.g. `owner/name`) under `root`, made if missing."""
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", repo_key).strip(".-")[:60]
        digest = hashlib.sha256(repo_key.encode()).hexdigest()[:12]
        path = root / f"{readable}-{digest}.git"
        if not (path / "HEAD").exists():
            root.mkdir(parents=True, exist_ok=True)
            with locked(root / f".{path.name}.lock", wait_s=60):
                if not (path / "HEAD").exists():
                    _make(path)
        mirror = cls(path)
        mirror.signer = signer
        return mirror

    @property
    def resolutions(self) -> Resolutions:
        """What conflicts in this repository came to before."""
        return Resolutions(self.path)

    # -- the other side -------------------------------------------------------------------------

    def fetch(
        self,
        url: str,
        auth_header: str | None = None,
        refspecs: Sequence[str] = EVERYTHING,
        *,
        timeout: float = 600,
    ) -> None:
        """Bring the refs in `refspecs` here; refs that vanished there vanish here.

        Raises GitFailed, GitTimedOut, RemoteRefused, Busy.
        """
        with locked(self.path / "fetch.lock", wait_s=timeout):
            wire.fetch(self.path, Remote(url, auth_header), refspecs, timeout)

    def push(
        self,
        url: str,
        auth_header: str | None,
        branch: str,
        sha: str,
        expected: str | None,
        *,
        timeout: float = 300,
    ) -> wire.Pushed:
        """Make `branch` there `sha`, provided that it is still `expected` (None: not there).

        Safe to repeat: `already_there` when it is `sha` by now. See `Pushed` for the outcomes.
        """
        return wire.push(self.path, Remote(url, auth_header), branch, sha, expected, timeout)

    def remote_head(self, url: str, auth_header: str | None, branch: str) -> str | None:
        """The commit that `branch` names there now, or None."""
        return wire.head(self.path, Remote(url, auth_header), branch)

    def default_branch(self, url: str, auth_header: str | None = None) -> str | None:
        """The branch that HEAD names there, or None for an empty or detached repository."""
        return wire.default_branch(self.path, Remote(url, auth_header))

    # -- writing --------------------------------------------------------------------------------

    def commit_files(
        self,
        parent: str | None,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Person,
        at: datetime,
    ) -> str:
        """The commit on `parent` (None: a first commit) with files written, or removed (None).

        No checkout; the same arguments give the same id. A file keeps its mode, a new one is
        100644. Raises PathRefused (see `paths`; also a symbolic link, a submodule, or a path that
        passes through one or through a file) and NothingChanged.
        """
        changed = self._changed(parent, changes)
        if parent is not None and changed.tree == changed.original:
            raise NothingChanged(f"nothing differs from {parent}")
        if parent is not None and parent not in self._commits:
            parent = self.resolve(parent)
        parents = [parent] if parent else []
        commit = commit_object(parents, changed.tree, message, author, at, self.signer)
        store(self.path, [*changed.objects, commit])
        self._commits.add(commit.id.hex())
        return commit.id.hex()

    def tree_with(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree of `base` (commit, tree or None) with `changes` made, as in `commit_files`."""
        changed = self._changed(base, changes)
        store(self.path, changed.objects)
        return changed.tree

    def _changed(self, base: str | None, changes: Mapping[str, bytes | None]) -> trees.Changed:
        try:
            return trees.tree_with(self.path, base, changes)
        except LookupError as problem:
            raise NotFound(f"no such revision: {base}") from problem

    def commit_tree(
        self, parent: str | None, tree: str, message: str, author: Person, at: datetime
    ) -> str:
        """The commit of `tree` on `parent`. NothingChanged when it is the parent's own tree."""
        if parent is not None and self.tree_of(parent) == tree:
            raise NothingChanged(f"the tree is already that of {parent}")
        return self._commit([parent] if parent else [], tree, message, author, at)

    def _commit(
        self, parents: Sequence[str], tree: str, message: str, author: Person, at: datetime
    ) -> str:
        commit = commit_object(parents, tree, message, author, at, self.signer)
        store(self.path, [commit])
        return commit.id.hex()

    def merge_tree(self, ours: str, theirs: str) -> Merged:
        """What merging two commits (which share history) gives, with nothing checked out."""
        how = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
        status, out = run(self.path, *how, ours, theirs, ok=(0, 1))
        tree, *conflicts = out.decode("utf-8", "surrogateescape").split("\0")
        if status == 0:
            return Merged(tree.strip())
        return Merged(None, tuple(sorted({c for c in conflicts if c})))

    def conflicted(self, ours: str, theirs: str) -> Conflicted:
        """What merging two commits leaves, with git's marks where both changed the same lines."""
        how = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
        _, out = run(self.path, *how, ours, theirs, ok=(0, 1))
        tree, *conflicts = out.decode("utf-8", "surrogateescape").split("\0")
        return Conflicted(tree.strip(), tuple(sorted({c for c in conflicts if c})))

    def merge(self, ours: str, theirs: str, message: str, author: Person, at: datetime) -> Rebased:
        """Like `rebase`, by a merge commit: nothing that is on `ours` is replaced."""
        merged = self.merge_tree(ours, theirs)
        if merged.tree is None:
            return Rebased(None, theirs, merged.conflicts)
        return Rebased(self._commit([ours, theirs], merged.tree, message, author, at))

    def rebase(self, commits: Sequence[str], onto: str, author: Person, at: datetime) -> Rebased:
        """Replay `commits` (oldest first, one parent each) on `onto`, with their messages.

        A commit that changes nothing any more is left out. The same arguments give the same ids.
        """
        head = onto
        for commit in commits:
            (before,) = self.parents(commit)
            if before == head:
                head = commit
                continue
            # merge-tree takes the merge base from history: give it one where that is `before`.
            stand_in = self._commit([before], self.tree_of(head), "stand-in", author, at)
            merged = self.merge_tree(stand_in, commit)
            if merged.tree is None:
                return Rebased(None, commit, merged.conflicts)
            if merged.tree != self.tree_of(head):
                head = self._commit([head], merged.tree, self.message(commit), author, at)
        return Rebased(head)

    # -- keeping --------------------------------------------------------------------------------

    def keep(self, name: str, sha: str) -> None:
        """Hold on to a commit under `refs/towpath/<name>`, whatever else is fetched or dropped."""
        git(self.path, "update-ref", "--end-of-options", f"{KEPT}{name}", sha)

    def kept(self, prefix: str = "") -> dict[str, str]:
        """What is held: name → commit, for names that start with the whole components `prefix`."""
        how = ("for-each-ref", "--format=%(refname) %(objectname)", f"{KEPT}{prefix}".rstrip("/"))
        pairs = (line.split() for line in git(self.path, *how).decode().splitlines())
        return {ref.removeprefix(KEPT): sha for ref, sha in pairs}

    def forget(self, name: str) -> None:
        """Let go of what was kept under `name`; nothing happens when nothing was."""
        git(self.path, "update-ref", "-d", "--end-of-options", f"{KEPT}{name}")

    def tidy(self, *, timeout: float = 900) -> None:
        """Pack what is used; drop what nothing kept for two weeks. For a quiet hour."""
        with locked(self.path / "fetch.lock", wait_s=timeout):
            git(self.path, "gc", "--quiet", "--prune=2.weeks.ago", timeout=timeout)


def _make(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)  # what an interrupted start left
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    git(fresh, "init", "--bare", "--quiet", "--template=", "--initial-branch=main")
    (fresh / "info").mkdir(exist_ok=True)
    (fresh / "info" / "exclude").write_text("\n".join(_DEBRIS.split()) + "\n")
    fresh.rename(path)
