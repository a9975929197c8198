"""Inside: a plug-in of pytest that tells what happens, as it happens.

Promises: loaded before any file of the project; tells what was collected before the first test
runs and each outcome when it is known; runs two tests that must fail, one before and one after
the project's, and tells what became of them; tells apart what a test did and what was made of it.
Never: changes what is run, or how.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from towpath_channel import connect

say = (lambda kind, **facts: None) if "PYTEST_XDIST_WORKER" in os.environ else connect()
_CHUNK = 500


def fails() -> None:
    raise AssertionError("this has to fail")


class Canary(pytest.Item):
    """A test that must fail, called as functions are; the same hooks apply as for `beside`."""

    obj = staticmethod(fails)
    funcargs: dict[str, Any] = {}  # noqa: RUF012 - as the hook reads it
    _fixtureinfo = SimpleNamespace(argnames=())
    beside: Any = None

    @property
    def ihook(self) -> Any:
        return self.beside.ihook

    def runtest(self) -> None:
        self.ihook.pytest_pyfunc_call(pyfuncitem=self)

    def reportinfo(self) -> tuple[str, int, str]:
        return "towpath", 0, self.name


class Witness:
    def __init__(self) -> None:
        self.collected = 0
        self.raised: set[tuple[str, str]] = set()  # (test, phase) in which something was raised

    def pytest_itemcollected(self, item: Any) -> None:
        self.collected += 1

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            say("test", id=report.nodeid or "collection", outcome="error", **_told(report))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        ids = [item.nodeid for item in getattr(session, "items", ())]
        self.planned(ids, max(self.collected - len(ids), 0))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Any) -> None:
        self.planned(list(ids), 0)

    def planned(self, ids: list[str], left_out: int) -> None:
        for start in range(0, len(ids), _CHUNK):
            say("planned", ids=ids[start : start + _CHUNK], left_out=0)
        say("planned", ids=[], left_out=left_out)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> Any:
        items = getattr(session, "items", None)
        first = items[0] if items else None
        if first:
            self.canary(session, first, first)
        yield
        if first:
            self.canary(session, first, None)

    def canary(self, session: Any, beside: Any, following: Any) -> None:
        from _pytest.runner import runtestprotocol

        item = Canary.from_parent(session, name=f"canary-{os.urandom(4).hex()}")
        item.beside = beside
        try:
            reports = runtestprotocol(item, log=False, nextitem=following)
        except Exception as problem:  # noqa: BLE001 - a plug-in that cannot bear a test unlike its own
            say("canary", outcome=f"unknown: {type(problem).__name__}")
            return
        failed = any(report.failed for report in reports)
        say("canary", outcome="failed" if failed else "passed")

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        # Last of the wrappers is the innermost: this is before anybody makes something of it.
        if call.excinfo is not None:
            self.raised.add((item.nodeid, call.when))
        yield
        if call.excinfo is not None:  # unittest's failures are put there by a hook
            self.raised.add((item.nodeid, call.when))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        raised = (report.nodeid, report.when) in self.raised
        self.raised.discard((report.nodeid, report.when))
        if report.outcome == "passed" and raised:
            outcome = "rewritten"
        elif report.outcome == "failed":
            outcome = "failed" if report.when == "call" else "error"
        elif report.outcome in ("passed", "skipped"):
            outcome = report.outcome
        else:
            return  # a plug-in's own word, such as "rerun": another report follows
        if outcome != "passed" or report.when == "call":
            say("test", id=report.nodeid, outcome=outcome, **_told(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> None:
        say("end", status=int(exitstatus))


def _told(report: Any) -> dict[str, Any]:
    """Where it is, and what it said."""
    file, line, _ = getattr(report, "location", None) or ("", None, "")
    if report.passed:
        return {"file": str(file), "line": line}
    text = str(getattr(report, "longreprtext", "") or "")
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    message = str(getattr(crash, "message", "") or text.strip().rpartition("\n")[2])
    return {"file": str(file), "line": line, "message": message[:1000], "tail": text[-4000:]}


def pytest_configure(config: Any) -> None:
    say("begin", runner="pytest", version=pytest.__version__)
    config.pluginmanager.register(Witness(), "towpath-witness")
