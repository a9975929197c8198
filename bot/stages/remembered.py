"""What the conflicts of former stories came to, and which of it is worth remembering (S22, O3).

Promises: only what lies on the default branch exactly as the conflict was resolved, and passed the
tests there, is remembered, whoever resolved it on the story's branch; so nothing of a story that
was cancelled or denied comes back. What is brought back is in the journal and in the pull request,
and no path is written that the story may not change. What fails the tests or a gate is forgotten.
Never: the reason that a story stops; without memory a model or people resolve.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from bot.stages.for_people import scope_of
from bot.stages.workroom import Workroom
from bot.story.events import ConflictMet
from bot.story.machine import Story
from bot.workspace.git import GitFailed
from bot.workspace.mirror import Conflicted, Mirror
from bot.workspace.paths import PathRefused
from bot.workspace.reading import NotFound
from bot.workspace.resolutions import LARGEST
from policies.scope import may_be_written

log = logging.getLogger(__name__)

TASK = "conflict"
MOST_FILES = 10  # of a conflict that is tried at all

_GONE = (NotFound, GitFailed, PathRefused)


def task_of(base: str) -> str:
    """The name of the task that resolves the conflicts with `base`."""
    return f"{TASK}-{base[:10]}"


def recalled(story: Story, room: Workroom, both: Conflicted) -> tuple[str, tuple[str, ...]]:
    """(`both.tree` with what is remembered in the place of marks, the paths of it)."""
    mirror, scope = room.mirror_of(story.repository), scope_of(story, room)
    paths = [path for path in both.conflicts if may_be_written([path], scope).allowed]
    try:
        texts = mirror.read_many(both.tree, paths, limit=LARGEST)
        found = zip(texts, mirror.resolutions.recall(list(texts.values())), strict=True)
        known = {path: text for path, text in found if text is not None}
        return (mirror.tree_with(both.tree, known) if known else both.tree), tuple(sorted(known))
    except PathRefused as odd:  # a link whose target looks like a conflict
        log.warning("not recalled", extra={"stream": story.stream, "why": str(odd)})
        return both.tree, ()


def learn(story: Story, room: Workroom, merged: str) -> None:
    """Remember what the story's conflicts came to, as far as `merged` holds it unchanged."""
    mirror = room.mirror_of(story.repository)
    for base, ours, result, again in _resolved(story, mirror):
        try:
            if not mirror.is_ancestor(base, f"{merged}^1"):  # a base that never was one
                continue
            marked = _marked(mirror, base, ours)
            became = mirror.read_many(result, marked, limit=LARGEST)
            holds = mirror.read_many(merged, marked, limit=LARGEST)
        except _GONE as problem:  # tidied away since, or never fetched: nothing to learn from
            log.info("not learnt", extra={"stream": story.stream, "why": str(problem)})
            continue
        kept = [path for path in became if became[path] == holds.get(path)]
        lost = [path for path in again if path in marked and path not in kept]
        mirror.resolutions.forget([marked[path] for path in lost])
        mirror.resolutions.learn([(marked[path], became[path]) for path in kept])


def doubted(story: Story, room: Workroom) -> None:
    """The head does not pass: what was brought back in exactly this commit is forgotten."""
    mirror = room.mirror_of(story.repository)
    for met in story.conflicts:
        if met.remembered and _commit(story, met) == story.head_sha:
            try:
                marked = _marked(mirror, met.base_sha, met.head_sha)
            except _GONE as problem:
                log.info("not forgotten", extra={"stream": story.stream, "why": str(problem)})
                continue
            mirror.resolutions.forget([marked[p] for p in met.remembered if p in marked])


def _resolved(story: Story, mirror: Mirror) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(the base, ours, the commit that resolved them, the paths that were brought back)."""
    for met in story.conflicts:
        if met.files and (commit := _commit(story, met)):
            yield met.base_sha, met.head_sha, commit, met.remembered
    if not story.pushers:
        return
    try:
        merges = mirror.merges(story.base_sha, story.head_sha)
        by_people = [(sha, mirror.parents(sha)) for sha in merges]
    except _GONE as problem:
        log.info("not learnt", extra={"stream": story.stream, "why": str(problem)})
        return
    for sha, parents in by_people:  # the base merged into the story's branch
        if len(parents) == 2:
            yield parents[1], parents[0], sha, ()


def _commit(story: Story, met: ConflictMet) -> str:
    """The commit that resolved it; '' where none did."""
    name = task_of(met.base_sha)
    return next((c.sha for c in reversed(story.commits) if c.task == name), "")


def _marked(mirror: Mirror, base: str, ours: str) -> dict[str, bytes]:
    """The files in conflict, with git's marks; {} where they are too many."""
    both = mirror.conflicted(base, ours)
    if len(both.conflicts) > MOST_FILES:
        return {}
    return mirror.read_many(both.tree, both.conflicts, limit=LARGEST)
