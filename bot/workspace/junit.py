"""Read a JUnit report that foreign code may have written.

Promises: bounded in size, regular files only, no document type (so no entities), no link followed.
Never: takes the totals in the attributes for true: it counts the cases.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

LARGEST = 32 * 1024 * 1024
Outcome = Literal["passed", "failed", "error", "skipped"]


class BadReport(ValueError):
    """There is no report, or it is not one that we read."""


@dataclass(frozen=True)
class Case:
    """One test. `id`: `file::Class::name` where pytest says so. `line`: from 1, or None."""

    id: str
    file: str
    line: int | None
    outcome: Outcome
    message: str = ""
    tail: str = ""


def cases(report: bytes) -> list[Case]:
    """Every case of `report`, which is UTF-8; BadReport."""
    if re.search(rb"<!(?!--|\[CDATA\[)", report):
        raise BadReport("a document type")
    try:
        root = ElementTree.fromstring(report)  # noqa: S314 - no document type gets here
    except ElementTree.ParseError as problem:
        raise BadReport(str(problem)) from problem
    if root.tag not in {"testsuites", "testsuite"}:
        raise BadReport(f"a report begins with {root.tag[:40]!r}")
    return [_case(element) for element in root.iter("testcase")]


def content(path: Path) -> bytes:
    """What a regular file of bounded size holds; BadReport, OSError."""
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise BadReport("not a file, or too large")
        return file.read(LARGEST)


def _case(element: ElementTree.Element) -> Case:
    name, classname = element.get("name", "")[:500], element.get("classname", "")[:500]
    file = element.get("file", "")[:500]
    inner = classname
    module = file.removesuffix(".py").replace("/", ".")
    if module and (classname == module or classname.startswith(f"{module}.")):
        inner = classname[len(module) + 1 :]
    parts = [file or "", *(inner.split(".") if inner else []), name]
    line = element.get("line", "")
    outcome: Outcome = "passed"
    said: ElementTree.Element | None = None
    for tag, meaning in _WORST_LAST:
        found = element.find(tag)
        if found is not None:
            outcome, said = meaning, found
    if (skipped := element.find("skipped")) is not None and skipped.get("type") == "todo":
        outcome, said = "skipped", skipped  # a test that is still to do may fail
    return Case(
        id="::".join(part for part in parts if part),
        file=file,
        line=int(line) + 1 if line.isdecimal() and len(line) < 8 else None,
        outcome=outcome,
        message=(said.get("message", "") if said is not None else "")[:1000],
        tail=((said.text or "") if said is not None else "")[-4000:],
    )


_WORST_LAST: tuple[tuple[str, Outcome], ...] = (
    ("skipped", "skipped"),
    ("failure", "failed"),
    ("error", "error"),
)
