"""Gate: no new type error (Q3), by the project's own checker and configuration.

Where the project configures none, mypy looks with its mildest settings, and only errors that no
taste excuses count, on new lines alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, counted, skipped
from bot.gates.mypy_scope import in_scope
from bot.gates.problems import Problem, complaints, new_problems, on_new_lines
from bot.gates.project_tools import project_tools
from bot.gates.workbench import Workbench
from bot.workspace.environment import PYTHON, Environment

_CERTAIN = frozenset({
    "arg-type", "return-value", "call-arg", "operator", "name-defined", "index", "str-format",
    "return", "syntax", "call-overload", "assignment", "attr-defined", "override", "type-var",
    "dict-item", "list-item", "misc-return", "has-type", "valid-type", "func-returns-value",
    "union-attr", "typeddict-item", "await-not-async", "used-before-def",
})  # fmt: skip
# What untyped code says of itself without being wrong.
_UNSURE = re.compile(
    r'"None"|Module|special form|partial type|Need type|has no attribute "__|imported'
    r'|variable has type "Type'
    r'|"object" has no attribute|Cannot assign to a (method|type)'
)


class Types:
    """Changed files; an error elsewhere counts too when the base had it not."""

    name = "types"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        python = [one.path for one in change.of(".py", ".pyi") if one.role == "source"]
        scripts = change.of(".ts", ".tsx", ".mts", ".cts", ".js", ".jsx")
        tools = bench.once("project tools", lambda: project_tools(change))
        findings: list[GateFinding] = []
        used = []
        if tools.mypy:
            python = in_scope(change, tools.mypy)
        if python:
            found, name = self._python(change, bench, python, tools.mypy)
            findings += found
            used.append(name)
        if scripts and tools.tsc:
            findings += [one.finding() for one in self._tsc(change, bench)]
            used.append(f"tsc ({tools.tsc})")
        if not used:
            return skipped("no file that a type checker reads was changed")
        summary = counted(findings, "no new type errors", "new type error")
        return Seen(f"{summary}; {', '.join(used)}", tuple(findings), "", {"tools": used})

    def _python(
        self, change: Change, bench: Workbench, paths: list[str], configured: str
    ) -> tuple[list[GateFinding], str]:
        if not configured:
            name = "mypy (its mildest settings: the project configures none)"
            return [one.finding() for one in self._mild(change, bench, paths)], name
        try:
            head = _mypy(bench, "head", paths, own=True)
            if not head:
                return [], f"mypy ({configured})"
            base = _mypy(bench, "base", _were(change, paths), own=True)
        except CannotLook as failed:
            # A configuration that names a plug-in which is not installed, for example.
            try:
                _mypy(bench, "base", _were(change, paths), own=True)
            except CannotLook:
                why = f"the project's settings do not work here, at the base neither: {failed.why}"
                told = GateFinding("", None, "types/config", why[:400], "warning")
                mild = self._mild(change, bench, paths)
                return [*(one.finding() for one in mild), told], "mypy (its mildest settings)"
            raise
        return [one.finding() for one in new_problems(change, head, base)], f"mypy ({configured})"

    def _mild(self, change: Change, bench: Workbench, paths: list[str]) -> list[Problem]:
        head = [
            one
            for one in on_new_lines(change, _mypy(bench, "head", paths, own=False))
            if one.rule in _CERTAIN and not _UNSURE.search(one.message)
        ]
        if not head:
            return []
        return new_problems(change, head, _mypy(bench, "base", _were(change, paths), own=False))

    def _tsc(self, change: Change, bench: Workbench) -> list[Problem]:
        environment = bench.environment()
        if environment is None or not (environment.folder / "node_modules/.bin/tsc").exists():
            raise CannotLook("tsc", "configured, but not among the project's packages")
        argv = ["node_modules/.bin/tsc", "--noEmit", "--pretty", "false", "-p", "."]
        head = complaints("tsc", bench.run_on_copy(change.head, argv, environment))
        if not head:
            return []
        return new_problems(
            change, head, complaints("tsc", bench.run_on_copy(change.base, argv, environment))
        )


def _mypy(bench: Workbench, at: str, paths: Sequence[str], *, own: bool) -> list[Problem]:
    if not paths:
        return []
    tree = bench.head_tree() if at == "head" else bench.base_tree()
    cache = bench.cache("mypy")
    taste = (
        ()
        if own
        else ("--config-file=", "--ignore-missing-imports", "--follow-imports=silent",
              "--check-untyped-defs", "--explicit-package-bases", "--namespace-packages")
    )  # fmt: skip
    arguments = [
        "--cache-dir=/cache/mypy", "--show-error-codes", "--no-pretty",
        "--no-color-output", "--hide-error-context",
        "--error-summary", *taste,
    ]  # fmt: skip
    writable = {"/cache/mypy": cache}
    theirs = bench.own_program("mypy")
    if theirs:
        run = bench.run([theirs[0], *arguments, "--", *paths], tree=tree, writable=writable,
                        environment=theirs[1])  # fmt: skip
    else:
        program = bench.toolbox.program("mypy")
        environment, python = _environment(bench)
        run = bench.run(
            [program.path, *arguments, *python, "--", *paths], tree=tree, writable=writable,
            readonly={**program.readonly, **(environment.readonly if environment else {})},
        )  # fmt: skip
    return complaints("mypy", run)


def _environment(bench: Workbench) -> tuple[Environment | None, list[str]]:
    """The project's environment, and the option that makes mypy look into it."""
    try:
        environment = bench.environment() if bench.plan.language == "python" else None
    except CannotLook:
        return None, []
    if environment is None or bench.plan.runner is None:
        return None, []
    return environment, [f"--python-executable={PYTHON}"]


def _were(change: Change, paths: Sequence[str]) -> list[str]:
    return sorted({was for path in paths if (was := change.files[path].was)})
