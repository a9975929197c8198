"""The names that a file gives values to outside its definitions: constants, settings, `__all__`.

Promises: statements of the file, to the letter, in its order; only those that what is shown uses,
and the list of what a module offers, because who adds something has to add to it. Never: a
statement that begins inside a definition or a string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from bot.codebase.facts import FileFacts

MOST = 40  # lines altogether
LONGEST = 15  # lines of one statement; a table of data is no help
_OFFER = "__all__"
_GIVEN = re.compile(
    r"(?:(?:export|pub|static|final|const|let|var|mut)\s+)*([A-Za-z_$][\w$]*)\s*(?::[^=]*)?=(?![=>])"
)
_QUOTES = re.compile(r"'''|\"\"\"")


def used(lines: Sequence[str], facts: FileFacts, shown: str) -> list[str]:
    """The lines of the statements that `shown` needs, as long as they are few."""
    words = set(re.findall(r"[\w$]+", shown)) | {_OFFER}
    rows: list[str] = []
    done = 0
    for number in _outside(lines, facts):
        if number <= done or not (given := _GIVEN.match(lines[number - 1])):
            continue
        end = _end(lines, number)
        done = end
        if given[1] in words and end - number < LONGEST and len(rows) + end - number < MOST:
            rows += lines[number - 1 : end]
    return rows


def _outside(lines: Sequence[str], facts: FileFacts) -> list[int]:
    """Numbers of the lines that stand in no definition and in no string of several lines."""
    change = [0] * (len(lines) + 2)
    for one in facts.definitions:
        if one.start <= len(lines):
            change[one.start] += 1
            change[min(one.end, len(lines)) + 1] -= 1
    depths = list(accumulate(change))
    outside, quoted = [], False
    for number, line in enumerate(lines, 1):
        if depths[number]:
            continue
        if not quoted:
            outside.append(number)
        quoted ^= len(_QUOTES.findall(line)) % 2 == 1
    return outside


def _end(lines: Sequence[str], first: int) -> int:
    """The last line of a statement: where its brackets are closed; else where it begins."""
    open_brackets = 0
    for number in range(first, min(first + LONGEST, len(lines)) + 1):
        line = lines[number - 1]
        open_brackets += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        if open_brackets <= 0 and not line.endswith("\\"):
            return number
    return first + LONGEST  # longer than is shown
