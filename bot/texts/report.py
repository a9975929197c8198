"""The pull request: its title and its iteration report (S21, §14.3)."""

from __future__ import annotations

from bot.story.machine import Story
from bot.story.outcome import outcome
from bot.story.vocabulary import TESTS_TASK
from bot.texts import for_people
from bot.texts.checks import table
from bot.texts.review import summary
from bot.texts.servers import used
from bot.texts.status import cost, suite_line
from bot.texts.words import code, count, gist, plain, short, shown


def title(story: Story) -> str:
    """The subject of the work's last commit, or the story's title."""
    spec = story.spec
    kind = "fix" if spec and spec.story_type == "bugfix" else "feat"
    if story.commits and len(story.commits) == 1:
        return plain(story.commits[0].message.splitlines()[0], 120)
    return f"{kind}: {plain(spec.title if spec else story.title, 100)}"


def body(story: Story, files: tuple[tuple[str, int, int], ...]) -> str:
    """The pull request's description; `files` are (path, lines added, lines removed)."""
    spec = story.spec
    parts = [f"For #{story.issue} ({story.name})."]
    if any(call.provider == "scripted" for call in story.model_calls):
        parts.append(
            "> The model of this story was **scripted**: its answers were written beforehand."
        )
    told = shown(spec.description) or spec.title if spec else ""
    parts.append(f"## Summary\n\n{plain(told, 800)}")
    parts.append(
        "\n".join(f"- {code(path)} (+{added} −{removed})" for path, added, removed in files[:50])
    )
    parts.append("## Acceptance criteria\n\n" + _criteria(story))
    parts.append("## Tests\n\n" + _tests(story))
    if story.gated and story.gated.sha == story.head_sha:
        parts.append("## Quality gates\n\n" + table(story.gated.gates, story.gated.score))
    parts.append(for_people.section(story))
    parts.append("## Outcome\n\n" + _outcome(story))
    parts.append("## Iteration report\n\n" + _iterations(story))
    parts.append("## Commits\n\n" + _commits(story))
    parts.append(
        "<sub>Made by Towpath. It is merged only after an approval that is bound to the commit "
        "which the status comment on the issue shows.</sub>"
    )
    return "\n\n".join(part for part in parts if part)


def _criteria(story: Story) -> str:
    criteria = story.spec.criteria if story.spec else ()
    if not criteria:
        return "The story names none; the project's own tests decide."
    written = [path for c in story.commits if c.task == TESTS_TASK for path in c.files]
    where = ", ".join(map(code, written)) or "the project's own tests"
    rows = []
    for criterion in criteria:
        rows.append(f"| {criterion.id} | {plain(criterion.text, 300)} | {where} |")
    return "| | Criterion | Checked by |\n|---|---|---|\n" + "\n".join(rows)


def _tests(story: Story) -> str:
    lines = []
    for subject, label in (
        ("baseline", "Before the change"),
        ("red", "The files of the new tests, without the change (some have to fail)"),
        ("head", "With the change"),
    ):
        tested = story.tests.get(subject)
        if tested:
            line = suite_line(tested.summary, tested.regressions)
            lines.append(f"- {label}: {line} at {short(tested.summary.sha)}")
    head = story.tests.get("head")
    if head and head.flaky:
        names = ", ".join(map(code, head.flaky[:10]))
        lines.append(f"- Failed first and passed when run again, worth a look: {names}")
    if head:
        lines.append(f"- Command: {code(head.summary.command)}, in a sandbox without network")
        for host, command in head.summary.refused[:10]:
            lines.append(f"- Set-up: {code(command)} wanted to reach {code(host)} and was refused")
    return "\n".join(lines) or "None were run."


def _outcome(story: Story) -> str:
    """What the repository shows, and by what each task ended."""
    kind, evidence = outcome(story)
    lines = [f"**{plain(kind.replace('_', ' '))}**: {plain(evidence, 400)}"] if kind else []
    for done in story.tasks_done.values():
        word = done.outcome.replace("_", " ")
        lines.append(f"- {code(done.task)} {word}: {plain(done.evidence, 400)}")
    return "\n".join(lines)


def _iterations(story: Story) -> str:
    lines = [f"- Attempts: {story.iteration}"]
    lines += [
        f"  - {f.iteration}: {f.stage.lower()}, {plain(f.error_class, 40)}: {gist(f.message)}"
        for f in story.failures
    ]
    by_purpose: dict[str, int] = {}
    for call in story.model_calls:
        by_purpose[call.purpose] = by_purpose.get(call.purpose, 0) + 1
    calls = ", ".join(f"{name} {number}" for name, number in by_purpose.items()) or "none"
    names = {c.provider if c.provider == "scripted" else c.model for c in story.model_calls}
    models = ", ".join(map(code, sorted(names)))
    lines.append(f"- Model calls: {calls}" + (f" ({models})" if models else ""))
    if told := used(story.server_calls):
        lines.append(f"- Tools of servers: {told}")
    if story.instructions:
        told = ", ".join(map(code, story.instructions))
        lines.append(f"- The project's own instructions, the nearest last: {told}")
    cached = story.cache_read_share
    share = f", {cached:.0%} of the input read from the provider's cache" if cached else ""
    lines.append(f"- Cost: {cost(story)}{share}")
    if story.remarks:
        lines.append(f"- Review by people: {summary(story)}")
    for review in story.reviews[-1:]:
        found = count(len(review.findings), "finding")
        lines.append(f"- Review by {plain(review.reviewer, 60)}: {found}")
        lines += [
            f"  - {f.severity}: {plain(f.message, 240)} {code(f.path) if f.path else ''}"
            for f in review.findings[:10]
        ]
    return "\n".join(lines)


def _commits(story: Story) -> str:
    return "\n".join(
        f"- {short(c.sha)} {plain(c.message.splitlines()[0], 120)}" for c in story.commits
    )
