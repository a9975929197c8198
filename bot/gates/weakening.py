"""Gate: tests are not changed to go green.

A test may move, be split or be renamed: what it checked must still be checked somewhere in the
changed tests. A new expected value counts as a weakening unless the story names it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.codebase.roles import role_of
from bot.gates.assertions import Check, Test, tests_of
from bot.gates.change import Change, FileChange
from bot.gates.gate import GateFinding, Seen, Severity, counted, in_order, skipped
from bot.gates.runner_settings import loosened_settings
from bot.gates.script_tests import weakened_scripts
from bot.gates.workbench import Workbench


@dataclass
class _Suite:
    """All checks of the changed test files on one side, by their text and by test name."""

    tests: dict[str, list[tuple[str, Test]]] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, tests: dict[str, Test]) -> None:
        for test in tests.values():
            self.tests.setdefault(test.name.rpartition(".")[2], []).append((path, test))
            self.checks.update(check.text for check in test.checks)


class Weakening:
    """Changed and deleted test files, and what decides which tests run."""

    name = "weakening"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        changed = [one for one in change.files.values() if _concerns(one)]
        found = list(loosened_settings(change))
        if not changed and not found:
            return skipped("no test was changed")
        before, after = _Suite(), _Suite()
        sides = []
        for one in changed:
            was = tests_of(change.base_text(one.path) or "") if _is_python(one) else None
            now = None
            if one.status != "D" and _is_python(one):
                now = tests_of(change.head_text(one.path) or "")
            before.add(one.path, was or {})
            after.add(one.path, now or {})
            sides.append((one, was or {}, now if now is not None else ({} if was is None else now)))
        spare = after.checks - before.checks
        lost = before.checks - after.checks
        for one, was, now in sides:
            if now is None and one.status != "D":
                continue  # unreadable: the linter and the tests say so
            found += self._file(change, one, was, now or {}, after, spare, lost)
        for one in changed:
            if not _is_python(one):
                found += weakened_scripts(change, one)
        unique = in_order(found)
        return Seen(counted(unique, "tests check what they checked", "weakened place"), unique)

    def _file(
        self,
        change: Change,
        one: FileChange,
        was: dict[str, Test],
        now: dict[str, Test],
        after: _Suite,
        spare: Counter[str],
        lost: Counter[str],
    ) -> Iterator[GateFinding]:
        for name, old in was.items():
            new = now.get(name) or _elsewhere(name, after)
            if new is None:
                if not _all_kept(old, lost) and not _still_named(change, name):
                    words = f"{name} is gone, and what it checked with it"
                    severity: Severity = "warning" if _rewritten(name, was, now) else "error"
                    yield GateFinding(one.path, None, "weakening/deleted", words, severity)
                continue
            yield from _compared(change, one, old, new, spare, lost)
        for name, new in now.items():
            if name in was:
                continue
            for check in new.checks:
                if check.strength == 0:
                    words = f"{name} checks what is always true: {check.text[:120]}"
                    yield GateFinding(one.path, check.line, "weakening/always-true", words)
            for mark in new.skips:
                sometimes = re.search(r"(?i)skipif|importorskip|unless", mark)
                always = re.search(r"\bskip\b|xfail|expectedFailure", mark) and not sometimes
                words = f"{name} is new and does not run: {mark[:120]}"
                yield GateFinding(
                    one.path, new.line, "weakening/skipped", words, "error" if always else "note"
                )


def _concerns(one: FileChange) -> bool:
    names = {one.path, one.was or one.path}
    return any(role_of(name) == "test" for name in names)


def _is_python(one: FileChange) -> bool:
    return (one.was or one.path).endswith(".py")


def _elsewhere(name: str, after: _Suite) -> Test | None:
    """A test of that name in another class or file."""
    found = after.tests.get(name.rpartition(".")[2], [])
    return found[0][1] if found else None


def _all_kept(old: Test, lost: Counter[str]) -> bool:
    """Is each of its checks still made by some test? One that checks nothing must be named."""
    return bool(old.checks) and not any(lost[check.text] for check in old.checks)


def _rewritten(name: str, was: dict[str, Test], now: dict[str, Test]) -> bool:
    """Do new tests of much the same name, with no fewer checks in all, stand in the file?"""
    words = set(name.rpartition(".")[2].lower().split("_")) - {"test", ""}
    alike = [
        test
        for new, test in now.items()
        if new not in was and len(words & set(new.lower().split("_"))) >= 0.6 * len(words)
    ]
    gone = [test for old, test in was.items() if old not in now]
    came = [test for new, test in now.items() if new not in was]
    fewer = sum(len(one.checks) for one in came) < sum(len(one.checks) for one in gone)
    strong = any(check.strength > 1 for test in alike for check in test.checks)
    return bool(alike) and strong and not fewer and len(came) >= len(gone)


def _still_named(change: Change, name: str) -> bool:
    """Does the story itself speak of the test that goes?"""
    return bool(change.story) and name.rpartition(".")[2] in change.story


def _compared(
    change: Change,
    one: FileChange,
    old: Test,
    new: Test,
    spare: Counter[str],
    lost: Counter[str],
) -> Iterator[GateFinding]:
    for mark in new.skips:
        if mark not in old.skips:
            words = f"{new.name} does not run, or does not count, any more: {mark[:120]}"
            yield GateFinding(one.path, new.line, "weakening/skipped", words)
    if new.returns_early and not old.returns_early:
        words = f"{new.name} returns before it has checked everything"
        yield GateFinding(one.path, new.line, "weakening/returns", words)
    if new.swallows and not old.swallows:
        words = f"{new.name} swallows what goes wrong in it"
        yield GateFinding(one.path, new.line, "weakening/swallows", words)
    if 0 < new.cases < old.cases:
        words = f"{new.name} runs with {new.cases} cases, it was {old.cases}"
        yield GateFinding(one.path, new.line, "weakening/cases", words)
    yield from _checks(change, one, old, new, spare, lost)


def _checks(
    change: Change,
    one: FileChange,
    old: Test,
    new: Test,
    spare: Counter[str],
    lost: Counter[str],
) -> Iterator[GateFinding]:
    kept = Counter(check.text for check in new.checks)
    gone = []
    for check in old.checks:
        if kept[check.text] > 0:
            kept[check.text] -= 1
        else:
            gone.append(check)
    came = [check for check in new.checks if kept[check.text] > 0]
    for check in came:
        if check.strength == 0:
            words = f"{new.name} checks what is always true: {check.text[:120]}"
            yield GateFinding(one.path, check.line, "weakening/always-true", words)
    came = [check for check in came if check.strength]
    for check in gone:
        if not lost[check.text]:
            continue  # another test makes this very check now
        instead = _instead(check, came)
        if instead is None:
            if new.helpers - old.helpers and not came:
                continue  # a helper may make the checks now
            words = f"{new.name} no longer checks {check.text[:160]}"
            yield GateFinding(one.path, new.line, "weakening/assert-removed", words)
            continue
        came.remove(instead)
        yield from _replaced(change, one, new, check, instead)


def _instead(old: Check, came: list[Check]) -> Check | None:
    """The new check of the same thing; failing that, the next one as strong."""
    same = [check for check in came if check.subject == old.subject]
    if same:
        return same[0]
    parts = set(re.findall(r"\w+", old.subject)) - {"self", "assert"}
    near = [
        check
        for check in came
        if parts & set(re.findall(r"\w+", check.subject)) and check.strength >= old.strength
    ]
    near = near or [check for check in came if parts & set(re.findall(r"\w+", check.subject))]
    return near[0] if near else None


def _replaced(
    change: Change, one: FileChange, test: Test, old: Check, new: Check
) -> Iterator[GateFinding]:
    widened = [
        name
        for name, value in new.tolerances
        if value > dict(old.tolerances).get(name, _none_before(name, old))
    ]
    if widened:
        words = f"{test.name} takes more for right than it did: {new.text[:160]}"
        yield GateFinding(one.path, new.line, "weakening/tolerance", words)
    elif new.strength < old.strength:
        words = f"{test.name} checks less than it did: {new.text[:120]}, it was {old.text[:120]}"
        yield GateFinding(one.path, new.line, "weakening/weaker", words)
    elif (
        old.subject == new.subject
        and old.expected != new.expected
        and _is_value(old.expected)
        and not _asked_for(change, new.expected)
    ):
        words = (
            f"{test.name} expects {new.expected[:100]} of {new.subject[:100]}, it was "
            f"{old.expected[:100]}; nobody asked for that"
        )
        yield GateFinding(one.path, new.line, "weakening/expected-value", words)


def _none_before(name: str, old: Check) -> float:
    """What a tolerance that was not there was worth: exactness, or the tool's own small default."""
    if name.startswith("approx"):
        return 1e-6
    if name.startswith("assertAlmostEqual"):
        return -7.0
    return float("inf") if "<" in name else 0.0


def _is_value(text: str) -> bool:
    """A value that is written out; an expression or a name may be spelled in many ways."""
    return bool(
        re.match(r"^[\[({]*\s*(-?\d|['\"bfr]+['\"]|['\"]|True\b|False\b|None\b)", text)
    ) or (bool(text) and text[0].isupper() and text.replace(".", "").isidentifier())


def _asked_for(change: Change, value: str) -> bool:
    """Does the story say this very value?"""
    plain = value.strip("'\"[](){} ")
    return bool(change.story) and len(plain) > 0 and plain in change.story
