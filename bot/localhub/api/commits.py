"""Commits as people read them, and comparisons."""

from __future__ import annotations

from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, not_found
from bot.localhub.git_facts import EMPTY_TREE
from bot.localhub.shapes import commits

routes = Routes()
_MOST_COMMITS = 10_000
_MOST_FILES = 300


def _found(call: Call, ref: str) -> str:
    sha = call.repo.resolve(ref)
    if sha is None:
        raise not_found()
    return sha


@routes("GET", "/repos/<owner>/<repo>/commits", "contents:read")
def list_commits(call: Call) -> Page:
    if not call.repo.refs:
        raise ApiError(409, "Git Repository is empty.")
    sha = _found(call, call.query.get("sha") or call.repo.default_branch)
    path = call.query.get("path", "")
    found = call.repo.git.log(sha, limit=_MOST_COMMITS, path=path)
    author = call.query.get("author")
    if author:
        state = call.hub.state
        known = state.accounts.get(author.lower())
        emails = {author, known.email if known else author}
        found = [one for one in found if one.author.email in emails]
    return Page(found, lambda one: commits.commit(call.urls, call.hub.state, call.repo, one))


@routes("GET", "/repos/<owner>/<repo>/commits/<path:ref>", "contents:read")
def show_commit(call: Call, ref: str) -> Any:
    sha = call.repo.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref[:80]}")
    one = call.repo.git.commit(sha)
    parent = one.parents[0] if one.parents else EMPTY_TREE
    if "application/vnd.github.sha" in call.accept:
        return Answer(200, sha.encode(), media="application/vnd.github.sha; charset=utf-8")
    if "diff" in call.accept:
        text = call.repo.git.diff_text(parent, sha)
        return Answer(200, text.encode(), media="text/plain; charset=utf-8")
    files = call.repo.git.diff(parent, sha)
    return commits.commit_with_files(call.urls, call.hub.state, call.repo, one, files)


def _side(call: Call, text: str) -> str:
    """A side of a comparison: "ref" or "owner:ref" of this network."""
    owner, colon, ref = text.rpartition(":")
    if not colon or owner.lower() == call.repo.owner.login.lower():
        return _found(call, ref)
    for fork in call.hub.state.repositories.values():
        if fork.fork_of is call.repo and fork.owner.login.lower() == owner.lower():
            sha = fork.branch(ref)
            if sha is not None:
                call.repo.git.fetch_from(fork.git, sha)
                return sha
    raise not_found()


@routes("GET", "/repos/<owner>/<repo>/compare/<path:basehead>", "contents:read")
def compare(call: Call, basehead: str) -> Any:
    left, dots, right = basehead.partition("...")
    if not dots:
        raise not_found()
    git, urls, state = call.repo.git, call.urls, call.hub.state
    base, head = _side(call, left), _side(call, right)
    fork_point = git.merge_base(base, head)
    if fork_point is None:
        raise ApiError(404, f"No common ancestor between {left} and {right}.")
    if "diff" in call.accept:
        text = git.diff_text(fork_point, head)
        return Answer(200, text.encode(), media="text/plain; charset=utf-8")
    ahead = list(reversed(git.log(head, f"^{base}")))
    behind = git.count(base, f"^{head}")
    status = "identical" if base == head else "ahead" if not behind else "behind"
    if ahead and behind:
        status = "diverged"
    page = urls.page(call.repo, "compare", basehead)
    size = call.number("per_page", 250, least=1, most=250)
    number = call.number("page", 1, least=1, most=100_000)
    shown = ahead[(number - 1) * size : number * size]
    files = git.diff(fork_point, head)[:_MOST_FILES]

    def full(sha: str) -> Any:
        return commits.commit(urls, state, call.repo, git.commit(sha), git.signed(sha))

    return {
        "url": urls.repo(call.repo, "compare", basehead),
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": full(base),
        "merge_base_commit": full(fork_point),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": [commits.commit(urls, state, call.repo, one) for one in shown],
        "files": [commits.file_change(urls, call.repo, head, one) for one in files],
    }
