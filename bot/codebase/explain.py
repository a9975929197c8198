"""Why a file or a definition was ranked where it is, in words and numbers (C4).

Promises: reasons are derived from the very values that made the score, strongest first. Never:
text from the repository other than paths and identifiers.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.codebase.ranking import WEIGHTS, Scored, Signal

_SAYS: dict[Signal, str] = {
    "content": "its words fit the text",
    "title": "its words fit the first line",
    "definitions": "its definitions fit the text",
    "path": "its path has words of the text",
    "spelled": "it has identifiers that the text spells out",
    "history": "similar commits changed it",
    "named": "the text names it",
    "traceback": "it is in the traceback",
    "imports": "the best files import it",
    "scope": "its path has what the first line starts with",
    "defined": "it defines what the text spells out",
    "tests": "its tests fit the text",
    "recent": "it was changed lately",
    "short": "it is short",
    "folder": "its neighbours fit the text",
}
_LEAST = 0.1  # of a signal, to be worth a mention


def reasons(one: Scored, spelled: Sequence[str] = ()) -> tuple[str, ...]:
    """Each signal of weight, strongest first, e.g. `similar commits changed it (0.83)`.

    `spelled`: the identifiers behind that signal.
    """
    strongest = sorted(one.signals.items(), key=lambda item: (-WEIGHTS[item[0]] * item[1], item[0]))
    said = []
    for name, value in strongest:
        if value < _LEAST:
            continue
        which = f": {', '.join(spelled[:5])}" if name == "spelled" and spelled else ""
        said.append(f"{_SAYS[name]}{which} ({value:.2f})")
    return tuple(said)
