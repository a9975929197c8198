"""Settings that decide which tests run and what counts: new ones that let more through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.gates.change import Change
from bot.gates.gate import GateFinding

_FILES = re.compile(
    r"(^|/)(pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|conftest\.py|\.coveragerc|package\.json"
    r"|(jest|vitest)\.config\.[cm]?[jt]s|noxfile\.py|Makefile|\.mocharc\.\w+)$"
)
_LOOSE = re.compile(
    r"--ignore(-glob)?[= ]|--deselect\b|collect_ignore|-k\s*['\"]?not\b|-m\s*['\"]?not\b"
    r"|--maxfail|--exitfirst|--no-cov\b|pytest\.skip\(|add_marker\(.*(skip|xfail)"
    r"|testPathIgnorePatterns|passWithNoTests|--suppress-no-test-exit-code"
    r"|pytest[^\n|&;]*(\|\|\s*(true|:|exit 0))|addopts.*-p\s*no:"
    r"|\bignore_errors\s*=\s*(true|True|1)|\bxfail_strict\s*=\s*(false|False)"
)
_LEAST = re.compile(r"(fail[_-]under|--cov-fail-under)\s*[= ]\s*([\d.]+)")
_OUTCOME = re.compile(r"\b(outcome|exitstatus|wasxfail)\s*=(?!=)|\.longrepr\s*=(?!=)")


def loosened_settings(change: Change) -> Iterator[GateFinding]:
    """New lines in the runner's settings that leave tests out, or accept less."""
    for path, one in change.kept.items():
        if not _FILES.search(path) or not one.new_lines:
            continue
        text, before = change.head_text(path) or "", change.base_text(path) or ""
        lines = text.split("\n")
        for number in sorted(one.new_lines):
            line = lines[number - 1] if number <= len(lines) else ""
            if line.lstrip().startswith(("#", "//", ";")):
                continue
            loose = _LOOSE.search(line)
            if loose and before.count(loose[0]) < text.count(loose[0]) and one.was:
                words = f"this leaves tests out, or lets failures pass: {line.strip()[:120]}"
                yield GateFinding(path, number, "weakening/settings", words)
            elif path.endswith("conftest.py") and _OUTCOME.search(line):
                words = f"this decides how a test ended: {line.strip()[:120]}"
                yield GateFinding(path, number, "weakening/outcome", words)
        least = [float(value) for _, value in _LEAST.findall(before)]
        now = [float(value) for _, value in _LEAST.findall(text)]
        if least and (not now or min(now) < min(least)):
            words = f"less coverage is asked for: {now[0] if now else 'none'}, it was {least[0]}"
            yield GateFinding(path, None, "weakening/coverage-bound", words)
