"""The one status comment of a story (W9): where it is, what it waits for, and from whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.story.machine import Story
from bot.story.outcome import outcome
from bot.story.vocabulary import Gate, State
from bot.texts import approvals, for_people, review, split
from bot.texts.checks import line as gates_line
from bot.texts.remedies import remedy
from bot.texts.unmet import missing
from bot.texts.words import block, code, count, gist, money, plain, short
from policies import throttle
from policies.standing import DRY_RUN, PERMISSION
from policies.unmet import Condition

HEADLINE = {
    State.RECEIVED: "received",
    State.ANALYZING: "reading the story",
    State.PLANNING: "planning",
    State.CODING: "writing",
    State.REVIEWING: "reviewing its own work",
    State.TESTING: "running the tests",
    State.DEPLOYING: "merging",
    State.VERIFYING: "checking the merged branch",
    State.DONE: "done",
    State.FAILED: "handed over to people",
    State.CANCELLED: "cancelled",
}
WAITS = {
    Gate.PRE_CODE: "waiting for a yes to the plan",
    Gate.PRE_DEPLOY: "waiting for approval",
    Gate.PRE_PRODUCTION: "waiting for approval of production",
    Gate.AMBIGUITY_DETECTED: "waiting for an answer",
    Gate.BUDGET_EXCEEDED: "waiting for a budget",
    Gate.PAUSED: "paused",
}
RULES = {
    DRY_RUN: "rehearsed",
    PERMISSION: "waiting for a permission",
    "prs_per_day": "waiting for tomorrow",
    "slow_prs_per_day": "waiting for tomorrow, or a better CI",
    "open_prs": "waiting for another pull request to end",
    "family_prs_per_day": "waiting for tomorrow",
    "family_open_prs": "waiting for another pull request to end",
}
_SHOWN = 20


def status(
    story: Story,
    story_budget_usd: float,
    max_iterations: int,
    lacks: Sequence[Condition] = (),
    wait_days: float = 0.0,
) -> str:
    """The whole comment, without the hidden marker that the adapter adds.

    `lacks`: all that is missing between now and done; `wait_days`: how long a person is waited for.
    """
    parts = [f"### Towpath · {story.name} · {_headline(story)}", _now(story), missing(lacks)]
    parts.append(_patience(story, wait_days))
    parts.append(_taken_over(story))
    parts += [approvals.automatic(story), approvals.withdrawn(story)]
    if not story.pull_number:  # else the pull request shows it
        parts.append(for_people.section(story))
    parts.append(_facts(story, story_budget_usd, max_iterations))
    if story.rehearsed and any(one.what == DRY_RUN for one in lacks):
        parts.append(_rehearsed(story))
    if story.plan:
        parts.append(_plan(story))
    if story.failures:
        parts.append(_failures(story))
    if story.handoff:
        parts.append(handoff(story))
    parts.append(_timeline(story))
    parts.append(
        "<sub>This comment is edited in place. `/help` lists what you can say; "
        f"all that happened is in the journal of {code(story.stream)}.</sub>"
    )
    return "\n\n".join(part for part in parts if part)


def _headline(story: Story) -> str:
    if story.nothing_to_do:
        return "nothing has to change"
    if story.state is State.WAITING and story.waiting:
        return RULES.get(story.waiting.rule) or WAITS[story.waiting.gate]
    return HEADLINE.get(story.state, story.state.lower())


def _now(story: Story) -> str:
    if story.state is State.WAITING and story.waiting:
        return _waits_for(story)
    if story.state is State.DONE:
        return f"Merged as {short(story.merged_sha)}; the tests pass on the default branch."
    if story.state is State.CANCELLED:
        why = f"{plain(story.cancel.reason, 300)}. " if story.cancel and story.cancel.reason else ""
        return f"{why}Nothing more happens here. `/retry`, or the label again, starts it anew."
    if story.nothing_to_do:
        return "Close the issue if you agree; `/retry` with a more precise story starts it anew."
    if story.state is State.FAILED:
        return "A person has to go on from here; below is what was tried. `/retry` starts it anew."
    return "Work is under way; nothing is needed from you. `/cancel` stops it."


def _taken_over(story: Story) -> str:
    """That somebody else's claim ran out, for as long as ours stands (B7)."""
    told = story.claim.taken_from if story.claim else ""
    return f"Taken over: {plain(told)}." if told else ""


def _patience(story: Story, days: float) -> str:
    """Since when it waits, and how long it does."""
    waiting = story.waiting
    if story.state is not State.WAITING or waiting is None or waiting.until or not days:
        return ""
    end = waiting.since + timedelta(days=days)
    return (
        f"Waiting since {waiting.since:%Y-%m-%d %H:%M} UTC, and until {end:%Y-%m-%d %H:%M} UTC at "
        "the longest."
    )


def _waits_for(story: Story) -> str:
    waiting = story.waiting
    if waiting is None:
        return ""
    match waiting.gate:
        case Gate.PRE_DEPLOY:
            why = f" {plain(waiting.reason, 400)}." if waiting.reason else ""
            return (
                f"Pull request #{story.pull_number} is ready at `{story.head_sha}`.{why}\n\n"
                "**Waits for:** `/approve` (or `/reject reason`) from somebody with write access "
                "who neither asked for, wrote nor committed this change. The approval counts for "
                f"exactly this commit.{approvals.given(story)}"
            )
        case Gate.PRE_CODE if story.split:
            return f"{split.waits()}{approvals.given(story)}"
        case Gate.PRE_CODE:
            return (
                "The plan below is ready.\n\n**Waits for:** `/approve` (or `/reject reason`) "
                f"from somebody with write access.{approvals.given(story)}"
            )
        case Gate.AMBIGUITY_DETECTED:
            asked = "\n".join(f"{n}. {plain(q, 500)}" for n, q in enumerate(waiting.questions, 1))
            return (
                f"{asked}\n\n**Waits for:** `/answer …` from whoever wrote or asked for the "
                "story, or an edit of the story's text."
            )
        case Gate.BUDGET_EXCEEDED if waiting.rule in throttle.RULES:
            return f"{plain(waiting.reason, 400)}.\n\n**Waits for:** {remedy(waiting.rule)}"
        case Gate.BUDGET_EXCEEDED if waiting.until:
            return (
                f"{plain(waiting.reason, 400)}.\n\n**Waits for:** the next period, or a higher "
                "limit set by whoever operates Towpath."
            )
        case Gate.BUDGET_EXCEEDED:
            return (
                f"{plain(waiting.reason, 400)}\n\n**Waits for:** `/budget +5` from somebody with "
                "write access."
            )
        case _ if waiting.rule == DRY_RUN:
            return (
                f"Nothing was done: this is a rehearsal. Towpath would now "
                f"{plain(waiting.reason, 400)}.\n\n**Waits for:** `mode: on` in "
                "`.github/towpath.yml` on the default branch; it goes on from here then."
            )
        case _ if waiting.rule == PERMISSION:
            return (
                f"{plain(waiting.reason, 400)}.\n\n**Waits for:** an owner of the account, who "
                "accepts what the app asks for, in its settings on GitHub; then it goes on."
            )
        case _ if waiting.subject:
            return (
                f"{plain(waiting.reason, 400)}\n\n**Waits for:** `/resume` from somebody with "
                "write access if it is, or an edit of the story's text."
            )
        case _:
            return "**Waits for:** `/resume` from somebody with write access."


def _facts(story: Story, budget: float, max_iterations: int) -> str:
    rows = []
    if story.spec:
        tier = {
            "dependency_bump": "known family: dependency bump, no model",
            "autofix": "known family: automatic fix, no model",
            "remedy": "known family: exact answer to a scanner's finding, no model",
            "model": "model",
        }[story.spec.tier]
        rows.append(("Kind", f"{plain(story.spec.story_type, 30)} ({tier})"))
    if story.branch:
        rows.append(("Branch", code(story.branch)))
    if story.pull_number:
        rows.append(("Pull request", f"#{story.pull_number}"))
    if story.head_sha:
        rows.append(("Head", f"`{story.head_sha}`"))
    kind, shown = outcome(story)
    if kind:
        rows.append(("Outcome", f"{kind.replace('_', ' ')}: {gist(shown)}"))
    for subject, label in (
        ("baseline", "Tests before"),
        ("head", "Tests on the branch"),
        ("merged", "Tests after the merge"),
    ):
        tested = story.tests.get(subject)
        if tested:
            rows.append((label, suite_line(tested.summary, tested.regressions)))
    if story.gated and story.gated.sha == story.head_sha:
        rows.append(("Quality gates", gates_line(story.gated.gates, story.gated.score)))
    if story.instructions:
        rows.append(("Instructions followed", ", ".join(map(code, story.instructions))))
    if story.failures:
        rows.append(("Attempt", f"{story.iteration} of at most {max_iterations}"))
    if story.remarks:
        rows.append(("Review", review.summary(story)))
    limit = money(budget + story.budget_raised_usd)
    calls = count(len(story.model_calls), "model call")
    scripted = sum(c.provider == "scripted" for c in story.model_calls)
    note = f", {scripted} of them scripted" if scripted else ""
    rows.append(("Cost", f"{cost(story)} of {limit} ({calls}{note})"))
    return "| | |\n|---|---|\n" + "\n".join(f"| {k} | {v} |" for k, v in rows)


def cost(story: Story) -> str:
    """What the story cost; what nobody knows the price of is said, never counted as nothing."""
    if not story.cost_unknown:
        return money(story.cost_usd)
    if not story.cost_usd:
        return f"unknown ({count(story.unpriced_tokens, 'token')} without a known price)"
    tokens = count(story.unpriced_tokens, "token")
    return f"{money(story.cost_usd)} and {tokens} without a known price"


def suite_line(summary: object, regressions: tuple[str, ...] = ()) -> str:
    """One run of the project's tests in one line."""
    if not summary.ran:
        return f"could not run: {code(summary.tail[-160:])}"
    text = f"{summary.passed} passed, {summary.failed} failed, {summary.skipped} skipped"
    if not summary.ok and not regressions and summary.failed:
        text += " (the same fail without this change)"
    return text


def _plan(story: Story) -> str:
    done = {commit.task for commit in story.commits}
    lines = [
        f"- [{'x' if task.id in done else ' '}] {plain(task.description)} ({code(task.id)})"
        for task in story.plan.tasks
    ]
    plan = "**Plan**\n" + "\n".join(lines)
    return f"{plan}\n\n{_checks(story)}" if story.checks else plan


def _checks(story: Story) -> str:
    """How the project is worked on, as its own files say."""
    rows = "\n".join(f"- {plain(check, 300)}" for check in story.checks)
    return (
        "<details><summary>How this project is installed, tested and checked</summary>\n\n"
        f"{rows}\n\n</details>"
    )


def _rehearsed(story: Story) -> str:
    held = story.rehearsed
    rows = [f"- {plain(one, 300)}" for one in held[:_SHOWN]]
    if len(held) > _SHOWN:
        rows.append(f"- … and {count(len(held) - _SHOWN, 'more thing')}")
    return "**What it would have done outside by now**\n" + "\n".join(rows)


def _failures(story: Story) -> str:
    rows = [
        f"{f.iteration}. {f.stage.lower()}: {plain(f.error_class, 40)}, {gist(f.message)}"
        for f in story.failures
    ]
    return "**Attempts that failed**\n" + "\n".join(rows)


def handoff(story: Story) -> str:
    """The handoff artefact for people (S10); the journal holds it as data."""
    h = story.handoff
    lines = [f"**Why it was handed over:** {plain(h.summary, 600)}"]
    if h.tried:
        lines.append("**Tried**\n" + "\n".join(f"- {plain(t, 300)}" for t in h.tried))
    if h.failing:
        lines.append("**Failing**\n" + block("\n".join(h.failing[:20])))
    if h.next_steps:
        lines.append("**What you can do**\n" + "\n".join(f"- {s}" for s in h.next_steps))
    if h.effort:
        lines.append(f"Estimated effort: {plain(h.effort, 60)}.")
    return "\n\n".join(lines)


def _timeline(story: Story) -> str:
    steps = story.timeline[-14:]
    nodes = [f's{n}["{state} {at:%H:%M:%S}"]' for n, (at, state) in enumerate(steps)]
    return (
        "<details><summary>Timeline (UTC)</summary>\n\n```mermaid\nflowchart LR\n    "
        + " --> ".join(nodes)
        + "\n```\n\n</details>"
    )
