"""The network between us and GitHub: gone, hanging, resetting, half, somebody else's (B9, W12)."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.outside import errors
from bot.outside.github import GitHub, connect
from bot.outside.github_guard import limits_of
from bot.story.database import open_database
from bot.story.effects import PostComment
from bot.story.journal import Journal
from bot.story.services import InJournal, Services, degraded
from tests.degraded.proxy import GARBLED, HALF, HANG, PAGE, RESET, Proxy
from tests.outside.conftest import REPO, Place, place

__all__ = ["place"]


@pytest.fixture
def proxy(place: Place) -> Iterator[Proxy]:
    with Proxy(urlsplit(place.url).port or 0) as made:
        yield made


@pytest.fixture
def journal(place: Place, tmp_path: Path) -> Journal:
    return Journal(open_database(f"sqlite:///{tmp_path}/journal.db"), place.now)


def process(place: Place, proxy: Proxy, journal: Journal, name: str = "a") -> GitHub:
    """One of our processes; a second is long for it."""
    memory = InJournal(journal, place.now, name)
    services = Services(place.now, lambda: 1.0, memory, limits_of)
    app = place.app
    return connect(proxy.url, str(app.app_id), app.pem, place.now, timeout=1, services=services)


def read(github: GitHub, place: Place) -> None:
    """Something that was not asked before, so that no answer is known already."""
    github.open_issues_with_label(place.repository, f"label-{next(_NUMBERS)}")


_NUMBERS = itertools.count()


@pytest.mark.parametrize("mode", [HANG, RESET, HALF, GARBLED, "502", "503", "gone"])
def test_whatever_the_network_does_one_finds_out_and_the_others_send_nothing(
    place: Place, proxy: Proxy, journal: Journal, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    first, second = (process(place, proxy, journal, name) for name in "ab")
    for one in (first, second):
        read(one, place)
    proxy.asked.clear()
    proxy.mode = mode
    if mode == "gone":
        proxy.go()
    with pytest.raises(errors.Unavailable) as failed:
        read(first, place)
    assert failed.value.away
    asked, began = len(proxy.asked), time.monotonic()
    for one in (first, second) * 3:
        with pytest.raises(errors.Away) as away:
            read(one, place)
        assert 0 < away.value.retry_after <= 5
    assert len(proxy.asked) == asked
    assert time.monotonic() - began < 4  # who waits for what is known to be away needs six
    (told,) = degraded(journal)
    assert told.service == "github"
    proxy.mode = ""
    if mode == "gone":
        proxy.come()
    place.later(6)
    read(second, place)
    read(first, place)
    assert degraded(journal) == []
    ours = [record for record in caplog.records if record.name == "bot.story.services"]
    assert len(ours) == 2


def test_the_page_of_a_network_that_wants_a_login_is_no_answer_of_github(
    place: Place, proxy: Proxy, journal: Journal
) -> None:
    github = process(place, proxy, journal)
    read(github, place)
    proxy.mode = PAGE
    with pytest.raises(errors.Unavailable, match="not JSON"):
        read(github, place)
    (told,) = degraded(journal)
    assert "not JSON" in told.because


@pytest.mark.parametrize("mode", [HALF, "502", HANG])
def test_a_comment_whose_answer_was_lost_on_the_way_is_there_once(
    place: Place, proxy: Proxy, journal: Journal, mode: str
) -> None:
    number = place.as_person().open_issue(REPO, "a story")
    github = process(place, proxy, journal)
    effect = PostComment(key="k/1", repository=place.repository, issue=number, body="hello")
    assert github.effects.look(effect) is None
    proxy.mode = mode
    if mode != HALF:
        place.hub.faults.add(method="POST", path="/comments", after=True, status=502)
        proxy.mode = ""
    with pytest.raises(errors.Unavailable) as failed:
        github.effects.perform(effect)
    assert failed.value.maybe_done
    proxy.mode = ""
    place.later(10)
    assert github.effects.look(effect) is not None
    assert len(place.comments(number)) == 1


def test_a_service_that_flaps_is_asked_less_and_less(
    place: Place, proxy: Proxy, journal: Journal
) -> None:
    github, changes = process(place, proxy, journal), 0
    read(github, place)
    for _ in range(60):  # ten minutes; it goes away whenever it was asked with success
        proxy.mode = "502" if not proxy.mode else ""
        place.later(10)
        try:
            read(github, place)
        except errors.GitHubError:
            continue
    changes = len(journal.load("service/github"))
    assert changes <= 16
    proxy.mode = ""
    place.later(301)
    read(github, place)


def test_limits_of_one_installation_hold_in_every_process_and_for_nobody_else(
    place: Place, proxy: Proxy, journal: Journal
) -> None:
    first, second = (process(place, proxy, journal, name) for name in "ab")
    number = place.as_person().open_issue(REPO, "x")
    second.issue(place.repository, number)
    place.hub.faults.secondary_limit(retry_after=90, path="/issues")
    with pytest.raises(errors.RateLimited):
        first.issue(place.repository, number)
    asked = len(proxy.asked)
    with pytest.raises(errors.RateLimited) as held:
        second.issue(place.repository, number)
    assert held.value.unsent
    assert held.value.retry_after > 80
    assert len(proxy.asked) == asked
    assert second.installations()  # the app itself is not limited
    place.later(91)
    assert second.issue(place.repository, number)["title"] == "x"
    assert degraded(journal) == []


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_service_that_says_when_to_come_back_is_not_asked_before(
    place: Place, proxy: Proxy, journal: Journal, form: str
) -> None:
    github = process(place, proxy, journal)
    read(github, place)
    until = place.now() + timedelta(seconds=600)
    said = "600" if form == "seconds" else format_datetime(until, usegmt=True)
    place.hub.faults.add(times=0, status=503, headers={"Retry-After": said})
    with pytest.raises(errors.Unavailable):
        read(github, place)
    (told,) = degraded(journal)
    assert 595 < (told.probe - place.now()).total_seconds() <= 600
    place.hub.faults.clear()
    place.later(590)
    with pytest.raises(errors.Away):
        read(github, place)
    place.later(11)
    read(github, place)
