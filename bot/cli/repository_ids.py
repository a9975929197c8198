"""The id of a repository that somebody names as OWNER/NAME.

Promises: only reads the journal; an id, and the name of a backlog of its own, are themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from bot.texts import backlog as texts
from bot.texts.terminal import harmless

if TYPE_CHECKING:
    from bot.story.journal import Journal


_OWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def repository_id(journal: Journal, told: str) -> str:
    """What streams call the repository. Raises UsageError for a name that nothing is known of."""
    if _OWN.fullmatch(told):
        return told
    for kind, separator in (("repository", "/"), ("story", ":")):
        rows = journal.page(kind, "", None, told, 1_000_000) if "/" in told else []
        if rows:
            newest = max(rows, key=lambda row: row.updated_at)
            return newest.stream.split(separator)[1]
    raise click.UsageError(texts.no_repository(harmless(told)))
