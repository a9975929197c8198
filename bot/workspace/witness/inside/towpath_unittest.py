"""Inside: runs unittest as `python -m unittest` does, and tells what happens, as it happens.

python towpath_unittest.py ARGUMENTS…        (those of unittest)
"""

from __future__ import annotations

import os
import sys
import unittest
from collections.abc import Iterator
from typing import Any

from towpath_channel import connect

say = connect()


class Result(unittest.TextTestResult):
    """Tells each outcome; the worst of a test's counts."""

    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        say("test", id=test.id(), outcome="passed")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._tell(test, "failed", err)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._tell(test, "error", err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._tell(test, "failed", err)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        say("test", id=test.id(), outcome="skipped", message=str(reason)[:1000])

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        say("test", id=test.id(), outcome="passed")

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        say("test", id=test.id(), outcome="failed", message="unexpected success")

    def _tell(self, test: Any, outcome: str, err: Any) -> None:
        text = self._exc_info_to_string(err, test)  # type: ignore[attr-defined]
        last = text.strip().rpartition("\n")[2]
        say("test", id=test.id(), outcome=outcome, message=last[:1000], tail=text[-4000:])


class Runner(unittest.TextTestRunner):
    resultclass = Result

    def run(self, test: Any) -> Any:
        say("planned", ids=[one.id() for one in _each(test)], left_out=0)
        canary()
        result = super().run(test)
        canary()
        say("end", status=0 if result.wasSuccessful() else 1)
        return result


def canary() -> None:
    """A test that must fail."""

    class Canary(unittest.TestCase):
        def runTest(self) -> None:
            self.fail("this has to fail")

    result = unittest.TestResult()
    Canary().run(result)
    say("canary", outcome="failed" if result.failures else "passed")


def _each(suite: Any) -> Iterator[Any]:
    if isinstance(suite, unittest.TestSuite):
        for inner in suite:
            yield from _each(inner)
    else:
        yield suite


if __name__ == "__main__":
    say("begin", runner="unittest", version=sys.version.split()[0])
    sys.path[0] = os.getcwd()
    unittest.main(module=None, argv=["python -m unittest", *sys.argv[1:]], testRunner=Runner)
