"""The copy of a person's repository: what it holds, and that the original is only read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click
import pytest

from bot.cli.source_copy import copy_head
from tests.cli.people import commit, fingerprint, git, project


def heads(copy: Path) -> list[str]:
    return git(copy, "for-each-ref", "--format=%(refname)").splitlines()


def test_the_copy_has_the_history_the_branch_and_the_tags(tmp_path: Path) -> None:
    source = project(tmp_path / "shop", "feature/new")
    git(source, "branch", "elsewhere")
    assert copy_head(source, tmp_path / "copy.git") == []
    copy = tmp_path / "copy.git"
    assert heads(copy) == ["refs/heads/feature/new", "refs/tags/v1"]
    assert git(copy, "rev-parse", "HEAD") == git(source, "rev-parse", "HEAD")
    assert git(copy, "symbolic-ref", "HEAD") == "refs/heads/feature/new"


def test_nothing_of_the_repository_is_written_not_even_its_index(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    os.utime(source / "src/shop.py", (1, 1))  # its index is stale: a plain `git status` renews it
    before = fingerprint(source)
    copy_head(source, tmp_path / "copy.git")
    assert fingerprint(source) == before


def test_no_program_that_the_repository_names_is_run(tmp_path: Path) -> None:
    source, trace = project(tmp_path / "shop"), tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    git(source, "config", "core.fsmonitor", str(program))
    git(source, "config", "uploadpack.packObjectsHook", str(program))
    (source / ".git/hooks/post-checkout").symlink_to(program)
    copy_head(source, tmp_path / "copy.git")
    assert not trace.exists()


def test_a_hook_of_git_that_calls_us_leads_to_no_other_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = project(tmp_path / "shop"), project(tmp_path / "other", "elsewhere")
    (other / "src/shop.py").write_text("changed = True\n")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert copy_head(source, tmp_path / "copy.git") == []
    assert "refs/heads/trunk" in heads(tmp_path / "copy.git")


def test_a_detached_head_becomes_the_main_branch(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    git(source, "checkout", "--quiet", "--detach", "HEAD~1")
    copy_head(source, tmp_path / "copy.git")
    assert git(tmp_path / "copy.git", "rev-parse", "main") == git(source, "rev-parse", "HEAD")


def test_a_tag_with_the_name_of_the_branch_does_not_rename_it(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    git(source, "tag", "trunk")
    copy_head(source, tmp_path / "copy.git")
    assert "refs/heads/trunk" in heads(tmp_path / "copy.git")


def test_a_work_tree_beside_and_a_bare_repository_are_repositories_too(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    git(source, "worktree", "add", "--quiet", str(tmp_path / "beside"), "-b", "other")
    copy_head(tmp_path / "beside", tmp_path / "one.git")
    assert "refs/heads/other" in heads(tmp_path / "one.git")
    copy_head(tmp_path / "one.git", tmp_path / "two.git")
    assert heads(tmp_path / "two.git") == heads(tmp_path / "one.git")


def test_a_shallow_clone_begins_with_its_last_commit(tmp_path: Path) -> None:
    source, clone, copy = project(tmp_path / "shop"), tmp_path / "clone", tmp_path / "copy.git"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{source}", str(clone))
    (remark,) = copy_head(clone, copy)
    assert "shallow" in remark
    assert git(copy, "log", "--all", "--format=%P|%an|%s|%T") == "|Ann|add tests/test_shop.py|" + (
        git(source, "rev-parse", "HEAD^{tree}")
    )
    git(tmp_path, "clone", "--quiet", str(copy), str(tmp_path / "again"))
    git(copy, "fsck", "--strict")


def test_what_the_copy_leaves_out_is_said(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    (source / "src/shop.py").write_text("changed = True\n")
    commit_of_module = '[submodule "dep"]\n\tpath = dep\n\turl = ../dep\n'
    commit(source, ".gitmodules", commit_of_module)
    (source / "src/shop.py").write_text("changed = 2\n")
    remarks = copy_head(source, tmp_path / "copy.git")
    assert ["not committed" in remarks[0], "submodules" in remarks[1]] == [True, True]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_repository_of_another_user_can_be_tried(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    for path in (source, *source.rglob("*")):
        shutil.chown(path, 65534, 65534)
    copy_head(source, tmp_path / "copy.git")
    assert "refs/heads/trunk" in heads(tmp_path / "copy.git")


def test_what_is_no_repository_is_answered_with_what_to_do(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    source = project(tmp_path / "shop")
    cases = {empty: "git init", source / "src": f"inside the git repository {source}"}
    for folder, said in cases.items():
        with pytest.raises(click.UsageError, match=said):
            copy_head(folder, tmp_path / "copy.git")
    git(empty, "init", "--quiet")
    with pytest.raises(click.UsageError, match="commit"):
        copy_head(empty, tmp_path / "copy.git")


def test_object_names_that_github_does_not_take_are_refused(tmp_path: Path) -> None:
    source = project(tmp_path / "shop", "trunk", "--object-format=sha256")
    with pytest.raises(click.UsageError, match="sha256"):
        copy_head(source, tmp_path / "copy.git")
