"""Tests that fail now and then: run again before the code is blamed (S16, §9.1).

Promises: only what passed before the change and was not written for it is run again, at most three
times; what passed then is named in the journal and the report, and does not block. Never: lets a
test of the criteria pass by trying often enough.
"""

from __future__ import annotations

from bot.stages.tests_first import criteria_tests
from bot.story.desk import Desk
from bot.story.effects import RunTests
from bot.story.events import Tested
from bot.story.vocabulary import TestSummary
from policies.failure_kind import RERUNS

MOST = 20  # failing tests beyond which chance explains nothing


def again(desk: Desk, tested: Tested) -> Tested:
    """`tested`, less what passes when it is run again; noted where that is anything."""
    story, own = desk.story, criteria_tests(desk.story)
    suspects = [t for t in tested.regressions if t.partition("::")[0] not in own]
    if not suspects or len(suspects) > MOST or not tested.summary.ran or tested.flaky:
        return tested
    passed: list[str] = []
    for number in range(1, RERUNS + 1):
        left = [t for t in suspects if t not in passed]
        if not left:
            break
        result = desk.do(
            RunTests(
                key=desk.key("run_tests", tested.subject, tested.summary.sha, "again", number),
                repository=story.repository,
                sha=tested.summary.sha,
                paths=tuple(left),
            )
        )
        summary = TestSummary.model_validate(result)
        if not summary.ran or summary.passed + len(summary.failures) < len(left):
            break  # this runner cannot run them by name
        passed += [t for t in left if t not in summary.failures]
    if not passed:
        return tested
    regressions = tuple(t for t in tested.regressions if t not in passed)
    seen = tested.model_copy(update={"regressions": regressions, "flaky": tuple(passed)})
    desk.note(seen)
    return seen
