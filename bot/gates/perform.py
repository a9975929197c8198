"""Performs RunGates: the quality gates on two commits of a story (P1).

Promises: the repository's own mirror, work trees and environments are used; the result is
JSON-shaped and bounded. It only reads commits and may be repeated.
Never: decides whether it may be performed, or what a blocked change leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.gates.change import Change, Criterion
from bot.gates.gate import GateResult
from bot.gates.memory import Memory
from bot.gates.runner import Judged, judge
from bot.gates.toolbox import Toolbox
from bot.gates.workbench import Choices, Workbench
from bot.story.effects import RunGates
from bot.story.vocabulary import Repository
from bot.workspace.git import GitFailed
from bot.workspace.locks import Busy
from bot.workspace.mirror import Mirror
from bot.workspace.perform import Bench, Workshop, WorkspaceError

FINDINGS, WORDS = 200, 500  # findings of a gate that are kept; characters of each


@dataclass(frozen=True)
class Gates:
    """The adapter. `home`: where tools, caches and results are kept."""

    workshop: Workshop
    home: Path
    advisories: str
    given: Path | None = None

    def look(self, effect: RunGates) -> None:
        return None

    def perform(self, effect: RunGates) -> dict[str, Any]:
        """Judge the change; WorkspaceError where the repository cannot be read."""
        shop = self.workshop.bench(effect.repository)
        mirror = shop.mirror
        try:
            change = Change(
                mirror,
                mirror.resolve(effect.base),
                mirror.resolve(effect.sha),
                mirror.commits(effect.base, effect.sha),
                tuple(Criterion(*one) for one in effect.criteria),
                effect.story,
            )
            remembered = None if effect.again else self._memory(mirror)
            with self._workbench(shop, change) as bench:
                said = dict(effect.blocking)
                found = judge(change, bench, remembered, only=effect.only, overrides=said)
        except (Busy, GitFailed) as problem:
            raise WorkspaceError(str(problem), True, 10.0) from problem
        return {
            "gates": [_told(one) for one in found.results],
            "score": found.score.composite,
            "dimensions": dict(found.score.dimensions),
        }

    def look_at(self, repository: Repository, change: Change, names: Sequence[str]) -> Judged:
        """What the gates of these names say of any change, as a look that nothing depends on."""
        shop = self.workshop.bench(repository)
        with self._workbench(shop, change) as bench:
            return judge(change, bench, self._memory(shop.mirror), only=names)

    def _memory(self, mirror: Mirror) -> Memory:
        return Memory(self.home / "results" / mirror.path.stem)

    def _workbench(self, shop: Bench, change: Change) -> Workbench:
        return Workbench(
            change,
            sandbox=shop.sandbox,
            toolbox=Toolbox(self.home / "tools", given=self.given),
            pool=shop.pool,
            environments=shop.environments,
            caches=self.home / "caches" / shop.mirror.path.stem,
            choices=Choices(advisories=self.advisories),
        )


def _told(one: GateResult) -> dict[str, Any]:
    """A QualityGate as JSON."""
    return {
        "name": one.name,
        "status": one.status,
        "blocking": one.blocking,
        "summary": one.summary[:WORDS],
        "seconds": round(one.seconds, 2),
        "findings": [
            {
                "file": finding.file,
                "line": finding.line or 0,
                "end_line": finding.end_line or finding.line or 0,
                "rule": finding.rule,
                "message": finding.message[:WORDS],
                "severity": finding.severity,
            }
            for finding in one.findings[:FINDINGS]
        ],
    }
