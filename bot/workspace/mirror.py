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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.workspace import remote as wire
from bot.workspace import trees
from bot.workspace.commits import Person, commit_object
from bot.workspace.git import Remote, git, run
from bot.workspace.locks import locked
from bot.workspace.objects import store
from bot.workspace.paths import checked

SYMLINK, GITLINK = "120000", "160000"
KEPT = "refs/towpath/"
EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

# What building and testing leave behind, so that it never becomes part of a change.
_DEBRIS = (
    "__pycache__/ *.py[cod] *.egg-info/ .eggs/ .pytest_cache/ .ruff_cache/ .mypy_cache/ "
    ".hypothesis/ .tox/ .nox/ .coverage .coverage.* node_modules/"
)


class NotFound(LookupError):
    """No such revision, or no such file in it."""


class NothingChanged(ValueError):
    """The tree asked for is the parent's: there is nothing to commit."""


@dataclass(frozen=True)
class Entry:
    """One file of a tree: `mode` as git writes it (`100644`, `100755`, `120000`, `160000`)."""

    path: str
    mode: str
    sha: str


@dataclass(frozen=True)
class ChangedFile:
    """One path that differs. `added`/`deleted`: lines, None for a binary file.

    `status`: A added, D deleted, M modified, T type changed.
    """

    path: str
    status: str
    added: int | None
    deleted: int | None


@dataclass(frozen=True)
class Merged:
    """A merge of trees: `tree` when it is clean, else the paths in conflict, sorted."""

    tree: str | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rebased:
    """`head`: the last replayed commit, or None when `stopped_at` did not apply cleanly."""

    head: str | None
    stopped_at: str | None = None
    conflicts: tuple[str, ...] = ()


class Mirror:
    """A bare repository at `path`. Cheap to make; safe to use from many processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._trees: dict[str, str] = {}  # commit → tree, which never changes
        self._commits: set[str] = set()  # full ids that are known to be those of commits

    @classmethod
    def open(cls, root: Path, repo_key: str) -> Mirror:
        """The mirror of `repo_key` (any text, e.g. `owner/name`) under `root`, made if missing."""
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", repo_key).strip(".-")[:60]
        digest = hashlib.sha256(repo_key.encode()).hexdigest()[:12]
        path = root / f"{readable}-{digest}.git"
        if not (path / "HEAD").exists():
            root.mkdir(parents=True, exist_ok=True)
            with locked(root / f".{path.name}.lock", wait_s=60):
                if not (path / "HEAD").exists():
                    _make(path)
        return cls(path)

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

    # -- reading --------------------------------------------------------------------------------

    def resolve(self, ref: str) -> str:
        """The full id of the commit that `ref` names; NotFound."""
        commit = self._parse(f"{ref}^{{commit}}")
        self._commits.add(commit)
        return commit

    def tree_of(self, commit: str) -> str:
        """The id of the tree of a commit (or of a tree); NotFound."""
        if commit in self._trees:
            return self._trees[commit]
        tree = self._parse(f"{commit}^{{tree}}")
        if _SHA.fullmatch(commit):
            self._trees[commit] = tree
        return tree

    def _parse(self, what: str) -> str:
        status, out = run(
            self.path, "rev-parse", "--verify", "--quiet", "--end-of-options", what, ok=(0, 1, 128)
        )
        found = out.decode().strip()
        if status or not _SHA.fullmatch(found):
            raise NotFound(f"no such revision: {what[:100]}")
        return found

    def parents(self, commit: str) -> tuple[str, ...]:
        out = git(self.path, "rev-list", "--no-walk", "--parents", "--end-of-options", commit)
        return tuple(out.decode().split()[1:])

    def commits(self, base: str, head: str) -> tuple[str, ...]:
        """What `head` has and `base` has not, oldest first."""
        walk = ("rev-list", "--reverse", "--topo-order", "--end-of-options", head, f"^{base}")
        return tuple(git(self.path, *walk).decode().split())

    def message(self, commit: str) -> str:
        out = git(self.path, "log", "-1", "--format=%B", "--end-of-options", commit)
        return out.decode("utf-8", "replace").rstrip("\n")

    def is_ancestor(self, older: str, newer: str) -> bool:
        asked = ("merge-base", "--is-ancestor", older, newer)
        return run(self.path, *asked, ok=(0, 1))[0] == 0

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        return run(self.path, "merge-base", a, b, ok=(0, 1))[1].decode().strip() or None

    def ls(self, commit: str) -> list[Entry]:
        """Every file of a commit or tree, in git's order. Names that are not UTF-8 keep their
        bytes as surrogates."""
        how = ("ls-tree", "-z", "-r", "--full-tree", "--end-of-options", self.tree_of(commit))
        listed = git(self.path, *how).split(b"\0")[:-1]
        entries = []
        for line in listed:
            about, name = line.split(b"\t", 1)
            mode, _kind, sha = about.decode().split()
            entries.append(Entry(name.decode("utf-8", "surrogateescape"), mode, sha))
        return entries

    def read(self, commit: str, path: str, *, limit: int = 20_000_000) -> bytes:
        """The bytes of one file (the target's name, for a symbolic link).

        NotFound when it is not there or not a file, PathRefused for a path that could not be.
        """
        found = self.read_many(commit, [path], limit=limit)
        if path not in found:
            raise NotFound(f"no file {path[:200]!r} of at most {limit} bytes")
        return found[path]

    def read_many(
        self, commit: str, paths: Iterable[str], *, limit: int = 20_000_000
    ) -> dict[str, bytes]:
        """The bytes of those of `paths` that are files of at most `limit` bytes each."""
        tree = self.tree_of(commit)
        wanted = [checked(path) for path in paths]
        asked = "".join(f"{tree}:{path}\n" for path in wanted).encode()
        sizes = git(self.path, "cat-file", "--batch-check", stdin=asked).splitlines()
        blobs: dict[str, str] = {}
        for path, line in zip(wanted, sizes, strict=True):
            found_blob = re.fullmatch(rb"([0-9a-f]+) blob (\d+)", line)
            if found_blob and int(found_blob[2]) <= limit:
                blobs[path] = found_blob[1].decode()
        if not blobs:
            return {}
        out = git(
            self.path,
            "cat-file",
            "--batch",
            stdin="".join(f"{s}\n" for s in blobs.values()).encode(),
        )
        found, at = {}, 0
        for path in blobs:
            end = out.index(b"\n", at)
            size = int(out[at:end].split()[2])
            found[path] = out[end + 1 : end + 1 + size]
            at = end + size + 2
        return found

    def diff(self, a: str, b: str, paths: Sequence[str] = ()) -> str:
        """A unified diff from `a` to `b`, renames shown as such, binary files only named."""
        out = git(
            self.path, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/",
            "--dst-prefix=b/", self.tree_of(a), self.tree_of(b), "--", *paths,
        )  # fmt: skip
        return out.decode("utf-8", "replace")

    def patch(self, a: str, b: str) -> bytes:
        """The change as a patch that `git apply` takes, binary files included."""
        return git(
            self.path, "diff", "--no-ext-diff", "--no-textconv", "--binary", "--full-index",
            "--src-prefix=a/", "--dst-prefix=b/", self.tree_of(a), self.tree_of(b), "--",
        )  # fmt: skip

    def changed_files(self, a: str, b: str) -> list[ChangedFile]:
        """The paths that differ, sorted; a rename is a deletion and an addition."""
        trees = (self.tree_of(a), self.tree_of(b))
        how = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
        raw = git(self.path, *how, "--numstat", "--raw", *trees).split(b"\0")[:-1]
        status, lines = {}, {}
        at = 0
        while at < len(raw):
            if raw[at].startswith(b":"):
                status[raw[at + 1]] = raw[at].rsplit(b" ", 1)[1].decode()
                at += 2
            else:
                added, deleted, path = raw[at].split(b"\t", 2)
                lines[path] = tuple(None if n == b"-" else int(n) for n in (added, deleted))
                at += 1
        return [
            ChangedFile(path.decode("utf-8", "surrogateescape"), status[path], *lines[path])
            for path in sorted(status)
        ]

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
        commit = commit_object([parent] if parent else [], changed.tree, message, author, at)
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
        commit = commit_object(parents, tree, message, author, at)
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
