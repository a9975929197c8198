"""Why something did not go on, in words for the people who have to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.story.vocabulary import TestSummary, Verdict

ISSUE_CLOSED = "the issue is closed"
NO_MODEL = (
    "no model is configured, and the story is of no kind that needs none "
    "(a dependency bump, an automatic fix or an exact answer to a scanner); an admin can set "
    "TOWPATH_MODEL"
)
STILL_UNCLEAR = "the story is still unclear after several rounds of questions"
TESTS_FIRST = "Tests for the acceptance criteria, which fail without the change"
TESTS_DISPUTED = "The tests of the criteria once more, because one of them was disputed"
TESTS_LEFT_OUT = "tests were written that cannot run; the work went on without them"
REPAIR = "Repair what failed"
TEST_CHANGED = "a test of the criteria is not what it was when it was seen to fail"
POLISH = "Apply what the review suggests"
POLISH_SUBJECT = "refactor: apply suggestions of the review"
NOT_POLISHED = "the suggestions of the review were left for people"
RESPOND = "Deal with the remarks of the reviewers"
RESPOND_SUBJECT = "fix: what the review asks for"
RESOLVE = "Bring the change together with what was changed on the default branch"
RESOLVE_SUBJECT = "merge what was changed on the default branch"
NO_CHANGE = "the work changed no file"
UNPLANNED = "this file is not in the plan"
PULL_CLOSED = "the pull request was closed by a person"

_SHORT = {
    "rejected": "a reviewer rejected the change",
    "handoff_requested": "a person asked for the story with /handoff",
    "pull_request_closed": PULL_CLOSED,
    "unanswered": "nobody answered in the time that it may wait",
    "review_rounds": "reviewers asked for more after the last round of review that is allowed",
}


def short(reason: str) -> str:
    """A machine's reason in words."""
    return _SHORT.get(reason, reason)


def out_of_scope(paths: Iterable[str]) -> str:
    return f"the plan would change paths that Towpath may not change: {', '.join(paths)}"


def only_people(paths: Iterable[str]) -> str:
    return f"only people may change {', '.join(paths)}, and nothing else is to be changed"


def plan_question(problem: str) -> str:
    return (
        f"No usable plan could be made: {problem}. Which files should change, or how can the "
        "story be made smaller?"
    )


def no_baseline(tail: str) -> str:
    return (
        "the project's own tests could not be run before the change, so nothing could be "
        f"verified: {tail}"
    )


def environment(problem: str) -> str:
    return f"the project's environment could not be made with this change: {problem}"


def family_failed(problem: str) -> str:
    return f"the automatic change does not pass the project's tests: {problem}"


def foreign_commit_fails(problem: str) -> str:
    return f"the tests fail at a commit that somebody else pushed to the branch: {problem}"


def conflict(paths: Iterable[str], why: str = "") -> str:
    shown = [path.encode("utf-8", "replace").decode() for path in paths]
    more = f" and {len(shown) - 10} more" if len(shown) > 10 else ""
    named = f"the default branch moved and conflicts in {', '.join(shown[:10])}{more}"
    return f"{named}; it could not be resolved: {why}" if why else named


TOGETHER = "single commits conflict with the default branch, all of them together do not"
NOTHING_LEFT = "what the default branch holds now is all that is left of the change"


def resolved(paths: Iterable[str], evidence: str) -> str:
    return (
        f"conflicts with the default branch in {', '.join(paths)} were resolved by the model; look "
        f"at these first: {evidence or 'nothing was said of it'}"
    )


def remembered(paths: Iterable[str]) -> str:
    return (
        f"conflicts with the default branch in {', '.join(paths)} were resolved without a model, "
        "as the same lines were in an earlier change that is merged; look at these first"
    )


def merge_refused(said: str) -> str:
    return f"GitHub refused the merge: {said}"


def merged_fails(problem: str) -> str:
    return f"the tests fail on the default branch after the merge: {problem}"


def already(message: str, evidence: Iterable[str]) -> str:
    return f"there is nothing to do: {message} ({'; '.join(evidence) or 'seen in the files'})"


def not_all_fixed(before: int, after: int, left: Iterable[str]) -> str:
    return f"{after} of {before} findings have no automatic fix: {'; '.join(list(left)[:10])}"


def unreadable_report(problem: str) -> str:
    return f"the tool's report could not be read: {problem}"


def no_tests(said: str) -> str:
    return f"no new test was written: {said or 'no reason was given'}"


def red(summary: TestSummary) -> str:
    """The new tests before the change, as evidence."""
    if not summary.ran:
        return "the new tests did not run before the change"
    if summary.ok:
        return f"all {summary.passed} tests of the new tests' files pass without a change"
    return (
        f"{summary.failed} tests fail without the change, {summary.passed} others of their files "
        "pass"
    )


def nothing_to_do(evidence: str) -> str:
    return f"the repository does what the story asks already: {evidence}"


def no_change_unshown(said: Sequence[str]) -> str:
    told = "; ".join(one for one in said if one) or "nothing was said"
    return f"the work ended without a change, and no test shows that none is needed: {told}"


def said_no_change(said: str) -> str:
    return f"no file had to change: {said or 'no reason was given'}"


def changed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return f"changed {', '.join(paths[:5])}{more}"


def cut_short(why: str) -> str:
    return f"stopped before its end, what was there was kept: {why}"


def out_of_time(seconds: float, commits: int) -> str:
    return (
        f"the time for writing ({seconds / 60:.0f} minutes) was used up; "
        f"{commits} commits of it are kept"
    )


def cannot(evidence: str) -> str:
    return f"it cannot be done as planned, and a second plan did not help: {evidence}"


def polish_broke(problem: str) -> str:
    return f"the suggestions of the review were not kept, because tests failed with them: {problem}"


def too_big(names: Iterable[str], tokens: int, limit: int) -> str:
    return (
        f"the files of one task, and what they import, need {tokens} tokens where {limit} are "
        f"given, and the work could not be cut smaller; the largest are {', '.join([*names][:5])}"
    )


def not_by_itself(verdict: Verdict) -> str:
    """Why the configuration did not approve; '' where it never does."""
    return "" if verdict.rule == "auto_approve_off" else f"not approved by itself: {verdict.reason}"
