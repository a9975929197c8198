"""Gate: no new complaint of the project's own linters (Q3).

Where the project has none, only what is wrong by any taste counts, and on new lines alone. Linters
are told not to mend, and see a tree that they could not change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, counted, in_order, skipped
from bot.gates.problems import Problem, complaints, new_problems
from bot.gates.project_tools import project_tools
from bot.gates.syntax import broken_files
from bot.gates.workbench import Workbench
from bot.workspace.sandbox import WORKSPACE, Run

_CERTAIN = "E7,E9,F"  # of ruff's rules: what its own default selects, without import placement
_JAVASCRIPT = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
Look = Callable[[str, Sequence[str]], list[Problem]]


class Lint:
    """Changed files, complaints that the base had not."""

    name = "lint"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        python = [one.path for one in change.of(".py", ".pyi")]
        scripts = [one.path for one in change.of(*_JAVASCRIPT)]
        findings = [one.finding() for one in broken_files(change)]
        tools = bench.once("project tools", lambda: project_tools(change))
        used: list[str] = []
        problem = ""
        if python:
            found, used, problem = self._python(change, bench, python)
            findings += [one.finding() for one in found]
        if scripts and tools.eslint:
            used.append(f"eslint ({tools.eslint})")
            findings += [one.finding() for one in self._eslint(change, bench, scripts)]
        if not (python or scripts or findings):
            return skipped("no file that a linter reads was changed")
        if problem:
            findings.append(GateFinding("", None, "lint/config", problem, "warning"))
        unique = in_order(findings)
        summary = counted(unique, "no new complaints", "new complaint")
        return Seen(f"{summary}; {', '.join(used) or 'syntax'}", unique, "", {"tools": used})

    def _python(
        self, change: Change, bench: Workbench, paths: list[str]
    ) -> tuple[list[Problem], list[str], str]:
        tools = bench.once("project tools", lambda: project_tools(change))
        looks: list[tuple[str, Look]] = []
        if tools.ruff:
            looks.append((f"ruff ({tools.ruff})", lambda at, p: _ruff(bench, at, p, own=True)))
        if tools.flake8:
            options = tools.flake8_options
            looks.append((f"flake8 ({tools.flake8})", lambda at, p: _flake8(bench, at, p, options)))
        problem = ""
        found: list[Problem] = []
        used = []
        for name, look in looks:
            try:
                found += _new(change, bench, paths, look)
                used.append(name)
            except CannotLook as failed:
                if not _fails_at_base(bench, paths, look):
                    raise
                problem = f"{name} does not work here, at the base neither: {failed.why}"[:400]
        if not used:
            certain = _new(change, bench, paths, lambda at, p: _ruff(bench, at, p, own=False))
            reexports = {one for one in certain if one.rule == "F401" and _is_package(one.file)}
            found += [one for one in certain if one not in reexports]
            used.append("ruff (its certain rules: the project names no linter)")
        return found, used, problem

    def _eslint(self, change: Change, bench: Workbench, paths: list[str]) -> list[Problem]:
        environment = bench.environment()
        if environment is None or not (environment.folder / "node_modules/.bin/eslint").exists():
            raise CannotLook("eslint", "configured, but not among the project's packages")

        def look(commit: str, names: Sequence[str]) -> list[Problem]:
            if not names:
                return []
            argv = ["node_modules/.bin/eslint", "--no-fix", "--format", "json", "--no-color",
                    "--no-error-on-unmatched-pattern", "--", *names]  # fmt: skip
            return complaints("eslint", bench.run_on_copy(commit, argv, environment))

        head = look(change.head, paths)
        return new_problems(change, head, look(change.base, _were(change, paths))) if head else []


def _new(change: Change, bench: Workbench, paths: list[str], look: Look) -> list[Problem]:
    """The base is looked at only where the head has something to complain about."""
    head = look("head", paths)
    if not head:
        return []
    suspects = {one.file for one in head}
    return new_problems(change, head, look("base", _were(change, suspects)))


def _fails_at_base(bench: Workbench, paths: list[str], look: Look) -> bool:
    try:
        look("base", _were(bench.change, paths))
    except CannotLook:
        return True
    return False


def _were(change: Change, paths: Sequence[str] | set[str]) -> list[str]:
    """The same files at the base, by their paths there."""
    return sorted({was for path in paths if (one := change.files.get(path)) and (was := one.was)})


def _ruff(bench: Workbench, at: str, paths: Sequence[str], *, own: bool) -> list[Problem]:
    taste = () if own else ("--isolated", "--select", _CERTAIN)
    argv = ["check", "--no-fix", "--no-cache", "--force-exclude", "--output-format=json", *taste]
    return complaints("ruff", _run(bench, at, "ruff", [*argv, "--", *paths])) if paths else []


def _flake8(
    bench: Workbench, at: str, paths: Sequence[str], options: Sequence[str]
) -> list[Problem]:
    argv = ["--jobs=1", *options, "--", *paths]
    return complaints("flake8", _run(bench, at, "flake8", argv)) if paths else []


def _run(bench: Workbench, at: str, name: str, arguments: Sequence[str]) -> Run:
    tree = bench.head_tree() if at == "head" else bench.base_tree()
    own = bench.own_program(name)
    if own:
        return bench.run([own[0], *arguments], tree=tree, environment=own[1], cwd=WORKSPACE)
    program = bench.toolbox.program(name)
    return bench.run([program.path, *arguments], tree=tree, readonly=program.readonly)


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2] == "__init__.py"
