"""git over smart HTTP: authentication in front of `git http-backend`.

Promises 401 without a credential where one is needed, 403 for one that may not write, 404 for a
repository that the caller may not know of, and that whatever a push moved has been announced
before the client sees the push succeed.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from bot.localhub.errors import ApiError
from bot.localhub.git import git_environment
from bot.localhub.moves import after_push
from bot.localhub.permissions import holds, rank
from bot.localhub.state import Repository
from bot.localhub.tokens import Caller

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}
_SERVICES = ("git-upload-pack", "git-receive-pack")
_TIMEOUT_SECONDS = 300


def add_git_routes(app: Flask, hub: LocalHub) -> None:
    @app.get("/<owner>/<name>.git/info/refs", endpoint="git-refs")
    def advertise(owner: str, name: str) -> Response:
        return _serve(hub, owner, name, "info/refs", request.args.get("service", ""))

    @app.post("/<owner>/<name>.git/<any('git-upload-pack','git-receive-pack'):service>")
    def exchange(owner: str, name: str, service: str) -> Response:
        return _serve(hub, owner, name, service, service)


def _serve(hub: LocalHub, owner: str, name: str, path: str, service: str) -> Response:
    if service not in _SERVICES:
        return _plain(403, "Please upgrade your git client.")
    writes = service == "git-receive-pack"
    try:
        with hub.lock:
            caller = hub.tokens.caller(request.headers.get("Authorization"))
            repository = _admitted(hub, caller, f"{owner}/{name}", writes=writes)
    except ApiError as error:
        headers = _CHALLENGE if error.status == 401 else {}
        return _plain(error.status, error.message, headers)
    if not (writes and path == service):
        return _backend(hub, repository, path, caller)
    # One push at a time: what it moved is read back from the repository afterwards.
    with repository.git.receiving:
        response = _backend(hub, repository, path, caller)
        response.get_data()
        with hub.lock:
            account = caller.account
            assert account is not None, "nobody pushes without an account"
            after_push(hub, repository, account)
    return response


def _admitted(hub: LocalHub, caller: Caller, full_name: str, *, writes: bool) -> Repository:
    found = hub.state.repositories.get(full_name.lower())
    if caller.app is not None and caller.installation is None:
        raise ApiError(401, "Bad credentials")
    if caller.account is None:
        if writes or found is None or found.private:
            raise ApiError(401, "Repository not found.")
        return found
    if found is None:
        raise ApiError(404, "Repository not found.")
    if found.archived and writes:
        raise ApiError(403, "This repository was archived so it is read-only.")
    if caller.installation is not None:
        selected = caller.repository_ids
        if not caller.installation.covers(found) or (
            selected is not None and found.id not in selected
        ):
            raise ApiError(404, "Repository not found.")
        if not holds(caller.permissions, "contents:write" if writes else "contents:read"):
            raise ApiError(403, f"Permission to {full_name}.git denied to {caller.account.login}.")
        return found
    held = rank(hub.state.level(caller.user, found))
    if held == 0:
        raise ApiError(404, "Repository not found.")
    if writes and held < rank("write"):
        raise ApiError(403, f"Permission to {full_name}.git denied to {caller.account.login}.")
    return found


def _backend(hub: LocalHub, repository: Repository, path: str, caller: Caller) -> Response:
    environ = {
        **git_environment(hub.root),
        "GIT_PROJECT_ROOT": str(repository.git.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{path}",
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
    }
    if caller.account is not None:
        environ["REMOTE_USER"] = caller.account.login
    body = request.get_data(cache=False)
    environ["CONTENT_LENGTH"] = str(len(body))
    process = subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
    )
    try:
        output, _ = process.communicate(body, timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return _plain(504, "git took too long")
    head, _, content = output.partition(b"\r\n\r\n")
    status, headers = 200, []
    for line in head.decode("latin-1").splitlines():
        key, _, value = line.partition(":")
        if key.lower() == "status":
            status = int(value.split()[0])
        elif key:
            headers.append((key, value.strip()))
    return Response(content, status, headers)


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{text}\n", status, headers, mimetype="text/plain")
