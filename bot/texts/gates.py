"""What the gates say to people, on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.texts.terminal import harmless

MARKS = {"pass": "ok", "fail": "FAIL", "warn": "warn", "error": "ERROR", "skipped": "–"}


def cannot_read(kind: str, path: str, detail: str) -> str:
    return {
        "no_repository": f"{path} is not a git repository; `git init` and a commit make one.",
        "bare": f"{path} is a bare repository; name a folder with its files.",
        "inside": f"{path} is a folder inside the git repository {detail}; name that.",
        "other_names": f"{path} names its objects by {detail}; only sha1 is read.",
        "no_base": f"There is no commit {detail!r} in {path}; name one that `git log` shows.",
        "not_read": f"{path} could not be read. git said: {detail}",
    }[kind]


def no_story(path: str) -> str:
    return f"{path} has no title and no text; the first line is the story's title."


def no_sandbox(findings: Sequence[str]) -> str:
    return (
        "No sandbox works here, and what the gates look at is not run without one: "
        + "; ".join(findings)
        + ". `towpath doctor` says more; TOWPATH_SANDBOX=unsandboxed runs it all the same."
    )


def unchanged() -> str:
    return "Nothing differs from the base: there is nothing to judge."


def line(one: Any) -> str:
    """One gate."""
    blocks = "" if one.blocking else " (only warns)"
    return f"{MARKS[one.status]:>5}  {one.name:<13} {harmless(one.summary)}{blocks}"


def finding(one: Any) -> str:
    """One finding, below its gate."""
    place = one.file + (f":{one.line}" if one.line else "")
    words = f"{harmless(one.message)} [{one.rule}]"
    return f"         {harmless(place)}: {words}" if place else f"         {words}"


def more(number: int) -> str:
    return f"         and {number} more (--json shows all)"


def ended(blocking: Sequence[str], composite: float | None, seconds: float) -> str:
    said = f"Blocked by: {', '.join(blocking)}." if blocking else "Nothing blocks."
    number = "" if composite is None else f" Score {composite:.2f}."
    return f"{said}{number} {seconds:.1f} s."
