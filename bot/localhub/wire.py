"""HTTP: requests become calls, answers become responses with GitHub's headers.

Promises on every answer a request id, rate-limit numbers, an ETag for what can be asked again,
and Link headers for pages. Handlers run one at a time under the server's lock. Never holds the
lock while git serves a clone.
"""

from __future__ import annotations

import functools
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from bot.localhub.api import ALL_ROUTES
from bot.localhub.calls import API_VERSIONS, Answer, Call, Page, Route, admit
from bot.localhub.control import add_control_routes
from bot.localhub.errors import ApiError
from bot.localhub.git_facts import GitFailed
from bot.localhub.git_http import add_git_routes
from bot.localhub.pages import add_pages
from bot.localhub.person import PERSON_HEADER, SILENT_HEADER
from bot.localhub.shapes.urls import Urls
from bot.localhub.tokens import Caller

if TYPE_CHECKING:
    from bot.localhub.faults import Wsgi
    from bot.localhub.hub import LocalHub

# What API version 2026-03-10 no longer says (issue, pull, repository, rate limit, advisory).
_DROPPED = frozenset(
    {
        "assignee",
        "merge_commit_sha",
        "has_downloads",
        "master_branch",
        "use_squash_pr_title_as_default",
        "rate",
        "cvss",
    }
)
_FOREIGN = ("payload", "client_payload", "headers")  # other people's objects: left as they are
_HUB = "localhub.hub"  # in the WSGI environment: whose request this is
MOST_BYTES = 100 * 1024 * 1024


def make_application(hub: LocalHub) -> Wsgi:
    """The WSGI application of a server, without faults; also under the prefix /api/v3."""
    app = _flask()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        environ = {**environ, _HUB: hub}
        path = environ.get("PATH_INFO", "")
        if path == "/api/v3" or path.startswith("/api/v3/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/api/v3"
            environ["PATH_INFO"] = path[7:] or "/"
        return app(environ, start)

    return application


@functools.lru_cache(maxsize=1)
def _flask() -> Flask:
    """One for the process: compiling the routes takes longer than making a server."""
    app = Flask("localhub", static_folder=None)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    hub = cast("LocalHub", LocalProxy(lambda: request.environ[_HUB]))
    for number, route in enumerate(ALL_ROUTES):
        app.add_url_rule(route.path, f"api-{number}", _view(route), methods=[route.method])
    add_git_routes(app, hub)
    add_control_routes(app, hub)
    add_pages(app, hub)
    app.register_error_handler(HTTPException, _unrouted)
    return app


def _unrouted(error: HTTPException) -> Response:
    status = 404 if error.code == 405 else error.code or 500
    message = "Not Found" if status == 404 else error.name
    return _json(status, ApiError(status, message).body())


def _view(route: Route) -> Callable[..., Response]:
    def view(**given: Any) -> Response:
        hub: LocalHub = request.environ[_HUB]
        raw = request.get_data()
        with hub.lock:
            if request.headers.get(SILENT_HEADER):
                with hub.silently():
                    return _respond(hub, route, raw, given)
            return _respond(hub, route, raw, given)

    return view


def _respond(hub: LocalHub, route: Route, raw: bytes, given: dict[str, Any]) -> Response:
    caller = Caller()
    version = request.headers.get("X-GitHub-Api-Version") or API_VERSIONS[0]
    spends = PERSON_HEADER not in request.headers and route.path != "/rate_limit"
    try:
        if version not in API_VERSIONS:
            raise ApiError(400, f"The API version {version!r} is not supported.")
        caller = hub.tokens.caller(request.headers.get("Authorization"))
        if spends:
            hub.limits.check(caller)
        call = _call(hub, caller, raw, given)
        admit(route, call)
        answer = _carry_out(route, call, given)
    except ApiError as error:
        answer = Answer(error.status, error.body(), error.headers)
    except GitFailed as error:
        answer = Answer(422, ApiError(422, str(error)).body())
    response = _response(answer, version)
    if request.method == "GET" and answer.status == 200:
        response = _conditional(response)
    if spends and response.status_code != 304:
        hub.limits.spend(caller)
    for name, value in hub.limits.headers(caller).items():
        response.headers.setdefault(name, value)
    response.headers["X-GitHub-Request-Id"] = uuid.uuid4().hex[:20].upper()
    response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    response.headers["X-GitHub-Api-Version-Selected"] = version
    response.headers["Server"] = "localhub"
    return response


def _call(hub: LocalHub, caller: Caller, raw: bytes, given: dict[str, Any]) -> Call:
    html = request.host_url.rstrip("/")
    call = Call(
        hub=hub,
        caller=caller,
        method=request.method,
        path=request.path,
        urls=Urls(html + request.script_root, html),
        query=request.args,
        raw=raw,
        accept=request.headers.get("Accept", ""),
        headers=cast("Mapping[str, str]", request.headers),
    )
    if "owner" in given:
        call.repository = hub.state.repository(f"{given['owner']}/{given['repo']}")
    return call


def _carry_out(route: Route, call: Call, given: dict[str, Any]) -> Answer:
    rest = {name: value for name, value in given.items() if name not in ("owner", "repo")}
    result = route.handler(call, **rest)
    if isinstance(result, Page):
        return _paged(call, result)
    if isinstance(result, Answer):
        return result
    return Answer(200, result)


def _paged(call: Call, page: Page) -> Answer:
    size = call.number("per_page", 30, least=1, most=100)
    number = call.number("page", 1, least=1, most=1_000_000)
    total = len(page.elements)
    shown = [page.show(one) for one in page.elements[(number - 1) * size : number * size]]
    last = max(1, -(-total // size))
    base = f"{call.urls.html}{request.script_root}{request.path}"
    kept = {name: value for name, value in call.query.items() if name != "page"}

    def link(target: int, relation: str) -> str:
        return f'<{base}?{urlencode({**kept, "page": target})}>; rel="{relation}"'

    links = []
    if number > 1:
        links += [link(min(number - 1, last), "prev"), link(1, "first")]
    if number < last:
        links += [link(number + 1, "next"), link(last, "last")]
    headers = {"Link": ", ".join(links)} if links else {}
    if page.wrap is None:
        return Answer(200, shown, headers)
    return Answer(200, {"total_count": total, **page.more, page.wrap: shown}, headers)


def _response(answer: Answer, version: str) -> Response:
    if answer.body is None:
        response = Response(b"", answer.status)
        response.headers.pop("Content-Type", None)
    elif isinstance(answer.body, bytes):
        response = Response(answer.body, answer.status, content_type=answer.media)
    else:
        shape = answer.body if version == API_VERSIONS[0] else without_dropped(answer.body)
        response = _json(answer.status, shape)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _json(status: int, shape: Any) -> Response:
    raw = json.dumps(shape, separators=(",", ":"))
    return Response(raw, status, content_type="application/json; charset=utf-8")


def without_dropped(shape: Any) -> Any:
    """The shape as API version 2026-03-10 gives it."""
    if isinstance(shape, list):
        return [without_dropped(one) for one in shape]
    if isinstance(shape, dict):
        return {
            name: value if name in _FOREIGN else without_dropped(value)
            for name, value in shape.items()
            if name not in _DROPPED
        }
    return shape


def _conditional(response: Response) -> Response:
    """An ETag is worth something to one token only, as GitHub's are."""
    said = request.headers.get("Authorization", "").encode() + b"\0" + response.get_data()
    tag = f'W/"{hashlib.sha256(said).hexdigest()}"'
    asked = request.headers.get("If-None-Match", "")
    if asked and tag.removeprefix("W/") in [
        one.strip().removeprefix("W/") for one in asked.split(",")
    ]:
        kept = {n: v for n, v in response.headers.items() if n in ("Link",)}
        response = Response(b"", 304, kept)
        response.headers.pop("Content-Type", None)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
    response.headers["Vary"] = "Accept, Authorization, Cookie, Accept-Encoding"
    return response
