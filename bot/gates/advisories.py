"""What an OSV service knows of a version of a package.

Promises: an answer that is no answer (an error, another shape, no connection) is `Unreachable`,
never "nothing known"; withdrawn advisories do not count; one request a version, bounded.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

_LARGEST = 8_000_000


class Unreachable(RuntimeError):
    """The service gave no usable answer."""


class Advisories:
    """The service at `url` (`https://api.osv.dev`, or a mirror; with or without `/v1/query`)."""

    def __init__(self, url: str, *, offline: bool = False, timeout_s: float = 15) -> None:
        self._url = url.rstrip("/")
        if not self._url.endswith("/query"):
            self._url += "/query" if self._url.endswith("/v1") else "/v1/query"
        self._offline, self._timeout_s = offline, timeout_s
        self._down = ""

    def of(self, ecosystem: str, name: str, version: str) -> list[tuple[str, str, str]]:
        """(id, words, versions that mend it) of each advisory; Unreachable."""
        if self._offline:
            raise Unreachable("offline")
        if self._down:
            raise Unreachable(self._down)
        asked = {"package": {"name": name, "ecosystem": ecosystem}, "version": version}
        told = self._ask(asked)
        found = told.get("vulns", [])
        if not isinstance(found, list) or told.get("next_page_token"):
            raise Unreachable("an answer of another shape")
        try:
            return [_read(one, name) for one in found if not one.get("withdrawn")]
        except (KeyError, TypeError, AttributeError) as problem:
            raise Unreachable(f"an answer of another shape: {problem}") from None

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        if urlsplit(self._url).scheme not in ("http", "https"):
            raise Unreachable("the service's address is no http address")
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self._url, json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                content = answer.read(_LARGEST + 1)
        except urllib.error.HTTPError as problem:
            raise Unreachable(f"the advisory service answered {problem.code}") from None
        except (OSError, ValueError) as problem:
            self._down = f"the advisory service cannot be reached ({type(problem).__name__})"
            raise Unreachable(self._down) from None
        try:
            told = json.loads(content)
        except ValueError:
            raise Unreachable("an answer that is no JSON") from None
        if not isinstance(told, dict) or len(content) > _LARGEST:
            raise Unreachable("an answer of another shape")
        return told


def _read(one: dict[str, Any], name: str) -> tuple[str, str, str]:
    names = [one["id"], *one.get("aliases", [])]
    cve = next((str(i) for i in names if str(i).startswith("CVE-")), str(one["id"]))
    fixed = sorted({
        event["fixed"]
        for affected in one.get("affected", [])
        if affected.get("package", {}).get("name", name).lower() == name.lower()
        for reach in affected.get("ranges", [])
        if reach.get("type") != "GIT"
        for event in reach.get("events", [])
        if "fixed" in event
    })  # fmt: skip
    words = one.get("summary") or one.get("details") or "a known vulnerability"
    return cve, " ".join(str(words).split()), ", ".join(map(str, fixed))
