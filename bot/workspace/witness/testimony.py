"""Outside: listens to the tests of one run, and says whether what was told holds together. (T3)

Promises: one connection, the first; every message checked against its number and seal and kept as
it came, so that what happens later in the run cannot change it; bounded. `problem` names what does
not fit: no beginning or end, a broken seal, a planned test without outcome, a test that must fail
and passed, an outcome that was made of another, an exit code that says something else.
Never: takes silence for success.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.workspace.junit import Case

LARGEST = 64 * 1024 * 1024
INSIDE = Path(__file__).with_name("inside")
_WORST = {outcome: rank for rank, outcome in enumerate(("passed", "skipped", "failed", "error"))}


@dataclass(frozen=True)
class Testimony:
    """`cases`: one a test, its worst outcome. `planned`: ids. `left_out`: collected, not planned.

    `begun`: the runner came as far as loading us. `problem`: why it does not count, else "".
    """

    cases: tuple[Case, ...] = ()
    planned: frozenset[str] = frozenset()
    left_out: int = 0
    begun: bool = False
    status: int | None = None
    problem: str = ""

    def against(self, exit_code: int | None) -> str:
        """`problem`, or what the exit code says against it; "" if nothing does."""
        if self.problem:
            return self.problem
        if not self.begun:
            return "the tests never reported"
        if self.status is None:
            return "the tests stopped reporting before their end"
        if exit_code == 0:
            if self.status != 0:
                return f"exit code 0, but the tests ended with {self.status}"
            missing = self.planned - {case.id for case in self.cases}
            if missing:
                return f"{len(missing)} of {len(self.planned)} tests have no outcome"
            if any(case.outcome in ("failed", "error") for case in self.cases):
                return "exit code 0, but tests failed"
        return ""


class Witness(AbstractContextManager["Witness"]):
    """`with Witness(folder) as one:` run the tests with `folder` bound; then `one.testimony()`."""

    def __init__(self, folder: Path) -> None:
        place = folder / "channel"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        place.chmod(0o666)
        self._listener.listen(1)
        self._line: socket.socket | None = None
        self._key = secrets.token_bytes(32)
        self._heard = _Heard(self._key)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.testimony()

    def testimony(self) -> Testimony:
        """What was told; call it when the run has ended: nobody can speak any more."""
        for one in (self._listener, self._line):
            if one is not None:
                _hang_up(one)
        self._thread.join()
        return self._heard.testimony()

    def _listen(self) -> None:
        try:
            self._line, _ = self._listener.accept()
        except OSError:
            return  # nobody came
        finally:
            self._listener.close()
        with self._line as line:
            line.sendall(self._key)
            rest = b""
            while not self._heard.problem and (data := line.recv(1 << 16)):
                *lines, rest = (rest + data).split(b"\n")
                self._heard.add(lines, len(data))
            if rest:
                self._heard.problem = self._heard.problem or "the last message is cut short"


def _hang_up(line: socket.socket) -> None:
    """Wakes whoever waits on it. What has arrived can still be read."""
    try:
        line.shutdown(socket.SHUT_RD)
    except OSError:
        return  # closed already


@dataclass
class _Heard:
    key: bytes
    number: int = 0
    size: int = 0
    problem: str = ""
    begun: bool = False
    status: int | None = None
    left_out: int = 0
    planned: set[str] = field(default_factory=set)
    cases: dict[str, Case] = field(default_factory=dict)

    def add(self, lines: list[bytes], size: int) -> None:
        self.size += size
        if self.size > LARGEST:
            self.problem = "the tests report without end"
        for line in lines:
            seal, _, body = line.partition(b" ")
            signed = hmac.new(self.key, b"%d " % self.number + body, hashlib.sha256)
            if not hmac.compare_digest(seal, signed.hexdigest().encode()):
                self.problem = "a message that the test runner did not send"
            if self.problem:
                return
            self.number += 1
            try:
                self._take(json.loads(body))
            except (ValueError, KeyError, TypeError) as problem:
                self.problem = f"a message without sense: {type(problem).__name__}"

    def _take(self, told: dict[str, Any]) -> None:
        kind = told["kind"]
        if self.status is not None and kind != "canary":
            self.problem = "a report after the end"
        if kind == "begin":
            self.begun = True
        elif kind == "planned":
            self.planned.update(map(str, told["ids"]))
            self.left_out += int(told["left_out"])
        elif kind == "canary" and told["outcome"] == "passed":
            self.problem = "a test that has to fail was made to pass"
        elif kind == "test":
            self._test(told)
        elif kind == "end":
            self.status = int(told["status"])

    def _test(self, told: dict[str, Any]) -> None:
        name, outcome = str(told["id"])[:2000], told["outcome"]
        if outcome == "rewritten":
            self.problem = f"a failure of {name[:200]} was made a pass"
            return
        line = told.get("line")
        case = Case(
            id=name,
            file=str(told.get("file", ""))[:500],
            line=line + 1 if isinstance(line, int) and 0 <= line < 10**8 else None,
            outcome=outcome if outcome in _WORST else "error",
            message=str(told.get("message", ""))[:1000],
            tail=str(told.get("tail", ""))[-4000:],
        )
        before = self.cases.get(name)
        if before is None or _WORST[case.outcome] >= _WORST[before.outcome]:
            self.cases[name] = case

    def testimony(self) -> Testimony:
        return Testimony(
            tuple(self.cases.values()),
            frozenset(self.planned),
            self.left_out,
            self.begun,
            self.status,
            self.problem,
        )
