"""Shapes of commits, trees, files and references."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.localhub.git_facts import Commit, FileChange, Signature, Signed, TreeEntry
from bot.localhub.shapes.people import simple_user
from bot.localhub.shapes.repositories import protection_summary
from bot.localhub.shapes.urls import Urls
from bot.localhub.signatures import verification
from bot.localhub.state import Account, Repository, State

Shape = dict[str, Any]
UNSIGNED = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _node(kind: str, sha: str) -> str:
    return f"{kind}_" + base64.urlsafe_b64encode(sha.encode()).decode().rstrip("=")


def signature(one: Signature) -> Shape:
    return {"name": one.name, "email": one.email, "date": one.date}


def _known(urls: Urls, state: State, one: Signature) -> Shape | None:
    account = state.by_email(one.email)
    return simple_user(urls, account) if account is not None else None


def commit(
    urls: Urls, state: State, repository: Repository, one: Commit, signed: Signed | None = None
) -> Shape:
    """`signed`: of `Git.signed`, where somebody looks at one commit; lists do not say."""
    me = urls.repo(repository, "commits", one.sha)
    return {
        "url": me,
        "sha": one.sha,
        "node_id": _node("C", one.sha),
        "html_url": urls.page(repository, "commit", one.sha),
        "comments_url": f"{me}/comments",
        "commit": {
            "url": urls.repo(repository, "git", "commits", one.sha),
            "author": signature(one.author),
            "committer": signature(one.committer),
            "message": one.message,
            "comment_count": 0,
            "tree": {"sha": one.tree, "url": urls.repo(repository, "git", "trees", one.tree)},
            "verification": verification(state, one, signed),
        },
        "author": _known(urls, state, one.author),
        "committer": _known(urls, state, one.committer),
        "parents": [
            {
                "sha": parent,
                "url": urls.repo(repository, "commits", parent),
                "html_url": urls.page(repository, "commit", parent),
            }
            for parent in one.parents
        ],
    }


def commit_with_files(
    urls: Urls,
    state: State,
    repository: Repository,
    one: Commit,
    files: Sequence[FileChange],
) -> Shape:
    added = sum(change.additions for change in files)
    removed = sum(change.deletions for change in files)
    return {
        **commit(urls, state, repository, one, repository.git.signed(one.sha)),
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [file_change(urls, repository, one.sha, change) for change in files],
    }


def git_commit(urls: Urls, repository: Repository, one: Commit) -> Shape:
    return {
        "sha": one.sha,
        "node_id": _node("C", one.sha),
        "url": urls.repo(repository, "git", "commits", one.sha),
        "html_url": urls.page(repository, "commit", one.sha),
        "author": signature(one.author),
        "committer": signature(one.committer),
        "message": one.message,
        "tree": {"sha": one.tree, "url": urls.repo(repository, "git", "trees", one.tree)},
        "parents": [
            {
                "sha": parent,
                "url": urls.repo(repository, "git", "commits", parent),
                "html_url": urls.page(repository, "commit", parent),
            }
            for parent in one.parents
        ],
        "verification": UNSIGNED,
    }


def simple_commit(one: Commit) -> Shape:
    return {
        "id": one.sha,
        "tree_id": one.tree,
        "message": one.message,
        "timestamp": one.committer.date,
        "author": {"name": one.author.name, "email": one.author.email},
        "committer": {"name": one.committer.name, "email": one.committer.email},
    }


def pushed_commit(
    urls: Urls,
    state: State,
    repository: Repository,
    one: Commit,
    files: Sequence[FileChange],
) -> Shape:
    """The form inside push webhooks."""

    def person(signed: Signature) -> Shape:
        account: Account | None = state.by_email(signed.email)
        named = {"username": account.login} if account is not None else {}
        return {"name": signed.name, "email": signed.email, "date": signed.date, **named}

    return {
        "id": one.sha,
        "tree_id": one.tree,
        "distinct": True,
        "message": one.message,
        "timestamp": one.committer.date,
        "url": urls.page(repository, "commit", one.sha),
        "author": person(one.author),
        "committer": person(one.committer),
        "added": [c.path for c in files if c.status in ("added", "renamed", "copied")],
        "removed": [c.previous or c.path for c in files if c.status in ("removed", "renamed")],
        "modified": [c.path for c in files if c.status in ("modified", "changed")],
    }


def file_change(urls: Urls, repository: Repository, head: str, one: FileChange) -> Shape:
    shape: Shape = {
        "sha": one.sha,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": urls.page(repository, "blob", head, one.path),
        "raw_url": urls.page(repository, "raw", head, one.path),
        "contents_url": f"{urls.repo(repository, 'contents', one.path)}?ref={head}",
    }
    if one.patch is not None:
        shape["patch"] = one.patch
    if one.previous:
        shape["previous_filename"] = one.previous
    return shape


def reference(urls: Urls, repository: Repository, name: str, sha: str, kind: str) -> Shape:
    place = {"commit": "commits", "tag": "tags", "tree": "trees", "blob": "blobs"}[kind]
    return {
        "ref": name,
        "node_id": _node("REF", f"{repository.id}:{name}"),
        "url": urls.repo(repository, "git", name),
        "object": {
            "type": kind,
            "sha": sha,
            "url": urls.repo(repository, "git", place, sha),
        },
    }


def tree(urls: Urls, repository: Repository, sha: str, entries: list[TreeEntry]) -> Shape:
    listed = []
    for entry in entries:
        place = {"tree": "trees", "blob": "blobs", "commit": "commits"}[entry.type]
        shape: Shape = {
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.type,
            "sha": entry.sha,
            "url": urls.repo(repository, "git", place, entry.sha),
        }
        if entry.size is not None:
            shape["size"] = entry.size
        listed.append(shape)
    address = urls.repo(repository, "git", "trees", sha)
    return {"sha": sha, "url": address, "tree": listed, "truncated": False}


def content(
    urls: Urls,
    repository: Repository,
    path: str,
    ref: str,
    entry: TreeEntry,
    data: bytes | None,
) -> Shape:
    """A file with its content (data given) or an element of a folder's listing."""
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.type, "file")
    if entry.mode == "120000":
        kind = "symlink"
    me = f"{urls.repo(repository, 'contents', path)}?ref={quote(ref, safe='/')}"
    place = {"dir": "trees"}.get(kind, "blobs")
    git_url = urls.repo(repository, "git", place, entry.sha)
    page = urls.page(repository, "tree" if kind == "dir" else "blob", ref, path)
    raw = urls.page(repository, "raw", ref, path) if kind == "file" else None
    shape: Shape = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": me,
        "html_url": page,
        "git_url": git_url,
        "download_url": raw,
        "type": kind,
        "_links": {"self": me, "git": git_url, "html": page},
    }
    if data is not None:
        if len(data) > 1_000_000:  # GitHub answers files above 1 MB without content
            shape |= {"content": "", "encoding": "none"}
        else:
            encoded = base64.encodebytes(data).decode()
            shape |= {"content": encoded, "encoding": "base64"}
    return shape


def branch(urls: Urls, state: State, repository: Repository, name: str, sha: str) -> Shape:
    me = urls.repo(repository, "branches", name)
    rules = repository.protections.get(name)
    return {
        "name": name,
        "commit": commit(
            urls, state, repository, repository.git.commit(sha), repository.git.signed(sha)
        ),
        "_links": {"self": me, "html": urls.page(repository, "tree", name)},
        "protected": rules is not None,
        "protection": protection_summary(rules),
        "protection_url": f"{me}/protection",
    }


def short_branch(urls: Urls, repository: Repository, name: str, sha: str) -> Shape:
    rules = repository.protections.get(name)
    return {
        "name": name,
        "commit": {"sha": sha, "url": urls.repo(repository, "commits", sha)},
        "protected": rules is not None,
        "protection": protection_summary(rules),
        "protection_url": urls.repo(repository, "branches", name, "protection"),
    }
