"""Files over REST: read, write, delete, each write one commit."""

from __future__ import annotations

from typing import Any

from bot.localhub.api.git_data import decoded, refuse_protected, safe_path, signature
from bot.localhub.api.merging import signed_by
from bot.localhub.calls import Answer, Call, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.git_facts import TreeEntry
from bot.localhub.moves import move_ref
from bot.localhub.shapes import commits

routes = Routes()
_PATH = "/repos/<owner>/<repo>/contents/<path:path>"


@routes("GET", "/repos/<owner>/<repo>/contents/", "contents:read")
@routes("GET", "/repos/<owner>/<repo>/contents", "contents:read")
def list_root(call: Call) -> Any:
    return show_content(call, "")


@routes("GET", _PATH, "contents:read")
def show_content(call: Call, path: str) -> Any:
    ref = call.query.get("ref") or call.repo.default_branch
    sha = call.repo.resolve(ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref[:80]}")
    path = path.strip("/")
    entry = call.repo.git.entry(sha, path) if path else None
    if path and entry is None:
        raise not_found()
    if entry is None or entry.type == "tree":
        listed = call.repo.git.tree(sha, path=path)
        prefix = f"{path}/" if path else ""
        return [
            commits.content(call.urls, call.repo, prefix + one.path, ref, one, None)
            for one in listed
        ]
    if entry.type == "commit":
        answer = commits.content(call.urls, call.repo, path, ref, entry, None)
        return {**answer, "submodule_git_url": None}
    data = call.repo.git.blob(entry.sha)
    if "raw" in call.accept:
        return Answer(200, data, media="application/vnd.github.raw; charset=utf-8")
    answer = commits.content(call.urls, call.repo, path, ref, entry, data)
    if answer["type"] == "symlink":
        answer["target"] = data.decode("utf-8", errors="replace")
    return answer


def _write(call: Call, path: str, data: bytes | None) -> Answer:
    """Commit one file (None deletes it) onto a branch."""
    message = call.text("message", "Commit")
    branch = call.maybe_text("branch") or call.repo.default_branch
    ref, git = f"refs/heads/{branch}", call.repo.git
    tip = call.repo.branch(branch)
    if tip is None and call.repo.refs:
        raise ApiError(404, f"Branch {branch[:80]} not found")
    if not safe_path(path):
        raise ApiError(422, "path contains a malformed path component")
    refuse_protected(call, ref)
    old = git.entry(tip, path) if tip else None
    _check_blob(call, path, old, deleting=data is None)
    blob = git.write_blob(data) if data is not None else None
    mode = old.mode if old is not None and old.type == "blob" else "100644"
    tree = git.write_tree(tip, [(path, mode, blob)])
    mine = signed_by(call.hub, call.account)
    committer = signature(call, call.json().get("committer"), mine)
    author = signature(call, call.json().get("author"), committer)
    sha = git.write_commit(tree, [tip] if tip else [], message, author, committer)
    move_ref(call.hub, call.repo, ref, sha, call.account)
    content = None
    if blob is not None and data is not None:
        entry = TreeEntry(mode, "blob", blob, len(data), path)
        content = commits.content(call.urls, call.repo, path, branch, entry, None)
    made = commits.git_commit(call.urls, call.repo, git.commit(sha))
    status = 201 if old is None and data is not None else 200
    return Answer(status, {"content": content, "commit": made})


def _check_blob(call: Call, path: str, old: TreeEntry | None, *, deleting: bool) -> None:
    """The caller must name the blob it replaces: nobody overwrites what they did not see."""
    seen = call.maybe_text("sha")
    if old is None:
        if deleting:
            raise not_found()
        if seen:
            raise ApiError(409, f"{path} does not match {seen[:40]}")
        return
    if seen is None:
        raise invalid("Commit", "sha", "missing_field", '"sha" wasn\'t supplied.')
    if seen != old.sha:
        raise ApiError(409, f"{path} does not match {seen[:40]}")


@routes("PUT", _PATH, "contents:write")
def put_content(call: Call, path: str) -> Answer:
    content = call.text("content", "Commit", default="")
    return _write(call, path, decoded(content, "Commit"))


@routes("DELETE", _PATH, "contents:write")
def delete_content(call: Call, path: str) -> Answer:
    return _write(call, path, None)
