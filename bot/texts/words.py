"""Small safe pieces of Markdown."""

from __future__ import annotations

import re
import unicodedata

from policies.branches import unreferred

_BREAKS = re.compile(r"[`<>\[\]|\\*_~@#!]")


def plain(text: str, limit: int = 200) -> str:
    """Untrusted text as one harmless line: no markup, no mention, no hidden characters."""
    seen = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs")
    )
    line = " ".join(unreferred(_BREAKS.sub(" ", seen)).split()).lstrip("/ ")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def code(text: str, limit: int = 200) -> str:
    """A short untrusted value in a code span."""
    return f"`{plain_code(text)[:limit]}`"


def plain_code(text: str) -> str:
    shown = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs"))
    return " ".join(shown.replace("`", "'").split()) or " "


def block(text: str, limit: int = 3000) -> str:
    """Untrusted output in a fence that it cannot close; the end of it where it is long."""
    if len(text) > limit:
        text = "…" + text[-limit:]
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def who(login: str) -> str:
    """A person, named without calling them."""
    return f"**{plain(login, 60)}**"


def money(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 0.005 or usd == 0 else f"${usd:.4f}"


def short(sha: str) -> str:
    return f"`{sha[:10]}`" if sha else "none"


def count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
