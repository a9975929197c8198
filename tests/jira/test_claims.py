"""Who works on a ticket: visible before it counts, of two Towpaths one, and people before both."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.backlog.tracker.claim import claim, give_up
from policies.claims import Taking, What
from tests.jira.cloud import SECOND, TOKEN, US, USER, Cloud, Turns
from tests.jira.towpath import REPOSITORY, Towpath

Make = Callable[..., Towpath]


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def make(site: Cloud, tmp_path: Path) -> Make:
    def made(slug: str = "towpath", user: str = USER, **told: Any) -> Towpath:
        return Towpath(
            tmp_path, slug, jira_url=site.url, jira_kind="cloud", jira_user=user,
            jira_token=TOKEN, **told,
        )  # fmt: skip

    return made


def take(one: Towpath, asked: bool = False) -> Taking:
    judged = claim(one.office, REPOSITORY, one.item(), asked)
    assert judged is not None
    return judged


def test_a_claim_is_a_status_an_assignee_and_a_property_before_it_counts(
    site: Cloud, make: Make
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    judged = take(towpath)
    assert (judged.what, judged.fence) == (What.TAKE, 1)
    assert (site.status("SHOP-1"), site.assignee("SHOP-1")) == ("In Progress", US)
    (value,) = site.properties["SHOP-1"].values()
    assert value["holder"].startswith("towpath/")
    assert (value["fence"], value["held"]) == (1, True)
    assert value["expires"] > towpath.now().isoformat()
    assert towpath.held == {"SHOP-1"}
    assert take(towpath).what is What.OURS
    assert towpath.done().count("transition_ticket") == 1


def test_an_item_without_a_ticket_needs_no_claim(make: Make) -> None:
    towpath = make(config={"enabled": False})
    assert claim(towpath.office, REPOSITORY, towpath.backlog, False) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "happens"),
    [
        ("assigned", lambda site: site.assign("SHOP-1", "bob")),
        ("under_way", lambda site: site.move("SHOP-1", "In Progress")),
        ("blocked", lambda site: site.move("SHOP-1", "On Hold")),
        ("closed", lambda site: site.move("SHOP-1", "Done")),
        ("no_ticket", lambda site: site.tickets.pop("SHOP-1")),
    ],
)
def test_what_people_do_is_theirs(
    site: Cloud, make: Make, rule: str, happens: Callable[[Cloud], Any]
) -> None:
    site.open("Round totals")
    towpath = make(config={"states": {"blocked": "On Hold"}})
    towpath.read()
    happens(site)
    before = len(site.log)
    assert (take(towpath).rule, towpath.held) == (rule, set())
    assert not [line for line in site.log[before:] if not line.startswith("GET")]


def test_a_person_who_asks_outweighs_an_assignee_and_no_claim(site: Cloud, make: Make) -> None:
    site.open("Round totals")
    first, second = make("first"), make("second", SECOND)
    first.read()
    second.read()
    site.assign("SHOP-1", "bob")
    assert take(first, asked=True).may
    assert site.assignee("SHOP-1") == "bob"
    assert take(second, asked=True).rule == "claimed"


def test_a_claim_that_ran_out_is_taken_with_the_next_fence_and_that_is_said(
    site: Cloud, make: Make
) -> None:
    site.open("Round totals")
    first, second = make("first"), make("second", SECOND)
    first.read()
    second.read()
    assert take(first).may
    anothers = take(second)
    assert (anothers.rule, anothers.may) == ("claimed", False)
    assert anothers.until is not None
    second.later(hours=25)
    stale = take(second)
    assert (stale.what, stale.fence) == (What.TAKE, 2)
    assert "first/" in site.said("SHOP-1")[0]
    assert "ran out" in site.said("SHOP-1")[0]


@pytest.mark.parametrize(
    ("at", "happens"),
    [
        ("POST issue/SHOP-1/transitions", lambda site: site.move("SHOP-1", "Done")),
        ("GET issue/SHOP-1/transitions", lambda site: site.move("SHOP-1", "On Hold")),
        ("PUT issue/SHOP-1/assignee", lambda site: site.move("SHOP-1", "Done")),
        ("PUT issue/SHOP-1/properties", lambda site: site.assign("SHOP-1", "alice")),
        ("GET issue/SHOP-1/properties$", lambda site: site.assign("SHOP-1", "alice")),
    ],
)
def test_a_person_who_comes_between_wins_and_our_claim_goes(
    site: Cloud, make: Make, at: str, happens: Callable[[Cloud], None]
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    site.race(at, lambda: happens(site))
    judged = take(towpath)
    before = (site.status("SHOP-1"), site.assignee("SHOP-1"))
    assert not judged.may
    assert towpath.held == set()
    assert site.properties.get("SHOP-1", {}) == {}
    assert before[0] in ("Done", "On Hold") or before[1] == "alice"


def test_a_status_or_an_assignee_that_jira_refuses_leaves_the_claim_in_force(
    site: Cloud, make: Make
) -> None:
    site.open("Round totals")
    towpath = make(config={"states": {"doing": "Nowhere"}})
    site.fail("PUT issue/SHOP-1/assignee", 400, body=b'{"errors": {"assignee": "cannot be"}}')
    towpath.read()
    assert take(towpath).may
    assert (site.status("SHOP-1"), site.assignee("SHOP-1")) == ("To Do", "")
    assert towpath.held == {"SHOP-1"}


def test_while_jira_is_away_nothing_begins(site: Cloud, make: Make) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    site.fail("GET", 503, times=50)
    judged = take(towpath)
    assert (judged.rule, judged.may) == ("tracker_away", False)
    site.faults.clear()
    towpath.later(minutes=10)
    assert take(towpath).may


@pytest.mark.parametrize("lost", range(1, 6))
def test_an_answer_that_is_lost_at_any_write_is_made_good(
    site: Cloud, make: Make, lost: int
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    site.fail("^(PUT|POST|DELETE)", after=True, skip=lost - 1)
    judged = take(towpath)
    for _ in range(5):
        if judged.may:
            break
        towpath.later(minutes=11)
        judged = take(towpath)
    assert judged.may
    assert len(site.properties["SHOP-1"]) == 1
    moves = [line for line in site.log if line == "POST issue/SHOP-1/transitions"]
    assert len(moves) == 1


def test_what_we_meant_long_ago_is_no_claim_when_it_is_written_too_late(
    site: Cloud, make: Make
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    site.fail("PUT issue/SHOP-1/properties", 503)
    assert take(towpath).rule == "not_now"
    towpath.later(hours=2)
    late = take(towpath)
    assert (late.rule, towpath.held) == ("not_now", set())
    assert take(towpath).may


def test_two_repositories_that_share_a_project_do_not_share_a_ticket(
    site: Cloud, make: Make
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    other = REPOSITORY.model_copy(update={"id": 8, "full_name": "acme/till"})
    towpath.configure({"enabled": True, "project": "SHOP"}, of=other)
    assert take(towpath).may
    judged = claim(towpath.office, other, towpath.item(), True)
    assert judged is not None
    assert judged.rule == "claimed"


def test_the_end_of_a_claim_leaves_the_ticket_free(site: Cloud, make: Make) -> None:
    site.open("Round totals")
    first, second = make("first"), make("second", SECOND)
    for one in (first, second):
        one.read()
    fence = take(first).fence
    give_up(first.tickets, "SHOP-1", 1, "over", fence)
    site.move("SHOP-1", "To Do")
    assert first.held == set()
    assert take(second).may


def _race(site: Cloud, both: list[Towpath]) -> list[Taking]:
    answers: dict[int, Taking] = {}

    def run(index: int) -> None:
        try:
            answers[index] = take(both[index])
        finally:
            if site.turns is not None:
                site.turns.ended("ab"[index])

    threads = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return [answers[0], answers[1]]


@pytest.mark.parametrize("seed", range(12))
def test_of_two_towpaths_one_at_most_gets_a_ticket_however_their_steps_mix(
    site: Cloud, make: Make, seed: int
) -> None:
    site.open("Round totals")
    both = [make("first"), make("second", SECOND)]
    for one in both:
        one.read()
    chance = random.Random(seed)
    runs = [letter * chance.randint(1, 6) for _ in range(40) for letter in "ab"]
    site.turns = Turns("".join(runs[chance.randint(0, 1) :]))
    may = [one.may for one in _race(site, both)]
    site.turns = None
    assert may.count(True) <= 1
    for _ in range(4):  # and in the end somebody does
        if any(may):
            break
        for index, one in enumerate(both):
            one.ahead += timedelta(minutes=3)
            may[index] = may[index] or take(one).may
    held = [one.held for one in both]
    assert sorted(map(len, held)) == [0, 1]
    assert may.count(True) == 1
