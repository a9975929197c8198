"""A worker looks after a repository itself: it looks at the code, and has the onboarding go on.

Promises: called again when GitHub was away; what GitHub or a policy refuses for good is logged and
left until something changes. Never: decides anything; `handlers.onboarding` does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from bot.story.journal import Head, Journal
from bot.story.office import Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.repositories import KIND
from bot.story.vocabulary import Repository
from bot.texts.onboarding import Survey
from bot.workspace.detect import detect_at
from bot.workspace.perform import Workshop
from handlers import onboarding

log = logging.getLogger(__name__)

_LATER_S = 60.0


def advance(
    stream: str,
    office: Office,
    journal: Journal,
    workshop: Callable[[], Workshop],
    clock: Callable[[], datetime],
) -> float | None:
    """One step for the repository of `stream`; seconds until the next, None for no next."""
    facts = office.repositories.facts(int(stream.partition("/")[2]))
    repository = facts.installation.repository
    if repository is None:
        return None

    def survey(place: Repository, base: str) -> Survey:
        return _survey(office, workshop(), place, base)

    try:
        onboarding.onboard(office, repository, survey)
    except NotNow as pause:
        return max(1.0, (pause.until - clock()).total_seconds())
    except NotAllowed as no:
        log.info("not onboarded: %s", no, extra={"repository": repository.full_name})
    except Refused as no:
        log.warning("not onboarded: %s", no, extra={"repository": repository.full_name})
        onboarding.give_up(office, repository)
    except Exception as error:
        if not getattr(error, "retryable", False):
            raise
        return float(getattr(error, "retry_after", None) or _LATER_S)
    journal.append(stream, [], actor="towpath", head=Head(kind=KIND))  # nothing to wake up for
    return None


def _survey(office: Office, shop: Workshop, place: Repository, base: str) -> Survey:
    shop.fetch(place, place.default_branch)
    found = detect_at(shop.mirror(place), base)
    label = office.configuration(place).story_label
    return Survey(
        checks=tuple(dict.fromkeys(found.reasons)),
        has_tests=bool(found.of("test")),
        stories=len(office.github.open_issues_with_label(place, label)),
    )
