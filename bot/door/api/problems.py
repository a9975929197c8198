"""Every error of the API as a problem (RFC 9457).

Promises: each says what to do next and carries an id that is in the log, too. Never: a traceback, a
secret, or a word on what somebody may not see.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Response, json
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

log = logging.getLogger(__name__)
MEDIA = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    what: str


class Problem(BaseModel):
    """An error, as RFC 9457 describes it; `error_id` finds it in the log."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    error_id: str
    rule: str | None = None
    faults: list[Fault] | None = None


class ApiProblem(Exception):
    """Ends a request. `rule`: of the policy that decided."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        rule: str = "",
        faults: list[Fault] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {name}: {detail}")
        self.status, self.name, self.detail = status, name, detail
        self.rule, self.faults, self.headers = rule, faults, dict(headers or {})


TITLES = {
    "bad_request": "The request cannot be read",
    "not_json": "The body is not JSON",
    "unauthenticated": "Who asks is not known",
    "forbidden": "Not allowed",
    "not_found": "Not found",
    "method_not_allowed": "This method is not for this address",
    "conflict": "Not possible as things are",
    "in_progress": "The same request is under way",
    "too_large": "The body is too large",
    "media_type": "The body has to be JSON",
    "invalid": "The request is not valid",
    "other_request": "The idempotency key belongs to another request",
    "too_many_requests": "Too many requests",
    "internal": "Something went wrong",
    "unavailable": "Not available now",
}
_DOCUMENTED = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)


def documented() -> dict[str, Any]:
    """What the OpenAPI document says of errors."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    told = {"description": "A problem (RFC 9457)", "content": {MEDIA: schema}}
    return {str(one): told for one in _DOCUMENTED}


def answer(problem: ApiProblem, error_id: str | None = None) -> Response:
    """The HTTP answer of a problem."""
    told = Problem(
        type=f"urn:towpath:problem:{problem.name.replace('_', '-')}",
        title=TITLES[problem.name],
        status=problem.status,
        detail=problem.detail,
        error_id=error_id or uuid4().hex[:12],
        rule=problem.rule or None,
        faults=problem.faults,
    )
    body = json.dumps(told.model_dump(exclude_none=True))
    made = Response(body, problem.status, content_type=MEDIA)
    made.headers.update(problem.headers)
    if problem.status >= 400:
        where = {"error_id": told.error_id, "status": problem.status, "problem": problem.name}
        log.info("api problem", extra=where)
    return made


_HTTP = {
    400: ("bad_request", "Check the address, the headers and the body."),
    404: ("not_found", "Nothing is there, or it is not for you to see."),
    405: ("method_not_allowed", "See /api/v1/openapi.json for what there is."),
    413: ("too_large", "Send less than 256 KB."),
    415: ("media_type", "Send the header Content-Type: application/json."),
}


def invalid(error: ValidationError) -> Response:
    """What a schema objects to; the values themselves are not repeated."""
    faults = [
        Fault(where=".".join(map(str, one["loc"]))[:200], what=str(one["msg"])[:300])
        for one in error.errors(include_input=False, include_url=False, include_context=False)[:20]
    ]
    return answer(ApiProblem(422, "invalid", "Some values do not fit.", faults=faults))


def register(app: Flask) -> None:
    """Answer everything that goes wrong in `app`."""

    @app.errorhandler(ApiProblem)
    def _problem(problem: ApiProblem) -> Response:
        return answer(problem)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400 and error.response is None:
            return Response(status=status, headers=error.get_headers())
        name, detail = _HTTP.get(status, ("bad_request", "Check the request."))
        methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
        headers = {"Allow": ", ".join(sorted(methods))} if methods else {}
        return answer(ApiProblem(status, name, detail, headers=headers))

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        error_id = uuid4().hex[:12]
        log.exception("an API request failed", extra={"error_id": error_id})
        if getattr(error, "retryable", False):
            detail = "GitHub does not answer now; try again."
            away = ApiProblem(503, "unavailable", detail, headers={"Retry-After": "30"})
            return answer(away, error_id)
        detail = "It is kept under the error id; an admin finds it in the log."
        return answer(ApiProblem(500, "internal", detail), error_id)
