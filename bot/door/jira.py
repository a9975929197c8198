"""Jira's webhook: prove who sends, keep the raw bytes, answer (`W1`, B8).

Promises: as for GitHub's (`bot.door.intake`): 202 only after the delivery is on disk in the queue;
the signature (`X-Hub-Signature: sha256=…`, as Cloud and Data Center sign) is compared in constant
time over the raw bytes; without a secret nothing is taken. Never: parses the payload.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Sequence

from bot.door import answers
from bot.door.answers import Answer
from bot.door.intake import Application, Environ, Keep, StartResponse, is_name, read_body
from bot.queue.append import QueueUnavailable

EVENT = "jira"
PATH = "/webhook/jira"
METHOD = "sha256="


class JiraDoor:
    """Takes Jira's deliveries; every other request goes to `behind`.

    Jira sends a delivery again, under the same identifier, when it got no 2xx in time; one without
    an identifier is known by its body.
    """

    def __init__(
        self,
        behind: Application,
        secrets: Sequence[bytes],
        keep: Keep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._behind, self._keep, self._clock = behind, keep, clock
        self._secrets = tuple(secrets)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or not self._secrets:
            return self._behind(environ, start_response)
        answer = self._answer(environ)
        start_response(answer.status, answer.all_headers())
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        if environ["REQUEST_METHOD"] != "POST":
            return answers.WRONG_METHOD_JIRA
        body = read_body(environ)
        if isinstance(body, Answer):
            return body
        if not self._is_signed(body, environ.get("HTTP_X_HUB_SIGNATURE", "")):
            return answers.BAD_SIGNATURE_JIRA
        if body[:64].lstrip()[:1] != b"{":
            return answers.NOT_JSON_JIRA
        told = environ.get("HTTP_X_ATLASSIAN_WEBHOOK_IDENTIFIER", "")
        own = told if is_name(told) else hashlib.sha256(body).hexdigest()
        try:
            self._keep(f"{EVENT}-{own}", EVENT, body, self._clock())
        except QueueUnavailable:
            return answers.UNAVAILABLE
        return answers.ACCEPTED

    def _is_signed(self, body: bytes, signature: str) -> bool:
        given = signature.strip().encode("utf-8", "replace")
        signed = False
        for secret in self._secrets:
            expected = (METHOD + hmac.digest(secret, body, "sha256").hex()).encode()
            signed |= hmac.compare_digest(expected, given)
        return signed
