"""What the lanes decide about items: refine, rank, reconcile (B1, B2, B6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.backlog.described import described
from bot.backlog.lanes import intake, rank, reconcile, refine
from bot.backlog.lanes.lane import Hands, Outcome
from bot.backlog.store import Backlog
from bot.gates.gate import GateFinding, GateResult
from bot.story.item_events import Authority, ItemState
from bot.story.journal import Journal
from tests.backlog.lanes.samples import office_on, shift_on
from tests.backlog.samples import REPO, inputs, reading, sighting
from tests.journal.samples import Clock

READY, REFINED = ItemState.READY, ItemState.REFINED


def state(backlog: Backlog, number: int = 1) -> ItemState:
    return backlog.item(REPO, number).state


def test_what_is_new_is_made_clear_and_ready(journal: Journal, backlog: Backlog) -> None:
    body = "it works\nit is fast\nit is safe\nit is small\nit is told"
    backlog.take(REPO, reading(sighting("Log-in times out", body=body)))
    told = refine.run(shift_on(journal, refine))
    item = backlog.item(REPO, 1)
    assert (item.state, len(item.criteria), item.reason) == (READY, 5, "nothing holds it")
    assert item.inputs.size is not None
    assert [one.what for one in told.decisions] == ["made clear", "refined", "ready"]
    again = refine.run(shift_on(journal, refine, told))
    assert list(again.decisions) == []


def test_an_estimate_from_criteria_gives_way_to_what_was_said(
    journal: Journal, backlog: Backlog
) -> None:
    said = inputs(Authority.DOCUMENT, size=13)
    backlog.take(REPO, reading(sighting("Log-in times out", body="it works", inputs=said)))
    refine.run(shift_on(journal, refine))
    assert backlog.item(REPO, 1).inputs.size.number == 13


@pytest.mark.parametrize("label", ["blocked", "on hold", "status: on-hold", "Question", "wontfix"])
def test_what_people_hold_is_not_ready_and_goes_on_when_they_let_go(
    journal: Journal, backlog: Backlog, clock: Clock, label: str
) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out", labels=(label,))))
    told = refine.run(shift_on(journal, refine))
    assert state(backlog) is REFINED
    clock.move(60)
    backlog.take(REPO, reading(sighting("Log-in times out", labels=("ui",))))
    told = refine.run(shift_on(journal, refine, told))
    assert state(backlog) is READY
    clock.move(60)
    backlog.take(REPO, reading(sighting("Log-in times out", labels=(label,))))
    told = refine.run(shift_on(journal, refine, told))
    assert state(backlog) is REFINED
    assert backlog.item(REPO, 1).reason == f"people hold it: label {label}"


def test_a_title_that_says_nothing_leaves_a_question(journal: Journal, backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("Refactor")))
    refine.run(shift_on(journal, refine))
    assert (state(backlog), len(backlog.item(REPO, 1).questions)) == (REFINED, 1)


def test_the_threshold_holds_back_until_age_has_raised_the_score(
    journal: Journal, backlog: Backlog, clock: Clock
) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out")))  # (3 + 3 + 3) / 3
    told = refine.run(shift_on(journal, refine, scoring={"threshold": 4}))
    assert state(backlog) is REFINED
    clock.move(timedelta(days=12).total_seconds())
    told = refine.run(shift_on(journal, refine, told, scoring={"threshold": 4}))
    assert (state(backlog), backlog.item(REPO, 1).reason) == (READY, "its score reaches 4")
    refine.run(shift_on(journal, refine, told, scoring={"threshold": 9}))
    assert backlog.item(REPO, 1).reason == "its score is below 9"


def test_refining_goes_on_where_its_time_was_over(journal: Journal, backlog: Backlog) -> None:
    backlog.take(REPO, reading(*(sighting(f"Wish number {n} here") for n in range(60))))
    told, runs = None, 0
    while told is None or not told.finished:
        told = refine.run(shift_on(journal, refine, told, seconds=0))
        runs += 1
    assert (runs, backlog.counts(REPO)) == (4, {"READY": 60})


def test_a_broken_checkpoint_is_the_start(journal: Journal, backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out")))
    for lane in (refine, rank, reconcile):
        for checkpoint in ("{", "[]", '{"at": 7, "sign": 1}', "null", "[1]", '"x"'):
            shift = shift_on(journal, lane)
            lane.run(type(shift)(**{**vars(shift), "checkpoint": checkpoint}))


# -- rank --------------------------------------------------------------------------------------


def test_rules_of_the_repository_beat_estimates_and_nothing_else(
    journal: Journal, backlog: Backlog
) -> None:
    said = inputs(Authority.DOCUMENT, value=2).model_copy(update={"risk": inputs(risk=2).risk})
    backlog.take(REPO, reading(sighting("Log-in times out", labels=("area: UI",), inputs=said)))
    rules = [
        {"label": "area:*", "value": 13, "risk": 8},
        {"path": "*.md", "risk": 1, "time": 5},
        {"family": "security", "size": 1},
    ]
    told = rank.run(shift_on(journal, rank, wsjf=rules))
    won = backlog.item(REPO, 1).inputs
    assert (won.value.number, won.risk.number, won.time.number, won.size) == (2, 8, 5, None)
    assert won.risk.origin.reason == "rule 1: label area:*"
    rank.run(shift_on(journal, rank, told))
    assert backlog.item(REPO, 1).inputs.risk.number == 2


def test_new_rules_reach_every_item_some_at_a_time(journal: Journal, backlog: Backlog) -> None:
    titles = [f"Wish number {n} here" for n in range(250)]
    backlog.take(REPO, reading(*(sighting(title) for title in titles)))
    told, runs = None, 0
    while told is None or not told.finished:
        told = rank.run(shift_on(journal, rank, told, seconds=0, wsjf=[{"value": 13}]))
        runs += 1
    assert runs > 2
    assert {one.inputs.value.number for one in backlog.items(REPO)} == {13}
    before = journal.stream("item/7/1").version
    rank.run(shift_on(journal, rank, told, wsjf=[{"value": 13}]))
    assert journal.stream("item/7/1").version == before


def test_a_scoring_that_is_not_installed_is_told(journal: Journal) -> None:
    told = rank.run(shift_on(journal, rank, scoring={"rule": "ours"}))
    assert [tuple(one)[:2] for one in told.waits] == [("scoring", "no rule ours is installed")]


def test_rules_reach_what_came_by_another_way_than_the_intake(
    journal: Journal, backlog: Backlog, clock: Clock
) -> None:
    rules = [{"family": "feature", "value": 13}]
    told = rank.run(shift_on(journal, rank, wsjf=rules))
    clock.move(60)
    backlog.take(REPO, reading(sighting("Told by a webhook")))
    told = rank.run(shift_on(journal, rank, told, wsjf=rules))
    assert backlog.item(REPO, 1).inputs.value.number == 13
    clock.move(60)
    version = journal.stream("item/7/1").version
    rank.run(shift_on(journal, rank, told, wsjf=rules))
    assert journal.stream("item/7/1").version == version


def test_what_changed_is_reached_though_the_time_is_always_over(
    journal: Journal, backlog: Backlog, clock: Clock
) -> None:
    rules = [{"value": 13}]
    told = rank.run(shift_on(journal, rank, wsjf=rules))
    clock.move(60)
    backlog.take(REPO, reading(*(sighting(f"Wish number {n} here") for n in range(250))))
    for _ in range(8):
        clock.move(60)
        told = rank.run(shift_on(journal, rank, told, seconds=0, wsjf=rules))
    assert told.finished
    assert {one.inputs.value.number for one in backlog.items(REPO)} == {13}


def test_what_an_own_scoring_said_is_kept_with_its_reason_whoever_writes_then(
    journal: Journal, backlog: Backlog
) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out"), sighting("Export the table as CSV")))
    ours = Backlog(journal, lambda item: (2.0 if "CSV" in item.title else 1.0, "tables first"))
    told = rank.run(replace(shift_on(journal, rank), backlog=ours))
    item = backlog.item(REPO, 2)
    assert (item.factor, item.factor_note) == ((2, 1), "tables first")
    backlog.give(REPO, 2, inputs(Authority.COMMAND, value=5), "alice")  # a process without it
    assert [one.number for one in backlog.next(REPO, states=[ItemState.NEW])] == [2, 1]
    assert described(backlog.item(REPO, 2), backlog.base(item), journal.clock())["scoring"] == {
        "factor": 2.0,
        "reason": "tables first",
    }
    assert "× 2 (tables first)" in rank.why(item)
    rank.run(replace(shift_on(journal, rank, told), checkpoint=""))  # it is taken away again
    assert backlog.item(REPO, 2).factor == (1, 1)


# -- reconcile ---------------------------------------------------------------------------------


def test_what_no_source_tells_of_is_done_once_nobody_works_on_it(
    journal: Journal, backlog: Backlog
) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out")))
    for target in (READY, ItemState.DOING):
        backlog.move(REPO, 1, target)
    backlog.take(REPO, reading())
    reconcile.run(shift_on(journal, reconcile))
    assert state(backlog) is ItemState.DOING
    backlog.move(REPO, 1, READY)
    told = reconcile.run(shift_on(journal, reconcile))
    assert [tuple(one) for one in told.decisions] == [(1, "done", reconcile.GONE)]
    assert state(backlog) is ItemState.DONE


def test_a_view_that_lost_an_item_is_made_again(journal: Journal, backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("Log-in times out"), sighting("Export as CSV")))
    with journal.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM items WHERE number = 2")
    told = reconcile.run(shift_on(journal, reconcile))
    assert [one.what for one in told.decisions] == ["rebuilt"]
    assert backlog.counts(REPO) == {"NEW": 2}


# -- intake ------------------------------------------------------------------------------------


class Service:
    """Sources that answer with one thing each, and remember what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def identity(self) -> Any:
        return SimpleNamespace(bot=SimpleNamespace(login="towpath[bot]"))

    def branch_head(self, repository: Any, branch: str) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        def ask(*about: Any) -> list[dict[str, Any]]:
            self.asked.append(name)
            if name != "open_issues":
                return []
            user = {"login": "ada"}
            return [{"number": 1, "title": "Search is slow", "html_url": "", "user": user}]

        return ask


def test_slow_sources_are_asked_one_run_after_another(journal: Journal, backlog: Backlog) -> None:
    service, told, runs = Service(), None, 0
    sources = ["advisories", "issues", "dependabot"]
    while told is None or not told.finished:
        shift = shift_on(journal, intake, told, seconds=0, sources=sources)
        office = office_on(journal, service)
        told = intake.run(replace(shift, office=office))
        runs += 1
    assert service.asked == ["open_issues", "dependabot_alerts", "security_advisories"]
    assert (runs, set(told.inputs)) == (4, set(sources))
    assert backlog.item(REPO, 1).title == "Search is slow"


def test_gates_look_once_for_a_commit_and_again_where_they_could_not(
    journal: Journal, backlog: Backlog, clock: Clock
) -> None:
    found = GateFinding("a.py", 3, "sql", "tainted")
    status, looks, told = "error", 0, None

    def audit(repository: Any, head: str, names: Any) -> list[GateResult]:
        nonlocal looks
        looks += 1
        findings = () if status == "error" else (found,)
        return [GateResult("security", status, True, "said", findings)]  # type: ignore[arg-type]

    def run() -> Outcome:
        service = Service()
        service.branch_head = lambda repository, branch: "1f"  # type: ignore[method-assign]
        shift = shift_on(journal, intake, told, sources=["sast"])
        office = office_on(journal, service)
        return intake.run(replace(shift, office=office, hands=Hands(audit=audit)))

    for minutes, outcome, looked in ((0, "error", 1), (5, "error", 1), (60, "fail", 2)):
        status = outcome
        clock.move(minutes * 60)
        told = run()
        assert looks == looked
    assert backlog.item(REPO, 1).title == "A finding (sql) in a.py"
    for hours, looked in ((2, 2), (24, 3)):
        clock.move(hours * 3600)
        told = run()
        assert looks == looked
