"""Finding the story that somebody names as OWNER/REPO#7.

Promises: only reads.
"""

from __future__ import annotations

import re

import click

from bot.story.machine import Story, fold
from bot.story.repositories import repository_stream
from bot.texts import explain as texts
from bot.wiring import House

_NAMED = re.compile(r"([A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100})#([1-9][0-9]{0,8})")


def story_named(house: House, named: str) -> Story:
    """The story of an issue. Raises UsageError."""
    parts = _NAMED.fullmatch(named)
    if parts is None:
        raise click.UsageError(texts.not_a_story(named))
    rows = house.journal.page("story", "", None, parts[1], 10_000)
    found = [row.stream for row in rows if row.issue == int(parts[2])]
    if not found:
        raise click.UsageError(texts.no_such_story(named))
    return fold(found[-1], house.journal.load(found[-1]))


def streams_around(story: Story) -> list[str]:
    """The streams that decide on a story."""
    around = [story.stream]
    if story.repository is not None:
        around.append(repository_stream(story.repository.id))
    return around
