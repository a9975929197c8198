"""HEAD of somebody's git repository, as a copy that a GitHub can hold.

Promises: the repository is only read, its index too; nothing its own configuration names is run
that a `git status` of the same person would not run. The copy is bare and has one branch, and the
tags. What cannot be copied is answered with a sentence.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import click

from bot.texts import cli as texts
from bot.workspace.git import GitFailed, environment, git, run

TIMEOUT_S = 600
DETACHED = "main"  # what the branch is called where HEAD is on none
# Git takes no `-c` of ours over to the process that serves the other side of a fetch.
SERVED_BY = "git -c 'safe.directory=*' upload-pack"

# Set where a hook of git calls us; each would lead a git of ours to another repository.
ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
)  # fmt: skip


def copy_head(source: Path, target: Path) -> list[str]:
    """Make `target` from `source`, a resolved path; what people should know about the copy.

    Raises `click.UsageError` where `source` is nothing that can be worked on.
    """
    folder = _git_folder(source)
    status, found = run(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    if status:
        raise click.UsageError(texts.no_repository(str(source)))
    status, named = run(folder, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
    branch = named.decode().strip().removeprefix("refs/heads/") if status == 0 else DETACHED
    shallow = git(folder, "rev-parse", "--is-shallow-repository").strip() == b"true"
    try:
        git(target, "init", "--quiet", "--bare", f"--initial-branch={branch}")
        if shallow:
            _fetch(target, folder, "--depth=1", "+HEAD:refs/towpath/head")
            _cut_off(target, branch)
        else:
            _fetch(target, folder, f"+HEAD:refs/heads/{branch}", "+refs/tags/*:refs/tags/*")
    except GitFailed as problem:
        raise click.UsageError(texts.not_copied(str(source), problem.said.strip())) from problem
    remarks = [texts.shallow(str(source))] if shallow else []
    if _has_changes(source):
        remarks.append(texts.dirty(str(source)))
    status, _ = run(folder, "cat-file", "-e", f"{found.decode().strip()}:.gitmodules", ok=(0, 128))
    return [*remarks, texts.submodules(str(source))] if status == 0 else remarks


def _git_folder(source: Path) -> Path:
    questions = ("--absolute-git-dir", "--show-object-format", "--show-prefix")
    asked = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(source), "rev-parse", *questions],
        env=environment(),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if asked.returncode:
        raise click.UsageError(texts.no_repository(str(source)))
    folder, names, below = os.fsdecode(asked.stdout).split("\n")[:3]
    if below:
        top = str(source)[: -len(below)] if f"{source}/".endswith(f"/{below}") else folder
        raise click.UsageError(texts.folder_of_repository(str(source), top))
    if names != "sha1":
        raise click.UsageError(texts.other_names(str(source), names))
    return Path(folder)


def _fetch(target: Path, folder: Path, *what: str) -> None:
    options = ("--quiet", "--no-write-fetch-head", "--no-tags", f"--upload-pack={SERVED_BY}")
    env = {"GIT_ALLOW_PROTOCOL": "file", "GIT_NO_LAZY_FETCH": "1"}
    git(target, "fetch", *options, str(folder), *what, env=env, timeout=TIMEOUT_S)


def _cut_off(target: Path, branch: str) -> None:
    """Make the commit that was fetched the first one: no GitHub holds a shallow history."""
    whole = git(target, "cat-file", "commit", "refs/towpath/head")
    header, gap, message = whole.partition(b"\n\n")
    kept = re.sub(rb"\nparent [0-9a-f]+|\ngpgsig[^\n]*(?:\n [^\n]*)*", b"", header)
    root = git(target, "hash-object", "-t", "commit", "-w", "--stdin", stdin=kept + gap + message)
    git(target, "update-ref", f"refs/heads/{branch}", root.decode().strip())
    git(target, "update-ref", "-d", "refs/towpath/head")
    (target / "shallow").unlink(missing_ok=True)


def _has_changes(source: Path) -> bool:
    """As the person's own git sees it; False where that refuses (a stranger's repository)."""
    ours = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    looked = subprocess.run(
        ["git", "-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=no"],
        cwd=source,
        env={**ours, "GIT_OPTIONAL_LOCKS": "0"},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return looked.returncode == 0 and bool(looked.stdout.strip())
