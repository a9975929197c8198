"""Small safe pieces of Markdown."""

from __future__ import annotations

import re
import unicodedata

from policies.branches import unreferred

_MARKUP = re.compile(r"([\\*\[\]|~])")
_ADDRESS = re.compile(r"(?i)\w*://\S*|www\.\S*")
_SMALL_PRINT = re.compile(r"</?su[bp]>")


def plain(text: str, limit: int = 200) -> str:
    """Untrusted text as one harmless line: what it quotes as code stays code, no other markup.

    It names nobody, refers to no other issue (nor closes one), links nowhere, hides nothing.
    """
    line = " ".join(_visible(text).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    parts = line.split("`")
    if len(parts) % 2 == 0:  # a backtick too many: none of them means code
        parts = ["".join(parts)]
    made = "".join(_inert(p) if n % 2 == 0 else code(p) for n, p in enumerate(parts) if p)
    return made.lstrip("/ ")  # what begins a line of ours never begins with a slash


def shown(text: str) -> str:
    """What people see of a text on GitHub: no hidden comments, no tags of small print."""
    first, *rest = text.split("<!--")
    seen = first + "".join(piece.partition("-->")[2] for piece in rest)
    return _SMALL_PRINT.sub("", seen).strip()


def _visible(text: str) -> str:
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs")
    )


def _inert(text: str) -> str:
    """Words without any power: no markup, mention, reference, address or tag."""
    parts, last = [], 0
    for address in _ADDRESS.finditer(text):
        parts += [_escaped(text[last : address.start()]), code(address.group())]
        last = address.end()
    return "".join([*parts, _escaped(text[last:])])


def _escaped(text: str) -> str:
    text = unreferred(text.replace("@", " at "))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", text)


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


def gist(message: str) -> str:
    """The first line of a longer message."""
    return plain(message.strip().partition("\n")[0], 300)
