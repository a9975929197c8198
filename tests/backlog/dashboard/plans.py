"""A plan in the repository, which everybody may read, and an alert, which only some may."""

from __future__ import annotations

from bot.backlog.reading import Reading
from bot.story.vocabulary import digest
from tests.backlog.samples import sighting


def plan(*titles: str) -> Reading:
    source = "markdown_checklist"
    told = tuple(sighting(title, source=source) for title in titles)
    return Reading(source, "BACKLOG.md", digest(titles), told)


def alerts(*titles: str) -> Reading:
    told = tuple(sighting(title, "dependabot", source="dependabot") for title in titles)
    return Reading("dependabot", "dependabot", digest(titles), told)
