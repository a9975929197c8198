"""The id of a repository that somebody names as OWNER/NAME.

Promises: only reads the journal; an id, and the name of a backlog of its own, are themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.texts import backlog as texts

if TYPE_CHECKING:
    from bot.story.journal import Journal


def repository_id(journal: Journal, told: str) -> str:
    """What streams call the repository. Raises UsageError for a name that nothing is known of."""
    if "/" not in told:
        return told
    for kind, separator in (("repository", "/"), ("story", ":")):
        rows = journal.page(kind, "", None, told, 1_000_000)
        if rows:
            newest = max(rows, key=lambda row: row.updated_at)
            return newest.stream.split(separator)[1]
    safe = "".join(sign if sign.isprintable() else "?" for sign in told)
    raise click.UsageError(texts.no_repository(safe))
