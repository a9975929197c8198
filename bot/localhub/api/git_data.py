"""git's own objects over REST: references, commits, trees, blobs, tags."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from bot.localhub.api.merging import signed_by
from bot.localhub.calls import Answer, Call, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.git_facts import NO_COMMIT, GitFailed, Signature, is_sha, valid_ref
from bot.localhub.moves import move_ref
from bot.localhub.permissions import rank
from bot.localhub.shapes import commits

routes = Routes()
_GIT = "/repos/<owner>/<repo>/git"
_MODES = ("100644", "100755", "120000", "160000", "040000")


def refuse_protected(call: Call, ref: str) -> None:
    """A branch that refuses pushes refuses REST too."""
    rules = call.repo.protections.get(ref.removeprefix("refs/heads/"))
    if rules is None or not rules.rejects_pushes:
        return
    if call.caller.user is None or rank(call.level) < rank("admin") or rules.enforce_admins:
        raise ApiError(422, f"GH006: Protected branch update failed for {ref}.")


def _known_ref(call: Call, ref: str) -> tuple[str, str]:
    name = f"refs/{ref}"
    if name not in call.repo.refs:
        raise not_found()
    return name, call.repo.refs[name]


def _shape(call: Call, name: str, sha: str) -> Any:
    kind = call.repo.git.type_of(sha) or "commit"
    return commits.reference(call.urls, call.repo, name, sha, kind)


@routes("GET", f"{_GIT}/ref/<path:ref>", "contents:read")
def show_ref(call: Call, ref: str) -> Any:
    return _shape(call, *_known_ref(call, ref))


@routes("GET", f"{_GIT}/matching-refs/<path:ref>", "contents:read")
def matching_refs(call: Call, ref: str) -> Any:
    found = sorted(pair for pair in call.repo.refs.items() if pair[0].startswith(f"refs/{ref}"))
    return [_shape(call, name, sha) for name, sha in found]


@routes("POST", f"{_GIT}/refs", "contents:write")
def create_ref(call: Call) -> Answer:
    name, sha = call.text("ref", "Reference"), call.text("sha", "Reference")
    if not valid_ref(name):
        raise ApiError(422, f"{name[:100]} is not a valid ref name.")
    if name in call.repo.refs:
        raise ApiError(422, "Reference already exists")
    _require_object(call, sha)
    move_ref(call.hub, call.repo, name, sha, call.account)
    answer = _shape(call, name, sha)
    return Answer(201, answer, {"Location": answer["url"]})


def _require_object(call: Call, sha: str) -> None:
    if not is_sha(sha) or call.repo.git.type_of(sha) is None:
        raise ApiError(422, "Object does not exist")


@routes("PATCH", f"{_GIT}/refs/<path:ref>", "contents:write")
def update_ref(call: Call, ref: str) -> Any:
    sha = call.text("sha", "Reference")
    name = f"refs/{ref}"
    if name not in call.repo.refs:
        raise ApiError(422, "Reference does not exist")
    refuse_protected(call, name)
    _require_object(call, sha)
    old = call.repo.refs[name]
    if not call.flag("force") and not call.repo.git.is_ancestor(old, sha):
        raise ApiError(422, "Update is not a fast forward")
    if old != sha:
        move_ref(call.hub, call.repo, name, sha, call.account)
    return _shape(call, name, sha)


@routes("DELETE", f"{_GIT}/refs/<path:ref>", "contents:write")
def delete_ref(call: Call, ref: str) -> Answer:
    name = f"refs/{ref}"
    if name not in call.repo.refs:
        raise ApiError(422, "Reference does not exist")
    refuse_protected(call, name)
    if name == f"refs/heads/{call.repo.default_branch}":
        raise ApiError(422, "Cannot delete the default branch")
    move_ref(call.hub, call.repo, name, None, call.account)
    return Answer(204)


@routes("GET", f"{_GIT}/trees/<path:sha>", "contents:read")
def show_tree(call: Call, sha: str) -> Any:
    found = sha if is_sha(sha) else call.repo.resolve(sha)
    kind = call.repo.git.type_of(found) if found else None
    if found is None or kind not in ("tree", "commit"):
        raise not_found()
    tree = call.repo.git.commit(found).tree if kind == "commit" else found
    entries = call.repo.git.tree(tree, recursive=bool(call.query.get("recursive")))
    return commits.tree(call.urls, call.repo, tree, entries)


@routes("POST", f"{_GIT}/trees", "contents:write")
def create_tree(call: Call) -> Answer:
    given = call.json().get("tree")
    if not isinstance(given, list) or not given:
        raise invalid("Tree", "tree", "missing_field")
    base = call.maybe_text("base_tree")
    if base is not None and call.repo.git.type_of(base) not in ("tree", "commit"):
        raise ApiError(422, "base_tree is not a valid tree oid")
    entries: list[tuple[str, str, str | None]] = []
    for one in given:
        entries += _tree_entries(call, one)
    sha = call.repo.git.write_tree(base, entries)
    answer = commits.tree(call.urls, call.repo, sha, call.repo.git.tree(sha))
    return Answer(201, answer, {"Location": answer["url"]})


def _tree_entries(call: Call, one: Any) -> list[tuple[str, str, str | None]]:
    if not isinstance(one, dict) or not safe_path(one.get("path")):
        raise ApiError(422, "tree.path contains a malformed path component")
    path, mode = one["path"], one.get("mode", "100644")
    if mode not in _MODES:
        raise ApiError(422, "tree.mode is not supported")
    if isinstance(one.get("content"), str):
        return [(path, mode, call.repo.git.write_blob(one["content"].encode()))]
    if "sha" in one and one["sha"] is None:
        return [(path, mode, None)]
    sha = one.get("sha")
    kind = call.repo.git.type_of(sha) if isinstance(sha, str) else None
    if mode == "160000" and isinstance(sha, str) and is_sha(sha):
        return [(path, mode, sha)]
    if kind == "blob" and mode != "040000":
        return [(path, mode, sha)]
    if kind == "tree" and mode == "040000":
        inside = call.repo.git.tree(str(sha), recursive=True)
        return [(f"{path}/{e.path}", e.mode, e.sha) for e in inside if e.type != "tree"]
    raise ApiError(422, "tree.sha is not a valid object for its mode")


def safe_path(path: Any) -> bool:
    """A path that git can keep: relative, without empty, dot or .git parts."""
    if not isinstance(path, str) or not path or "\x00" in path:
        return False
    return not any(part.lower() in ("", ".", "..", ".git") for part in path.split("/"))


@routes("POST", f"{_GIT}/blobs", "contents:write")
def create_blob(call: Call) -> Answer:
    content = call.text("content", "Blob", default="")
    if call.choice("encoding", "Blob", ("utf-8", "base64"), "utf-8") == "base64":
        data = decoded(content, "Blob")
    else:
        data = content.encode()
    sha = call.repo.git.write_blob(data)
    url = call.urls.repo(call.repo, "git", "blobs", sha)
    return Answer(201, {"sha": sha, "url": url}, {"Location": url})


def decoded(content: str, resource: str) -> bytes:
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(resource, "content", "custom", "content is not valid Base64") from error


@routes("GET", f"{_GIT}/blobs/<sha>", "contents:read")
def show_blob(call: Call, sha: str) -> Answer:
    if call.repo.git.type_of(sha) != "blob":
        raise not_found()
    data = call.repo.git.blob(sha)
    if "raw" in call.accept:
        return Answer(200, data, media="application/octet-stream")
    return Answer(
        200,
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(data),
            "url": call.urls.repo(call.repo, "git", "blobs", sha),
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        },
    )


@routes("GET", f"{_GIT}/commits/<sha>", "contents:read")
def show_commit(call: Call, sha: str) -> Any:
    if call.repo.git.type_of(sha) != "commit":
        raise not_found()
    return commits.git_commit(call.urls, call.repo, call.repo.git.commit(sha))


def signature(call: Call, given: Any, fallback: Signature) -> Signature:
    """{name, email, date} of a body, completed by the caller's own."""
    if given is None:
        return fallback
    names = ("name", "email", "date")
    if not isinstance(given, dict) or not all(isinstance(given.get(n, ""), str) for n in names):
        raise invalid("Commit", "author")
    date = given.get("date") or fallback.date
    try:
        when = datetime.fromisoformat(date)
    except ValueError as error:
        raise invalid("Commit", "author.date") from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    name = given.get("name") or fallback.name
    email = given.get("email") or fallback.email
    if any(character in f"{name}{email}" for character in "<>\n\x00"):
        raise invalid("Commit", "author")
    return Signature(name, email, when.isoformat(timespec="seconds"))


@routes("POST", f"{_GIT}/commits", "contents:write")
def create_commit(call: Call) -> Answer:
    message, tree = call.text("message", "Commit"), call.text("tree", "Commit")
    if call.repo.git.type_of(tree) != "tree":
        raise ApiError(422, "Tree SHA does not exist")
    parents = call.names("parents")
    for parent in parents:
        if call.repo.git.type_of(parent) != "commit":
            raise ApiError(422, "Parent SHA does not exist or is not a commit object")
    body = call.json()
    author = signature(call, body.get("author"), signed_by(call.hub, call.account))
    committer = signature(call, body.get("committer"), author)
    sha = call.repo.git.write_commit(tree, parents, message, author, committer)
    made = call.repo.git.commit(sha)
    answer = commits.git_commit(call.urls, call.repo, made)
    return Answer(201, answer, {"Location": answer["url"]})


@routes("POST", f"{_GIT}/tags", "contents:write")
def create_tag(call: Call) -> Answer:
    """An annotated tag object; the reference is made apart, as on GitHub."""
    name, message = call.text("tag", "Tag"), call.text("message", "Tag")
    sha = call.text("object", "Tag")
    _require_object(call, sha)
    if not valid_ref(f"refs/tags/{name}"):
        raise invalid("Tag", "tag")
    tagger = signature(call, call.json().get("tagger"), signed_by(call.hub, call.account))
    when = int(datetime.fromisoformat(tagger.date).timestamp())
    kind = call.repo.git.type_of(sha)
    text = (
        f"object {sha}\ntype {kind}\ntag {name}\n"
        f"tagger {tagger.name} <{tagger.email}> {when} +0000\n\n{message}\n"
    )
    try:
        made = call.repo.git.run("mktag", stdin=text.encode()).decode().strip()
    except GitFailed as error:
        raise invalid("Tag", "object") from error
    url = call.urls.repo(call.repo, "git", "tags", made)
    return Answer(
        201,
        {
            "node_id": f"T_{made or NO_COMMIT}",
            "tag": name,
            "sha": made,
            "url": url,
            "message": message,
            "tagger": commits.signature(tagger),
            "object": {
                "sha": sha,
                "type": kind,
                "url": call.urls.repo(call.repo, "git", f"{kind}s", sha),
            },
            "verification": commits.UNSIGNED,
        },
        {"Location": url},
    )
