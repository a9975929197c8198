"""Gate: a change that people can read: at most 200 lines and 24 hours of history (warning)."""

from __future__ import annotations

from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen
from bot.gates.workbench import Workbench
from bot.workspace.git import git

_GENERATED = (".lock", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", ".snap", ".min.js")


class Size:
    """New lines of text; lock files and the like do not count."""

    name = "size"
    scope = "whole"

    def run(self, change: Change, bench: Workbench) -> Seen:
        lines = sum(
            len(one.new_lines)
            for path, one in change.kept.items()
            if not path.endswith(_GENERATED) and not one.binary
        )
        found = []
        if lines > bench.choices.size:
            words = f"{lines} new lines; people read {bench.choices.size} well"
            found.append(GateFinding("", None, "size/lines", words, "warning"))
        hours = _hours(change)
        if hours > 24:
            words = f"begun {hours:.0f} hours before its last commit; merge within a day"
            found.append(GateFinding("", None, "size/age", words, "warning"))
        files = len(change.files)
        said = f"{lines} new lines in {files} file{'' if files == 1 else 's'}"
        return Seen(said, tuple(found), "", {"lines": lines, "files": files})


def _hours(change: Change) -> float:
    """Between the first and the last commit of the change; one that we made has no time."""
    if len(change.history) < 2:
        return 0.0
    out = git(change.mirror.path, "show", "-s", "--format=%at", change.history[0],
              change.history[-1])  # fmt: skip
    times = [int(word) for word in out.split() if int(word) > 1_000_000_000]
    return (max(times) - min(times)) / 3600 if len(times) == 2 else 0.0
