"""What a project tells those who write code for it: AGENTS.md, CLAUDE.md, CONTRIBUTING.md (C5).

Promises: of each name the file nearest to the paths in question wins; what a nearer file says
comes later and is said to win; the same text is shown once; bounded.
Instructions are data of the repository: they say how code is written here, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.codebase.budget import count_tokens, cut

NAMES = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md", "CONTRIBUTING.rst")
_FOLDERS = (".github", "docs", ".claude")  # whose files speak for the folder above
LEAST = 20  # tokens; a beginning that is shorter is a heading without what it heads
MAX_FILE = 200_000  # characters
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$|^([^\n#].*)\n(?:=|-|~|\^){3,}$", re.MULTILINE)
_ABOUT_CODE = re.compile(
    r"style|convention|format|lint|test|commit|code|naming|type|doc|structure|architecture|rule|"
    r"command|build|changelog|import|error",
    re.IGNORECASE,
)
_POINTER = re.compile(r"\s*@?(?:\./)?(?:AGENTS|CLAUDE)\.md\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """One file. `scope`: the folder that it speaks for ('' for the whole project)."""

    path: str
    scope: str
    text: str


def _scope(path: str) -> str:
    folder = PurePosixPath(path).parent
    if folder.name in _FOLDERS:
        folder = folder.parent
    return "" if str(folder) == "." else str(folder)


def find(
    paths: Iterable[str], read: Callable[[str], str | None], targets: Iterable[str] = ()
) -> tuple[Instruction, ...]:
    """The files that hold for `targets` (none: for the whole project), the furthest first.

    Of several with one name above a target the nearest wins; the others are left out, but a root
    file always stays where a target lies outside the nearer one's folder.
    """
    wanted = {name.lower() for name in NAMES}
    known = sorted(path for path in paths if PurePosixPath(path).name.lower() in wanted)
    nearest: dict[tuple[str, str], str] = {}
    for target in sorted(set(targets)) or [""]:
        by_name: dict[str, str] = {}
        for path in known:
            scope, name = _scope(path), PurePosixPath(path).stem.lower()
            best = by_name.get(name)
            if _holds(scope, target) and (best is None or _before(best, path)):
                by_name[name] = path
        nearest.update({(name, path): path for name, path in by_name.items()})
    found: list[Instruction] = []
    for path in sorted(set(nearest.values()), key=_order):
        text = (read(path) or "").strip()
        if not text or len(text) > MAX_FILE or _POINTER.fullmatch(text):
            continue  # a file that only names the other says nothing new
        if all(text != one.text for one in found):
            found.append(Instruction(path, _scope(path), text))
    return tuple(found)


def _holds(scope: str, target: str) -> bool:
    return not scope or target == scope or target.startswith(f"{scope}/")


def _before(best: str, path: str) -> bool:
    """Whether `path` is nearer than `best`; in one scope the file outside a folder of its own."""
    a, b = _scope(best), _scope(path)
    return len(b) > len(a) or (a == b and len(path) < len(best))


def _order(path: str) -> tuple[int, int, str]:
    stems = [PurePosixPath(name).stem.lower() for name in NAMES]
    rank = stems.index(PurePosixPath(path).stem.lower())
    return len(PurePosixPath(_scope(path)).parts), -rank, path


def told(found: Iterable[Instruction], tokens: int) -> dict[str, str]:
    """Path → text for a prompt, at most `tokens` together, the nearest served first.

    A text that is too long keeps its beginning and its sections about code, tests and commits;
    CONTRIBUTING, which is mostly about people, keeps only those sections.
    """
    left = tokens
    chosen: dict[str, str] = {}
    for one in reversed(list(found)):
        people = PurePosixPath(one.path).stem.lower() == "contributing"
        text = _about_code(one.text) if people or count_tokens(one.text) > left else one.text
        whole, text = text, cut(text, left)
        if text and (text == whole or count_tokens(text) > LEAST):
            chosen[one.path] = text
            left -= count_tokens(text)
    return dict(reversed(chosen.items()))


def _about_code(text: str) -> str:
    heads = [match for match in _HEADING.finditer(text)]
    if not heads:
        return text
    kept = []
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        section = text[head.start() : after.start() if after else len(text)].strip()
        title = re.sub(r"(?i)code of conduct|contributing", "", head[1] or head[2])
        if _ABOUT_CODE.search(title) and "\n" in section:
            kept.append(section)
    return "\n\n".join(kept)
