"""What can have happened to a service that we depend on: facts of its stream (S3, B9).

Promises: in the stream `service/<name>`; one fact a change and one a trial, never one a request.
`bot.story.services` folds them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.story.vocabulary import Value


class ServiceDoubted(Value):
    """A request failed, which does not show yet that the service is away. `about`: which one."""

    kind: Literal["service_doubted"] = "service_doubted"
    service: str
    reason: str
    about: str = ""


class ServiceDegraded(Value):
    """It is left alone from now on, for `rest` seconds first; also what a failed trial says.

    `failures`: in a row, with this one.
    """

    kind: Literal["service_degraded"] = "service_degraded"
    service: str
    reason: str
    since: datetime
    rest: float
    failures: int


class ServiceRecovered(Value):
    """It answers again. `since`: when it went away."""

    kind: Literal["service_recovered"] = "service_recovered"
    service: str
    since: datetime


class ServiceReconciled(Value):
    """What changed there since `since`, while it was away, was looked at."""

    kind: Literal["service_reconciled"] = "service_reconciled"
    service: str
    since: datetime


ServiceEvent = ServiceDoubted | ServiceDegraded | ServiceRecovered | ServiceReconciled
