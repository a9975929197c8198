"""What the family `dependency bump` made of a story: places, packages, and the changed files.

Promises: values only; a requirement can be told as Python's installers read it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from bot.families.other_manifests import NAMES
from bot.families.version_rules import declared
from bot.families.workflow_uses import is_workflow
from bot.story.vocabulary import FileChange, Value


class Place(Value):
    """One requirement before and after."""

    path: str
    line: int
    before: str
    after: str

    @property
    def python(self) -> bool:
        """Whether it is for Python's installers to have."""
        name = PurePosixPath(self.path).name
        return name not in {"package.json", *NAMES} and not is_workflow(self.path)

    def asks(self, upgrade: Upgrade) -> str:
        """The requirement as PEP 508 says it, whatever the manifest's own language is."""
        found = declared(self.after)
        if found and found.name == upgrade.package:
            return self.after.strip()
        pinned = re.match(r"\s*={0,2}\s*\d", self.after)
        return f"{upgrade.package}{'==' if pinned else '>='}{upgrade.new}"


class Upgrade(Value):
    """One package and the version it goes to; `old` is the pin it had, '' if it had none."""

    package: str
    old: str
    new: str
    places: tuple[Place, ...]


class Bump(Value):
    """A bump that is ready to be committed."""

    upgrades: tuple[Upgrade, ...]
    changes: tuple[FileChange, ...]
    subject: str  # Conventional Commits
    criteria: tuple[str, ...]  # what the changed files say, one a place
