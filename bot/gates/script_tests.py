"""Weakened tests in JavaScript and TypeScript, by their words: skips, fewer tests, fewer checks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.gates.change import Change, FileChange
from bot.gates.gate import GateFinding

_SKIP = re.compile(
    r"\b(?:it|test|describe|suite|context)\s*\.\s*(?:skip|todo|failing|fails|skipIf)\b"
    r"|\bx(?:it|test|describe)\s*\(|\b(?:this|t)\.skip\s*\(|\bskip\s*:\s*true"
)
_ONLY = re.compile(r"\b(?:it|test|describe|suite|context)\s*\.\s*only\b|\bf(?:it|describe)\s*\(")
_TEST = re.compile(r"\b(?:it|test)\s*(?:\.\w+)?\s*\(\s*(['\"`])(.+?)\1")
_CHECK = re.compile(
    r"\bexpect\s*\(|\bassert(?:\.\w+)?\s*\(|\bt\.(?:is|deepEqual|true|equal|same)\("
)
_WEAK = re.compile(r"\.(?:toBeTruthy|toBeDefined|toBeFalsy|not\.toBeNull|not\.toBeUndefined)\s*\(")
_STRONG = re.compile(r"\.(?:toBe|toEqual|toStrictEqual|toMatchObject|toHaveLength|deepEqual|equal"
                     r"|strictEqual|deepStrictEqual|toThrow)\s*\(\s*[^)\s]")  # fmt: skip
_ALWAYS = re.compile(r"expect\s*\(\s*(true|1)\s*\)\.(toBe\(\s*\1\s*\)|toBeTruthy\(\))"
                     r"|assert(?:\.ok)?\s*\(\s*true\s*\)")  # fmt: skip
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def weakened_scripts(change: Change, one: FileChange) -> Iterator[GateFinding]:
    """What a changed or deleted test file checks less than it did."""
    if not re.search(r"\.[cm]?[jt]sx?$", one.was or one.path):
        return
    before = _COMMENT.sub(_blank, change.base_text(one.path) or "")
    text = "" if one.status == "D" else change.head_text(one.path) or ""
    now = _COMMENT.sub(_blank, text)
    lines = now.split("\n")
    for number in sorted(one.new_lines):
        line = lines[number - 1] if number <= len(lines) else ""
        for rule, pattern, words in (
            ("skipped", _SKIP, "does not run any more"),
            ("only", _ONLY, "keeps all other tests from running"),
            ("always-true", _ALWAYS, "checks what is always true"),
        ):
            if pattern.search(line):
                yield GateFinding(one.path, number, f"weakening/{rule}", f"this {words}")
    gone = Counter(name for _, name in _TEST.findall(before))
    gone -= Counter(name for _, name in _TEST.findall(now))
    came = len(_TEST.findall(now)) - len(_TEST.findall(before))
    if gone and came < 0:
        some = ", ".join(sorted(gone)[:3])
        words = f"tests are gone: {some[:200]}"
        yield GateFinding(one.path, None, "weakening/deleted", words)
    elif len(_CHECK.findall(now)) < len(_CHECK.findall(before)):
        yield GateFinding(one.path, None, "weakening/assert-removed", "it checks less than it did")
    elif len(_WEAK.findall(now)) > len(_WEAK.findall(before)) and len(_STRONG.findall(now)) < len(
        _STRONG.findall(before)
    ):
        words = "it checks less than it did"
        yield GateFinding(one.path, None, "weakening/weaker", words)
    yield from _values(change, one, before, now)


def _values(change: Change, one: FileChange, before: str, now: str) -> Iterator[GateFinding]:
    """The same subject with another written value."""
    pattern = re.compile(
        r"expect\s*\((?P<subject>[^\n]+?)\)\s*\.\s*(?P<how>toBe|toEqual|toStrictEqual)\s*\("
        r"(?P<value>['\"`\d\-\[{tfn][^\n]*?)\)\s*;?\s*$", re.M
    )  # fmt: skip
    known: dict[str, set[str]] = {}
    for found in pattern.finditer(before):
        known.setdefault(found["subject"], set()).add(found["value"])
    kept = {(found["subject"], found["value"]) for found in pattern.finditer(now)}
    for found in pattern.finditer(now):
        was = known.get(found["subject"], set())
        if not was or found["value"] in was or any((found["subject"], v) in kept for v in was):
            continue
        if change.story and found["value"].strip("'\"`") in change.story:
            continue
        line = now.count("\n", 0, found.start()) + 1
        words = (
            f"expects {found['value'][:80]}, it was {sorted(was)[0][:80]}; nobody asked for that"
        )
        yield GateFinding(one.path, line, "weakening/expected-value", words)


def _blank(found: re.Match[str]) -> str:
    """A comment without its words, on as many lines."""
    return "\n" * found[0].count("\n")
