"""Pieces of Markdown that are made of other people's words."""

from __future__ import annotations

from bot.texts.words import shown


def test_what_an_issue_hides_is_no_part_of_what_is_shown_of_it() -> None:
    hidden = "<!-- towpath:names b2 -->\n\n<!-- towpath:key=4c\n -->"
    body = f"Words.<!-- help: <!-- say more -->\n\n<sub>From the backlog.</sub>\n\n{hidden}"
    assert shown(body) == "Words.\n\nFrom the backlog."
    assert shown(hidden) == shown("<!-- never closed, " * 20_000) == ""
