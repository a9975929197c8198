"""The API as one application: who asks, how often, what with; then the views.

Promises: every answer is JSON or a problem; nothing is done for somebody unknown; what a view
raises is answered with an id. The document at `/api/v1/openapi.json` is made of the views.
"""

from __future__ import annotations

import copy
import json
import logging
from typing import Any
from uuid import uuid4

from flask import Response, g, request
from flask_openapi3 import Info, OpenAPI
from redis.exceptions import RedisError
from werkzeug.routing import BaseConverter

from bot.door.api import bodies, orders, problems, stories
from bot.door.api.access import views
from bot.door.api.callers import Callers
from bot.door.api.idempotency import HEADER, Requests, Running
from bot.door.api.problems import ApiProblem, Fault, Problem
from bot.door.api.rates import Rates
from bot.door.api.rooms import Rooms
from bot.door.api.signing import Signer

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
PARTS = (orders, stories)  # their views are declared on `views`
_DOCUMENT = f"{PREFIX}/openapi.json"
_TOKENS = f"{PREFIX}/tokens"


def create_api(rooms: Rooms) -> OpenAPI:
    """The application below `/api/v1`."""
    app = OpenAPI(
        "towpath-api",
        info=Info(title="Towpath", version="1", description=_ABOUT),
        security_schemes={"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        validation_error_status=422,
        validation_error_model=Problem,
        validation_error_callback=problems.invalid,
        doc_ui=False,
        static_folder=None,
    )
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    folder = rooms.settings.api_signing_folder or rooms.settings.home / "api-signing"
    signer = Signer(folder, rooms.clock)
    callers = Callers(rooms, signer)
    app.extensions["rooms"], app.extensions["callers"] = rooms, callers
    app.extensions["signer"] = signer
    problems.register(app)
    guard = _Guard(rooms, callers)
    app.before_request(guard.before)
    app.after_request(guard.after)
    app.url_map.converters["story"] = _StoryId
    app.register_api(views)  # with those of `PARTS`, which declare themselves on it

    @app.get(_DOCUMENT, doc_ui=False)
    def document() -> Response:
        return Response(json.dumps(described(app)), content_type="application/json")

    return app


class _StoryId(BaseConverter):
    """What a story may be called, so that `/stories/batch` is no story."""

    regex = r"[0-9]+-[0-9]+"


_ABOUT = (
    "Stories, their events and what they wait for. A token acts as a person on GitHub, and never "
    "as more than that person may do there."
)


def described(app: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document: what the views declare, and that everything else is a problem."""
    told: dict[str, Any] = copy.deepcopy(app.api_doc)
    schemas = told["components"]["schemas"]
    for model in (Problem, Fault):
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas[model.__name__].pop("$defs", None)
    for path, operations in told["paths"].items():
        for operation in operations.values():
            operation["responses"].update(problems.documented())
            operation["security"] = [] if path == _TOKENS else [{"token": []}]
            if (body := operation.get("requestBody")) is not None:
                named = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                body["required"] = bool(schemas[named].get("required"))
    return told


class _Guard:
    """What happens before and after every view."""

    def __init__(self, rooms: Rooms, callers: Callers) -> None:
        self._rates, self._requests = Rates(rooms.redis), Requests(rooms.redis)
        self._callers, self._settings = callers, rooms.settings

    def before(self) -> Response | None:
        """Who asks, how often, and with what; an answer where the request had one before."""
        g.body, g.headers, g.running = b"", {}, None
        if request.routing_exception is not None or request.path == _DOCUMENT:
            return None
        try:
            return self._token() if request.path == _TOKENS else self._known_caller()
        except RedisError as error:
            detail = "The queue does not answer; try again."
            headers = {"Retry-After": "10"}
            raise ApiProblem(503, "unavailable", detail, headers=headers) from error

    def _token(self) -> None:
        most = self._settings.api_tokens_per_minute
        address = self._callers.address(request)
        g.headers = self._rates.count("tokens", address, most).headers()
        g.body = _body()

    def _known_caller(self) -> Response | None:
        most = self._settings.api_requests_per_minute
        try:
            g.caller = self._callers.caller(request)
        except ApiProblem:  # guessing is counted, too
            address = self._callers.address(request)
            g.headers = self._rates.count("unknown", address, most).headers()
            raise
        g.headers = self._rates.count("requests", g.caller.subject, most).headers()
        g.unique = uuid4().hex
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        g.body = _body()
        if HEADER in request.headers:
            begun = self._requests.begin(request, g.caller.subject, g.body)
            if not isinstance(begun, Running):
                return begun
            g.running = begun
        return None

    def after(self, answer: Response) -> Response:
        """The headers of every answer; an answer that is given again is kept."""
        for name, value in g.get("headers", {}).items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        if (running := g.get("running")) is not None:
            try:
                self._requests.end(running, answer)
            except RedisError:  # what was done stays done; the journal knows the request again
                log.exception("an answer could not be kept")
        return answer


def _body() -> bytes:
    """Read and check the body once; the views get it as what `request.get_json` gives."""
    found = bodies.read(request)
    request._cached_json = (found, found)
    return json.dumps(found, sort_keys=True).encode()
