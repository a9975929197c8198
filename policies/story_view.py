"""What the policies need to know of a story (`bot.story.machine.Story` is one) and its pull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.story.vocabulary import Approval, AutoApproval, Person, Remark, Repository


class StoryView(Protocol):
    """A story, read only."""

    @property
    def repository(self) -> Repository | None: ...
    @property
    def issue(self) -> int: ...
    @property
    def branch(self) -> str: ...
    @property
    def head_sha(self) -> str: ...
    @property
    def pushed_sha(self) -> str: ...
    @property
    def plan_digest(self) -> str: ...
    @property
    def split_agreed(self) -> bool: ...
    @property
    def foreign_head(self) -> bool: ...
    @property
    def pull_number(self) -> int: ...
    @property
    def base_sha(self) -> str: ...
    @property
    def approvals(self) -> Sequence[Approval]: ...
    @property
    def auto_approved(self) -> AutoApproval | None: ...
    def remarks_open(self) -> Sequence[Remark]: ...
    def passed(self, subject: str, sha: str) -> bool:
        """Whether the last tests of `subject` were at `sha` and broke nothing."""

    def held_back(self, sha: str) -> bool:
        """Whether a quality gate stopped the commit `sha`."""


@dataclass(frozen=True)
class PullFacts:
    """The pull request as GitHub has it now. `mergeable` None: GitHub does not know yet."""

    number: int
    state: str  # open | closed
    head_sha: str
    head_ref: str
    base_ref: str
    author: Person | None
    merged: bool = False
    mergeable: bool | None = None
    draft: bool = False
