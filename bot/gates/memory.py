"""What gates found before, by everything that it depended on.

Promises: an entry that cannot be read counts as none; two writers of one entry both leave it
whole. Never: remembers an `error`, or what its gate said may differ the next time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from bot.gates.gate import GateFinding, GateResult

KEPT_S = 30 * 86_400


@cache
def code_version() -> str:
    """A digest of the gates themselves and their rules: other code, other findings."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=16)
    policy = here.parents[1] / "policies" / "gates.py"
    looked_at = here.parent / "workspace"  # how a project is installed and tested
    found = [*here.rglob("*.py"), *(here / "rules").rglob("*.y*ml"), policy]
    found += looked_at.rglob("*.py")
    for path in sorted(found):
        digest.update(str(path.relative_to(here.parents[1])).encode() + path.read_bytes())
    return digest.hexdigest()


def key_of(parts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Memory:
    """Results as files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> GateResult | None:
        try:
            told = json.loads((self._folder / f"{key}.json").read_text())
            findings = tuple(GateFinding(**one) for one in told.pop("findings"))
            return GateResult(**{**told, "findings": findings, "remembered": True})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, key: str, result: GateResult) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(result), file)
        os.replace(name, self._folder / f"{key}.json")

    def tidy(self, now: float | None = None) -> None:
        """Drop what nobody wrote for a month."""
        oldest = (time.time() if now is None else now) - KEPT_S
        for path in self._folder.glob("*"):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
