"""Certificates are checked again, in JavaScript, TypeScript and Go (B11).

Promises: the one setting that switches the check off is turned; comments and strings stay. What
switches it off in another way is told with its line. Never: decides whom to trust instead.
"""

from __future__ import annotations

import re

from bot.families.workflow_tree import Fixed

_SETTING = re.compile(
    r"(?P<head>[\"']?\brejectUnauthorized[\"']?\s*:\s*)false\b"
    r"|(?P<go>\bInsecureSkipVerify\s*(?::|=)\s*)true\b"
)
# Comments and strings, so that what stands in them is passed over; a setting's own name may be one.
# What is not closed goes to the end of its line or text: nothing is looked at twice.
_ASIDE = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|`[^`]*(?:`|\Z)"
    r"|\"(?!rejectUnauthorized\")(?:[^\"\\\n]|\\.)*+(?:\"|(?=\n)|\\?\Z)"
    r"|'(?!rejectUnauthorized')(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\\?\Z)",
    re.DOTALL,
)
_OTHER = re.compile(
    r"NODE_TLS_REJECT_UNAUTHORIZED|strictSSL\s*:\s*false|InsecureSkipVerify\s*[:=](?!=)\s*(?!false)\w"
    r"|rejectUnauthorized[\"']?\s*:\s*(?!true|false)\S|checkServerIdentity"
)


def mended(text: str) -> Fixed:
    """The source with its certificates checked."""
    hidden = [found.span() for found in _ASIDE.finditer(text)]
    count = 0

    def turn(found: re.Match[str]) -> str:
        nonlocal count
        if _inside(found.start(), hidden):
            return found[0]
        count += 1
        return f"{found['head']}true" if found["head"] else f"{found['go']}false"

    new = _SETTING.sub(turn, text)
    hidden = [found.span() for found in _ASIDE.finditer(new)]
    why = "how the check is switched off here takes a person to see"
    left = [
        (new.count("\n", 0, found.start()) + 1, why)
        for found in _OTHER.finditer(new)
        if not _inside(found.start(), hidden)
    ]
    return Fixed(new, count, tuple(left))


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)
