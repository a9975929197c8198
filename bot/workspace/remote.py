"""What a mirror says to, and hears from, the repository that it mirrors.

Promises: a push happens only over the commit that its caller saw there, and can be repeated;
credentials are used for one call and kept nowhere.
Never: prompts, follows a redirect, or overwrites a commit that is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.workspace.git import GitFailed, Remote, git, run

_BRANCH = re.compile(
    r"(?!.*(\.\.|//|@\{|\.lock(/|$)|/\.))[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*"
)


class BranchRefused(ValueError):
    """Not the name of a branch."""


@dataclass(frozen=True)
class Pushed:
    """How a push ended.

    `pushed`: the branch is ours now. `already_there`: it was before. `refused`: it holds another
    commit than expected (`found`; None when it is gone). `declined`: the server said no (a
    protection rule, a hook) and `reason` is its answer.
    """

    outcome: Literal["pushed", "already_there", "refused", "declined"]
    found: str | None
    reason: str = ""


def branch_ref(branch: str) -> str:
    """`refs/heads/<branch>`; BranchRefused for what git would not take as a branch."""
    if not _BRANCH.fullmatch(branch) or branch.endswith(("/", ".")) or len(branch) > 244:
        raise BranchRefused(f"not a branch: {branch[:100]!r}")
    return f"refs/heads/{branch}"


def fetch(repository: Path, remote: Remote, refspecs: Sequence[str], timeout: float) -> None:
    git(
        repository, "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head",
        "--no-auto-maintenance", "--", remote.url, *refspecs,
        remote=remote, timeout=timeout,
    )  # fmt: skip


def push(
    repository: Path, remote: Remote, branch: str, sha: str, expected: str | None, timeout: float
) -> Pushed:
    ref = branch_ref(branch)
    status, out = run(
        repository, "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags",
        f"--force-with-lease={ref}:{expected or ''}", "--", remote.url, f"{sha}:{ref}",
        remote=remote, timeout=timeout, ok=(0, 1),
    )  # fmt: skip
    line = next((x for x in out.decode("utf-8", "replace").splitlines() if f":{ref}\t" in x), "")
    if status == 0 and line[:1] == "=":
        return Pushed("already_there", sha)
    if status == 0 and line:
        return Pushed("pushed", sha)
    if not line.startswith("!"):
        raise GitFailed("push", status, "no answer about the branch")
    found = head(repository, remote, branch)
    reason = remote.scrub(line.split("\t")[-1])
    if found == sha:
        return Pushed("already_there", sha)
    if found == expected:
        return Pushed("declined", found, reason)
    return Pushed("refused", found, reason)


def head(repository: Path, remote: Remote, branch: str) -> str | None:
    ref = branch_ref(branch)
    out = git(repository, "ls-remote", "--", remote.url, ref, remote=remote, timeout=60).decode()
    found = {name: sha for sha, name in (line.split("\t", 1) for line in out.splitlines())}
    return found.get(ref)


def default_branch(repository: Path, remote: Remote) -> str | None:
    asked = ("ls-remote", "--symref", "--", remote.url, "HEAD")
    out = git(repository, *asked, remote=remote, timeout=60).decode()
    named = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", out, re.M)
    return named[1] if named else None
