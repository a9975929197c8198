"""The one run of Semgrep, and the one of Bandit, that the security gates read.

Promises: both sides of every changed file in one run each; without network; comments that silence
a rule do not silence it here. What the base had too is left out.
Never: runs or imports what it looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.gates.change import Change
from bot.gates.gate import CannotLook
from bot.gates.problems import Problem, as_json, new_problems
from bot.gates.workbench import Workbench

RULES = Path(__file__).with_name("rules")
_CODE = (".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".html", ".vue")
_PLACE = "/scan"


@dataclass(frozen=True)
class Alarm:
    """A finding that the base had not. `level`: ERROR, WARNING or INFO; `about`: the rule's own."""

    problem: Problem
    level: str
    about: Mapping[str, Any]


def semgrep(change: Change, bench: Workbench) -> list[Alarm]:
    """New findings of our rules; CannotLook."""
    return bench.once("semgrep", lambda: _semgrep(change, bench))


def bandit(change: Change, bench: Workbench) -> list[Alarm]:
    """New findings of Bandit in Python product code; CannotLook."""
    return bench.once("bandit", lambda: _bandit(change, bench))


def scanned(change: Change) -> list[str]:
    """Changed files that the scanners read."""
    return [one.path for one in change.of(*_CODE) if change.head_text(one.path) is not None]


def _semgrep(change: Change, bench: Workbench) -> list[Alarm]:
    rules = sorted(path for path in RULES.rglob("*.y*ml") if ".test." not in path.name)
    if not scanned(change):
        return []
    if not rules:
        raise CannotLook("semgrep", "there are no rules")
    place = bench.once("scan", lambda: _laid_out(change, bench))
    program = bench.toolbox.program("semgrep")
    configs = [word for path in rules for word in ("--config", f"/rules/{path.relative_to(RULES)}")]
    run = bench.run(
        [
            program.path, "scan", "--experimental", "--metrics=off", "--disable-version-check",
            "--disable-nosem", "--no-git-ignore", "--json", "--quiet", "--timeout=20",
            "--max-target-bytes=2000000", "--jobs=2", *configs, ".",
        ],
        readonly={**program.readonly, _PLACE: place, "/rules": RULES},
        env={
            "HOME": "/tmp",  # noqa: S108 - the sandbox's own
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_SETTINGS_FILE": "/tmp/semgrep.yml",  # noqa: S108
            "SSL_CERT_FILE": bench.toolbox.certificates,
        },
        cwd=_PLACE,
    )  # fmt: skip
    told = as_json("semgrep", run)
    try:
        found = {"head": [], "base": []}
        levels = {}
        for one in told["results"]:
            side, _, path = one["path"].removeprefix("./").partition("/")
            rule = _rule(one["check_id"])
            levels[rule] = (one["extra"]["severity"], one["extra"].get("metadata") or {})
            found[side].append(
                Problem(path, one["start"]["line"], rule, one["extra"]["message"],
                        one["end"]["line"])
            )  # fmt: skip
        failed = [one for one in told.get("errors", ()) if one.get("level") == "error"]
        unread = [one for one in failed if "rule" in str(one.get("type", "")).lower()]
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("semgrep", f"unexpected JSON: {problem}") from None
    if unread or (run.exit_code not in (0, 1) and not failed):
        raise CannotLook("semgrep", f"status {run.exit_code}: {str(unread or run.last(300))[:400]}")
    new = new_problems(change, found["head"], found["base"])
    return [Alarm(one, *levels[one.rule]) for one in new]


def _rule(identity: str) -> str:
    """A rule's own id, without the folders that the scanner puts before it."""
    at = identity.find("towpath.")
    return identity[at:] if at >= 0 else identity.rpartition(".")[2]


def _bandit(change: Change, bench: Workbench) -> list[Alarm]:
    if not any(path.endswith(".py") for path in scanned(change)):
        return []
    place = bench.once("scan", lambda: _laid_out(change, bench))
    program = bench.toolbox.program("bandit")
    run = bench.run(
        [program.path, "-q", "-r", ".", "-f", "json", "--ignore-nosec", "-x", "/none"],
        readonly={**program.readonly, _PLACE: place},
        cwd=_PLACE,
    )
    if run.exit_code not in (0, 1):
        raise CannotLook("bandit", f"status {run.exit_code}: {run.last(300)}")
    told = as_json("bandit", run)
    try:
        found = {"head": [], "base": []}
        levels = {}
        for one in told["results"]:
            side, _, path = one["filename"].removeprefix("./").partition("/")
            rule = f"{one['test_id']}:{one['test_name']}"
            problem = Problem(path, one["line_number"], rule, one["issue_text"])
            found[side].append(problem)
            about = {"confidence": one["issue_confidence"], "level": one["issue_severity"]}
            levels[problem] = (one["issue_severity"], about)
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("bandit", f"unexpected JSON: {problem}") from None
    return [Alarm(one, *levels[one]) for one in new_problems(change, found["head"], found["base"])]


def _laid_out(change: Change, bench: Workbench) -> Path:
    """`head/…` and `base/…`: the two sides of changed files, and nothing that a tool obeys."""
    place = bench.folder()
    (place / ".semgrepignore").write_text("")
    for path in scanned(change):
        was = change.files[path].was
        for side, name, text in (
            ("head", path, change.head_text(path)),
            ("base", was, change.base_text(path)),
        ):
            if name is None or text is None:
                continue
            target = place / side / name
            if ".." in target.parts:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
    return place
