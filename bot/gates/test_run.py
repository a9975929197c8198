"""The one run of the project's tests that several gates read: outcomes and coverage together.

Promises: tests of what changed run first, then all, in one process, with only changed sources
measured; a failure is looked at again before anybody is blamed: on the base, and three times more.
Never: runs the suite twice when it passed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.codebase.roles import role_of
from bot.gates.change import Change
from bot.gates.coverage_settings import coverage_settings
from bot.gates.gate import CannotLook
from bot.gates.workbench import Workbench
from bot.workspace.environment import PYTHON, Environment
from bot.workspace.project import ProjectPlan
from bot.workspace.tests import Around, TestFailure, TestReport, run_tests

_PLUGIN = "/gates/towpath_related_first.py"
_RC, _OUT = "/gates/coveragerc", "/measured"
_LARGEST = 64_000_000  # bytes of a coverage report
RERUNS = 3
_MANY = 10  # failures on the base that say that nothing runs here
_RERUN_AT_MOST = 40  # failures that are worth telling apart
_SCRIPT = "/gates/towpath_measured.py"
_MEASURED = f'exec {PYTHON} {_SCRIPT} {_RC} {_OUT}/coverage.json "$@"'
_PLAIN = f'exec {PYTHON} "$@"'


@dataclass(frozen=True)
class Lines:
    """What was measured of one file: lines that ran, and lines that did not, from 1."""

    ran: frozenset[int]
    missed: frozenset[int]


@dataclass(frozen=True)
class TestRun:
    """`coverage`: of changed sources, None where nothing was measured (`unmeasured`: why).

    `blamed`: failures of the change. `flaky`: tests that passed when run again. `before`: tests
    that failed on the base too. `broken`: the run itself did not end well, and why.
    """

    __test__ = False

    report: TestReport
    related: tuple[str, ...] = ()
    coverage: Mapping[str, Lines] | None = None
    unmeasured: str = ""
    blamed: tuple[TestFailure, ...] = ()
    flaky: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    broken: str = ""
    base_broken: bool = False
    passed: frozenset[str] = field(default_factory=frozenset, repr=False)


def test_run(change: Change, bench: Workbench) -> TestRun | None:
    """The run, made once; None where the project has no tests. CannotLook."""
    return bench.once("tests", lambda: _Runner(change, bench).run())


test_run.__test__ = False  # type: ignore[attr-defined]


def measured_sources(change: Change) -> list[str]:
    """Changed Python sources whose new lines tests should reach."""
    return [
        one.path
        for one in change.of(".py")
        if one.role == "source" and one.new_lines and not _NOT_PRODUCT.search(one.path)
    ]


_NOT_PRODUCT = re.compile(
    r"(^|/)(setup|conftest|noxfile|tasks|fabfile|manage|versioneer|_version|__main__)\.py$"
    r"|(^|/)(docs?|examples?|scripts|tools|benchmarks?|migrations|\.github|\.ci|ci)/"
)


class _Runner:
    def __init__(self, change: Change, bench: Workbench) -> None:
        self.change, self.bench = change, bench

    def run(self) -> TestRun | None:
        plan = self.bench.plan
        if plan.runner is None:
            return None
        environment = self.bench.environment()
        related = self.bench.once("related", lambda: related_tests(self.change))
        wanted = measured_sources(self.change) if plan.runner == "pytest" else []
        unmeasured = "" if plan.runner == "pytest" else f"not measured for {plan.runner}"
        if wanted and not _has(environment, "coverage"):
            wanted, unmeasured = [], "coverage could not be installed beside the project"
        folder = self.bench.folder()
        report = self._report(plan, environment, self._around(folder, wanted, related, environment))
        coverage = None
        if wanted:
            coverage = _read(folder / "out" / "coverage.json", wanted)
            if coverage is None and report.outcomes and report.exit_code in (0, 1):
                coverage = {}  # it leaves no report where no test imported any of them
            unmeasured = "" if coverage is not None else "coverage left no report"
        passed = frozenset(t for t, outcome in report.outcomes.items() if outcome == "passed")
        found = TestRun(report, tuple(related), coverage, unmeasured, passed=passed)
        return found if report.ok else self._blame(found, plan, environment)

    def _around(
        self,
        folder: Path,
        wanted: Sequence[str],
        related: Sequence[str],
        environment: Environment | None,
    ) -> Around | None:
        if environment is None or self.bench.plan.runner != "pytest":
            return None
        (folder / "out").mkdir(mode=0o777)
        (folder / "out").chmod(0o777)
        elsewhere = _has(environment, "xdist") or _starts_programs(self.change)
        (folder / "coveragerc").write_text(
            coverage_settings(self.change, wanted, f"{_OUT}/.coverage", elsewhere)
        )
        options = ("-p", "towpath_related_first") if related else ()
        if _has(environment, "pytest_cov"):
            options += ("--no-cov",)
        return Around(
            _MEASURED if wanted else _PLAIN,
            options,
            {
                _PLUGIN: Path(__file__).with_name("related_first.py"),
                _SCRIPT: Path(__file__).with_name("measured.py"),
                _RC: folder / "coveragerc",
            },
            {_OUT: folder / "out"},
            {"TOWPATH_RELATED": "\n".join(related), "PYTHONPATH": "/gates"},
        )

    def _report(
        self,
        plan: ProjectPlan,
        environment: Environment | None,
        around: Around | None = None,
        select: Sequence[str] = (),
        commit: str = "",
    ) -> TestReport:
        def work() -> TestReport:
            with self.bench.pool.checkout(commit or self.change.head) as tree:
                return run_tests(
                    tree, plan, environment, self.bench.sandbox, select=select,
                    limits=self.bench.choices.test_limits, around=around,
                )  # fmt: skip

        return self.bench.in_turn(work)

    def _blame(self, found: TestRun, plan: ProjectPlan, environment: Environment | None) -> TestRun:
        """Tell failures of the change from those of the base and from flaky ones."""
        report = found.report
        if report.problem == "no tests found":
            return TestRun(report, broken="no tests found", base_broken=not self._base_has_tests())
        before = self._on_base(report)
        failures = [one for one in report.failures if before.get(one.id) not in ("failed", "error")]
        if len(report.failures) - len(failures) >= _MANY and not report.passed:
            # Nothing runs here, at the base neither: what fails in the same words is no news.
            old = {one.message for one in report.failures if one not in failures}
            failures = [one for one in failures if one.message not in old]
        known = tuple(one.id for one in report.failures if one not in failures)
        flaky: list[str] = []
        if plan.runner == "pytest" and 0 < len(failures) <= _RERUN_AT_MOST:
            flaky = self._flaky(failures, plan, environment)
        broken = ""
        if not report.failures or report.killed_by:
            broken = report.problem or (
                f"ended by the limit on {report.killed_by}" if report.killed_by
                else f"the tests ended with status {report.exit_code}"
            )  # fmt: skip
        return TestRun(
            report,
            found.related,
            found.coverage,
            found.unmeasured,
            tuple(one for one in failures if one.id not in flaky),
            tuple(flaky),
            known,
            broken,
            bool(broken) and before.get("") == "broken",
            found.passed,
        )

    def _on_base(self, report: TestReport) -> Mapping[str, str]:
        """What the same tests say on the base, by id; "" is "broken" where that has no report."""
        names = self.change.base_names
        files = sorted({one.file for one in report.failures if one.file})
        select = [name for name in files if name in names]
        if report.failures and all(one.file for one in report.failures) and not select:
            return {}  # every failing file is new
        plan = self.bench.plan_of_base()
        if plan.runner is None:
            return {}
        try:
            environment = self.bench.environment_of_base()
        except CannotLook:
            return {}
        if plan.runner != "pytest":
            select = []
        earlier = self._report(plan, environment, None, select, self.change.base)
        fine = earlier.ok or (earlier.failures and not earlier.killed_by)
        return {**earlier.outcomes, **({} if fine else {"": "broken"})}

    def _base_has_tests(self) -> bool:
        return self.bench.plan_of_base().runner is not None

    def _flaky(
        self, failures: Sequence[TestFailure], plan: ProjectPlan, environment: Environment | None
    ) -> list[str]:
        """Those that pass when run again by themselves, and in the whole suite too."""
        left = {one.id for one in failures}
        for _ in range(RERUNS):
            ids = sorted(left)
            again = self._report(plan, environment, None, ids)
            left = {one for one in ids if again.outcomes.get(one) != "passed"}
            if not left:
                break
        alone = [one.id for one in failures if one.id not in left]
        if not alone:
            return []
        whole = self._report(plan, environment)  # in company, where another test may break them
        return [one for one in alone if whole.outcomes.get(one) == "passed"]


def related_tests(change: Change) -> list[str]:
    """Test files that cover a changed source, the surest first, and those that changed."""
    from bot.codebase.blobs import NoSuchRevision
    from bot.codebase.graph import Graph
    from bot.codebase.impact import NoSuchPlace, covering
    from bot.codebase.snapshot import Snapshot
    from bot.codebase.store import Store
    from bot.codebase.symbols import Symbols

    found = dict.fromkeys(one.path for one in change.kept.values() if one.role == "test")
    sources = [one.path for one in change.kept.values() if one.role == "source"]
    with Store(change.mirror.path / "codebase") as store:
        try:
            snapshot = Snapshot.at(change.mirror.path, change.head, store)
        except NoSuchRevision:
            return list(found)
        graph, symbols = Graph.of(snapshot), Symbols.of(snapshot)
        for path in sources[:100]:
            try:
                found |= dict.fromkeys(one.path for one in covering(snapshot, graph, symbols, path))
            except NoSuchPlace:
                continue
    return list(found)


def _starts_programs(change: Change) -> bool:
    """Do its tests start programs, in which its code may run too?"""
    names = [path for path in change.head_names if role_of(path) == "test" and path.endswith(".py")]
    texts = change.mirror.read_many(change.head, _printable(names)[:1000], limit=300_000)
    return any(b"subprocess" in text for text in texts.values())


def _printable(names: Sequence[str]) -> list[str]:
    return [name for name in sorted(names) if name.isprintable()]


def _has(environment: Environment | None, module: str) -> bool:
    if environment is None:
        return False
    return any(environment.folder.glob(f"venv/lib*/python*/site-packages/{module}/__init__.py"))


def _read(path: Path, wanted: Sequence[str]) -> dict[str, Lines] | None:
    """The report that the sandbox left; None where there is none that can be read."""
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        files = json.loads(path.read_bytes())["files"]
        found = {name.replace("\\", "/").removeprefix("/workspace/"): one
                 for name, one in files.items()}  # fmt: skip
        return {
            name: Lines(
                frozenset(map(int, found[name]["executed_lines"])),
                frozenset(map(int, found[name]["missing_lines"])),
            )
            for name in wanted
            if name in found
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
