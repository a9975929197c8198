"""What came of a story, read from what the repository shows (issue: five outcomes).

Promises: pure; success is a tested commit, a question is one that waits, "no change needed" is
tests that pass without one. Never: what a model said of its own work.
"""

from __future__ import annotations

from enum import StrEnum

from bot.story.story import Story
from bot.story.vocabulary import Gate, State


class Outcome(StrEnum):
    """`none`: the work is under way."""

    CHANGED = "changed"
    NO_CHANGE_NEEDED = "no_change_needed"
    QUESTION = "question"
    HANDED_OVER = "handed_over"
    FAILED = "failed"
    NONE = ""


def outcome(story: Story) -> tuple[Outcome, str]:
    """The outcome so far and the line that shows it."""
    if story.nothing_to_do:
        return Outcome.NO_CHANGE_NEEDED, story.nothing_to_do.evidence
    if story.waits_at(Gate.AMBIGUITY_DETECTED) and story.waiting:
        return Outcome.QUESTION, "; ".join(story.waiting.questions)
    if story.state is State.FAILED:
        given_up = story.handoff.summary if story.handoff else story.failure_reason
        faulted = story.failure_reason.startswith("fault ")
        return Outcome.FAILED if faulted else Outcome.HANDED_OVER, given_up
    tested = story.tests.get("merged" if story.merged_sha else "head")
    if story.head_sha and tested and story.passed(tested.subject, tested.summary.sha):
        return Outcome.CHANGED, _tested(story, tested.summary.sha, tested.summary.passed)
    return Outcome.NONE, ""


def _tested(story: Story, sha: str, passed: int) -> str:
    files = {path for commit in story.commits for path in commit.files}
    red = story.tests.get("red")
    before = f", {red.summary.failed} of them failed before the change" if red else ""
    return f"{len(files)} files changed; {passed} tests pass at {sha[:10]}{before}"
