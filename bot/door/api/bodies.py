"""Reading a body strictly: JSON with one meaning only, and not much of it.

Promises: what two parsers could read differently (a name twice, NaN, a huge number), or what could
cost more than it is worth (size, depth), is refused before anything looks at it.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Request

from bot.door.api.problems import ApiProblem

LARGEST = 256 * 1024
DEEPEST = 20
_DIGITS = 20


def read(request: Request) -> dict[str, Any]:
    """The JSON object in a body; {} where there is none. Raises ApiProblem."""
    declared = request.content_length
    if declared is not None and declared > LARGEST:
        raise ApiProblem(413, "too_large", "Send less than 256 KB.")
    raw = request.stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ApiProblem(413, "too_large", "Send less than 256 KB.")
    if declared is not None and len(raw) < declared:
        raise ApiProblem(400, "bad_request", "The body ended before it was complete.")
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise ApiProblem(415, "media_type", "Send the header Content-Type: application/json.")
    return parse(raw)


def parse(raw: bytes) -> dict[str, Any]:
    """A JSON object of bytes. Raises ApiProblem."""
    try:
        found = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_int=_small,
        )
    except UnicodeDecodeError:
        raise ApiProblem(400, "not_json", "The body is not UTF-8.") from None
    except RecursionError:
        raise ApiProblem(400, "not_json", "The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApiProblem(400, "not_json", f"It stops being JSON at {where}.") from None
    if not isinstance(found, dict):
        raise ApiProblem(422, "invalid", "The body has to be a JSON object.")
    if _depth(found) >= DEEPEST:
        raise ApiProblem(400, "not_json", "The body is nested too deeply.")
    return found


def _depth(value: Any, most: int = DEEPEST) -> int:
    """How deep a value is nested, as far as `most`."""
    inside = value.values() if isinstance(value, dict) else value
    if most == 0 or not isinstance(value, dict | list):
        return 0
    return 1 + max((_depth(one, most - 1) for one in inside), default=0)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ApiProblem(400, "not_json", f"The name {twice[:40]!r} is there twice.")
    return found


def _no_constant(name: str) -> Any:
    raise ApiProblem(400, "not_json", f"{name} is not JSON.")


def _small(digits: str) -> int | float:
    if len(digits) > _DIGITS:
        raise ApiProblem(400, "not_json", "A number is too long.")
    return int(digits)
