"""The same request twice is one request (Idempotency-Key).

Promises: the first answer is kept for a day and given again; the same key with another request is
refused, and so is a second one while the first is under way. A request that failed on our side is
not kept: it may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from flask import Request, Response
from redis import Redis

from bot.door.api.problems import ApiProblem

HEADER = "Idempotency-Key"
_KEPT_SECONDS = 24 * 3600
_RUNNING_SECONDS = 120  # a process that died holds nobody up for longer
_FORM = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True)
class Running:
    """A request under way whose answer will be kept."""

    name: str
    fingerprint: str


class Requests:
    """Remembers requests by who sent them and their key."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, request: Request, subject: str, body: bytes) -> Running | Response:
        """Go on with the request, or the answer that it got before. Raises ApiProblem."""
        key = request.headers[HEADER]
        if not _FORM.fullmatch(key):
            detail = f"{HEADER} has to be 1 to 255 visible ASCII characters."
            raise ApiProblem(400, "bad_request", detail)
        told = f"{request.method} {request.full_path}\n".encode() + body
        running = Running(
            "towpath:api:once:" + hashlib.sha256(f"{subject}\n{key}".encode()).hexdigest(),
            hashlib.sha256(told).hexdigest(),
        )
        mark = json.dumps({"fingerprint": running.fingerprint})
        if self._redis.set(running.name, mark, nx=True, ex=_RUNNING_SECONDS):
            return running
        known = json.loads(self._redis.get(running.name) or "{}")
        if known.get("fingerprint", running.fingerprint) != running.fingerprint:
            detail = "Another request was sent with this key; use a new one."
            raise ApiProblem(422, "other_request", detail)
        if "status" not in known:
            detail = "The first of them is not answered yet."
            raise ApiProblem(409, "in_progress", detail, headers={"Retry-After": "2"})
        again = Response(known["body"], known["status"], headers=known["headers"])
        again.headers["Idempotent-Replayed"] = "true"
        return again

    def end(self, running: Running, answer: Response) -> None:
        """Keep the answer, unless it is to be had anew."""
        if answer.status_code >= 500 or answer.status_code in (401, 429):
            self._redis.delete(running.name)
            return
        kept = {
            "fingerprint": running.fingerprint,
            "status": answer.status_code,
            "body": answer.get_data(as_text=True),
            "headers": {
                name: answer.headers[name]
                for name in ("Content-Type", "Location")
                if name in answer.headers
            },
        }
        self._redis.set(running.name, json.dumps(kept), ex=_KEPT_SECONDS)


def request_name(request: Request, subject: str, body: bytes, unique: str) -> str:
    """What is the same when the same request comes again, even after its answer was forgotten."""
    key = request.headers.get(HEADER)
    if key is None:
        return f"{subject}/{unique}"
    told = f"{subject}\n{key}\n{request.path}\n".encode() + body
    return hashlib.sha256(told).hexdigest()
