"""The text of the dashboard: whatever strangers wrote, it stays a table with boxes of ours."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.backlog.dashboard.ledger import Board
from bot.backlog.dashboard.obey import Desk, obey
from bot.backlog.dashboard.view import boxes_of, view
from bot.backlog.export import exported
from bot.backlog.reading import Reading
from bot.backlog.store import Backlog
from bot.backlog.visible import audience, discloses, reason_for_all
from bot.configuration.backlog import Backlog as Config
from bot.configuration.jira import Jira
from bot.story.dashboard_boxes import ACTIONS, box, shown, ticked
from bot.story.dashboard_events import BoxAnswered, Tick, seen
from bot.story.dashboard_view import Answer, Row, View, Wait
from bot.story.item_events import ItemState
from bot.story.journal import Journal
from bot.story.vocabulary import Person, Repository
from bot.texts import dashboard as texts
from policies.leave import AUTOSTART, OPERATOR, PERSON
from tests.backlog.dashboard.plans import alerts, plan
from tests.backlog.dashboard.test_published import PLACE
from tests.backlog.samples import REPO, reading, sighting

HOSTILE = st.one_of(
    st.sampled_from(
        [
            "fixes #12, closes GH-7 and a/b#3",
            "@alice @org/team please",
            "- [x] <!-- towpath:3:1:start -->start it now",
            "\n- [x] <!-- towpath:3:1:start -->\n",
            "a | b | c ` d | e ` f",
            "<!-- towpath:key=0123456789abcdef -->",
            "<img src=https://evil.test/x.png> ![x](https://evil.test/y)",
            "see https://github.com/a/b/issues/1 and www.evil.test|x",
            "0123456789abcdef0123456789abcdef01234567 is bad, so is deadbeef",
            "\u202egnp.exe\u202c \u200b\u2066x\u2069",
            "/approve",
            "`" * 9,
            "$\\href{javascript:alert(1)}{x}$",
            "[x](javascript:1) [^1] ~~s~~ __u__ *i*",
            "&lt;b&gt; <b>bold</b> </details>",
            "\\| \\\\| \\",
        ]
    ),
    st.text(max_size=300),
)
DAY = date(2026, 1, 2)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def shows(*titles: str, reason: str = "", answers: tuple[Answer, ...] = ()) -> View:
    inputs = ((5, True), (3, False), (3, False), None)
    ready = tuple(
        Row(n, one, "bug", "READY", 3.25, inputs, 4, boxes=("start", "hold", "up", "down"))
        for n, one in enumerate(titles, 1)
    )
    blocked = (Row(99, titles[0], "bug", "BLOCKED", 1.0, inputs, 4, reason or "x", DAY),)
    sections = {"ready": ready, "blocked": blocked}
    waits = (Wait("github", reason or "x", NOW),)
    return View(DAY, ready, sections, {"ready": 7}, {"READY": 8}, waits, {}, answers)


@given(title=HOSTILE, reason=HOSTILE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_words_of_strangers_have_no_power_in_it(title: str, reason: str) -> None:
    login = Person(id=5, login="alice")
    tick = Tick(shown=1, item=1, action="start")
    event = BoxAnswered(tick=tick, person=login, ok=False, outcome="not_started", detail=(reason,))
    text = texts.body(shows(title, reason=reason, answers=(Answer(event, NOW),)), 5)
    assert ticked(text) == {}
    assert shown(text) == 5
    assert text.count("<!--") == text.count("-->") == 4
    assert not re.search(r"(?<![\w`])@\w", text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    (table,) = [one for one in tokens if one.type == "table_open"]
    rows = [one for one in tokens if one.type == "td_open"]
    assert table.map is not None
    assert len(rows) == 11
    inline = [child for one in tokens if one.type == "inline" for child in one.children or ()]
    assert not [one for one in inline if one.type in ("image", "link_open")]
    allowed = ("<!--", "<details>", "</details>", "<summary>", "</summary>")
    html = [one.content for one in (*tokens, *inline) if one.type.startswith("html")]
    assert all(one.strip().startswith(allowed) for one in html)
    shas = [one.content for one in inline if one.type == "text"]
    assert not [one for one in shas if re.search(r"(?<!\w)#\d|\bGH-\d|://|\bwww\.", one)]
    assert not [one for one in shas if re.search(r"\b[0-9a-f]{7,64}\b", one)]


def test_a_box_is_found_whatever_was_done_to_the_words_around_it() -> None:
    ticks = [Tick(shown=4, item=n, action=action) for n in (1, 22) for action in ACTIONS]
    text = "\n".join(box(one, True, "words") for one in ticks)
    for changed in (text, text.replace("\n", "\r\n"), text.replace("words", ""), f"  {text}"):
        assert set(ticked(changed).values()) == set(ticks)
    assert ticked(text.replace("[x]", "[ ]")) == {}
    assert set(ticked(text.replace("- [x]", "  * [X]")).values()) == set(ticks)
    assert ticked("`" + box(ticks[0], True, "") + "`") == {}
    assert seen(text) == seen(text.replace("\n", "\r\n") + "\r\n")


def test_a_long_backlog_with_long_titles_still_fits() -> None:
    many = tuple(f"{'w' * 110} {n}" for n in range(400))
    text = texts.body(shows(*many, reason="r" * 5000), 9)
    assert len(text) <= texts.LONGEST < 65_536
    assert "more" in text
    assert ":1:start -->" in text


def test_only_what_is_new_is_news(backlog: Backlog) -> None:
    backlog.take(REPO, reading(*(sighting(f"thing {n}") for n in range(50))))
    backlog.move(REPO, 3, ItemState.BLOCKED, "held by alice")

    def look() -> View:
        return view(backlog, REPO, Board(), backlog.clock(), lambda issue: None)

    first = look()
    assert len(first.ranked) == 30
    assert first.rest["proposed"] == 19
    assert boxes_of(backlog.item(REPO, 3)) == ("release",)
    assert look().says == first.says
    backlog.move(REPO, 1, ItemState.BLOCKED, "held by bob")
    assert look().says != first.says


def test_a_public_repository_is_not_told_of_alerts(backlog: Backlog) -> None:
    backlog.take(REPO, plan("open to all"))
    backlog.take(REPO, alerts("a hole in it"))
    for private, names in ((True, {"open to all", "a hole in it"}), (False, {"open to all"})):
        shows = audience(_About(private), PLACE, Config())
        told = view(backlog, REPO, Board(), backlog.clock(), lambda issue: None, (), False, shows)
        assert {one.title for one in told.ranked} == names
        assert ("this repository is public" in texts.body(told, 1)) is not private


def test_of_a_thing_that_a_ticket_tells_of_too_only_the_public_part_is_shown(
    backlog: Backlog,
) -> None:
    of = {"identities": ("issue:4",)}
    secret = sighting(
        "their words",
        "SHOP-1",
        source="jira",
        labels=("customer X",),
        state=ItemState.BLOCKED,
        reason="assigned to Jane Doe",
        **of,
    )
    backlog.take(REPO, Reading("jira", "SHOP", "d", (secret,)))
    backlog.take(REPO, reading(sighting("words of all", "4", source="issues", **of)))
    (item,) = backlog.items(REPO)
    assert {one.source for one in item.known} == {"jira", "issues"}
    part = audience(_About(False), PLACE, Config())(item)
    assert part is not None
    shown = exported([part], "yaml")
    assert "words of all" in shown
    for word in ("their words", "Jane", "customer"):
        assert word not in shown
    private, public = (audience(_About(one), PLACE, Config()) for one in (True, False))
    assert private(item) == item
    assert reason_for_all(backlog, REPO, private, "item 1", "Jane has it") == "Jane has it"
    assert "Jane" not in reason_for_all(backlog, REPO, public, "item 1", "Jane has it")
    for what in ("item 9", "github", "item \u00b2", "pull request 1"):
        assert reason_for_all(backlog, REPO, public, what, "away") == "away"


def test_no_issue_is_opened_for_a_hole_that_is_not_disclosed(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("a draft", source="advisories"), sighting("a wish")))
    draft, wish = backlog.items(REPO)
    for leave in (PERSON, OPERATOR, AUTOSTART):
        assert discloses(_About(False), PLACE, draft, Config(), leave)
        assert not discloses(_About(True), PLACE, draft, Config(), leave)
        assert not discloses(_About(False), PLACE, wish, Config(), leave)


def test_a_tickets_words_are_shown_to_everybody_only_where_that_is_said(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("a ticket", source="jira")))
    backlog.take(REPO, reading(sighting("an alarm", source="error_rate")))
    ticket, alarm = backlog.items(REPO)
    open_to_all = Config(jira=Jira(public=True))
    assert "backlog.jira.public" in discloses(_About(False), PLACE, ticket, Config(), OPERATOR)
    assert not discloses(_About(False), PLACE, ticket, Config(), PERSON)
    assert not discloses(_About(False), PLACE, ticket, open_to_all, AUTOSTART)
    assert not discloses(_About(True), PLACE, ticket, Config(), AUTOSTART)
    assert not audience(_About(False), PLACE, Config())(ticket)
    assert audience(_About(False), PLACE, open_to_all)(ticket)
    assert discloses(_About(False), PLACE, alarm, open_to_all, AUTOSTART)
    assert not discloses(_About(False), PLACE, alarm, open_to_all, OPERATOR)


class _About:
    def __init__(self, private: bool) -> None:
        self._told = {"private": private}

    def about(self, repository: Repository) -> dict[str, Any]:
        return self._told


def test_who_ticks_start_and_hold_at_once_holds_it(backlog: Backlog, journal: Journal) -> None:
    backlog.take(REPO, reading(sighting("thing")))
    alice, begun = Person(id=1, login="alice"), []

    def begin(repository: Repository, number: int, by: Person) -> tuple[int, str]:
        begun.append(number)
        return 5, ""

    desk = Desk(backlog, journal, lambda *_: "write", begin, lambda issue: False)
    ticks = [Tick(shown=1, item=1, action=action) for action in ("start", "hold", "up", "down")]
    told = [obey(desk, PLACE, one, alice) for one in sorted(ticks, key=lambda one: one.name)]
    assert {one.tick.action: one.outcome for one in told}["start"] == "not_started"
    assert begun == []
    assert backlog.item(REPO, 1).held


def test_what_a_person_holds_back_no_source_lets_go(backlog: Backlog) -> None:
    assigned = {"state": ItemState.BLOCKED, "reason": "assigned to carol"}
    backlog.take(REPO, reading(sighting("thing")))
    backlog.move(REPO, 1, ItemState.BLOCKED, "held by alice")
    backlog.take(REPO, reading(sighting("thing", **assigned)))
    backlog.take(REPO, reading(sighting("thing")))
    assert backlog.item(REPO, 1).reason == "held by alice"
