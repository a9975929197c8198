"""What kind of failure this is, and what follows from it (S16, §9.1).

Promises: pure; one of eight kinds for whatever was said, decided by the most specific sign; each
kind has its strategy. What a test prints is foreign: it can choose between repairs, never that a
failure does not count. Never: runs anything; that a failure is flaky is seen by running it again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.story.vocabulary import FailedTest


class FailureKind(StrEnum):
    """§9.1."""

    SYNTAX = "syntax"
    TYPE = "type"
    IMPORT = "import"
    LOGIC = "logic"
    INTEGRATION = "integration"
    ENVIRONMENT = "environment"
    FLAKY = "flaky"
    ARCHITECTURAL = "architectural"


@dataclass(frozen=True)
class Strategy:
    """`attempts`: repairs that are typical for the kind; `code`: whether code is written at all."""

    attempts: int
    code: bool = True
    replan: bool = False


STRATEGY: dict[FailureKind, Strategy] = {
    FailureKind.SYNTAX: Strategy(1),
    FailureKind.TYPE: Strategy(2),
    FailureKind.IMPORT: Strategy(2),
    FailureKind.LOGIC: Strategy(4),
    FailureKind.INTEGRATION: Strategy(3),
    FailureKind.ENVIRONMENT: Strategy(1, code=False),
    FailureKind.FLAKY: Strategy(3, code=False),
    FailureKind.ARCHITECTURAL: Strategy(0, code=False, replan=True),
}
RERUNS = 3  # of a test that passed before, until the code is blamed (§9.1)

# The error at the end of a traceback, as Python writes it: `E   KeyError: 'a'`, `a.b.Error: …`.
_RAISED = re.compile(r"^(?:E\s+)?(?:[\w.]+\.)?([A-Z]\w*(?:Error|Exception|Warning|Exit))\b", re.M)
_SYNTAX = {"SyntaxError", "IndentationError", "TabError"}
_IMPORT = {"ImportError", "ModuleNotFoundError"}
_ENVIRONMENT = {"MemoryError", "PermissionError"}
_INTEGRATION = {
    "ConnectionError", "ConnectionRefusedError", "BrokenPipeError", "OperationalError",
    "ProgrammingError", "IntegrityError", "HTTPError", "TimeoutError", "SSLError",
    "ImproperlyConfigured", "JSONDecodeError",
}  # fmt: skip
_NO_SPACE = re.compile(
    r"No space left on device|Cannot allocate memory|Disk quota exceeded|Too many open files"
    r"|Read-only file system|Network is unreachable|Name or service not known"
    r"|Temporary failure in name resolution|GLIBC_\d|command not found"
    r"|(?:error while loading|cannot open) shared (?:libraries|object file)",
    re.IGNORECASE,
)
_CIRCULAR = re.compile(r"circular import|partially initialized module", re.IGNORECASE)
_MISSING = re.compile(r"No module named '?([\w.]+)'?")
_TYPES = re.compile(
    r"TypeError|error: .*\[(?:arg-type|attr-defined|call-arg|return-value|assignment)\]"
    r"|has no attribute|is not assignable to|TS2\d{3}"
)


@dataclass(frozen=True)
class Failure:
    """What is known of one. `ran`: the tests could run; `own`: modules of the project, top level.

    `killed_by`: wall, cpu, memory, disk, output, or ''.
    """

    tests: Sequence[FailedTest] = ()
    tail: str = ""
    ran: bool = True
    own: frozenset[str] = frozenset()
    killed_by: str = ""


def classify(failure: Failure) -> FailureKind:
    """The kind; LOGIC where nothing more special is seen."""
    if not failure.ran or failure.killed_by == "disk":
        return FailureKind.ENVIRONMENT
    texts = [f"{one.message}\n{one.tail[-1500:]}" for one in failure.tests] or [
        failure.tail[-3000:]
    ]
    kinds = [_kind(text, failure.own) for text in texts]
    if all(kind is FailureKind.ENVIRONMENT for kind in kinds):
        return FailureKind.ENVIRONMENT
    for kind in (
        FailureKind.SYNTAX,
        FailureKind.IMPORT,
        FailureKind.TYPE,
        FailureKind.INTEGRATION,
    ):
        if kind in kinds:
            return kind
    return FailureKind.LOGIC


def _kind(text: str, own: frozenset[str]) -> FailureKind:
    raised = _RAISED.findall(text)
    last = raised[-1] if raised else ""
    if last in _SYNTAX:
        return FailureKind.SYNTAX
    if last in _IMPORT or (not raised and _CIRCULAR.search(text)):
        missing = _MISSING.search(text)
        if missing and own and missing[1].partition(".")[0] not in own:
            return FailureKind.ENVIRONMENT  # a package that is not installed: no code helps
        return FailureKind.IMPORT
    if last in _ENVIRONMENT or _NO_SPACE.search(text):
        return FailureKind.ENVIRONMENT
    if last in _INTEGRATION:
        return FailureKind.INTEGRATION
    if last in ("TypeError", "AttributeError") or (not last and _TYPES.search(text)):
        return FailureKind.TYPE
    return FailureKind.LOGIC
