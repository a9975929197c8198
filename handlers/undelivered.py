"""Webhooks that GitHub could not deliver are asked for again, a bounded number of times (W3).

Promises: once for each failure, with longer and longer pauses, remembered beyond a restart; what
never comes through is given up on visibly: in the log, among `towpath audit`'s deliveries, and in a
comment where it was about a story. Never: asks again for what was handled.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.story.effects import PostComment
from bot.story.office import Office, stream_of
from bot.texts import answers
from policies.redelivery import Failed, Step, decide

log = logging.getLogger(__name__)

ASKED, GIVEN_UP = "asked again", "given up"
_UNKNOWN = "undelivered"  # the error id of a delivery that never arrived


def look(office: Office, since: datetime) -> int:
    """Ask for what failed since `since`; returns how many were asked for."""
    asked = 0
    for told in office.github.failed_deliveries(since):
        guid, known = str(told.get("guid")), office.delivery(str(told.get("guid")))
        if known is not None and known.error_id != _UNKNOWN:
            continue  # it came through another way, or its failure is known and kept
        number = int(known.outcome.rpartition(" ")[2]) if known else 0
        at = _time(told.get("delivered_at")) or office.clock()
        failed = Failed(
            failed_at=at,
            asked=number,
            asked_at=known.handled_at if known else None,
            given_up=known is not None and known.outcome.startswith(GIVEN_UP),
        )
        step = decide(failed, office.clock())
        if step is Step.ASK:
            _remember(office, guid, told, at, f"{ASKED} {number + 1}")
            asked += _ask(office, guid, told["id"])
        elif step is Step.GIVE_UP:
            _remember(office, guid, told, at, f"{GIVEN_UP} {number}")
            _say(office, guid, told, number)
    return asked


def _ask(office: Office, guid: str, number: int) -> bool:
    try:
        office.github.redeliver(number)
    except Exception:
        log.exception("a delivery could not be asked for", extra={"delivery": guid})
        return False  # it counts as asked for: the others have their turn, and it has another
    return True


def _remember(
    office: Office, guid: str, told: Mapping[str, Any], at: datetime, outcome: str
) -> None:
    office.remember_delivery(
        guid,
        str(told.get("event") or ""),
        str(told.get("action") or ""),
        received_at=at,
        outcome=outcome,
        error_id=_UNKNOWN,
    )


def _say(office: Office, guid: str, told: Mapping[str, Any], number: int) -> None:
    """Tell whoever wrote there, where it was about a story that lives."""
    event = str(told.get("event") or "")
    log.error("a delivery never came through", extra={"delivery": guid, "event": event})
    payload = office.github.delivery(told["id"]).get("request", {}).get("payload") or {}
    about = payload.get("issue") or payload.get("pull_request") or {}
    repository = payload.get("repository") or {}
    if not isinstance(repository.get("id"), int) or not isinstance(about.get("number"), int):
        return
    if (payload.get("sender") or {}).get("type") == "Bot":
        return
    story = office.load(stream_of(repository["id"], about["number"]))
    if story is None or story.terminal:
        return
    said = PostComment(
        key=f"{story.stream}/post_comment/undelivered/{guid}",
        repository=story.repository,
        issue=story.issue,
        body=answers.delivery_lost(guid, event, number),
    )
    office.say(story.stream, [said])


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
