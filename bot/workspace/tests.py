"""Run a project's own tests, without network, and say what they said. (T3, T4)

Promises: `ok` only when the exit code and what was told while the tests ran agree that they ran and
none failed; what is missing, forged or does not fit together can never make a failing run pass. "No
tests" is an answer of its own, not a success.
Never: edits a test, or believes a report that could be written when all was over.

What remains possible: tests and the project's code run in the process that tells. Code that takes
the runner apart in that process, with this very defence in mind, can lie about a single test. Not
by accident, and not so that every failure passes: two tests of ours have to fail.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bot.workspace import junit, written_reports
from bot.workspace.environment import INSIDE as PREPARED
from bot.workspace.environment import PYTHON, Environment
from bot.workspace.erase import erase
from bot.workspace.parsers.jest import BETWEEN
from bot.workspace.project import ProjectPlan
from bot.workspace.sandbox import WORKSPACE, Limits, Run, Sandbox
from bot.workspace.test_scripts import REPORTER, instrumented
from bot.workspace.toolchains import BUILT
from bot.workspace.witness.testimony import INSIDE, Testimony, Witness
from bot.workspace.worktrees import Tree

_REPORT = "/report"
_INSIDE = "/tools/witness"
_NOTHING_COLLECTED = 5  # pytest's exit codes
_USAGE = 4
_NO_TESTS = re.compile(r"No tests? (?:files? )?found|Could not find '")
_NODE_ENV = {"CI": "1", "PATH": f"{WORKSPACE}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin"}
_REPORTER = {REPORTER: Path(__file__).with_name("node_test_reporter.mjs")}


@dataclass(frozen=True)
class TestFailure:
    """One test that failed or could not run. `line`: from 1, or None."""

    __test__ = False

    id: str
    file: str
    line: int | None
    message: str
    tail: str


@dataclass(frozen=True)
class TestReport:
    """`ran`: tests were found and run. `outcomes`: by test id, empty where a runner names none.

    `problem`: why the report does not count, else "". `tail`: the end of the output.
    """

    __test__ = False

    ran: bool
    exit_code: int | None
    total: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    failures: tuple[TestFailure, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict, repr=False)
    duration_s: float = 0.0
    tail: str = ""
    problem: str = ""
    killed_by: str | None = None
    adapter: str = ""

    @property
    def ok(self) -> bool:
        return (
            self.ran
            and self.exit_code == 0
            and self.killed_by is None
            and not self.problem
            and not (self.failed or self.errors)
        )


@dataclass(frozen=True)
class Around:
    """What pytest runs inside of, for who measures it.

    `script`: of a shell, which runs the words that it gets after the interpreter, once. The rest is
    bound and set for it.
    """

    script: str
    options: tuple[str, ...] = ()
    readonly: Mapping[str, Path] = field(default_factory=dict)
    writable: Mapping[str, Path] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Two runs, by test id, each sorted. `vanished`: passed before, and is not there now."""

    regressions: tuple[str, ...]
    fixed: tuple[str, ...]
    still_failing: tuple[str, ...]
    vanished: tuple[str, ...]


def run_tests(
    tree: Tree,
    plan: ProjectPlan,
    environment: Environment | None,
    sandbox: Sandbox,
    *,
    select: Sequence[str] = (),
    limits: Limits | None = None,
    around: Around | None = None,
) -> TestReport:
    """Run the tests of `plan` on what is in `tree` (all, or the ids in `select`).

    `around`: for pytest only.

    The tree may be changed by them: take what you need from it before, or reset it.
    """
    needs = plan.language in ("python", "go", "rust")
    if plan.runner is None or (environment is None and needs):
        return TestReport(ran=False, exit_code=None, problem="no tests found")
    session = _Session(tree, environment, sandbox, limits or Limits(), plan.collect, around)
    if plan.runner == "pytest":
        return session.pytest(select)
    if plan.runner == "unittest":
        return session.unittest(select)
    if plan.runner in ("go", "cargo"):
        return session.compiled(plan.runner, select)
    return session.node(plan.script, select)


def compare(before: TestReport, after: TestReport) -> Comparison:
    """What `after` broke, mended, left broken and lost."""
    bad = {"failed", "error"}

    def ids(wanted: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted(wanted))

    was, now = before.outcomes, after.outcomes
    return Comparison(
        regressions=ids([t for t, o in now.items() if o in bad and was.get(t) not in bad]),
        fixed=ids([t for t, o in now.items() if o == "passed" and was.get(t) in bad]),
        still_failing=ids([t for t, o in now.items() if o in bad and was.get(t) in bad]),
        vanished=ids([t for t, o in was.items() if o == "passed" and t not in now]),
    )


@dataclass(frozen=True)
class _Session:
    tree: Tree
    environment: Environment | None
    sandbox: Sandbox
    limits: Limits
    collect: tuple[str, ...] = ()
    around: Around | None = None

    def pytest(self, select: Sequence[str]) -> TestReport:
        how = ["sh", "-c", self.around.script, "sh"] if self.around else [PYTHON]
        command = [
            *how, "-m", "pytest", "-p", "towpath_pytest", "-p", "no:cacheprovider", "--color=no",
            *self.collect,
            # A file that cannot be read must not hide what all the others say.
            "--continue-on-collection-errors", *(self.around.options if self.around else ()),
        ]  # fmt: skip
        run, told = self._witnessed([*command, "--", *select])
        if run.exit_code == _USAGE:
            # Options of a plug-in that the project does not ask to have installed.
            bare = ("-o", "addopts=", "-o", "required_plugins=")
            run, told = self._witnessed([*command, *bare, "--", *select])
        return _testified(run, told, run.exit_code == _NOTHING_COLLECTED)

    def unittest(self, select: Sequence[str]) -> TestReport:
        if any(name.startswith("-") for name in select):
            raise ValueError("the id of a test does not begin with a dash")
        what = ["-v", *select] if select else ["discover", "-v"]
        run, told = self._witnessed([PYTHON, f"{_INSIDE}/towpath_unittest.py", *what])
        return _testified(run, told, told.status is not None)

    def node(self, script: str, select: Sequence[str]) -> TestReport:
        """The package's own script, its runners asked for reports; the rest has no names."""
        files = {name.split(BETWEEN)[0] for name in select}
        asked = instrumented(script, tuple(shlex.quote(file) for file in sorted(files)))
        private = tempfile.mkdtemp(prefix="towpath-report-")
        try:
            line = ["sh", "-c", asked.script]
            run = self._run(line, private, _NODE_ENV, _REPORTER, self._scratch(Path(private)))
            cases, problem = written_reports.read(Path(private), asked.reports)
        finally:
            erase(Path(private))
        if select and cases:
            cases = [c for c in cases if c.id in select or c.id.split(BETWEEN)[0] in select]
        if asked.reports and not cases and not problem:
            if run.exit_code and not _NO_TESTS.search(run.last()):
                return _report(run, [], "the report names no test")
            return _report(run, [], "no tests found", ran=False)
        return _report(run, cases, problem)

    def _scratch(self, place: Path) -> dict[str, Path]:
        """Empty folders for what runners write beside the packages, by their path inside."""
        made = {}
        for number, inside in enumerate(self.environment.scratch if self.environment else ()):
            made[inside] = place / str(number)
            made[inside].mkdir()
            if self.sandbox.owner:
                os.chown(made[inside], *self.sandbox.owner)
        return made

    def compiled(self, runner: Literal["go", "cargo"], select: Sequence[str]) -> TestReport:
        """go test or cargo test; what it says is kept whole, beside the two ends of a run."""
        words = {
            "go": "go test -json ./...", "cargo": "cargo test --workspace --no-fail-fast --offline",
        }[runner]  # fmt: skip
        said = f"{_REPORT}/said"
        script = (
            f"[ ! -d {PREPARED}/built ] || cp -r {PREPARED}/built {BUILT}; "
            f"{words} >{said} 2>&1; code=$?; tail -c 4000 {said}; exit $code"
        )
        private = tempfile.mkdtemp(prefix="towpath-report-")
        try:
            run = self._run(["sh", "-c", script], private)
            cases, problem = written_reports.read(Path(private), ((runner, "said"),))
            tail = written_reports.printed(Path(private), "said") if runner == "go" else ""
        finally:
            erase(Path(private))
        if select and cases:
            cases = [case for case in cases if case.id in select]
        nothing = not cases and not problem
        report = _report(run, cases, "no tests found" if nothing else problem, ran=not nothing)
        return replace(report, tail=tail or report.tail)

    def _witnessed(self, argv: Sequence[str]) -> tuple[Run, Testimony]:
        """Run, and listen."""
        private = tempfile.mkdtemp(prefix="towpath-report-")
        path = [self.around.env["PYTHONPATH"]] if self.around else []
        env = {"TOWPATH_WITNESS": f"{_REPORT}/channel", "PYTHONPATH": ":".join([*path, _INSIDE])}
        try:
            with Witness(Path(private)) as witness:
                run = self._run(argv, private, env, {_INSIDE: INSIDE})
                return run, witness.testimony()
        finally:
            erase(Path(private))

    def _run(
        self,
        argv: Sequence[str],
        private: str | None,
        env: Mapping[str, str] | None = None,
        readonly: Mapping[str, Path] | None = None,
        scratch: Mapping[str, Path] | None = None,
    ) -> Run:
        writable = dict(scratch or {})
        if private is not None:
            writable[_REPORT] = Path(private)
            if self.sandbox.owner:
                os.chown(private, *self.sandbox.owner)
        environment, around = self.environment, self.around or Around("")
        return self.sandbox.run(
            environment.wrapped(tuple(argv)) if environment else argv,
            tree=self.tree.path,
            writable={**writable, **around.writable},
            readonly={
                **(environment.readonly if environment else {}),
                **around.readonly,
                **(readonly or {}),
            },
            env={
                "NO_COLOR": "1",
                **(environment.env if environment else {}),
                **around.env,
                **(env or {}),
            },
            limits=self.limits,
        )


def _testified(run: Run, told: Testimony, may_be_empty: bool) -> TestReport:
    """`may_be_empty`: the runner itself says that there was nothing to run."""
    problem = told.problem if run.killed_by else told.against(run.exit_code)
    nothing = not told.planned and not told.cases
    if told.begun and not told.problem and nothing and may_be_empty:
        return _report(run, [], "no tests found", ran=False)
    return _report(run, told.cases, problem or ("" if told.cases else "no test has an outcome"))


def _report(run: Run, cases: Sequence[junit.Case], problem: str, *, ran: bool = True) -> TestReport:
    by_outcome = {o: sum(c.outcome == o for c in cases) for o in ("passed", "failed", "error")}
    bad = [c for c in cases if c.outcome in {"failed", "error"}]
    if not problem and run.exit_code == 0 and bad:
        problem = "exit code 0, but tests failed"
    return TestReport(
        ran=ran,
        exit_code=run.exit_code,
        total=len(cases),
        passed=by_outcome["passed"],
        failed=by_outcome["failed"],
        errors=by_outcome["error"],
        skipped=sum(c.outcome == "skipped" for c in cases),
        failures=tuple(TestFailure(c.id, c.file, c.line, c.message, c.tail) for c in bad),
        outcomes={c.id: c.outcome for c in cases},
        duration_s=run.duration_s,
        tail=run.last(),
        problem=problem,
        killed_by=run.killed_by,
        adapter=run.adapter,
    )
