"""The closed list of what can have happened to a repository: the facts of its own stream (W5, W6).

Promises: as for `bot.story.events`, which holds them too; `bot.story.repositories` folds them.
"""

from __future__ import annotations

from typing import Any, Literal

from bot.configuration.problems import Problem
from bot.story.ci_events import WorkflowEnded
from bot.story.installation_events import InstallationEvent
from bot.story.vocabulary import Repository, Value


class ConfigurationRead(Value):
    """What the repository's own files say, as they were at `sha` of the default branch (W6, P2).

    `files`: (path, blob) of each, () where there is none; `told`: what towpath.yml says, without
    defaults.
    """

    kind: Literal["configuration_read"] = "configuration_read"
    repository: Repository
    sha: str
    files: tuple[tuple[str, str], ...]
    told: dict[str, Any]
    scope: dict[str, Any] | None = None  # of .automation-scope.yaml


class ConfigurationBroken(Value):
    """The files at `sha` cannot be obeyed: what was in force before stays so."""

    kind: Literal["configuration_broken"] = "configuration_broken"
    repository: Repository
    sha: str
    files: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


class HolderNamed(Value):
    """The name that this database's Towpath claims items under; told once (B7)."""

    kind: Literal["holder_named"] = "holder_named"
    name: str


RepositoryEvent = (
    ConfigurationRead | ConfigurationBroken | InstallationEvent | HolderNamed | WorkflowEnded
)
