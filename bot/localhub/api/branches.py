"""Branches and their protection."""

from __future__ import annotations

from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, not_found
from bot.localhub.shapes import commits
from bot.localhub.shapes.repositories import protection

routes = Routes()
_BRANCH = "/repos/<owner>/<repo>/branches/<path:branch>"
_HEADS = "refs/heads/"


@routes("GET", "/repos/<owner>/<repo>/branches", "contents:read")
def list_branches(call: Call) -> Page:
    wanted = call.query.get("protected")
    found = [
        (ref.removeprefix(_HEADS), sha)
        for ref, sha in sorted(call.repo.refs.items())
        if ref.startswith(_HEADS)
        and wanted in (None, str(ref.removeprefix(_HEADS) in call.repo.protections).lower())
    ]
    return Page(found, lambda pair: commits.short_branch(call.urls, call.repo, *pair))


@routes("GET", _BRANCH, "contents:read")
def show_branch(call: Call, branch: str) -> Any:
    sha = call.repo.branch(branch)
    if sha is None:
        raise ApiError(404, "Branch not found")
    return commits.branch(call.urls, call.hub.state, call.repo, branch, sha)


@routes("GET", f"{_BRANCH}/protection", "administration:read", role="admin")
def show_protection(call: Call, branch: str) -> Any:
    if call.repo.branch(branch) is None:
        raise ApiError(404, "Branch not found")
    rules = call.repo.protections.get(branch)
    if rules is None:
        raise ApiError(404, "Branch not protected")
    return protection(call.urls, call.repo, branch, rules)


@routes("GET", "/repos/<owner>/<repo>/tags", "contents:read")
def list_tags(call: Call) -> Page:
    found = sorted((ref for ref in call.repo.refs if ref.startswith("refs/tags/")), reverse=True)

    def show(ref: str) -> Any:
        name, sha = ref.removeprefix("refs/tags/"), call.repo.resolve(ref) or ""
        return {
            "name": name,
            "node_id": f"REF_{name}",
            "commit": {"sha": sha, "url": call.urls.repo(call.repo, "commits", sha)},
            "zipball_url": call.urls.repo(call.repo, "zipball", ref),
            "tarball_url": call.urls.repo(call.repo, "tarball", ref),
        }

    return Page(found, show)


@routes("GET", "/repos/<owner>/<repo>/zipball/<path:ref>", "contents:read")
def archive(call: Call, ref: str) -> Answer:
    sha = call.repo.resolve(ref)
    if sha is None:
        raise not_found()
    data = call.repo.git.run("archive", "--format=zip", sha)
    return Answer(200, data, media="application/zip")
