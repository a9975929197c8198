"""A claim on a ticket that is broken off at any write: people come between, or a day does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.backlog.tracker.claim import claim
from policies.claims import Taking
from tests.jira.cloud import TOKEN, USER, Cloud
from tests.jira.towpath import REPOSITORY, Towpath

DAY = 24
WRITES = "^(PUT|POST|DELETE)"


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    made.open("Round totals")
    yield made
    made.close()


class Killed(BaseException):
    """A process ends where it is."""


@pytest.fixture
def dies() -> dict[str, int]:
    """At how many more boundaries of each name it goes on."""
    return {}


@pytest.fixture
def towpath(site: Cloud, tmp_path: Path, dies: dict[str, int]) -> Towpath:
    def boundary(name: str) -> None:
        dies[name] = dies.get(name, 1000) - 1
        if dies[name] < 0:
            del dies[name]
            raise Killed(name)

    where = {"jira_url": site.url, "jira_kind": "cloud", "jira_user": USER, "jira_token": TOKEN}
    made = Towpath(tmp_path, "towpath", boundary=boundary, **where)
    made.read()
    return made


def take(one: Towpath) -> Taking:
    judged = claim(one.office, REPOSITORY, one.item(), False)
    assert judged is not None
    return judged


def broken_off(one: Towpath, site: Cloud, which: int, after: bool) -> None:
    """Nothing is written from this write on, or nothing is answered."""
    site.fail(WRITES, 502, skip=which, times=1000, after=after)
    assert not take(one).may
    site.faults.clear()


@pytest.mark.parametrize("wrong", [0, DAY], ids=["right-clock", "clock-ahead"])
@pytest.mark.parametrize("after", [False, True], ids=["not-done", "done-without-an-answer"])
@pytest.mark.parametrize("which", range(4))
def test_a_day_later_it_is_ours_and_we_know_what_it_was_before(
    site: Cloud, towpath: Towpath, which: int, after: bool, wrong: int
) -> None:
    towpath.later(hours=wrong)
    broken_off(towpath, site, which, after)
    towpath.later(hours=DAY + 1 - wrong)
    is_ours(site, towpath)


@pytest.mark.parametrize("name", ["before:perform", "after:perform"])
@pytest.mark.parametrize("which", range(4))
def test_killed_anywhere_it_is_ours_too(
    site: Cloud, towpath: Towpath, dies: dict[str, int], which: int, name: str
) -> None:
    dies[name] = which
    with pytest.raises(Killed):
        take(towpath)
    towpath.later(hours=DAY + 1)
    is_ours(site, towpath)


def is_ours(site: Cloud, towpath: Towpath) -> None:
    """It was moved and assigned once, and it is known what it was before."""
    for _ in range(3):
        if take(towpath).may:
            break
        towpath.later(minutes=11)
    assert towpath.tickets.ledger().held["SHOP-1"].before == "To Do"
    assert site.status("SHOP-1") == "In Progress"
    assert len(site.properties["SHOP-1"]) == 1
    assert [one["items"][0]["field"] for one in site.tickets["SHOP-1"]["log"]] == [
        "assignee",
        "status",
    ]


@pytest.mark.parametrize("hours", [1, DAY + 1])
@pytest.mark.parametrize("after", [False, True], ids=["not-done", "done-without-an-answer"])
@pytest.mark.parametrize("which", range(4))
def test_who_took_it_meanwhile_keeps_it(
    site: Cloud, towpath: Towpath, which: int, after: bool, hours: int
) -> None:
    broken_off(towpath, site, which, after)
    site.assign("SHOP-1", "bob")
    for _ in range(2):
        towpath.later(hours=hours)
        assert take(towpath).rule == "assigned"
    assert (site.assignee("SHOP-1"), towpath.held) == ("bob", set())
    assert not site.properties.get("SHOP-1")  # nobody thinks that we want it


def test_who_took_what_was_ours_before_the_work_began_keeps_it(
    site: Cloud, towpath: Towpath
) -> None:
    assert take(towpath).may
    site.assign("SHOP-1", "bob")
    assert take(towpath).rule == "yielded"
    towpath.look_after()
    assert (site.assignee("SHOP-1"), towpath.held) == ("bob", set())
    assert take(towpath).rule == "assigned"
