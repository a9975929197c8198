"""What other systems tell of things to do becomes items of the backlog (B4).

Not from GitHub: the door takes `POST /webhook/backlog-update`, signed with the webhook's secret,
and keeps it in the same inbox. An update that is told again changes nothing.
"""

from __future__ import annotations

import logging

from bot.backlog.sources import update
from bot.backlog.store import Backlog
from bot.story.office import Delivery, Office
from bot.story.vocabulary import Repository

log = logging.getLogger(__name__)


def updated(delivery: Delivery, office: Office) -> None:
    """Take the items in, where we are installed on the repository that the body names."""
    name = delivery.payload.get("repository")
    repository = _repository(name, office) if isinstance(name, str) else None
    if repository is None:
        log.warning("a backlog update for no repository of ours", extra={"delivery": delivery.guid})
        return
    reading = update.read(delivery.payload, repository.full_name)
    taken = Backlog(office.journal).take(str(repository.id), reading)
    numbers = {"found": len(taken.found), "changed": len(taken.changed), "gone": len(taken.gone)}
    log.info("a backlog update", extra={"repository": repository.full_name, **numbers})


def _repository(full_name: str, office: Office) -> Repository | None:
    for installation in office.github.installations():
        for one in office.github.repositories(int(installation["id"])):
            if one.full_name.casefold() == full_name.casefold():
                return one
    return None


OURS = {"backlog_update": updated}
