"""Gate: files that only people may change (P2) are not part of the change."""

from __future__ import annotations

from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen, counted
from bot.gates.workbench import Workbench
from policies.scope import restricted


class Protected:
    """Both names of a file that moved count."""

    name = "protected"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        names = {one.path for one in change.files.values()}
        names |= {one.was for one in change.files.values() if one.was}
        found = tuple(
            GateFinding(path, None, "protected/path", "only people may change this file")
            for path in restricted(sorted(names))
        )
        return Seen(counted(found, "none touched", "protected file"), found)
