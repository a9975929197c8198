"""What a delivery is, and what can be said about an attempt to handle one.

Never: trusts a payload. It is whatever GitHub, or somebody with the secret, sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One webhook as GitHub sent it: a hint that something changed (`W1`, `W2`).

    `guid` is `X-GitHub-Delivery` (a redelivery carries the same one), `event` is
    `X-GitHub-Event`, `received_at` is aware and in UTC.
    """

    guid: str
    event: str
    payload: Mapping[str, Any]
    received_at: datetime

    @property
    def action(self) -> str | None:
        """The payload's `action`, or None when it has none."""
        action = self.payload.get("action")
        return action if isinstance(action, str) else None


@dataclass(frozen=True)
class Failure:
    """Why a delivery was not handled.

    `final`: another attempt cannot help. Not `counted`: it is no fault of the delivery (GitHub
    answers 502, …), so it is tried again after a while, as often as it takes.
    """

    reason: str
    final: bool = False
    counted: bool = True


class MalformedDelivery(ValueError):
    """A stored delivery cannot be read; its text is a reason without any of the content."""


class NotReady(Exception):
    """The house can handle nothing now (database away, …): all deliveries wait, uncounted."""


def parse_payload(body: bytes) -> Mapping[str, Any]:
    """The payload object in a webhook body. Raises `MalformedDelivery`."""
    try:
        payload = json.loads(body)
    except RecursionError as error:
        raise MalformedDelivery("the body is nested too deeply") from error
    except ValueError as error:  # not JSON, or not UTF-8
        raise MalformedDelivery("the body is not JSON") from error
    if not isinstance(payload, dict):
        raise MalformedDelivery("the body is not a JSON object")
    return payload
