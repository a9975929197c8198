"""One bare git repository, driven through git's command line.

Promises that whatever the server says about commits, trees, differences and merges is what git
itself says. Never touches a work tree and never reads the configuration of the machine's user.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.localhub.git_facts import (
    NO_COMMIT,
    Commit,
    FileChange,
    GitFailed,
    Signature,
    Signed,
    TreeEntry,
    file_changes,
    is_sha,
    signed_part,
    utc_form,
)

_MOST_ANSWERS = 4096
T = TypeVar("T")
_CONFIG = """[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	logAllRefUpdates = false
[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	hideRefs = refs/pull
	autogc = false
[gc]
	auto = 0
"""
_PRE_RECEIVE = """#!/bin/sh
while read -r old new ref; do
  if grep -qxF "$ref" refused-refs; then
    echo "error: GH006: Protected branch update failed for $ref." >&2
    exit 1
  fi
done
"""


def git_environment(home: Path) -> dict[str, str]:
    """The whole environment of every git process: nothing of the user's own settings."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "localhub",
        "GIT_AUTHOR_EMAIL": "localhub@localhost",
        "GIT_COMMITTER_NAME": "localhub",
        "GIT_COMMITTER_EMAIL": "localhub@localhost",
    }


@dataclass
class GitRepository:
    """A bare repository at `path`. Methods raise `GitFailed`; shas are 40 hex digits."""

    path: Path
    home: Path
    _commits: dict[str, Commit] = field(default_factory=dict, repr=False)
    _answers: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)
    receiving: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def create(cls, path: Path, home: Path, default_branch: str) -> GitRepository:
        """Make an empty repository without a process: git needs only these few files."""
        for folder in ("objects/pack", "objects/info", "refs/heads", "refs/tags", "info"):
            (path / folder).mkdir(parents=True)
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        (path / "config").write_text(_CONFIG)
        return cls(path, home)

    @classmethod
    def copy_of(cls, source: str | Path, path: Path, home: Path) -> tuple[GitRepository, str]:
        """Copy branches and tags of a local repository; answers it and its current branch."""
        repository = cls.create(path, home, "main")
        wanted = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        repository.run("fetch", "-q", "--no-write-fetch-head", str(Path(source).resolve()), *wanted)
        head = repository.run("ls-remote", "--symref", str(Path(source).resolve()), "HEAD").decode()
        named = re.match(r"ref: refs/heads/(\S+)\tHEAD", head)
        branches = [ref for ref in repository.refs() if ref.startswith("refs/heads/")]
        branch = named.group(1) if named else "main"
        if f"refs/heads/{branch}" not in branches:
            if not head.strip():
                raise GitFailed("ls-remote", f"{source} has no commit")
            repository.run("update-ref", f"refs/heads/{branch}", head.split()[0])
        (path / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
        return repository, branch

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        extra: dict[str, str] | None = None,
        accepted: tuple[int, ...] = (0,),
    ) -> bytes:
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            input=stdin if stdin is not None else b"",
            capture_output=True,
            env={**git_environment(self.home), **(extra or {})},
            cwd=self.path,
            timeout=120,
            check=False,
        )
        if done.returncode not in accepted:
            raise GitFailed(arguments[0], done.stderr.decode(errors="replace"))
        return done.stdout

    def _once(self, ask: Callable[[], T], *key: str) -> T:
        """Ask git once for what cannot change: `key` holds the question and its full shas."""
        if not all(is_sha(part.removeprefix("^")) for part in key[1:]):
            return ask()
        if key not in self._answers:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = ask()
        return self._answers[key]

    # -- references ------------------------------------------------------------------------

    def refs(self) -> dict[str, str]:
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)").decode()
        return dict(line.rsplit(" ", 1) for line in lines.splitlines())

    def update_ref(self, ref: str, new: str | None, old: str | None = None) -> None:
        """Set or (new=None) delete `ref`; `old` is what it must be now, or GitFailed."""
        if new is None:
            self.run("update-ref", "-d", ref, *([old] if old else []))
        else:
            self.run("update-ref", ref, new, *([old] if old else []))

    def resolve(self, revision: str) -> str | None:
        """The commit that a sha, branch, tag or full reference means; None if there is none."""
        if not revision or revision.startswith("-") or "\x00" in revision:
            return None
        if revision in self._commits:
            return revision
        out = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            accepted=(0, 1, 128),
        )  # fmt: skip
        lines = [line for line in out.decode().split() if is_sha(line)]
        return lines[-1] if lines else None

    def type_of(self, sha: str) -> str | None:
        if not is_sha(sha):
            return None
        return self.run("cat-file", "-t", sha, accepted=(0, 1, 128)).decode().strip() or None

    # -- reading ---------------------------------------------------------------------------

    def log(self, *revisions: str, limit: int = 0, path: str = "") -> list[Commit]:
        """Commits reachable from `revisions` (resolved shas or `^sha`), newest first."""
        key = (f"log {limit} {path}", *revisions)
        return list(self._once(lambda: self._log(revisions, limit, path), *key))

    def _log(self, revisions: tuple[str, ...], limit: int, path: str) -> list[Commit]:
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x01%x00"
        command = ["log", f"--format=tformat:{form}", "--topo-order"]
        if limit:
            command.append(f"-n{limit}")
        command += ["--end-of-options", *revisions, "--", *([f":(literal){path}"] if path else [])]
        text = self.run(*command).decode("utf-8", errors="replace")
        found = []
        for record in text.split("\x00\x01\x00"):
            fields = record.lstrip("\n").split("\x00")
            if len(fields) < 10:
                continue
            sha, tree, parents, an, ae, ad, cn, ce, cd, message = fields[:10]
            commit = Commit(
                sha,
                tree,
                tuple(parents.split()),
                Signature(an, ae, utc_form(ad)),
                Signature(cn, ce, utc_form(cd)),
                message.rstrip("\n"),
            )
            self._commits[sha] = commit
            found.append(commit)
        return found

    def commit(self, sha: str) -> Commit:
        """Raises GitFailed for a sha that is no commit here."""
        if sha not in self._commits:
            self.log(sha, limit=1)
        return self._commits[sha]

    def signed(self, sha: str) -> Signed | None:
        """The signature of a commit; None where it has none."""
        return self._once(lambda: signed_part(self.run("cat-file", "commit", sha)), "signed", sha)

    def tree(self, treeish: str, *, recursive: bool = False, path: str = "") -> list[TreeEntry]:
        key = (f"tree {recursive} {path}", treeish)
        return list(self._once(lambda: self._tree(treeish, recursive, path), *key))

    def _tree(self, treeish: str, recursive: bool, path: str) -> list[TreeEntry]:
        flags = ["-r", "-t"] if recursive else []
        spec = f"{treeish}:{path}" if path else treeish
        out = self.run("ls-tree", "-z", "-l", *flags, "--end-of-options", spec)
        entries = []
        for line in out.decode("utf-8", errors="replace").split("\x00"):
            if line:
                meta, name = line.split("\t", 1)
                mode, kind, sha, size = meta.split()
                entries.append(
                    TreeEntry(mode, kind, sha, int(size) if size.isdigit() else None, name)
                )
        return entries

    def entry(self, treeish: str, path: str) -> TreeEntry | None:
        """The tree entry at `path`, or None."""
        parent, _, name = path.rpartition("/")
        try:
            listing = self.tree(treeish, path=parent)
        except GitFailed:
            return None
        return next((entry for entry in listing if entry.path == name), None)

    def blob(self, sha: str) -> bytes:
        return self.run("cat-file", "blob", sha)

    def merge_base(self, one: str, other: str) -> str | None:
        def ask() -> str | None:
            return self.run("merge-base", one, other, accepted=(0, 1)).decode().strip() or None

        return self._once(ask, "merge-base", one, other)

    def is_ancestor(self, older: str, newer: str) -> bool:
        return older == newer or self.merge_base(older, newer) == older

    def count(self, *revisions: str) -> int:
        def ask() -> int:
            return int(self.run("rev-list", "--count", "--end-of-options", *revisions).decode())

        return self._once(ask, "count", *revisions)

    # -- differences -----------------------------------------------------------------------

    def diff_text(self, base: str, head: str) -> str:
        """A unified diff between two commits or trees."""
        command = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", "-p")
        return self.run(*command, base, head).decode("utf-8", errors="replace")

    def diff(self, base: str, head: str) -> tuple[FileChange, ...]:
        def ask() -> tuple[FileChange, ...]:
            raw = self.run("diff", "--raw", "--numstat", "--no-abbrev", "-M", "-z", base, head)
            text = self.diff_text(base, head) if raw else ""
            return file_changes(raw.decode("utf-8", errors="replace"), text)

        return self._once(ask, "diff", base, head)

    # -- writing ---------------------------------------------------------------------------

    def write_blob(self, content: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def import_files(
        self, branch: str, files: Mapping[str, str | bytes], message: str, signed: Signature
    ) -> None:
        """A first commit with these files, in one process whatever their number."""
        when = datetime.fromisoformat(signed.date)
        who = f"{signed.name} <{signed.email}> {int(when.timestamp())} +0000"
        text = message.encode()
        parts = [
            f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n".encode(),
            f"data {len(text)}\n".encode() + text + b"\n",
        ]
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            mode = "100755" if data.startswith(b"#!") else "100644"
            quoted = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            parts.append(f'M {mode} inline "{quoted}"\ndata {len(data)}\n'.encode() + data + b"\n")
        self.run("fast-import", "--quiet", stdin=b"".join(parts))

    def refuse_pushes(self, refs: list[str]) -> None:
        """Let `git push` to these references fail as a protected branch does."""
        (self.path / "refused-refs").write_text("".join(f"{ref}\n" for ref in refs))
        hook = self.path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_PRE_RECEIVE)
        hook.chmod(0o755)

    def write_tree(self, base: str | None, entries: list[tuple[str, str, str | None]]) -> str:
        """A tree from `base` with (path, mode, sha) set, or removed where sha is None."""
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            extra = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base:
                self.run("read-tree", base, extra=extra)
            lines = []
            for path, mode, sha in entries:
                lines.append(f"{mode} {sha}\t{path}\x00" if sha else f"0 {NO_COMMIT}\t{path}\x00")
            self.run(
                "update-index", "--add", "--replace", "-z", "--index-info",
                stdin="".join(lines).encode(), extra=extra,
            )  # fmt: skip
            return self.run("write-tree", extra=extra).decode().strip()

    def write_commit(
        self,
        tree: str,
        parents: list[str],
        message: str,
        author: Signature,
        committer: Signature | None = None,
    ) -> str:
        committer = committer or author
        extra = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": author.date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committer.date,
        }
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return (
            self.run("commit-tree", tree, *flags, stdin=message.encode(), extra=extra)
            .decode()
            .strip()
        )

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of merging two commits; None where they conflict or share no history."""

        def ask() -> str | None:
            out = self.run("merge-tree", "--write-tree", ours, theirs, accepted=(0, 1, 128))
            text = out.decode(errors="replace").split("\n")
            clean = len([line for line in text if line]) == 1 and is_sha(text[0])
            return text[0] if clean else None

        return self._once(ask, "merge-tree", ours, theirs)

    def fetch_from(self, other: GitRepository, sha: str) -> None:
        """Bring a commit of another repository (a fork) into this one."""
        self.run("fetch", "-q", "--no-write-fetch-head", str(other.path), sha)
