"""Running a project's tests, believing neither the report nor the exit code alone."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bot.workspace import junit
from bot.workspace.commands import run_on, tool
from bot.workspace.environment import INSIDE, Environment, EnvironmentFailed, Environments
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import ProjectPlan, plan_for
from bot.workspace.sandbox import Limits, Sandbox
from bot.workspace.tests import TestReport, compare, run_tests
from tests.workspace.conftest import Project

SDISTS = ("itsdangerous==2.2.0", "tabulate==0.9.0")  # tests/walk takes a third and larger one


PLAN = ProjectPlan("python", (), "pytest", "", (), ())


def run(
    project: Project,
    sandbox: Sandbox,
    environment: Environment,
    files: dict[str, str],
    **options: object,
) -> TestReport:
    commit = project.commit(files)
    with project.pool(sandbox).checkout(commit) as tree:
        return run_tests(tree, PLAN, environment, sandbox, **options)  # type: ignore[arg-type]


GREEN = "def test_ok():\n    pass\n"


def test_every_outcome_is_counted_and_each_failure_says_where(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    report = run(project, sandbox, with_pytest, {
        "tests/test_a.py": (
            "import pytest\n\nclass TestIt:\n    def test_good(self):\n        pass\n\n"
            "    @pytest.mark.parametrize('x', [1, 'a.b'])\n    def test_bad(self, x):\n"
            "        assert x == 'no'\n\n@pytest.fixture\ndef broken():\n    raise ValueError\n"
            "\ndef test_error(broken):\n    pass\n\n@pytest.mark.skip\ndef test_skip():\n    pass\n"
        ),
    })  # fmt: skip
    assert (report.total, report.passed, report.failed, report.errors, report.skipped) == (
        5, 1, 2, 1, 1,
    )  # fmt: skip
    assert not report.ok
    assert report.exit_code == 1
    assert {f.id for f in report.failures} == {
        "tests/test_a.py::TestIt::test_bad[1]",
        "tests/test_a.py::TestIt::test_bad[a.b]",
        "tests/test_a.py::test_error",
    }
    bad = next(f for f in report.failures if f.id.endswith("[1]"))
    assert (bad.file, bad.line) == ("tests/test_a.py", 7)
    assert "assert 1 == 'no'" in bad.message
    assert "> " in bad.tail


def test_a_green_suite_is_ok_and_a_selection_runs_only_that(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    files = {"test_a.py": GREEN + "def test_two():\n    pass\n"}
    report = run(project, sandbox, with_pytest, files)
    assert report.ok
    assert report.total == 2
    report = run(project, sandbox, with_pytest, {"x": "1"}, select=["test_a.py::test_two"])
    assert list(report.outcomes) == ["test_a.py::test_two"]


def test_no_tests_is_neither_success_nor_failure(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    report = run(project, sandbox, with_pytest, {"x.py": ""})
    assert (report.ran, report.ok, report.problem) == (False, False, "no tests found")


FORGED = (
    '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite tests="1">'
    '<testcase classname="test_a" name="test_ok" file="test_a.py"/></testsuite></testsuites>'
)


@pytest.mark.parametrize(
    ("name", "conftest"),
    [
        ("exit code", "def pytest_sessionfinish(session):\n    import os; os._exit(0)\n"),
        ("forged report", "import atexit, os\n\ndef forge():\n"
         "    os.makedirs('/report', exist_ok=True)\n"
         f"    open('/report/junit.xml', 'w').write('''{FORGED}''')\n\natexit.register(forge)\n"),
        ("link", "import atexit, os\n\ndef forge():\n    os.unlink('/report/junit.xml')\n"
         "    os.symlink('/etc/passwd', '/report/junit.xml')\n\natexit.register(forge)\n"),
        ("pipe", "import atexit, os\n\ndef forge():\n    os.unlink('/report/junit.xml')\n"
         "    os.mkfifo('/report/junit.xml')\n\natexit.register(forge)\n"),
        ("locked", "import atexit, os\n\ndef forge():\n    os.makedirs('/report/x/y')\n"
         "    os.chmod('/report/x', 0)\n\natexit.register(forge)\n"),
    ],
)  # fmt: skip
def test_neither_the_report_nor_the_exit_code_alone_makes_a_pass(
    project: Project, sandbox: Sandbox, with_pytest: Environment, name: str, conftest: str
) -> None:
    files = {"test_a.py": "def test_ok():\n    assert False\n", "conftest.py": conftest}
    report = run(project, sandbox, with_pytest, files)
    assert report.exit_code == (0 if name == "exit code" else 1)
    assert "No module named" not in report.tail
    assert report.ran
    assert not report.ok


def test_options_of_a_plugin_that_is_not_there_do_not_stop_the_tests(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    settings = '[tool.pytest.ini_options]\naddopts = "--cov=x --maxfail=3"\n'
    report = run(project, sandbox, with_pytest, {"pyproject.toml": settings, "test_a.py": GREEN})
    assert report.ok


def test_a_suite_that_hangs_is_ended_and_said_so(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    files = {"test_a.py": "import time\n\ndef test_hangs():\n    time.sleep(60)\n"}
    report = run(project, sandbox, with_pytest, files, limits=Limits(wall_s=2))
    assert (report.ran, report.ok, report.killed_by) == (True, False, "wall")


def test_a_unittest_run_that_does_not_finish_is_not_an_empty_one(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    commit = project.commit({"tests/checks.py": "import os; os._exit(0)\n"})
    plan = plan_for(project.mirror, commit)
    with project.pool(sandbox).checkout(commit) as tree:
        report = run_tests(tree, plan, with_pytest, sandbox, select=["tests.checks"])
    assert (report.ran, report.ok, report.exit_code) == (True, False, 0)


def test_tests_have_no_network_and_cannot_change_their_environment(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    report = run(project, sandbox, with_pytest, {
        "test_a.py": (
            "import os, socket, pytest\n\ndef test_network():\n    with pytest.raises(OSError):\n"
            "        socket.create_connection(('192.0.2.1', 80), 2)\n\n"
            "def test_environment():\n    with pytest.raises(OSError):\n"
            "        open(pytest.__file__, 'a')\n\n"
            "def test_loopback():\n    s = socket.create_server(('127.0.0.1', 0))\n"
            "    socket.create_connection(s.getsockname(), 2)\n"
        ),
    })  # fmt: skip
    assert report.ok, report.tail


def test_two_runs_are_compared_by_test() -> None:
    before = TestReport(True, 1, outcomes={
        "a": "passed", "b": "failed", "c": "failed", "gone": "passed", "skip": "skipped",
    })  # fmt: skip
    after = TestReport(True, 1, outcomes={
        "a": "failed", "b": "passed", "c": "error", "new": "failed", "skip": "skipped",
    })  # fmt: skip
    found = compare(before, after)
    assert found.regressions == ("a", "new")
    assert found.fixed == ("b",)
    assert found.still_failing == ("c",)
    assert found.vanished == ("gone",)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"nonsense", b"<a/>",
        b'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE x [<!ENTITY a "b">]><testsuites/>',
        b'<?xml version="1.0" encoding="utf-8"?><other/>',
        b'<?xml version="1.0" encoding="utf-8"?><testsuites>',
    ],
)  # fmt: skip
def test_a_report_that_is_none_is_not_read(content: bytes) -> None:
    with pytest.raises(junit.BadReport):
        junit.cases(content)


def test_a_report_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "junit.xml", "wb") as file:
        file.truncate(junit.LARGEST + 1)
    with pytest.raises(junit.BadReport):
        junit.content(tmp_path / "junit.xml")


# A build backend without requirements, so that an installation needs no index.
BACKEND = """
import base64, hashlib, os, zipfile
open("src/generated.py", "w").write("VERSION = %r" % os.environ["SETUPTOOLS_SCM_PRETEND_VERSION"])
if os.path.exists("fail"):
    raise SystemExit("the build says why it failed")
def build_editable(target, config_settings=None, metadata_directory=None):
    name = "thing-1-py3-none-any.whl"
    files = {
        "thing.pth": "/workspace/src",
        "thing-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: thing\\nVersion: 1\\n",
        "thing-1.dist-info/WHEEL":
            "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join("%s,,\\n" % n for n in files) + "thing-1.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(target, name), "w") as wheel:
        for n, text in {**files, "thing-1.dist-info/RECORD": record}.items():
            wheel.writestr(n, text)
    return name
build_wheel = build_editable
"""
THING = {
    "pyproject.toml": (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "thing"\nversion = "1"\n'
    ),
    "backend.py": BACKEND,
    "src/thing.py": "from generated import VERSION\n",
    ".gitignore": "generated.py\n",
    "tests/checks.py": "",
    "tests/__init__.py": (
        "import unittest, thing\n\nclass Check(unittest.TestCase):\n"
        "    def test_version(self):\n        self.assertEqual(thing.VERSION, '3.2.1')\n"
        "    def test_more(self):\n        pass\n\n"
        "def load_tests(loader, tests, pattern):\n    return loader.loadTestsFromTestCase(Check)\n"
    ),
    "PKG-INFO": "Metadata-Version: 2.1\nName: thing\nVersion: 3.2.1\n",
}  # fmt: skip


def test_a_project_is_installed_once_and_its_generated_files_are_there_for_its_tests(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    base = project.commit(THING)
    head = project.ours(base, {"src/other.py": b"x"})
    pool = project.pool(sandbox)
    environments = Environments(tmp_path / "e", project.mirror, pool, sandbox)
    plan = plan_for(project.mirror, base)
    assert plan.runner == "unittest"
    environment = environments.prepare(plan, base)
    assert environment.overlay
    ready = (environment.folder / "ready.json").stat().st_ctime_ns
    assert environments.prepare(plan_for(project.mirror, head), head) == environment
    assert (environment.folder / "ready.json").stat().st_ctime_ns == ready
    for commit in (base, head):
        with pool.checkout(commit) as tree:
            assert not (tree.path / "src" / "generated.py").exists()
            report = run_tests(tree, plan, environment, sandbox, select=["tests"])
        assert report.ok, report.tail
        assert report.total == 2
    changed = project.ours(base, {"pyproject.toml": THING["pyproject.toml"].encode() + b"\n"})
    assert environments.prepare(plan_for(project.mirror, changed), changed).key != environment.key


def test_a_project_that_a_test_tool_needs_is_still_tested_from_the_work_tree(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    released = io.BytesIO()
    about = "Metadata-Version: 2.1\nName: thing\nVersion: 9\n"
    with zipfile.ZipFile(released, "w") as wheel:
        wheel.writestr("thing.py", "VERSION = 'released'\n")
        wheel.writestr("thing-9.dist-info/METADATA", about)
        wheel.writestr(
            "thing-9.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("thing-9.dist-info/RECORD", "")
    wanted = b"--no-index\n--find-links ./wheels\nthing>=2\n"
    released_wheel = {"wheels/thing-9-py3-none-any.whl": released.getvalue()}
    base = project.ours(project.commit(THING), {**released_wheel, "requirements-dev.txt": wanted})
    pool = project.pool(sandbox)
    environments = Environments(tmp_path / "e", project.mirror, pool, sandbox)
    plan = plan_for(project.mirror, base)
    environment = environments.prepare(plan, base)
    assert environment.notes == ("requirements-dev.txt needs another version of this project",)
    with pool.checkout(base) as tree:
        report = run_tests(tree, plan, environment, sandbox, select=["tests"])
    assert report.ok, report.tail


def test_what_a_story_changed_does_not_run_in_a_build_that_others_use(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    base = project.commit(THING)
    planted = f"open('{INSIDE}/planted', 'w').close()\n{BACKEND}"
    head = project.ours(base, {"backend.py": planted.encode()})
    for branch, there in (("", True), ("main", False), ("no-such-branch", True)):
        environments = Environments(
            tmp_path / f"e-{branch}", project.mirror, project.pool(sandbox), sandbox, branch=branch
        )
        environment = environments.prepare(plan_for(project.mirror, head), head)
        assert (environment.folder / "planted").exists() is there


def test_a_build_that_fails_says_which_step_and_why_and_is_tried_again(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    base = project.commit({**THING, "fail": ""})
    environments = Environments(tmp_path / "e", project.mirror, project.pool(sandbox), sandbox)
    for _ in range(2):
        with pytest.raises(EnvironmentFailed) as failed:
            environments.prepare(plan_for(project.mirror, base), base)
        assert failed.value.step == "project"
        assert "the build says why it failed" in failed.value.tail


def test_a_python_that_is_not_here_is_a_failure_of_its_own(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    text = THING["pyproject.toml"] + 'requires-python = ">=4"\n'
    base = project.commit({**THING, "pyproject.toml": text})
    environments = Environments(tmp_path / "e", project.mirror, project.pool(sandbox), sandbox)
    with pytest.raises(EnvironmentFailed, match=r"Python >=4 wanted") as failed:
        environments.prepare(plan_for(project.mirror, base), base)
    assert failed.value.step == "interpreter"


def test_a_fixing_tool_turns_a_commit_into_a_tree(project: Project, sandbox: Sandbox) -> None:
    base = project.commit({"a.py": "import os\nimport sys\n\nprint(sys.path)\n"})
    ruff, bound = tool("ruff")
    command = [ruff, "check", "--isolated", "--fix", "--select", "F401", "."]
    left = run_on(project.pool(sandbox), sandbox, base, command, readonly=bound)
    assert left.run.ok, left.run.text
    assert project.mirror.read(left.tree, "a.py") == b"import sys\n\nprint(sys.path)\n"
    assert [c.path for c in project.mirror.changed_files(base, left.tree)] == ["a.py"]
    again = run_on(project.pool(sandbox), sandbox, base, command, readonly=bound)
    assert again.tree == left.tree


@pytest.mark.parametrize(("test", "ok"), [("process.exit(0)", True), ("process.exit(3)", False)])
@pytest.mark.skipif(not os.path.exists("/usr/bin/npm"), reason="no npm under /usr")
def test_a_node_project_is_judged_by_its_exit_code(
    project: Project, sandbox: Sandbox, test: str, ok: bool
) -> None:
    package = '{"name": "x", "version": "1.0.0", "scripts": {"test": "node t.js"}}'
    base = project.commit({"package.json": package, "t.js": f"console.log('hi'); {test}"})
    plan = plan_for(project.mirror, base)
    with project.pool(sandbox).checkout(base) as tree:
        report = run_tests(tree, plan, None, sandbox)
    assert (report.ran, report.ok) == (True, ok)
    assert "hi" in report.tail


@pytest.mark.network
@pytest.mark.parametrize("requirement", SDISTS)
def test_a_real_project_is_installed_and_its_tests_pass(
    project: Project, sandbox: Sandbox, tmp_path: Path, requirement: str
) -> None:
    download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    if subprocess.run([*download[:3], "--version"], capture_output=True).returncode:
        download[:3] = [shutil.which("pip") or "pip"]
    subprocess.run([*download, "-d", str(tmp_path / "sdist"), requirement], check=True, timeout=200)
    (archive,) = (tmp_path / "sdist").iterdir()
    unpack = ["tar", "xf", str(archive), "--strip-components=1", "-C", str(project.clone)]
    subprocess.run(unpack, check=True)
    base = project.commit_all()
    pool = project.pool(sandbox)
    index = PackageIndex.of(os.environ)
    environments = Environments(tmp_path / "e", project.mirror, pool, sandbox, index)
    plan = plan_for(project.mirror, base)
    environment = environments.prepare(plan, base)
    with pool.checkout(base) as tree:
        report = run_tests(tree, plan, environment, sandbox)
    assert report.ok, (report.problem, report.tail)
    assert report.passed > 100


def test_unittest_discovers_and_names_each_test(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    source = (
        "import unittest\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        pass\n"
        "    def test_b(self):\n        self.fail()\n"
    )
    commit = project.commit({"test/__init__.py": "", "test/test_x.py": source})
    plan = ProjectPlan("python", (), "unittest", "", (), ())
    with project.pool(sandbox).checkout(commit) as tree:
        report = run_tests(tree, plan, with_pytest, sandbox)
    assert (report.passed, report.failed) == (1, 1)
    assert [f.id for f in report.failures] == ["test.test_x.T.test_b"]


def test_a_file_that_cannot_be_imported_does_not_hide_the_others(
    project: Project, sandbox: Sandbox, with_pytest: Environment
) -> None:
    report = run(project, sandbox, with_pytest, {
        "test_a.py": GREEN, "test_b.py": "import not_there\n",
    })  # fmt: skip
    assert (report.passed, report.errors, report.ok) == (1, 1, False)


@pytest.mark.network
def test_a_folder_that_no_build_tool_packs_is_tested_where_it_lies(
    project: Project, sandbox: Sandbox
) -> None:
    commit = project.commit({
        "pyproject.toml": (
            '[project]\nname = "x"\nversion = "1"\ndependencies = ["iniconfig==2.0.0"]\n'
        ),
        "one/__init__.py": "", "two/__init__.py": "",
        "tests/test_x.py": "import iniconfig, one\n\ndef test_x():\n    pass\n",
    })  # fmt: skip
    plan = plan_for(project.mirror, commit)
    pool = project.pool(sandbox)
    environments = Environments(
        project.root / "environments", project.mirror, pool, sandbox, PackageIndex.of(os.environ)
    )
    environment = environments.prepare(plan, commit)
    assert "project not installed" in environment.notes[0]
    with pool.checkout(commit) as tree:
        assert run_tests(tree, plan, environment, sandbox).ok
