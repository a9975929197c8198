"""The handoff artefact (S10, §15.4): what a person gets when Towpath gives a story back."""

from __future__ import annotations

from bot.story.handoff import Handoff
from bot.story.machine import Story
from bot.texts import reasons


def handoff(story: Story, reason: str) -> Handoff:
    """Build it from what the journal knows."""
    head = story.tests.get("head")
    kind, _, _ = reason.partition(":")
    return Handoff(
        reason=kind[:80],
        summary=_summary(story, reason),
        tried=tuple(
            f"attempt {f.iteration}, {f.stage.lower()}: {f.error_class}: "
            f"{f.message.splitlines()[0] if f.message else ''}"[:400]
            for f in story.failures
        ),
        branch=story.branch if story.pushed_sha else "",
        failing=head.regressions[:40] if head else (),
        files=tuple(sorted({f for c in story.commits for f in c.files})),
        next_steps=_next_steps(story),
        effort="30–60 minutes" if story.failures else "10–30 minutes",
    )


def _summary(story: Story, reason: str) -> str:
    if story.rejected and reason == "rejected":
        why = story.rejected.reason or "no reason was given"
        return f"{story.rejected.person.login} rejected the change: {why}"
    return reasons.short(reason)


def _next_steps(story: Story) -> tuple[str, ...]:
    steps = []
    if story.pull_number and not story.merged_sha:
        steps.append(f"Look at pull request #{story.pull_number}; its branch is kept.")
    if story.merged_sha:
        steps.append("The change is merged: repair the default branch or revert the merge.")
    steps.append("Make the story more precise and comment `/retry` to start anew.")
    steps.append("Or take it over: remove the story's label, and Towpath leaves it alone.")
    return tuple(steps)
