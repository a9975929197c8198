"""Inside: the line to the one who writes down what the tests did.

Promises: connects once, before the project's code is imported; every message is numbered and
sealed with a key that was sent over that line alone; what was said cannot be taken back.
Never: speaks for a process that was forked from this one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
from collections.abc import Callable
from typing import Any

PLACE = "TOWPATH_WITNESS"


def connect() -> Callable[..., None]:
    """`say(kind, **facts)`; it does nothing where nobody listens."""
    place, process = os.environ.pop(PLACE, ""), os.getpid()
    if not place:
        return lambda kind, **facts: None
    line = socket.socket(socket.AF_UNIX)
    line.connect(place)
    key = line.recv(32, socket.MSG_WAITALL)
    number = 0

    def say(kind: str, **facts: Any) -> None:
        nonlocal number
        if os.getpid() != process:
            return
        body = json.dumps({"kind": kind, **facts}).encode()
        seal = hmac.new(key, b"%d " % number + body, hashlib.sha256).hexdigest()
        number += 1
        line.sendall(seal.encode() + b" " + body + b"\n")

    return say
