"""The webhook: prove who sends, keep the raw bytes, answer (`W1`).

Promises: 202 only after the delivery is on disk in the queue; the same answer to every sender
that cannot sign; the signature is compared in constant time over the raw bytes.
Never: parses the payload, keeps or repeats anything of a body that was not signed.

A WSGI callable in front of the Flask application, because Flask's own request handling costs more
than all of the work done here (`benchmarks/intake.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bot.door import answers
from bot.door.answers import Answer
from bot.queue.append import QueueUnavailable

LARGEST_BODY = 25 * 1024 * 1024  # what GitHub sends at most
LONGEST_NAME = 100
UPDATE = "backlog_update"
READ_AGAIN_SECONDS = 5.0
SAME_UPDATE_SECONDS = 60  # an update that is sent again so soon is a retry; later it is news again

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Keep = Callable[[str, str, bytes, float], object]


class MissingWebhookSecret(RuntimeError):
    """There is no secret to check deliveries with, so the door stays shut."""


class Intake:
    """Takes deliveries at `path`; every other request goes to `behind`.

    `keep(guid, event, body, received_at)` makes a delivery durable or raises `QueueUnavailable`.
    `secrets`: any of them may have signed; a callable is asked again every few seconds, so that
    a file that a secret manager changes is followed. Raises `MissingWebhookSecret` when there is
    none at first; afterwards what cannot be read leaves the last ones in force.
    """

    def __init__(
        self,
        behind: Application,
        secrets: Sequence[bytes] | Callable[[], Sequence[bytes]],
        keep: Keep,
        *,
        path: str = "/webhook",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._read = secrets if callable(secrets) else None
        self._secrets = tuple(secrets() if callable(secrets) else secrets)
        if not self._secrets or not all(self._secrets):
            raise MissingWebhookSecret("no webhook secret is set")
        self._behind = behind
        self._keep = keep
        self._path, self._update = path, f"{path}/backlog-update"
        self._clock = clock
        self._read_at = clock()
        self._accepted = (answers.ACCEPTED.all_headers(), [answers.ACCEPTED.body])

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in (self._path, self._update):
            return self._behind(environ, start_response)
        refusal = self._refusal(environ, ours=environ["PATH_INFO"] == self._update)
        if refusal is None:
            headers, body = self._accepted
            start_response(answers.ACCEPTED.status, list(headers))
            return body
        start_response(refusal.status, refusal.all_headers())
        return [refusal.body]

    def _refusal(self, environ: Environ, *, ours: bool) -> Answer | None:
        """Keep the delivery, or say why not. `ours`: an update of the backlog, not from GitHub."""
        if environ["REQUEST_METHOD"] != "POST":
            return answers.WRONG_METHOD
        guid = environ.get("HTTP_X_GITHUB_DELIVERY", "")
        event = environ.get("HTTP_X_GITHUB_EVENT", "")
        if not ours and not (is_name(guid) and is_name(event)):
            return answers.MISSING_HEADER
        body = read_body(environ)
        if isinstance(body, Answer):
            return body
        if not self._is_signed(body, environ.get("HTTP_X_HUB_SIGNATURE_256", "")):
            return answers.BAD_SIGNATURE
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            return answers.FORM_ENCODED
        if body[:64].lstrip()[:1] != b"{":  # the worker reads the rest; this is for a wrong sender
            return answers.NOT_JSON
        received = self._clock()
        if ours:  # no header is signed: what is said, and when, makes it the same as before
            minute = int(received // SAME_UPDATE_SECONDS)
            guid, event = f"update-{hashlib.sha256(body).hexdigest()}-{minute}", UPDATE
        try:
            self._keep(guid, event, body, received)
        except QueueUnavailable:
            return answers.UNAVAILABLE
        return None

    def _is_signed(self, body: bytes, signature: str) -> bool:
        given = signature.encode("utf-8", "replace")
        signed = False
        if self._read is not None and abs(self._clock() - self._read_at) > READ_AGAIN_SECONDS:
            self._read_again(self._read)
        for secret in self._secrets:  # all of them, so that time does not tell which one matched
            expected = b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode()
            signed |= hmac.compare_digest(expected, given)
        return signed

    def _read_again(self, read: Callable[[], Sequence[bytes]]) -> None:
        self._read_at = self._clock()
        try:
            found = tuple(read())
        except (OSError, ValueError) as error:
            log.warning("the webhook's secrets cannot be read: %s", type(error).__name__)
            return
        if found and all(found):
            self._secrets = found
        else:
            log.warning("the file of the webhook's secrets is empty")


def read_body(environ: Environ) -> bytes | Answer:
    """The whole body, however it is framed, or the answer to one that is too long or cut off."""
    declared = environ.get("CONTENT_LENGTH")
    if not declared:  # chunked
        body = environ["wsgi.input"].read(LARGEST_BODY + 1)
        return answers.TOO_LARGE if len(body) > LARGEST_BODY else body
    if not (declared.isascii() and declared.isdigit()):
        return answers.INCOMPLETE
    length = int(declared[:20])
    if length > LARGEST_BODY:
        return answers.TOO_LARGE
    body = environ["wsgi.input"].read(length)
    return body if len(body) == length else answers.INCOMPLETE


def is_name(value: str) -> bool:
    return 0 < len(value) <= LONGEST_NAME and value.isascii() and value.isprintable()
