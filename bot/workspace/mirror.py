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
from bot.workspace.git import GitFailed, Remote, git, run
from bot.workspace.locks import locked
from bot.workspace.paths import PathRefused, checked

SYMLINK, GITLINK, TREE = "120000", "160000", "040000"
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
class Person:
    """Author and committer of a commit."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for part in (self.name, self.email):
            if not part.strip() or re.search(r"[<>\x00-\x1f]", part):
                raise ValueError("a name and an address without control characters, < or >")


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
        return self._parse(f"{ref}^{{commit}}")

    def tree_of(self, commit: str) -> str:
        """The id of the tree of a commit (or of a tree); NotFound."""
        return self._parse(f"{commit}^{{tree}}")

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
        return self._entries("-r", "--full-tree", "--end-of-options", self.tree_of(commit))

    def _entries(self, *args: str) -> list[Entry]:
        listed = git(self.path, "ls-tree", "-z", *args).split(b"\0")[:-1]
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
        tree = self.tree_with(parent, changes)
        return self.commit_tree(parent, tree, message, author, at)

    def tree_with(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree of `base` (commit, tree or None) with `changes` made, as in `commit_files`."""
        names = sorted(changes)
        modes = self._modes(base, [checked(name) for name in names])
        for name in names:
            if changes[name] is None and name not in modes:
                raise PathRefused(name, "cannot be removed: it is not there")
        written = self._blobs([content for n in names if (content := changes[n]) is not None])
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.path) as private:
            env = {"GIT_INDEX_FILE": f"{private}/index"}
            git(self.path, "read-tree", self.tree_of(base) if base else "--empty", env=env)
            shas = iter(written)
            removed = [n for n in names if changes[n] is None]
            kept = [n for n in names if changes[n] is not None]
            lines = [f"0 {'0' * 40}\t{n}\0" for n in removed]
            lines += [f"{modes.get(n, '100644')} {next(shas)}\t{n}\0" for n in kept]
            asked = "".join(lines).encode()
            try:
                git(self.path, "update-index", "-z", "--index-info", stdin=asked, env=env)
            except GitFailed as problem:
                raise PathRefused(", ".join(names), problem.said.strip()[-200:]) from problem
            return git(self.path, "write-tree", env=env).decode().strip()

    def _modes(self, base: str | None, names: Sequence[str]) -> dict[str, str]:
        """The modes of those of `names` that exist; refuses ways through anything but a folder."""
        if base is None or not names:
            return {}
        wanted = set(names)
        for name in names:
            parts = name.split("/")
            wanted |= {"/".join(parts[:n]) for n in range(1, len(parts))}
        here = self._entries("--full-tree", self.tree_of(base), "--", *sorted(wanted))
        found = {entry.path: entry.mode for entry in here}
        for path, mode in found.items():
            through = [n for n in names if n == path or n.startswith(f"{path}/")]
            if mode in {SYMLINK, GITLINK} and through:
                raise PathRefused(through[0], "is, or passes through, a symbolic link or submodule")
            if mode == TREE and path in names:
                raise PathRefused(path, "is a folder")
            if mode != TREE and any(n.startswith(f"{path}/") for n in names):
                raise PathRefused(through[-1], f"passes through the file {path!r}")
        return found

    def _blobs(self, contents: Sequence[bytes]) -> list[str]:
        if not contents:
            return []
        with tempfile.TemporaryDirectory(prefix="blobs-", dir=self.path) as private:
            names = []
            for number, content in enumerate(contents):
                file = Path(private, str(number))
                file.write_bytes(content)
                names.append(f"{file}\n")
            asked = "".join(names).encode()
            how = ("hash-object", "-w", "-t", "blob", "--no-filters", "--stdin-paths")
            return git(self.path, *how, stdin=asked).decode().split()

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
        if at.tzinfo is None:
            raise ValueError("a commit needs a time with its zone")
        when = f"{int(at.timestamp())} {at.strftime('%z')[:5]}"
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", when))
        }
        chain = [part for parent in parents for part in ("-p", parent)]
        text = message.replace("\0", "").rstrip() + "\n"
        made = git(self.path, "commit-tree", tree, *chain, stdin=text.encode(), env=who)
        return made.decode().strip()

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
