"""Jira Cloud over HTTP: what is read, what is written once, and what goes wrong on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.outside.jira.effects import TicketEffects
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import Account, JiraHttp
from bot.outside.jira.reads import Jira
from bot.story import ticket_effects as fx
from bot.story.vocabulary import Repository
from tests.jira.cloud import TOKEN, US, USER, Cloud, paragraph

REPOSITORY = Repository(
    id=7, full_name="acme/shop", default_branch="main", git_url="http://g.test/a", installation_id=1
)


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def connected(site: Cloud, clock: Clock, token: str = TOKEN, timeout: int = 5) -> Jira:
    account = Account(USER, lambda: token)
    return Jira(JiraHttp(site.url, account, clock, cloud=True, timeout=timeout))


@pytest.fixture
def jira(site: Cloud, clock: Clock) -> Jira:
    return connected(site, clock)


@pytest.fixture
def effects(jira: Jira) -> TicketEffects:
    return TicketEffects(lambda: jira)


def effect(kind: type[Any], key: str = "tracker/7/k", **told: Any) -> Any:
    return kind(key=key, repository=REPOSITORY, ticket="SHOP-1", **told)


def start(**told: Any) -> fx.TransitionTicket:
    made: fx.TransitionTicket = effect(
        fx.TransitionTicket, **{"status": "In Progress", "expected": "To Do", **told}
    )
    return made


# -- reads ------------------------------------------------------------------------------------


def test_all_pages_are_read_by_their_tokens(site: Cloud, jira: Jira) -> None:
    site.page = 3
    for number in range(10):
        site.open(f"Ticket {number}", "text")
    pages = list(jira.search('project = "SHOP" ORDER BY key ASC', {}))
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [one.key for page in pages for one in page] == [f"SHOP-{n}" for n in range(1, 11)]


def test_a_server_that_gives_the_same_page_forever_is_not_asked_forever(
    site: Cloud, jira: Jira
) -> None:
    site.open("one")
    page = b'{"issues": [], "isLast": false, "nextPageToken": "again"}'
    site.fail("GET search", 200, body=page, times=1000)
    with pytest.raises(JiraError):
        list(jira.search('project = "SHOP"', {}))
    assert len(site.log) < 10


def test_a_ticket_is_told_in_our_words(site: Cloud, jira: Jira) -> None:
    blocker = {"key": "SHOP-9", "fields": {"status": {"statusCategory": {"key": "new"}}}}
    finished = {"key": "SHOP-8", "fields": {"status": {"statusCategory": {"key": "done"}}}}
    kind = {"inward": "is blocked by", "outward": "blocks"}
    site.open(
        "Round totals",
        "Use Decimal.",
        labels=["money"],
        assignee=site.person("alice"),
        customfield_10016=5.0,
        customfield_10050={"value": "High"},
        issuelinks=[{"type": kind, "inwardIssue": one} for one in (blocker, finished)],
    )
    ticket = jira.ticket("SHOP-1", {"size": "customfield_10016", "value": "customfield_10050"})
    assert ticket is not None
    assert (ticket.summary, ticket.body, ticket.category) == ("Round totals", "Use Decimal.", "new")
    assert (ticket.assignee, ticket.assignee_name) == ("alice", "Alice A")
    assert ticket.fields == {"size": 5.0, "value": "High"}
    assert ticket.blocked_by == ("SHOP-9",)
    assert ticket.url == f"{site.url}/browse/SHOP-1"
    assert jira.ticket("SHOP-77", {}) is None


def test_hostile_answers_cost_one_text_and_no_more(site: Cloud, jira: Jira) -> None:
    deep: Any = {"type": "text", "text": "x"}
    for _ in range(300):
        deep = {"type": "blockquote", "content": [deep]}
    site.open("Deep", {"type": "doc", "content": [deep]})
    site.open("Wide", {"type": "doc", "content": [paragraph("y" * 1000)] * 2000})
    site.open("Odd", {"type": ["doc"], "content": {"a": 1}}, labels="x", status=7, assignee=[3])
    mention = {"type": "mention", "attrs": {"id": "1", "text": "@everybody"}}
    site.open("Calls", {"type": "doc", "content": [{"type": "paragraph", "content": [mention]}]})
    site.tickets["SHOP-1"]["fields"]["labels"] = ["a\x00b", 5, None]
    found = [one for page in jira.search('project = "SHOP"', {}) for one in page]
    assert [one.summary for one in found] == ["Deep", "Wide", "Odd", "Calls"]
    assert all(len(one.body) <= 40_000 for one in found)
    assert found[3].body == "everybody"


def test_one_text_nested_beyond_reason_does_not_hide_the_other_tickets(
    site: Cloud, jira: Jira
) -> None:
    site.open("Plain", "text")
    bomb = b'{"issues": [{"key": "SHOP-1", "fields": {"description": ' + b'{"a":' * 50_000
    site.fail("GET search", 200, body=bomb)
    found = [one for page in jira.search('project = "SHOP"', {}) for one in page]
    assert [one.summary for one in found] == ["Plain"]


# -- what goes wrong ----------------------------------------------------------------------------


def test_a_wrong_token_is_told_and_never_shown(
    site: Cloud, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = connected(site, clock, "ATATT-wrong-secret-token")
    with pytest.raises(JiraError) as refused:
        wrong.us()
    assert refused.value.kind == "unauthorized"
    assert refused.value.retryable
    site.fail("GET myself", 400, body=f'{{"errorMessages": ["bad {TOKEN}"]}}'.encode())
    with pytest.raises(JiraError) as echoed:
        connected(site, clock).us()
    told = f"{refused.value} {echoed.value} {caplog.text}"
    assert TOKEN not in told
    assert "ATATT-wrong-secret-token" not in told


def test_after_a_429_nobody_asks_before_its_time(site: Cloud, clock: Clock, jira: Jira) -> None:
    site.fail("GET myself", 429, headers={"Retry-After": "120"})
    with pytest.raises(JiraError) as first:
        jira.us()
    assert (first.value.kind, first.value.retry_after) == ("rate_limited", 120.0)
    asked = len(site.log)
    with pytest.raises(JiraError) as second:
        jira.custom_fields()
    assert second.value.retryable
    assert 100 < (second.value.retry_after or 0) <= 125
    assert len(site.log) == asked
    clock.ahead += timedelta(seconds=130)
    assert jira.us() == US


@pytest.mark.parametrize("said", ["soon", "-5", "nan", "inf", "99999999999", ""])
def test_a_strange_retry_after_is_bounded(site: Cloud, jira: Jira, said: str) -> None:
    site.fail("GET myself", 429, headers={"Retry-After": said})
    with pytest.raises(JiraError) as error:
        jira.us()
    assert 1 <= (error.value.retry_after or 0) <= 3600


def test_a_read_is_repeated_and_a_write_is_not(
    site: Cloud, jira: Jira, effects: TicketEffects
) -> None:
    site.open("one")
    site.fail("GET issue", 503, times=2)
    assert jira.ticket("SHOP-1", {}) is not None
    site.fail("POST issue/SHOP-1/comment", 502)
    with pytest.raises(JiraError) as error:
        effects.perform(effect(fx.CommentTicket, body="hello"))
    assert error.value.retryable
    assert error.value.maybe_done
    assert site.log.count("POST issue/SHOP-1/comment") == 1


def test_a_jira_that_is_away_is_left_alone_until_it_is_tried_again(clock: Clock) -> None:
    site = Cloud()
    jira = connected(site, clock)
    site.close()
    for _ in range(3):
        with pytest.raises(JiraError) as error:
            jira.us()
        assert error.value.kind == "unavailable"
    assert "degraded since" in str(error.value)


def test_a_slow_answer_ends_in_a_time_out(site: Cloud, clock: Clock) -> None:
    site.open("one")
    slow = connected(site, clock, timeout=1)
    slow.us()
    site.fail("PUT", slow=1.5)
    with pytest.raises(JiraError) as error:
        TicketEffects(lambda: slow).perform(effect(fx.AssignTicket, ours=True, expected=""))
    assert error.value.kind == "unavailable"
    assert error.value.maybe_done


def test_no_redirect_is_followed(site: Cloud, jira: Jira) -> None:
    other = Cloud()
    site.fail("GET myself", 302, headers={"Location": f"{other.url}/rest/api/3/myself"})
    with pytest.raises(JiraError):
        jira.us()
    assert other.log == []
    other.close()


# -- writes -------------------------------------------------------------------------------------


def test_a_ticket_is_moved_assigned_and_read_back(site: Cloud, effects: TicketEffects) -> None:
    site.open("one")
    moved = effects.perform(start())
    assert (moved["status"], moved["category"]) == ("In Progress", "indeterminate")
    assert effects.perform(effect(fx.AssignTicket, ours=True, expected=""))["assignee"] == US
    assert (site.status("SHOP-1"), site.assignee("SHOP-1")) == ("In Progress", US)
    effects.perform(effect(fx.AssignTicket, ours=False, expected=US))
    assert site.assignee("SHOP-1") == ""


def test_a_transition_can_be_named_instead_of_its_status(
    site: Cloud, effects: TicketEffects
) -> None:
    site.open("one")
    assert effects.perform(start(status="start"))["status"] == "In Progress"


def test_what_a_person_changed_meanwhile_stays(site: Cloud, effects: TicketEffects) -> None:
    site.open("one")
    site.move("SHOP-1", "On Hold")
    with pytest.raises(JiraError) as moved:
        effects.perform(start())
    site.assign("SHOP-1", "bob")
    with pytest.raises(JiraError) as taken:
        effects.perform(effect(fx.AssignTicket, ours=True, expected=""))
    assert moved.value.kind == taken.value.kind == "conflict"
    assert not moved.value.retryable
    assert (site.status("SHOP-1"), site.assignee("SHOP-1")) == ("On Hold", "bob")


def test_a_move_between_our_look_and_our_write_is_no_success(
    site: Cloud, effects: TicketEffects
) -> None:
    site.open("one")
    site.race("POST issue/SHOP-1/transitions", lambda: site.move("SHOP-1", "Done"))
    with pytest.raises(JiraError) as refused:
        effects.perform(start())
    assert not refused.value.retryable
    assert site.status("SHOP-1") == "Done"


def test_a_status_that_the_workflow_does_not_offer_is_told(
    site: Cloud, effects: TicketEffects
) -> None:
    site.open("one")
    with pytest.raises(JiraError, match="no transition leads from To Do to In Review"):
        effects.perform(start(status="In Review"))


def test_a_ticket_that_was_moved_to_another_project_is_not_touched(
    site: Cloud, effects: TicketEffects
) -> None:
    site.open("one")
    site.tickets["SHOP-1"] = {**site.tickets["SHOP-1"], "key": "OTHER-5"}
    for one in (start(), effect(fx.CommentTicket, body="x")):
        with pytest.raises(JiraError, match="was moved"):
            effects.perform(one)
    assert not site.said("SHOP-1")


@pytest.mark.parametrize(
    "made",
    [
        start(),
        effect(fx.AssignTicket, ours=True, expected=""),
        effect(fx.SetTicketProperty, name="towpath.claim.x", value={"fence": 1}),
        effect(fx.CommentTicket, body="Proposed: https://git.test/a/b/pull/1"),
        effect(fx.LinkTicket, url="https://git.test/a/b/pull/1", title="pull"),
    ],
    ids=lambda one: one.kind,
)
def test_what_was_done_while_the_answer_was_lost_is_found_and_not_repeated(
    site: Cloud, effects: TicketEffects, made: Any
) -> None:
    site.open("one")
    assert effects.look(made) is None
    site.fail("^(POST|PUT)", after=True)
    with pytest.raises(JiraError) as lost:
        effects.perform(made)
    assert lost.value.retryable
    assert lost.value.maybe_done
    writes = len([line for line in site.log if not line.startswith("GET")])
    found = effects.look(made)
    assert found is not None
    assert found["ticket"] == "SHOP-1"
    assert len([line for line in site.log if not line.startswith("GET")]) == writes == 1


def test_somebody_elses_copy_of_our_mark_is_not_our_comment(
    site: Cloud, effects: TicketEffects
) -> None:
    site.open("one")
    made = effect(fx.CommentTicket, body="hello")
    effects.perform(made)
    site.comments["SHOP-1"][0]["author"] = site.person("alice")
    assert effects.look(made) is None


def test_a_secret_of_ours_is_not_said_in_a_comment(site: Cloud, effects: TicketEffects) -> None:
    site.open("one")
    effects.perform(effect(fx.CommentTicket, body=f"failed with {TOKEN}"))
    assert TOKEN not in site.said("SHOP-1")[0]


def test_claims_that_cannot_be_read_are_none(site: Cloud, jira: Jira) -> None:
    site.open("one")
    good = {"holder": "app/1", "fence": 3, "expires": "2026-01-01T00:00:00+00:00", "held": True}
    site.properties["SHOP-1"] = {
        "towpath.claim.a": good,
        "towpath.claim.b": {**good, "expires": "never"},
        "towpath.claim.c": {**good, "holder": ["x"]},
        "towpath.claim.d": "held by me",
        "other": good,
    }
    (only,) = jira.records("SHOP-1")
    assert (only.holder, only.fence, only.held) == ("app/1", 3, True)
