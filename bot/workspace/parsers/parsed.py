"""What a tool's output says, in one shape for every tool. (T3)

Promises: immutable values; paths relative to the root that the reader named; lines and columns from
1, or None. Never: holds more than the bounds below, whatever was printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "note"]
Status = Literal["passed", "failed", "error", "skipped"]

TAIL = 200_000  # characters of the output that are kept
MOST_PROBLEMS = 5_000
MOST_TESTS = 100_000
LONGEST_MESSAGE = 2_000


@dataclass(frozen=True)
class Problem:
    """One thing that a tool complains about.

    `file`: relative to the root; "" when the tool names none. `line`, `column`, `end_line`: from 1,
    or None. `rule`: the tool's own name of it, may be "".
    """

    file: str
    line: int | None
    column: int | None
    end_line: int | None
    rule: str
    message: str
    severity: Severity = "error"


@dataclass(frozen=True)
class TestOutcome:
    """One test. `id`: as the tool's users would write it. `message`: why it failed, else ""."""

    __test__ = False

    id: str
    status: Status
    message: str = ""


@dataclass(frozen=True)
class Lines:
    """Line numbers of one file that ran and that did not, each sorted."""

    covered: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class Parsed:
    """`understood`: a parser knows this output, and it does not contradict the exit code.

    `reason`: why it was not understood, else "". `tests`: None when the tool runs none, or names
    none. `counts`: what the tool itself adds up ("passed", "failed", ...), else what we counted.
    `coverage`: by file, None when the output is about something else. `tail`: the end of the
    output, without colours. `cut`: there was more than the bounds let us keep.
    """

    tool: str
    understood: bool
    problems: tuple[Problem, ...] = ()
    tests: tuple[TestOutcome, ...] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    coverage: Mapping[str, Lines] | None = None
    tail: str = ""
    reason: str = ""
    cut: bool = False

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def failures(self) -> tuple[TestOutcome, ...]:
        return tuple(t for t in self.tests or () if t.status in {"failed", "error"})


@dataclass(frozen=True)
class Reading:
    """What one parser found, before bounds and paths are put right. None of it may be trusted.

    `complete`: it ends as a whole run does (True), or stops in the middle or in a crash (False);
    None for tools that have no such end, where only the exit code can say that nothing was wrong.
    """

    problems: tuple[Problem, ...] | list[Problem] = ()
    tests: tuple[TestOutcome, ...] | list[TestOutcome] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    coverage: Mapping[str, Lines] | None = None
    complete: bool | None = True
