"""Gate: no mark that a merge left behind, on new lines of any text."""

from __future__ import annotations

import re

from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen, counted
from bot.gates.workbench import Workbench

_MARK = re.compile(r"^(<{7}|>{7}|\|{7})( |\r?$)")


class Conflicts:
    """A row of equal signs alone is a heading in many texts, and is left alone."""

    name = "conflicts"
    scope = "new lines"

    def run(self, change: Change, bench: Workbench) -> Seen:
        found = []
        for path, one in change.kept.items():
            text = change.head_text(path) if one.new_lines else None
            lines = text.split("\n") if text else []
            found += [
                GateFinding(path, number, "conflicts/mark", "a mark that a merge left behind")
                for number in sorted(one.new_lines)
                if number <= len(lines) and _MARK.match(lines[number - 1])
            ]
        return Seen(counted(found, "none left behind", "mark"), tuple(found))
