"""What a gate is, and what it answers (§17.1).

Promises: five statuses that are never mixed up. `error` means that the gate could not look, which
is no `pass`: a blocking gate that could not look blocks.
Never: decides what blocks; that is `policies.gates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from bot.gates.change import Change
    from bot.gates.workbench import Workbench

Status = Literal["pass", "fail", "warn", "error", "skipped"]
Severity = Literal["error", "warning", "note"]


class CannotLook(RuntimeError):
    """A tool is missing, crashed, hung or said what cannot be read. `tool`, `why`."""

    def __init__(self, tool: str, why: str) -> None:
        super().__init__(f"{tool}: {why}")
        self.tool, self.why = tool, why


@dataclass(frozen=True)
class GateFinding:
    """One thing that a gate saw. `line`: from 1, or None for a whole file; `file` "" for none.

    `severity`: an `error` fails the gate, a `warning` warns, a `note` only tells.
    """

    file: str
    line: int | None
    rule: str
    message: str
    severity: Severity = "error"
    end_line: int | None = None


@dataclass(frozen=True)
class Seen:
    """What a gate has to say. `skipped`: why there was nothing to look at, else "".

    `evidence`: JSON-shaped measurements. `lasting` False: may differ when looked at again, so it
    is not remembered.
    """

    summary: str
    findings: tuple[GateFinding, ...] = ()
    skipped: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = True

    @property
    def status(self) -> Status:
        if self.skipped:
            return "skipped"
        severities = {one.severity for one in self.findings}
        if "error" in severities:
            return "fail"
        return "warn" if "warning" in severities else "pass"


@dataclass(frozen=True)
class GateResult:
    """How one gate ended. `seconds`: wall time, of what it waited for too."""

    name: str
    status: Status
    blocking: bool
    summary: str
    findings: tuple[GateFinding, ...] = ()
    seconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    remembered: bool = False

    @property
    def blocks(self) -> bool:
        return self.blocking and self.status in ("fail", "error")


class Gate(Protocol):
    """One gate. `name`: its word everywhere; `scope`: what of a change it looks at."""

    name: str
    scope: Literal["new lines", "changed files", "whole"]

    def run(self, change: Change, bench: Workbench) -> Seen:
        """Look at `change`; CannotLook."""
        ...


def in_order(findings: Iterable[GateFinding]) -> tuple[GateFinding, ...]:
    """Each once, by place."""
    key = attrgetter("file", "rule", "message")
    return tuple(sorted(set(findings), key=lambda one: (one.file, one.line or 0, *key(one))))


def skipped(why: str) -> Seen:
    return Seen(summary=why, skipped=why)


def counted(findings: Sequence[GateFinding], nothing: str, what: str) -> str:
    """A summary: `nothing` where there is none, else how many `what` (a noun in the singular)."""
    number = sum(one.severity != "note" for one in findings)
    return f"{number} {what}{'' if number == 1 else 's'}" if number else nothing
