"""`POST /webhook/backlog-update`: other systems tell of things to do (B4).

    {"id": "2026-05-04-17", "repository": "acme/shop", "source": "helpdesk", "complete": false,
     "items": [{"id": "H-12", "title": "…", "value": 8, "effort": "S", "status": "open"}]}

`items` are records as in a backlog.yml; one item may stand in the body itself. `source` names who
tells; `complete` says that these are all it has, so that the others are done. `id` makes two equal
bodies of one minute two updates. Nothing in it is trusted: it is text like any document's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.backlog.entry import Sightings, clean
from bot.backlog.reading import Reading
from bot.backlog.sources import error_rate
from bot.backlog.sources.document import MOST_ENTRIES
from bot.backlog.sources.records import take
from bot.story.vocabulary import digest

NAME = "update"

_ENVELOPE = frozenset({"repository", "source", "complete", "installation"})


def read(payload: Mapping[str, Any], repository: str = "") -> Reading:
    """What the body says."""
    if error_rate.fits(payload):
        return error_rate.read(payload)
    source = clean(str(payload.get("source") or "webhook"), 60)
    told = Sightings(NAME, source, repository)
    items = payload.get("items")
    if isinstance(items, list):
        take(items[:MOST_ENTRIES], told)
        if len(items) > MOST_ENTRIES:
            told.fault(0, f"more than {MOST_ENTRIES} items")
    else:
        one = payload.get("item")
        bare = {name: said for name, said in payload.items() if name not in _ENVELOPE}
        take([one if isinstance(one, Mapping) else bare], told)
    complete = payload.get("complete") is True and isinstance(items, list)
    return told.reading(digest(dict(payload)), complete=complete)
