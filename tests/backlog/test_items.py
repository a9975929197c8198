"""One item stands for one thing, whatever happens to the sources."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.backlog.edges import UndeclaredMove
from bot.backlog.given import hear
from bot.backlog.store import Backlog, NoItem
from bot.story.events import WsjfGiven
from bot.story.item_events import Authority, ItemState
from bot.story.journal import Conflict, Journal
from bot.story.office import stream_of
from bot.story.vocabulary import Person
from tests.backlog.samples import REPO, inputs, reading, sighting
from tests.journal.samples import Clock

LOGIN = "Login times out after a minute"


def events_of(journal: Journal) -> int:
    return sum(row.version for row in journal.streams(limit=10_000))


def test_reading_again_writes_nothing(backlog: Backlog, journal: Journal) -> None:
    told = reading(sighting(LOGIN), sighting("Export the table as CSV"))
    assert backlog.take(REPO, told).found == [1, 2]
    before = events_of(journal)
    again = backlog.take(REPO, told)
    assert (again.unchanged, again.found, again.changed) == (2, [], [])
    assert events_of(journal) == before
    assert journal.verify() == []


def test_an_edited_entry_keeps_its_item(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN), sighting("Export the table as CSV")))
    edited = reading(sighting(LOGIN + " or two"), sighting("Export the table as CSV"))
    assert backlog.take(REPO, edited).changed == [1]
    item = backlog.item(REPO, 1)
    assert item.title.endswith("or two")
    assert (item.gone, item.state) == ((), ItemState.NEW)


def test_an_entry_that_is_replaced_by_another_is_another_item(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    taken = backlog.take(REPO, reading(sighting("Write the manual for operators")))
    assert (taken.found, taken.gone) == ([2], [1])
    assert backlog.item(REPO, 1).state is ItemState.DONE


def test_equal_words_in_another_document_join_and_both_sources_are_told(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    other = sighting("bug: login times out **after a minute** (#12)", "todo.yml")
    taken = backlog.take(REPO, reading(other, place="todo.yml"))
    assert taken.joined == [1]
    assert [one.place for one in backlog.item(REPO, 1).sightings] == ["BACKLOG.md", "todo.yml"]


def test_a_moved_document_moves_its_items(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    backlog.take(REPO, reading())
    assert backlog.item(REPO, 1).state is ItemState.DONE
    taken = backlog.take(REPO, reading(sighting(LOGIN, "docs/a.md"), place="docs/a.md"))
    assert taken.joined == [1]
    item = backlog.item(REPO, 1)
    assert item.state is ItemState.NEW
    assert [one.place for one in item.sightings] == ["docs/a.md"]


def test_equal_words_with_other_names_are_two_things(backlog: Backlog) -> None:
    title = "Upgrade the requests package"
    one = sighting(title, identities=("advisory:GHSA-1|requests",))
    two = sighting(title, "scan.json", identities=("advisory:GHSA-2|requests",))
    backlog.take(REPO, reading(one))
    assert backlog.take(REPO, reading(two, place="scan.json")).found == [2]


def test_one_name_is_one_thing_whatever_the_words(backlog: Backlog) -> None:
    name = ("advisory:CVE-2024-1|requests",)
    backlog.take(REPO, reading(sighting("Dependabot says upgrade", identities=name)))
    other = sighting("A hole in requests", "trivy.json", identities=name)
    assert backlog.take(REPO, reading(other, place="trivy.json")).joined == [1]


def test_two_items_that_turn_out_to_be_one_are_merged(backlog: Backlog, clock: Clock) -> None:
    backlog.take(REPO, reading(sighting("First words for a thing", identities=("a:1",))))
    clock.move(1000)
    two = sighting("Other words for it", "b.md", identities=("b:1",))
    backlog.take(REPO, reading(two, place="b.md"))
    backlog.give(REPO, 2, inputs(Authority.COMMAND, value=13), "ada")
    both = sighting("Third words of somebody", "c.md", identities=("a:1", "b:1"))
    taken = backlog.take(REPO, reading(both, place="c.md"))
    assert (taken.joined, taken.merged) == ([1], [2])
    one, other = backlog.item(REPO, 1), backlog.item(REPO, 2)
    assert {s.place for s in one.sightings} == {"BACKLOG.md", "b.md", "c.md"}
    assert one.inputs.value.number == 13
    assert (other.merged_into, other.state) == (1, ItemState.DONE)
    assert backlog.take(REPO, reading(two, place="b.md")).unchanged == 1


def test_the_strongest_authority_wins_and_says_who_it_was(backlog: Backlog) -> None:
    document = inputs(Authority.DOCUMENT, value=5, size=8)
    backlog.take(REPO, reading(sighting(LOGIN, inputs=document)))
    label = sighting(LOGIN, "issue", inputs=inputs(Authority.LABEL, value=2))
    backlog.take(REPO, reading(label, place="issue"))
    assert backlog.item(REPO, 1).inputs.value.number == 2
    backlog.give(REPO, 1, inputs(Authority.COMMAND, value=13), "ada")
    won = backlog.item(REPO, 1).inputs
    assert (won.value.number, won.value.origin.authority) == (13, Authority.COMMAND)
    assert (won.size.number, won.size.origin.authority) == (8, Authority.DOCUMENT)


def test_a_ticked_box_is_done_and_an_unticked_one_comes_back(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    backlog.take(REPO, reading(sighting(LOGIN, state=ItemState.DONE)))
    assert backlog.item(REPO, 1).state is ItemState.DONE
    backlog.take(REPO, reading(sighting(LOGIN)))
    assert backlog.item(REPO, 1).state is ItemState.NEW


def test_what_others_work_on_is_blocked_and_freed(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN, state=ItemState.DOING)))
    item = backlog.item(REPO, 1)
    assert item.state is ItemState.BLOCKED
    assert "elsewhere" in item.reason
    backlog.take(REPO, reading(sighting(LOGIN)))
    assert backlog.item(REPO, 1).state is ItemState.NEW


def test_a_source_does_not_move_what_is_worked_on(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    for state in (ItemState.READY, ItemState.DOING):
        backlog.move(REPO, 1, state)
    backlog.take(REPO, reading())
    assert backlog.item(REPO, 1).state is ItemState.DOING


def test_only_a_whole_reading_makes_things_gone(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    backlog.take(REPO, reading(complete=False))
    assert backlog.item(REPO, 1).sightings


def test_our_own_work_moves_no_rank(backlog: Backlog, clock: Clock) -> None:
    backlog.take(REPO, reading(sighting(LOGIN), sighting("Export the table as CSV")))
    clock.move(timedelta(days=9).total_seconds())
    for state in (ItemState.READY, ItemState.DOING, ItemState.READY):
        backlog.move(REPO, 2, state)
    backlog.move(REPO, 1, ItemState.READY)
    ranked = backlog.next(REPO)
    assert [one.number for one in ranked] == [1, 2]
    assert ranked[0].score == ranked[1].score


def test_a_move_that_is_not_declared_or_late_is_refused(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting(LOGIN)))
    with pytest.raises(UndeclaredMove):
        backlog.move(REPO, 1, ItemState.PR)
    with pytest.raises(ValueError, match="reason"):
        backlog.move(REPO, 1, ItemState.BLOCKED)
    version = backlog.item(REPO, 1).version
    backlog.move(REPO, 1, ItemState.READY)
    with pytest.raises(Conflict):
        backlog.move(REPO, 1, ItemState.DOING, expect=version)
    with pytest.raises(NoItem):
        backlog.item(REPO, 99)


def test_the_views_can_be_made_again(backlog: Backlog, journal: Journal) -> None:
    told = reading(*(sighting(f"Thing number {n} to be done", key=f"k{n}") for n in range(9)))
    backlog.take(REPO, told)
    backlog.give(REPO, 4, inputs(Authority.COMMAND, value=13), "ada")
    before = backlog.next(REPO, states=list(ItemState))
    with journal.engine.begin() as connection:
        connection.execute(text("DELETE FROM items"))
    assert backlog.next(REPO, states=list(ItemState)) == []
    assert backlog.rebuild(REPO) == 9
    assert backlog.next(REPO, states=list(ItemState)) == before
    assert backlog.take(REPO, told).unchanged == 9


def test_repositories_share_nothing(backlog: Backlog) -> None:
    backlog.take("1", reading(sighting(LOGIN)))
    assert backlog.take("2", reading(sighting(LOGIN))).found == [1]
    assert [one.repository for one in backlog.next("1", states=[ItemState.NEW])] == ["1"]


def test_own_scoring_decides_within_its_bounds(journal: Journal) -> None:
    backlog = Backlog(journal, lambda item: (4.0 if "csv" in item.title.lower() else 1.0, "tables"))
    backlog.take(REPO, reading(sighting(LOGIN), sighting("Export the table as CSV")))
    assert [one.number for one in backlog.next(REPO, states=[ItemState.NEW])] == [2, 1]


def test_what_was_said_by_wsjf_on_an_issue_is_given_once(
    backlog: Backlog, journal: Journal
) -> None:
    ada = Person(id=1, login="ada")
    journal.append(stream_of(7, 12), [WsjfGiven(person=ada, inputs={"value": 8})], actor="h")
    backlog.take("7", reading(sighting(LOGIN, identities=("issue:12",))))
    assert hear(backlog, journal, 7, 12, 1) == 1
    assert hear(backlog, journal, 7, 12, 1) == 0
    journal.append(
        stream_of(7, 12), [WsjfGiven(person=ada, inputs={"value": 4, "size": 100})], actor="h"
    )
    assert hear(backlog, journal, 7, 12, 1) == 1
    won = backlog.item("7", 1).inputs
    assert (won.value.number, won.size.number, won.value.origin.by) == (5, 13, "ada")


def test_wsjf_that_is_heard_late_does_not_beat_what_was_said_after_it(
    backlog: Backlog, journal: Journal, clock: Clock
) -> None:
    backlog.take("7", reading(sighting(LOGIN, identities=("issue:12",))))
    said = WsjfGiven(person=Person(id=1, login="ada"), inputs={"value": 8, "size": 5})
    journal.append(stream_of(7, 12), [said], actor="h")
    clock.move(60)
    backlog.give("7", 1, inputs(Authority.COMMAND, value=2), "bob")
    assert hear(backlog, journal, 7, 12, 1) == 1
    won = backlog.item("7", 1).inputs
    assert (won.value.number, won.size.number) == (2, 5)
    assert hear(backlog, journal, 7, 12, 1) == 0


def test_two_processes_that_read_at_once_number_nothing_twice(
    either: Journal, clock: Clock
) -> None:
    def told(who: int) -> None:
        mine = Backlog(Journal(either.engine, clock))
        for n in range(12):
            one = sighting(f"Thing number {n} to be done", f"{who}.md")
            mine.take(REPO, reading(one, place=f"{who}.md", complete=False))

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(told, who) for who in range(3)]:
            done.result(timeout=60)
    backlog = Backlog(either)
    items = backlog.items(REPO)
    assert sorted(one.number for one in items) == list(range(1, 13))
    assert all(len(one.sightings) == 3 for one in items)
    assert either.verify() == []


def test_a_crash_in_the_middle_of_a_reading_leaves_nothing(journal: Journal, clock: Clock) -> None:
    def die(name: str) -> None:
        raise KeyboardInterrupt(name)

    dying = Backlog(Journal(journal.engine, clock, die))
    told = reading(*(sighting(f"Thing number {n} to be done", key=f"k{n}") for n in range(9)))
    with pytest.raises(KeyboardInterrupt):
        dying.take(REPO, told)
    backlog = Backlog(journal)
    assert backlog.counts(REPO) == {}
    assert len(backlog.take(REPO, told).found) == 9


def test_a_document_cannot_take_over_what_its_number_does_not_mean(backlog: Backlog) -> None:
    backlog.take(REPO, reading(sighting("First words for a thing")))
    odd = sighting("A thing of ours", "x.yml", identities=("item:99999",))
    assert backlog.take(REPO, reading(odd, place="x.yml")).found == [2]


def test_entries_with_ids_of_their_own_are_never_taken_for_one_another(backlog: Backlog) -> None:
    one = sighting("Write the manual of part A", key="T-1")
    backlog.take(REPO, reading(one))
    taken = backlog.take(REPO, reading(sighting("Write the manual of part B", key="T-2")))
    assert (taken.found, taken.gone) == ([2], [1])
    renumbered = sighting("Write the manual of part B", key="T-3")
    assert backlog.take(REPO, reading(renumbered)).found == []
