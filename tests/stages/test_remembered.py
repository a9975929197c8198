"""Which resolutions are worth remembering: what was merged as it was resolved, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.configuration.in_force import EffectiveConfig
from bot.stages import remembered
from bot.stages.workroom import StageSettings, Workroom
from bot.story.events import Committed, ConflictMet
from bot.story.story import Story
from bot.workspace.git import git
from bot.workspace.mirror import Conflicted, Mirror, Person
from tests.journal.samples import ADA, REPOSITORY

BOT, THEN = Person("Towpath", "towpath@example.com"), datetime(2026, 3, 1, tzinfo=UTC)
BASE, OURS, THEIRS, BOTH = b"a = 1\n", b"a = 2\n", b"a = 3\n", b"a = 5\n"
PATHS = ("a.py", "sub/b.py")


class Conflict:
    """A branch and its base that changed the same files, and a story about it."""

    def __init__(self, root: Path) -> None:
        self.mirror = Mirror.open(root, "repository-7")
        self.start = self.commit(None, BASE)
        self.ours, self.base = self.commit(self.start, OURS), self.commit(self.start, THEIRS)
        self.story = Story("story:7:1", repository=REPOSITORY, issue=1, base_sha=self.base)
        self.room = self.at(EffectiveConfig())

    def at(self, config: EffectiveConfig) -> Workroom:
        nothing: Any = None
        return Workroom(
            github=nothing, mirror_of=lambda _: self.mirror, fetch=lambda *_: "", author=BOT,
            settings=StageSettings(), has_model=True, configuration=lambda _: config,
        )  # fmt: skip

    def commit(self, parent: str | None, content: bytes, paths: tuple[str, ...] = PATHS) -> str:
        return self.mirror.commit_files(parent, dict.fromkeys(paths, content), "x", BOT, THEN)

    def resolved(self, content: bytes = BOTH, remembered: tuple[str, ...] = ()) -> str:
        """What the story's task made of it; its commit."""
        sha = self.commit(self.base, content)
        self.story.conflicts.append(
            ConflictMet(base_sha=self.base, head_sha=self.ours, files=PATHS, remembered=remembered)
        )
        self.story.commits.append(
            Committed(
                task=f"conflict-{self.base[:10]}", sha=sha, parent=self.base, message="m",
                files=PATHS,
            )
        )  # fmt: skip
        self.story.head_sha = sha
        return sha

    def recalled(self, config: EffectiveConfig | None = None) -> dict[str, bytes]:
        both = self.mirror.conflicted(self.base, self.ours)
        room = self.at(config) if config else self.room
        tree, paths = remembered.recalled(self.story, room, both)
        return self.mirror.read_many(tree, paths)


@pytest.fixture
def conflict(tmp_path: Path) -> Conflict:
    return Conflict(tmp_path)


def test_what_was_merged_as_it_was_resolved_is_remembered(conflict: Conflict) -> None:
    sha = conflict.resolved()
    assert conflict.recalled() == {}
    remembered.learn(conflict.story, conflict.room, conflict.commit(sha, b"more", ("c.py",)))
    assert conflict.recalled() == dict.fromkeys(PATHS, BOTH)


def test_only_files_that_were_merged_unchanged_are_remembered(conflict: Conflict) -> None:
    sha = conflict.resolved()
    mended = conflict.commit(sha, b"a = 6\n", PATHS[:1])  # by a repair, or a person
    remembered.learn(conflict.story, conflict.room, conflict.commit(mended, b"a = 6\n"))
    assert conflict.recalled() == {}  # of neither
    remembered.learn(conflict.story, conflict.room, mended)
    assert conflict.recalled() == dict.fromkeys(PATHS, BOTH)  # the lines, in whichever file


def test_a_resolution_by_a_person_on_the_branch_is_remembered_once_merged(
    conflict: Conflict,
) -> None:
    tree = conflict.mirror.tree_with(conflict.ours, dict.fromkeys(PATHS, BOTH))
    merge = conflict.mirror._commit([conflict.ours, conflict.base], tree, "merge", BOT, THEN)
    story = conflict.story
    story.base_sha, story.head_sha = conflict.start, merge
    merged = conflict.commit(conflict.base, BOTH)
    remembered.learn(story, conflict.room, merged)
    assert conflict.recalled() == {}  # nobody pushed: there is no reason to look
    story.pushers[merge] = ADA
    remembered.learn(story, conflict.room, conflict.commit(conflict.start, BOTH))
    assert conflict.recalled() == {}  # what was merged in never was on the default branch
    remembered.learn(story, conflict.room, merged)
    assert conflict.recalled() == dict.fromkeys(PATHS, BOTH)


def test_what_was_brought_back_and_not_merged_so_is_forgotten(conflict: Conflict) -> None:
    sha = conflict.resolved()
    remembered.learn(conflict.story, conflict.room, sha)
    conflict.story.conflicts.clear()
    conflict.story.commits.clear()
    sha = conflict.resolved(remembered=PATHS)
    remembered.learn(conflict.story, conflict.room, conflict.commit(sha, b"a = 7\n"))
    assert conflict.recalled() == {}


def test_what_does_not_pass_is_forgotten_as_far_as_it_came_from_memory(conflict: Conflict) -> None:
    remembered.learn(conflict.story, conflict.room, conflict.resolved())
    remembered.doubted(conflict.story, conflict.room)  # by a model: it is in no memory by itself
    assert conflict.recalled() == dict.fromkeys(PATHS, BOTH)
    conflict.story.conflicts.clear()
    conflict.resolved(remembered=PATHS)
    conflict.story.head_sha = conflict.base  # something else does not pass
    remembered.doubted(conflict.story, conflict.room)
    assert conflict.recalled() == dict.fromkeys(PATHS, BOTH)
    conflict.story.head_sha = conflict.story.commits[-1].sha
    remembered.doubted(conflict.story, conflict.room)
    assert conflict.recalled() == {}


def test_a_path_that_the_story_may_not_change_is_not_written_from_memory(
    conflict: Conflict,
) -> None:
    remembered.learn(conflict.story, conflict.room, conflict.resolved())
    narrow = EffectiveConfig.model_validate({"paths": {"allowed": ["sub/"]}})
    assert conflict.recalled(narrow) == {"sub/b.py": BOTH}


def test_commits_that_are_gone_teach_nothing_and_stop_nothing(conflict: Conflict) -> None:
    sha = conflict.resolved()
    met = conflict.story.conflicts[0]
    conflict.story.conflicts[0] = met.model_copy(update={"head_sha": "f" * 40, "remembered": PATHS})
    conflict.story.pushers["e" * 40] = None
    conflict.story.head_sha = sha
    remembered.doubted(conflict.story, conflict.room)
    conflict.story.head_sha = "e" * 40
    remembered.learn(conflict.story, conflict.room, sha)
    assert conflict.recalled() == {}


def test_a_link_or_a_name_that_nobody_may_write_is_left_as_it_was(conflict: Conflict) -> None:
    remembered.learn(conflict.story, conflict.room, conflict.resolved())
    both = conflict.mirror.conflicted(conflict.base, conflict.ours)
    marked = conflict.mirror.read(both.tree, "a.py")
    target = git(conflict.mirror.path, "hash-object", "-w", "--stdin", stdin=marked).decode()
    for name, mode in (("link", "120000"), ("a\nb", "100644"), (".git", "100644")):
        entry = f"{mode} blob {target.strip()}\t{name}\0".encode()
        tree = git(conflict.mirror.path, "mktree", "-z", stdin=entry).decode().strip()
        found = remembered.recalled(conflict.story, conflict.room, Conflicted(tree, (name,)))
        assert found == (tree, ())
