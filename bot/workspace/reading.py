"""What a repository holds: commits, trees, files and the differences between them.

Promises: full ids out; names that are not UTF-8 keep their bytes; sizes are bounded where a file's
content is read.
Never: changes the repository, or runs a driver that it names for showing differences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.workspace.git import git, run
from bot.workspace.object_reader import objects_of, together
from bot.workspace.paths import checked

SYMLINK, GITLINK = "120000", "160000"
_SHA = re.compile(r"[0-9a-f]{40}")


class NotFound(LookupError):
    """No such revision, or no such file in it."""


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


class Reading:
    """A bare repository at `path`. Cheap to make."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._trees: dict[str, str] = {}  # commit → tree, which never changes
        self._commits: set[str] = set()  # full ids that are known to be those of commits

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
        try:
            found = next(objects_of(self.path).about([what]))
        except ValueError:
            found = None
        if found is None:
            raise NotFound(f"no such revision: {what[:100]}")
        return found.id

    def parents(self, commit: str) -> tuple[str, ...]:
        out = git(self.path, "rev-list", "--no-walk", "--parents", "--end-of-options", commit)
        return tuple(out.decode().split()[1:])

    def commits(self, base: str, head: str) -> tuple[str, ...]:
        """What `head` has and `base` has not, oldest first."""
        walk = ("rev-list", "--reverse", "--topo-order", "--end-of-options", head, f"^{base}")
        return tuple(git(self.path, *walk).decode().split())

    def merges(self, base: str, head: str, most: int = 10) -> tuple[str, ...]:
        """The last merges into the line of `head` itself since `base`, newest first."""
        walk = ("rev-list", "--first-parent", "--merges", f"--max-count={most}")
        return tuple(git(self.path, *walk, "--end-of-options", head, f"^{base}").decode().split())

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
        entries = []
        for line in objects_of(self.path).listed(self.tree_of(commit)):
            about, name = line.split(b"\t", 1)
            mode, _kind, sha, _size = about.decode().split()
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
        wanted = [checked(path) for path in paths]
        with together():
            tree, objects = self.tree_of(commit), objects_of(self.path)
            about = list(objects.about(f"{tree}:{path}" for path in wanted))
            blobs = {
                path: one.id
                for path, one in zip(wanted, about, strict=True)
                if one is not None and one.kind == "blob" and one.size <= limit
            }
            contents = objects.read(blobs.values())
            return {p: found[2] for p, found in zip(blobs, contents, strict=True) if found}

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
