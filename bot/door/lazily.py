"""A part of the web process that is loaded when somebody first asks for it.

Promises: the webhook never waits for it; it is loaded once, whoever asks; where it cannot be loaded
the asker gets an answer and the next one another try.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from uuid import uuid4

from bot.door.intake import Application, Environ, StartResponse

log = logging.getLogger(__name__)


class Lazily:
    """Requests below `prefix` go to what `load` gives; all others to `behind`."""

    def __init__(self, behind: Application, prefix: str, load: Callable[[], Application]) -> None:
        self._behind, self._prefix, self._load = behind, prefix, load
        self._loaded: Application | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path != self._prefix and not path.startswith(self._prefix + "/"):
            return self._behind(environ, start_response)
        try:
            application = self._application()
        except Exception:
            error_id = uuid4().hex[:12]
            log.exception("a part of the web process cannot start", extra={"error_id": error_id})
            return _not_there(error_id, start_response)
        return application(environ, start_response)

    def _application(self) -> Application:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


def _not_there(error_id: str, start_response: StartResponse) -> list[bytes]:
    told = {
        "type": "urn:towpath:problem:unavailable",
        "title": "The API cannot be started",
        "status": 503,
        "detail": "An admin finds the reason in the log under the error id.",
        "error_id": error_id,
    }
    body = json.dumps(told).encode()
    headers = [("content-type", "application/problem+json"), ("content-length", str(len(body)))]
    start_response("503 Service Unavailable", [*headers, ("retry-after", "30")])
    return [body]
