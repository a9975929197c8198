"""A delivery that could not be handled is answered where it came from (C13).

Promises: nobody waits in silence: one comment a delivery, whatever went wrong. Never: raises.
"""

from __future__ import annotations

import logging

from bot.story.effects import PostComment
from bot.story.office import Delivery, Office, stream_of
from bot.texts import answers

log = logging.getLogger(__name__)


def say(delivery: Delivery, office: Office, error_id: str) -> None:
    """One comment with the id of the error; a bot gets none."""
    try:
        if (delivery.payload.get("sender") or {}).get("type") == "Bot":
            return
        repository = office.repository(delivery.payload)
        number = delivery.payload["issue"]["number"]
        stream = stream_of(repository.id, number)
        body = answers.handler_failed(error_id)
        key = f"{stream}/post_comment/failed/{delivery.guid}"
        office.say(stream, [PostComment(key=key, repository=repository, issue=number, body=body)])
    except Exception:
        log.exception("the failure could not be said", extra={"error_id": error_id})
