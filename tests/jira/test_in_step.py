"""Tickets and items in step: what becomes an item, and what each side shows of the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import outages
from bot.backlog.lanes.day import Day
from bot.backlog.lanes.lane import Budget, Shift
from bot.backlog.tracker import rounds
from bot.backlog.tracker.claim import claim
from bot.configuration.jira import Jira
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import JIRA
from bot.story.events import (
    CancelRequested,
    EffectPerformed,
    StoryReceived,
    Transitioned,
)
from bot.story.item_events import ItemState
from bot.story.journal import Head
from bot.story.office import stream_of
from bot.story.vocabulary import Person, State
from tests.jira.cloud import TOKEN, US, USER, Cloud
from tests.jira.towpath import REPOSITORY, Towpath

STATES = {"blocked": "On Hold"}
PULL = "https://git.test/acme/shop/pull/42"
ALICE = Person(id=5, login="alice")
STORY = stream_of(7, 41)


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def make(site: Cloud, tmp_path: Path) -> Callable[..., Towpath]:
    def made(**told: Any) -> Towpath:
        return Towpath(
            tmp_path, "towpath", jira_url=site.url, jira_kind="cloud", jira_user=USER,
            jira_token=TOKEN, **told,
        )  # fmt: skip

    return made


@pytest.fixture
def towpath(site: Cloud, make: Callable[..., Towpath]) -> Towpath:
    """Work on SHOP-1 is under way at issue 41."""
    site.open("Round totals")
    one = make()
    one.read()
    taken = claim(one.office, REPOSITORY, one.item(), False)
    assert taken is not None
    assert taken.may
    one.begin()
    one.office.tell(
        STORY,
        StoryReceived(
            repository=REPOSITORY, issue=41, title="t", body="", author=ALICE, requester=ALICE
        ),
        head=Head(state=State.RECEIVED, repository="acme/shop", issue=41),
    )
    return one


def move(towpath: Towpath, state: ItemState, reason: str = "") -> None:
    towpath.backlog.move("7", 1, state, reason)


def opened(towpath: Towpath) -> None:
    """The story's pull request is open."""
    result = {"number": 42, "url": PULL, "head_sha": "c0ffee"}
    told = EffectPerformed(key="k", effect="open_pull_request", result=result)
    towpath.office.tell(STORY, told)
    move(towpath, ItemState.PR)


# -- in -----------------------------------------------------------------------------------------


def test_what_a_ticket_says_becomes_an_item_with_its_provenance(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    site.open(
        "Round totals",
        "Use Decimal.",
        labels=["money"],
        customfield_10016=5,
        customfield_10050={"value": "High"},
        issuetype={"name": "Bug"},
        created="2025-01-02T03:04:05.000+0000",
    )
    towpath = make(config={"fields": {"value": "Business Value"}})
    assert towpath.read().found == [1]
    item = towpath.item()
    assert (item.title, item.body, item.family) == ("Round totals", "Use Decimal.", "bug")
    assert (item.inputs.size.number, item.inputs.value.number) == (5, 8)
    assert item.inputs.value.origin.source == "jira"
    assert item.sightings[0].url == f"{site.url}/browse/SHOP-1"
    assert item.since.year == 2025
    assert towpath.read().unchanged + len(towpath.read().changed) <= 1


@pytest.mark.parametrize(
    ("happens", "state", "reason"),
    [
        (lambda site: site.move("SHOP-1", "Done"), ItemState.DONE, "Done"),
        (lambda site: site.move("SHOP-1", "On Hold"), ItemState.BLOCKED, "On Hold in Jira"),
        (
            lambda site: site.assign("SHOP-1", "bob"),
            ItemState.BLOCKED,
            "under way elsewhere: assigned to Bob B",
        ),
        (
            lambda site: site.move("SHOP-1", "In Review"),
            ItemState.BLOCKED,
            "under way elsewhere: In Review in Jira",
        ),
    ],
)
def test_what_people_do_in_jira_is_the_state_of_the_item_and_back(
    site: Cloud,
    make: Callable[..., Towpath],
    happens: Callable[[Cloud], None],
    state: ItemState,
    reason: str,
) -> None:
    site.open("Round totals")
    towpath = make(config={"states": STATES})
    towpath.read()
    happens(site)
    towpath.read()
    assert (towpath.item().state, towpath.item().reason) == (state, reason)
    site.move("SHOP-1", "To Do")
    site.assign("SHOP-1", "")
    towpath.read()
    assert towpath.item().state is ItemState.NEW


def test_only_what_changed_is_asked_for_until_everything_is_due(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    for number in range(3):
        site.open(f"Ticket {number}")
        site.tickets[f"SHOP-{number + 1}"]["fields"]["updated"] = "2025-01-01T00:00:00.000+0000"
    towpath = make()
    assert len(towpath.read().found) == 3
    del site.tickets["SHOP-2"]
    site.tickets["SHOP-3"]["fields"]["summary"] = "Another name"
    site.tickets["SHOP-3"]["fields"]["updated"] = towpath.now().isoformat()
    taken = towpath.read()
    assert (taken.changed, taken.gone, taken.unchanged) == ([3], [], 0)
    towpath.later(hours=7)
    assert towpath.read().gone == [2]
    assert towpath.item(2).state is ItemState.DONE
    towpath.configure({"enabled": True, "project": "SHOP", "label": "bot"})
    assert sorted(towpath.read().gone) == [1, 3]


def test_a_look_that_breaks_off_loses_nothing(site: Cloud, make: Callable[..., Towpath]) -> None:
    site.page = 2
    for number in range(5):
        site.open(f"Ticket {number}")
    towpath = make()
    towpath.read()
    towpath.later(hours=7)
    site.fail("GET search", 500, times=9, skip=1)
    with pytest.raises(Exception, match="500"):
        towpath.read()
    assert all(towpath.item(number).state is ItemState.NEW for number in range(1, 6))


def test_an_account_that_is_signed_out_sees_less_and_nothing_is_gone(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    towpath.later(hours=7)
    nothing = b'{"issues": [], "isLast": true}'
    failed = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    site.fail("GET search", 200, headers=failed, body=nothing)
    with pytest.raises(Exception, match="not accepted"):
        towpath.read()
    site.fail("GET myself", 401)
    with pytest.raises(Exception, match="401"):
        towpath.read()
    assert towpath.item().state is ItemState.NEW


def test_an_account_that_is_signed_out_sees_no_ticket_and_the_work_goes_on(
    site: Cloud, towpath: Towpath
) -> None:
    site.fail("GET issue/SHOP-1", 404)
    site.fail("GET myself", 401)
    with pytest.raises(JiraError, match="401"):
        towpath.look_after()
    assert towpath.held == {"SHOP-1"}
    assert towpath.look_after() == []


def test_a_repository_reads_no_other_project_whatever_its_condition_says(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    site.open("Ours")
    site.open("Secret", key="SECRET-1")
    towpath = make(config={"jql": "labels is EMPTY"})
    assert towpath.read().found == [1]
    for jql in ("x) OR (project = SECRET", 'a = "b', "x ORDER BY y", ")("):
        with pytest.raises(ValueError, match="pattern"):
            Jira.model_validate({"jql": jql})


def test_a_repository_exchanges_only_with_what_the_operator_allows(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    site.open("Ours")
    towpath = make(jira_projects="acme/shop=OTHER, else/*=SHOP")
    with pytest.raises(AssertionError):
        towpath.read()
    assert site.log == []


def test_a_hostile_ticket_is_text(site: Cloud, make: Callable[..., Towpath]) -> None:
    site.open("\x1b[31mred\x00 \u202ename <!-- x -->" + "y" * 5000, "z" * 100_000)
    site.open("", "nothing")
    site.open("Size", customfield_10016="<script>")
    towpath = make()
    taken = towpath.read()
    assert len(taken.found) == 2
    assert "\x1b" not in towpath.item().title
    assert len(towpath.item().title) <= 256
    assert any("script" in fault.what for fault in taken.faults)


# -- out ----------------------------------------------------------------------------------------


def test_a_ticket_follows_the_work_to_its_end(site: Cloud, towpath: Towpath) -> None:
    towpath.look_after()
    assert site.links["SHOP-1"].keys() == {"tracker/7/link/SHOP-1/issue-41"}
    opened(towpath)
    towpath.look_after()
    assert site.status("SHOP-1") == "In Review"
    assert PULL in site.said("SHOP-1")[0]
    assert {one["object"]["url"] for one in site.links["SHOP-1"].values()} >= {PULL}
    merged = EffectPerformed(key="m", effect="merge_pull_request", result={"sha": "c0ffee"})
    towpath.office.tell(STORY, merged)
    move(towpath, ItemState.DONE)
    towpath.look_after()
    assert site.status("SHOP-1") == "Done"
    assert "merged" in site.said("SHOP-1")[1]
    assert site.properties["SHOP-1"] == {}
    assert site.assignee("SHOP-1") == US
    assert towpath.held == set()


def test_looking_again_changes_nothing(site: Cloud, towpath: Towpath) -> None:
    opened(towpath)
    towpath.look_after()
    before = (site.changes, len(site.said("SHOP-1")), len(site.links["SHOP-1"]))
    version = towpath.item().version
    for _ in range(3):
        assert towpath.look_after() == []
        towpath.read()
    assert (site.changes, len(site.said("SHOP-1")), len(site.links["SHOP-1"])) == before
    assert towpath.item().version == version


@pytest.mark.parametrize(
    ("happens", "state", "says"),
    [
        (lambda s: s.move("SHOP-1", "Done"), ItemState.DONE, "Alice A moved SHOP-1 to Done"),
        (lambda s: s.move("SHOP-1", "On Hold"), ItemState.BLOCKED, "Alice A moved SHOP-1 to On"),
        (lambda s: s.move("SHOP-1", "To Do"), ItemState.BLOCKED, "back to To Do"),
        (lambda s: s.assign("SHOP-1", "bob"), ItemState.BLOCKED, "assigned to Bob B by Alice A"),
        (lambda s: s.assign("SHOP-1", ""), ItemState.BLOCKED, "took SHOP-1 away from Towpath"),
    ],
)
def test_a_person_who_ends_the_work_in_jira_ends_it_here(
    site: Cloud,
    towpath: Towpath,
    happens: Callable[[Cloud], None],
    state: ItemState,
    says: str,
) -> None:
    towpath.configure({"enabled": True, "project": "SHOP", "states": STATES})
    happens(site)
    status = site.status("SHOP-1")
    seen = towpath.look_after()
    assert towpath.item().state is state
    assert says in towpath.item().reason
    assert any(one.what == "yielded" and says in one.why for one in seen)
    told = [r.event for r in towpath.journal.load(STORY)]
    assert any(isinstance(one, CancelRequested) and says in one.reason for one in told)
    assert site.status("SHOP-1") == status
    assert site.properties["SHOP-1"] == {}
    assert towpath.held == set()


def test_a_status_that_a_person_chose_stays_while_the_work_goes_on(
    site: Cloud, towpath: Towpath
) -> None:
    site.move("SHOP-1", "In Review")
    seen = towpath.look_after()
    assert [(one.what, one.why) for one in seen] == [("left", "Alice A moved SHOP-1 to In Review")]
    assert towpath.item().state is ItemState.DOING
    move(towpath, ItemState.BLOCKED, "a question")
    towpath.look_after()
    assert site.status("SHOP-1") == "In Review"
    assert towpath.held == {"SHOP-1"}


def test_a_person_who_moves_it_while_we_write_wins(site: Cloud, towpath: Towpath) -> None:
    opened(towpath)
    site.race("GET issue/SHOP-1/transitions", lambda: site.move("SHOP-1", "Done"))
    towpath.look_after()
    assert site.status("SHOP-1") == "Done"
    towpath.look_after()
    assert towpath.item().state is ItemState.DONE
    assert towpath.held == set()


def test_a_ticket_that_is_deleted_or_moved_away_ends_the_work(
    site: Cloud, towpath: Towpath
) -> None:
    site.tickets["SHOP-1"] = {**site.tickets["SHOP-1"], "key": "OTHER-1"}
    towpath.look_after()
    assert towpath.held == set()
    assert any(isinstance(r.event, CancelRequested) for r in towpath.journal.load(STORY))


def test_work_that_people_take_over_is_said_and_the_ticket_is_free(
    site: Cloud, towpath: Towpath
) -> None:
    moved = Transitioned(source=State.RECEIVED, target=State.FAILED, reason="tests stay red")
    towpath.office.tell(STORY, moved)
    move(towpath, ItemState.BLOCKED, "tests stay red")
    towpath.look_after()
    assert "leaves it to people: tests stay red" in site.said("SHOP-1")[0]
    assert (site.assignee("SHOP-1"), site.properties["SHOP-1"]) == ("", {})
    assert towpath.held == set()


def test_the_last_word_is_said_before_the_claim_goes(site: Cloud, towpath: Towpath) -> None:
    opened(towpath)
    merged = EffectPerformed(key="m", effect="merge_pull_request", result={"sha": "c0ffee"})
    towpath.office.tell(STORY, merged)
    move(towpath, ItemState.DONE)
    site.fail("POST issue/SHOP-1/comment", 503)
    towpath.look_after()
    assert towpath.held == {"SHOP-1"}
    towpath.later(minutes=20)
    towpath.look_after()
    assert "merged" in site.said("SHOP-1")[0]
    assert towpath.held == set()


def test_a_claim_that_cannot_be_taken_away_at_once_goes_later_without_a_word(
    site: Cloud, towpath: Towpath
) -> None:
    site.assign("SHOP-1", "bob")
    site.fail("DELETE", 503)
    towpath.look_after()
    assert towpath.held == {"SHOP-1"}
    towpath.later(minutes=20)
    towpath.look_after()
    assert (towpath.held, site.properties["SHOP-1"]) == (set(), {})
    assert site.said("SHOP-1") == []


def test_a_claim_that_led_to_no_work_is_given_back_after_a_while(
    site: Cloud, make: Callable[..., Towpath]
) -> None:
    site.open("Round totals")
    towpath = make()
    towpath.read()
    claim(towpath.office, REPOSITORY, towpath.item(), False)
    towpath.look_after()
    assert towpath.held == {"SHOP-1"}
    towpath.later(minutes=11)
    towpath.look_after()
    assert (site.status("SHOP-1"), site.assignee("SHOP-1")) == ("To Do", "")
    assert (site.properties["SHOP-1"], towpath.held) == ({}, set())


def test_a_claim_is_prolonged_while_the_work_goes_on(site: Cloud, towpath: Towpath) -> None:
    (before,) = site.properties["SHOP-1"].values()
    towpath.look_after()
    assert [*site.properties["SHOP-1"].values()] == [before]
    towpath.ahead += timedelta(hours=13)
    towpath.look_after()
    (after,) = site.properties["SHOP-1"].values()
    assert after["expires"] > before["expires"]
    assert after["fence"] == before["fence"]


def test_what_jira_refuses_is_said_once_and_not_tried_forever(
    site: Cloud, towpath: Towpath
) -> None:
    site.fail("GET issue/SHOP-1/transitions", 403, times=99)
    opened(towpath)
    first = towpath.look_after()
    assert [one.what for one in first].count("held back") == 1
    asked = len([line for line in site.log if "transitions" in line])
    assert towpath.look_after() == []
    assert len([line for line in site.log if "transitions" in line]) == asked


def test_the_other_waits_while_jira_is_away_and_nothing_is_said_twice(
    site: Cloud, towpath: Towpath
) -> None:
    opened(towpath)
    site.fail("POST issue/SHOP-1/comment", 503, after=True)
    first = towpath.look_after()
    assert [one.what for one in first if one.what == "held back"]
    for _ in range(4):
        towpath.later(minutes=10)
        towpath.look_after()
    assert len(site.said("SHOP-1")) == 1


def test_after_an_outage_jira_was_looked_at_once_the_lanes_read_and_looked_after_everything(
    site: Cloud, towpath: Towpath
) -> None:
    services = towpath.services

    def sweep() -> datetime | None:
        in_step = partial(rounds.all_in_step, towpath.office)
        outages.reconcile(services, towpath.journal, lambda since: 0, in_step)
        return services.missed(JIRA)

    def shift() -> Shift:
        config, budget = towpath.office.configuration(REPOSITORY), Budget(60, time.monotonic)
        return Shift(towpath.office, REPOSITORY, towpath.backlog, config, towpath.now(), budget)

    for _ in range(2):
        towpath.later(minutes=1)
        since = towpath.now() - timedelta(minutes=20)
        services.was_away(JIRA, since, "no answer")
        towpath.later(minutes=1)
        assert sweep() == since
        assert rounds.reconcile(shift()).waits == ()  # nothing was read yet
        assert sweep() == since
        site.fail("GET search/jql", 404)
        rounds.intake(Day(shift()))
        rounds.reconcile(shift())
        assert sweep() == since
        rounds.intake(Day(shift()))
        assert sweep() == since
        rounds.reconcile(shift())
        assert sweep() is None
    told = len(towpath.journal.load(towpath.tickets.stream))
    rounds.intake(Day(shift()))
    rounds.reconcile(shift())
    assert len(towpath.journal.load(towpath.tickets.stream)) == told
