"""What can have happened between a repository and the app: facts of its own stream (W5)."""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Repository, Value


class AccessChanged(Value):
    """What the app may do with a repository from now on, as GitHub said when it was asked.

    `access`: granted | suspended | removed | archived; `reason`: in a word, e.g. uninstalled;
    `permissions`: of the installation.
    """

    kind: Literal["access_changed"] = "access_changed"
    repository: Repository
    access: str
    reason: str = ""
    permissions: tuple[tuple[str, str], ...] = ()


class OnboardingOpened(Value):
    """The pull request with the commented configuration; `sha`: its only commit, ours."""

    kind: Literal["onboarding_opened"] = "onboarding_opened"
    repository: Repository
    number: int
    url: str
    sha: str
    digest: str  # of the file that it proposes


class OnboardingEnded(Value):
    """`outcome`: merged | declined | reopened | taken_over (somebody else pushed to it)."""

    kind: Literal["onboarding_ended"] = "onboarding_ended"
    repository: Repository
    number: int
    outcome: str


class OnboardingSkipped(Value):
    """There is nothing to propose. `why`: configured | empty | fork | refused."""

    kind: Literal["onboarding_skipped"] = "onboarding_skipped"
    repository: Repository
    why: str


InstallationEvent = AccessChanged | OnboardingOpened | OnboardingEnded | OnboardingSkipped
