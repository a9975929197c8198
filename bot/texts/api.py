"""What the REST API says to people, besides what every door says."""

from __future__ import annotations

from bot.texts.words import who


def asked_for(login: str) -> str:
    """The last line of an issue that somebody asked for over the API."""
    return f"<sub>Asked for by {who(login)} over Towpath's API.</sub>"


def comes_after_left(name: str) -> str:
    return f"it comes after {name!r}, which will not be begun"


def not_begun(number: int) -> str:
    return f"no story can be begun at #{number}: it is no open issue, or write access is gone"
