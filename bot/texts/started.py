"""What is said where work on an item of the backlog begins (B7).

Promises: words that come from documents, alerts or comments are shown without any power; their
lists and headings stay, so that what they ask for can be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.texts.words import plain, plain_code, who

_SHOWS = "an issue in this public repository would show everybody"
UNDISCLOSED = f"{_SHOWS} a hole that nobody is to know of yet"
OF_A_TICKET = (
    f"{_SHOWS} the words of a Jira ticket; a person can ask for it, or say that all may read them: "
    "backlog.jira.public: true in .github/towpath.yml"
)
TOLD_BY_OTHERS = f"{_SHOWS} what another system told; it begins when a person asks for it"
DISCLOSING = (UNDISCLOSED, OF_A_TICKET, TOLD_BY_OTHERS)
NOT_SHOWN = "the reason is not public"
_MARK = re.compile(r"\s{0,12}(?:#{1,6}\s+|(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?|>\s?)?")
_MOST_LINES, _LONGEST_LINE = 200, 500


def title(text: str) -> str:
    """One line of plain words: a title shows no markup."""
    return plain_code(text)[:200].replace("@", " at ").strip() or "An item of the backlog"


_BY_ITSELF = {
    "operator": "begun from Towpath's command line",
    "autostart": "begun by itself, as `backlog.autostart` says",
}


def body(told: str, criteria: Sequence[str], place: str, asked: str, leave: str) -> str:
    """`told`: the item's own words; `place`: where it comes from; `asked`: who wants it, or ''."""
    lines = [_line(line) for line in told.splitlines()[:_MOST_LINES]]
    parts = ["\n".join(lines).strip()]
    if criteria and "criteria" not in told.lower():
        wanted = "\n".join(f"- [ ] {plain(each, _LONGEST_LINE)}" for each in criteria)
        parts.append(f"## Acceptance criteria\n\n{wanted}")
    by = f"begun for {who(asked)}" if asked else _BY_ITSELF.get(leave, "begun")
    parts.append(f"<sub>From the backlog ({plain(place, 200)}), {by}.</sub>")
    return "\n\n".join(part for part in parts if part)


def _line(text: str) -> str:
    found = _MARK.match(text)
    mark = found.group() if found else ""
    return mark + plain(text[len(mark) :], _LONGEST_LINE)
