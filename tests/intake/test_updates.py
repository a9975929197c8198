"""Updates of other systems at the door: what is a retry, and what is news."""

from __future__ import annotations

import hashlib
import hmac
import io
from typing import Any

from bot.door.intake import Intake

SECRET = b"a secret"


def test_the_same_update_soon_again_is_one_and_later_it_is_news() -> None:
    kept: list[str] = []
    now = [1_000_020.0]

    def keep(guid: str, event: str, body: bytes, at: float) -> None:
        kept.append(guid)

    door = Intake(lambda environ, start: [], [SECRET], keep, clock=lambda: now[0])

    def post(body: bytes) -> None:
        said: list[Any] = []
        environ = {
            "PATH_INFO": "/webhook/backlog-update",
            "REQUEST_METHOD": "POST",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_HUB_SIGNATURE_256": f"sha256={hmac.digest(SECRET, body, hashlib.sha256).hex()}",
            "wsgi.input": io.BytesIO(body),
        }
        door(environ, lambda status, headers: said.append(status))
        assert said[0].startswith("202")

    firing, resolved = b'{"status": "firing"}', b'{"status": "resolved"}'
    post(firing)
    now[0] += 5
    post(firing)
    post(resolved)
    now[0] += 300
    post(firing)
    assert kept[0] == kept[1]
    assert len(set(kept)) == 3
    assert all(len(guid) <= 100 for guid in kept)
