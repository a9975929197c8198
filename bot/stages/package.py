"""What a model is given at the beginning of a conversation, in layers (M10, S18, §8).

Promises: what is the same for all work on a story comes first and is the same to the byte: the
story, the project, its files as they were before the change; then what was done since; then what
went wrong; the task comes last. Each attempt sees more than the one before it (§9.4).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bot.codebase.budget import TooBig
from bot.stages.analyze import full_text, said, told_story
from bot.stages.shown import shown, told_diff
from bot.stages.workroom import Workroom, hand_over
from bot.story.machine import Story
from bot.story.vocabulary import ExecutionPlan, FailedTest, StorySpec, Task, Value
from bot.texts import reasons
from bot.workspace.git import GitFailed
from bot.workspace.mirror import Mirror
from bot.workspace.text_files import Files
from policies.convergence import Attempt, Step, decide

TRACE = 3_000  # characters of one test's trace
TESTS_SHOWN = 3  # files of failing tests
DIFF_SHARE = 4  # of the context's characters, a part for what was changed
EASY, MIDDLING = 3, 6  # complexity up to which a part of the context is enough


def level(story: Story) -> int:
    """How much the next attempt is shown, 1 to 5 (§9.4); all of it where it goes in circles."""
    known = len(story.failures)
    course = decide([Attempt(f.fingerprint) for f in story.failures])
    return min(5, max(known, 4 if course.step is Step.SHOW_ALL else 0)) if known else 0


def characters(spec: StorySpec, most: int, shown_level: int = 0) -> int:
    """How much of a repository is shown for a story: the rest is one `view` away, and what is shown
    is paid in every turn. Who has failed before sees all of it (§9.4).
    """
    if shown_level >= 4 or spec.complexity > MIDDLING:
        return most
    return most // 4 if spec.complexity <= EASY else most // 2


def told_spec(spec: StorySpec) -> dict[str, Any]:
    """What the analysis made of the story, but for what the story says itself."""
    return _said(spec, "title", "tier", "details", "ambiguities")


def told_plan(plan: ExecutionPlan) -> dict[str, Any]:
    return _said(plan)


def _said(value: Value, *without: str) -> dict[str, Any]:
    """A value without what is empty."""
    kept: dict[str, Any] = _full(value.model_dump(mode="json", exclude=set(without)))
    return kept


def _full(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _full(one) for name, one in value.items() if one not in ("", [], {}, None)}
    return [_full(one) for one in value] if isinstance(value, list) else value


def package(story: Story, room: Workroom, task: Task) -> dict[str, Any]:
    """The package of a conversation about `task`."""
    made = of_story(story, room, task)
    made["task"] = _said(task)
    mirror, head = room.mirror_of(story.repository), story.head_sha or story.base_sha
    limit = room.settings.context_chars
    if head != story.base_sha:
        made["diff"] = told_diff(mirror.diff(story.base_sha, head), limit // DIFF_SHARE)
    if story.failures:
        made |= _failures(story, Files(mirror, head), level(story))
        made["known_fix"] = _known_fix(story, room, mirror)
    return made


def of_story(story: Story, room: Workroom, task: Task | None = None) -> dict[str, Any]:
    """The part that is the same in every conversation about a story's plan.

    Only where the files of the whole plan are too big together, those of `task` are shown instead.
    """
    files = Files(room.mirror_of(story.repository), story.base_sha)
    tasks = story.plan.tasks
    targets = tuple(dict.fromkeys(t for task in tasks for t in task.targets))
    query = "\n".join([story.title, full_text(story), *(t.description for t in tasks), *targets])
    limit = room.settings.context_chars
    return {
        "story": told_story(story),
        "answers": said(story),
        "spec": told_spec(story.spec),
        "plan": told_plan(story.plan),
        **_shown(story, files, query, limit, task),
        "tree": files.listing(),
    }


def _shown(story: Story, files: Files, query: str, limit: int, task: Task | None) -> dict[str, Any]:
    tasks = story.plan.tasks
    targets = tuple(dict.fromkeys(t for one in tasks for t in one.targets))
    for enough in dict.fromkeys((characters(story.spec, limit, level(story)), limit)):
        with suppress(TooBig):
            return shown(files, query, enough, targets=targets)
    own = task.targets if task in tasks else ()  # tests and repairs may need any of them
    try:
        return shown(files, query, limit, targets=own, changed=targets)
    except TooBig as problem:
        raise hand_over(reasons.too_big(problem.names, problem.tokens, problem.limit)) from problem


def _failures(story: Story, files: Files, shown_level: int) -> dict[str, Any]:
    """Attempt 1: the error. 2: traces and tests. 3: all attempts. 4: more of the project."""
    last = story.failures[-1]
    parts: dict[str, Any] = {"failure": last.message if shown_level < 2 else _traces(story)}
    parts["kind"] = last.error_class
    if shown_level >= 2:
        parts["failing_tests"] = _test_files(story, files)
    if shown_level >= 3:
        parts["attempts"] = [
            {
                "attempt": f.iteration,
                "stage": f.stage.value,
                "kind": f.error_class,
                "what": f.message[:TRACE],
                "changes": _changes_of(story, files, f.iteration),
            }
            for f in story.failures
        ]
    return parts


def _known_fix(story: Story, room: Workroom, mirror: Mirror) -> dict[str, str]:
    """How such a failure was mended in an earlier story (S17); {} where it never was."""
    last, began = story.failures[-1].fingerprint, story.state_since
    found = room.known_fix(story.stream, last, began) if began else None
    if found is None:
        return {}
    told = {"failure": found.failure[:TRACE], "commit": found.message[:TRACE]}
    with suppress(GitFailed):  # the commits of old stories may be gone
        told["change"] = told_diff(mirror.diff(found.parent, found.sha), TRACE * 2)
    return told


def _traces(story: Story) -> str:
    last, head = story.failures[-1], story.tests.get("head")
    details = head.summary.details if head and last.stage.value == "TESTING" else ()
    wanted = {name for name in (head.regressions if head else ())}
    told = [_trace(one) for one in details if one.id in wanted]
    return "\n\n".join([last.message, *told])


def _trace(test: FailedTest) -> str:
    return f"{test.id}\n{test.message}\n{test.tail[-TRACE:]}"


def _test_files(story: Story, files: Files) -> dict[str, str]:
    head = story.tests.get("head")
    names = head.regressions if head else ()
    paths = dict.fromkeys(name.partition("::")[0] for name in names)
    texts = {path: files.text(path) for path in list(paths)[:TESTS_SHOWN]}
    return {path: text for path, text in texts.items() if text}


def _changes_of(story: Story, files: Files, iteration: int) -> str:
    """The diff that was made for the attempt after failure `iteration`."""
    made = [c for c in story.commits if c.task == f"repair-{iteration - 1}"]
    return told_diff(files.mirror.diff(made[0].parent, made[-1].sha), TRACE * 2) if made else ""
