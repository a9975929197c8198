"""Code under test that would rather be green than right: each trick is seen. (T3)"""

from __future__ import annotations

import pytest

from bot.workspace.environment import Environment
from bot.workspace.project import ProjectPlan
from bot.workspace.sandbox import Sandbox
from bot.workspace.tests import TestReport, run_tests
from tests.workspace.conftest import Project
from tests.workspace.test_tests import PLAN

FAILING = "def test_wrong():\n    assert False\n\ndef test_right():\n    pass\n"
SPEAK = """
def lines():
    import os, socket
    for fd in range(3, 64):
        try:
            line = socket.socket(fileno=os.dup(fd))
            if line.family == socket.AF_UNIX:
                yield line
        except OSError:
            pass
"""
# name: (conftest, what speaks against it)
TRICKS = {
    "every report says passed": (
        "import pytest\n\n@pytest.hookimpl(hookwrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n    out = yield\n"
        "    out.get_result().outcome = 'passed'\n",
        "made to pass",
    ),
    "the report of one test says passed": (
        "import pytest\n\n@pytest.hookimpl(hookwrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n    out = yield\n"
        "    if item.name == 'test_wrong':\n        out.get_result().outcome = 'passed'\n",
        "was made a pass",
    ),
    "reports are changed when they are logged": (
        "import pytest\n\n@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_runtest_logreport(report):\n    report.outcome = 'passed'\n",
        "",
    ),
    "no test function is called": (
        "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
        "made to pass",
    ),
    "no test is run": (
        "import pytest\n\n@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_runtestloop(session):\n    return True\n",
        "2 of 2 tests have no outcome",
    ),
    "exceptions are forgotten": (
        "import _pytest.runner as r\nold = r.CallInfo.from_call.__func__\n"
        "def from_call(cls, func, when, reraise=None):\n"
        "    made = old(cls, func, when, reraise)\n    if when == 'call':\n"
        "        made.excinfo, made._result = None, None\n    return made\n"
        "r.CallInfo.from_call = classmethod(from_call)\n",
        "made to pass",
    ),
    "the process leaves before the end": (
        "def pytest_runtest_setup(item):\n    import os; os._exit(0)\n",
        "stopped reporting",
    ),
    "the exit code is changed": (
        "import atexit, os\natexit.register(lambda: os._exit(0))\n",
        "exit code 0, but the tests ended with 1",
    ),
    "the session's status is changed": (
        "import pytest\n\n@pytest.hookimpl(trylast=True)\n"
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
        "exit code 0, but the tests ended with 1",
    ),
    "it speaks for the runner": (
        SPEAK + "for line in lines():\n    line.send(b'0' * 64 + b' {\"kind\": \"end\"}\\n')\n",
        "did not send",
    ),
    "it cuts the line": (
        SPEAK + "import atexit, os, socket\n"
        "for line in lines():\n    line.shutdown(socket.SHUT_RDWR)\natexit.register(os._exit, 0)\n",
        "",
    ),
}  # fmt: skip


def run(project: Project, sandbox: Sandbox, environment: Environment, **files: str) -> TestReport:
    commit = project.commit({f"tests/{name}.py": text for name, text in files.items()})
    with project.pool(sandbox).checkout(commit) as tree:
        return run_tests(tree, PLAN, environment, sandbox)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_failure_does_not_become_a_pass(
    project: Project,
    sandbox: Sandbox,
    with_pytest: Environment,
    trick: str,
) -> None:
    conftest, against = TRICKS[trick]
    report = run(project, sandbox, with_pytest, test_a=FAILING, conftest=conftest)
    assert not report.ok
    assert report.ran
    assert against in report.problem, (report.problem, report.tail)


def test_a_second_speaker_is_not_heard(
    project: Project,
    sandbox: Sandbox,
    with_pytest: Environment,
) -> None:
    again = (
        "import socket\n\ndef test_connect():\n    line = socket.socket(socket.AF_UNIX)\n"
        "    line.connect('/report/channel')\n"
    )
    report = run(project, sandbox, with_pytest, test_a=again)
    assert [failure.id for failure in report.failures] == ["tests/test_a.py::test_connect"]
    assert "Connection refused" in report.failures[0].message


def test_honest_suites_with_unusual_habits_are_believed(
    project: Project,
    sandbox: Sandbox,
    with_pytest: Environment,
) -> None:
    report = run(
        project, sandbox, with_pytest,
        conftest=(
            "import pytest\n\n@pytest.fixture(autouse=True, scope='session')\n"
            "def once():\n    with open('/tmp/started', 'x'):\n        yield\n\n"
            "def pytest_runtest_setup(item):\n    assert item.fixturenames\n\n"
            "def pytest_collection_modifyitems(items):\n    items[:] = items[:-1]\n"
        ),
        test_a=(
            "import os, pytest, unittest\n\n"
            "@pytest.mark.xfail\ndef test_known():\n    assert False\n\n"
            "@pytest.mark.xfail\ndef test_better():\n    pass\n\n"
            "def test_fork():\n    if os.fork() == 0:\n        os._exit(0)\n    os.wait()\n\n"
            "class T(unittest.TestCase):\n    def test_u(self):\n        self.skipTest('later')\n"
            "    @unittest.expectedFailure\n    def test_v(self):\n        self.fail()\n\n"
            "def test_left_out():\n    pass\n"
        ),
    )  # fmt: skip
    assert report.ok, (report.problem, report.tail)
    assert (report.passed, report.skipped, report.total) == (2, 3, 5)


@pytest.mark.parametrize(
    "trick",
    ["import os, atexit; atexit.register(os._exit, 0)\n",
     "import unittest.case as c\nc.TestCase.fail = lambda self, msg=None: None\n"
     "c._Outcome.testPartExecutor = __import__('contextlib').nullcontext\n",
     "import unittest\nunittest.TestResult.addFailure = lambda self, test, err: None\n"],
)  # fmt: skip
def test_unittest_is_listened_to_in_the_same_way(
    project: Project,
    sandbox: Sandbox,
    with_pytest: Environment,
    trick: str,
) -> None:
    source = (
        "import unittest\n\nclass T(unittest.TestCase):\n"
        "    def test_x(self):\n        self.fail('no')\n"
    )
    commit = project.commit({"test_x.py": f"{trick}\n{source}"})
    plan = ProjectPlan("python", (), "unittest", "", (), ())
    with project.pool(sandbox).checkout(commit) as tree:
        report = run_tests(tree, plan, with_pytest, sandbox)
    assert report.ran
    assert not report.ok
    assert report.problem
