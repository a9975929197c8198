"""Effects wait in their order while a service is away, and none is done twice (B9, S6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.story.database import open_database
from bot.story.effects import Effect, PostComment, ShowStatus
from bot.story.journal import Journal
from bot.story.machine import fold
from bot.story.performer import NotNow, Performer
from bot.story.permit import Permit
from bot.story.services import Resting, Services
from bot.story.vocabulary import allow
from tests.journal.samples import REPOSITORY, Clock

GITHUB = "github"


class Failed(Exception):
    retryable, retry_after = True, None


class Away(Failed):
    away = True


class Outside:
    """A place where comments appear; `away` and `broken` as the test says."""

    def __init__(self, services: Services) -> None:
        self.services, self.there = services, []  # type: ignore[var-annotated]
        self.away, self.broken, self.loses_answers, self.asked = False, "", False, 0

    def perform(self, effect: Any, permit: Permit) -> dict[str, Any]:
        with self.services.asking(GITHUB):
            self.asked += 1
            if self.away:
                self.services.failed(GITHUB, "502")
                raise Away("502")
            self.services.succeeded(GITHUB)
            if self.broken and self.broken in effect.key:
                raise Failed("500 for this one")
            self.there.append(effect.key.rpartition("/")[2])
            if self.loses_answers:
                raise Failed("the answer was lost")
        return _result(effect)

    def look(self, effect: Any) -> dict[str, Any] | None:
        with self.services.asking(GITHUB):
            self.asked += 1
            if self.away:
                self.services.failed(GITHUB, "502")
                raise Away("502")
            self.services.succeeded(GITHUB)
        return _result(effect) if effect.key.rpartition("/")[2] in self.there else None


def _result(effect: Any) -> dict[str, Any]:
    shown = {"digest": "d", "head_sha": "", "plan_digest": "", "shown_at": "2026-03-01T12:00:00Z"}
    return {"comment_id": 1, **(shown if effect.kind == "show_status" else {})}


class House:
    """A performer on a journal, and what people would be told."""

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.journal = Journal(open_database(f"sqlite:///{root}/journal.db"), self.clock)
        self.services = Services(self.clock, lambda: 1.0)
        self.outside = Outside(self.services)
        kinds = ("post_comment", "show_status")
        self.performer = Performer(
            self.journal,
            dict.fromkeys(kinds, self.outside),
            lambda effect, story: allow("always"),
            self.clock,
            "w",
            resting=self._resting,
        )

    def _resting(self, effect: Effect) -> Resting | None:
        return self.services.resting(GITHUB)

    def say(self, what: str, stream: str = "story:7:1") -> bool:
        key = f"{stream}/post_comment/{what}"
        return self.do(PostComment(key=key, repository=REPOSITORY, issue=1, body=what), stream)

    def show(self, what: str, stream: str = "story:7:1") -> bool:
        key = f"{stream}/show_status/{what}"
        return self.do(
            ShowStatus(
                key=key, repository=REPOSITORY, issue=1, body=what, digest=what, head_sha="",
                plan_digest="", comment_id=0,
            ),
            stream,
        )  # fmt: skip

    def do(self, effect: Effect, stream: str) -> bool:
        try:
            self.performer.do(effect, fold(stream, self.journal.load(stream)), None)
        except NotNow:
            return False
        return True

    def sweep(self, seconds: float = 400) -> None:
        self.clock.move(seconds)
        for stream in ("story:7:1", "story:7:2"):
            self.performer.perform_leftovers(fold(stream, self.journal.load(stream)), None)

    def status(self, what: str) -> tuple[str, int]:
        row = self.journal.effect(f"story:7:1/{what}")
        assert row is not None
        return row.status.value, row.attempts


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_was_to_be_said_waits_and_comes_in_its_order(house: House) -> None:
    house.outside.away = True
    assert [house.say(one) for one in "abc"] == [False] * 3
    assert house.outside.asked == 1  # nobody asks a service that is known to be away
    for _ in range(20):
        house.sweep()
    assert house.status("post_comment/b") == ("proposed", 0)
    house.outside.away = False
    house.clock.move(400)
    assert house.say("d")  # a new one does not overtake those that wait
    assert house.outside.there == ["a", "b", "c", "d"]
    house.sweep()
    assert house.outside.there == ["a", "b", "c", "d"]


def test_an_outage_of_two_days_uses_up_no_attempt_and_little_of_the_journal(house: House) -> None:
    house.outside.away = True
    house.say("a")
    for _ in range(2 * 24 * 6):
        house.sweep(600)
    told = len(house.journal.load("story:7:1"))
    assert told <= 4 * house.outside.asked
    assert house.outside.asked <= 2 * 24 * 6 + 2
    house.outside.away = False
    house.sweep()
    assert house.outside.there == ["a"]


def test_streams_do_not_wait_for_each_other(house: House) -> None:
    house.outside.broken = "story:7:1/"
    house.say("a")
    assert house.say("x", "story:7:2")
    assert house.outside.there == ["x"]


def test_one_that_alone_fails_lets_the_others_pass_after_a_while(house: House) -> None:
    house.outside.broken = "/bad"
    assert [house.say(one) for one in ("bad", "b")] == [False, False]
    for _ in range(4):
        house.sweep(20)
    assert house.outside.there == ["b"]
    house.outside.broken = ""
    house.sweep()
    assert house.outside.there == ["b", "bad"]


def test_what_was_done_though_the_answer_was_lost_is_not_done_again(house: House) -> None:
    house.outside.loses_answers = True
    assert not house.say("a")
    house.outside.loses_answers, house.outside.away = False, True
    for _ in range(5):
        house.sweep()
    house.outside.away = False
    for _ in range(3):
        house.sweep()
    assert house.outside.there == ["a"]
    assert house.status("post_comment/a")[0] == "performed"


def test_of_a_view_only_the_newest_is_shown_and_the_journal_says_so(house: House) -> None:
    house.outside.broken = "/one"
    assert not house.show("one")
    assert house.show("two")
    house.outside.broken = ""
    house.sweep()
    assert house.outside.there == ["two"]
    gone = [r.event for r in house.journal.load("story:7:1") if "superseded" in r.event.kind]
    assert [(one.key[-3:], one.by[-3:]) for one in gone] == [("one", "two")]
    assert house.status("show_status/one")[0] == "denied"
    assert house.journal.due_effects(house.clock(), 10) == []


def test_a_view_is_not_even_proposed_while_the_service_is_away(house: House) -> None:
    house.outside.away = True
    house.show("one")
    before = len(house.journal.load("story:7:1"))
    for number in range(10):
        house.show(f"{number}")
    assert len(house.journal.load("story:7:1")) == before
