"""Our own backlog.yml, read again: it says nothing but what people changed in it."""

from __future__ import annotations

import pytest
import yaml

from bot.backlog.export import exported
from bot.backlog.published.edits import heard
from bot.backlog.published.file import file_of, is_cut, mark_of
from bot.backlog.published.ledger import stream_of
from bot.backlog.sources import yaml_records
from bot.backlog.sources.document import Document
from bot.backlog.store import Backlog
from bot.backlog.taking import Taken
from bot.story.effects import ProposeFile
from bot.story.item_events import Authority, Input, Inputs, ItemState, Provenance
from bot.story.journal import Journal, Proposed
from bot.story.published_events import FilesProposed
from bot.story.vocabulary import Repository
from tests.backlog.samples import REPO, reading, sighting

PATH = "backlog.yml"
PLACE = Repository(
    id=7, full_name="a/b", default_branch="main", git_url="https://x/a/b.git", installation_id=1
)


def publish(backlog: Backlog, journal: Journal) -> str:
    """What is merged after we proposed it."""
    text, mark = file_of(backlog.items(REPO), "The backlog\nof ours")
    key = f"{stream_of(REPO)}/propose_file/{mark}"
    effect = ProposeFile(
        key=key, repository=PLACE, branch="b", base_sha="s", path=PATH, content=text, message="m"
    )
    if journal.effect(key) is None:
        fact = FilesProposed(effect=key, sha="s", says=mark, base="", mark=mark)
        proposed = [Proposed(effect=effect, status="proposed")]
        journal.append(stream_of(REPO), [fact], actor="test", propose=proposed)
    return text


def read(backlog: Backlog, journal: Journal, text: str) -> Taken:
    document = Document(PATH, text.encode(), "a/b")
    told = heard(backlog, journal, REPO, document, yaml_records.read(document))
    return backlog.take(REPO, told)


def state(backlog: Backlog) -> list[object]:
    return [one.model_dump(exclude={"version"}) for one in backlog.items(REPO)]


@pytest.fixture
def three(backlog: Backlog) -> Backlog:
    backlog.take(REPO, reading(sighting("one"), sighting("two"), sighting("three")))
    by = Provenance(authority=Authority.COMMAND, by="alice")
    backlog.give(REPO, 1, Inputs(value=Input(number=5, origin=by)), "alice")
    return backlog


def test_our_own_file_is_no_source_of_anything(three: Backlog, journal: Journal) -> None:
    text = publish(three, journal)
    before = state(three)
    for _ in range(2):
        taken = read(three, journal, text)
        assert not (taken.found)
        assert not (taken.joined)
        assert not (taken.changed)
        assert not (taken.gone)
    assert state(three) == before
    # So an item ends when its own source ends, although an old file still shows it.
    three.take(REPO, reading(sighting("two"), sighting("three")))
    read(three, journal, text)
    assert three.item(REPO, 1).state is ItemState.DONE


def test_what_people_change_in_it_is_their_word_once(three: Backlog, journal: Journal) -> None:
    text = publish(three, journal)
    data = yaml.safe_load(text)
    first, second, third = (
        next(one for one in data["items"] if one["towpath_item"] == number) for number in (1, 2, 3)
    )
    first["value"], second["size"], third["status"] = 8, 1, "done"
    data["items"].append({"title": "a new wish", "value": 13})
    head = text[: text.index("items:")]
    edited = head + yaml.safe_dump(data, sort_keys=False)
    taken = read(three, journal, edited)
    assert len(taken.found) == 1
    given = three.item(REPO, 1).given.value
    assert given is not None
    assert (given.number, given.origin.authority) == (8, Authority.DOCUMENT)
    size = three.item(REPO, 2).given.size
    assert size is not None
    assert size.number == 1
    assert three.item(REPO, 2).given.value is None
    assert three.item(REPO, 3).state is ItemState.DONE
    # Said once: what is said later wins, although the file is still the same.
    by = Provenance(authority=Authority.COMMAND, by="bob")
    three.give(REPO, 1, Inputs(value=Input(number=2, origin=by)), "bob")
    three.move(REPO, 3, ItemState.NEW, "not quite")
    before = state(three)
    read(three, journal, edited)
    assert state(three) == before
    # The wish lives in the file: our next writing of it keeps it, its absence ends it.
    text = publish(three, journal)
    read(three, journal, text)
    (wish,) = [one for one in three.items(REPO) if one.title == "a new wish"]
    assert wish.state is not ItemState.DONE
    rest = [one for one in yaml.safe_load(text)["items"] if one["title"] != "a new wish"]
    read(three, journal, text[: text.index("items:")] + yaml.safe_dump({"items": rest}))
    assert three.item(REPO, wish.number).state is ItemState.DONE


def test_a_file_that_nobody_remembers_is_not_taken_for_peoples_words(
    three: Backlog, journal: Journal
) -> None:
    text, _ = file_of(three.items(REPO), "head")  # never proposed, as far as this journal knows
    before = state(three)
    taken = read(three, journal, text.replace("value: 5", "value: 13"))
    assert not (taken.found)
    assert not (taken.changed)
    assert state(three) == before


def test_an_export_without_a_mark_is_read_like_any_document(
    three: Backlog, journal: Journal
) -> None:
    taken = read(three, journal, exported(three.items(REPO), "yaml"))
    assert sorted(taken.joined) == [1, 2, 3]


def test_a_long_backlog_is_cut_and_says_so(backlog: Backlog, journal: Journal) -> None:
    many = [sighting(f"thing {n}", body="x" * 15_000) for n in range(100)]
    backlog.take(REPO, reading(*many))
    text = publish(backlog, journal)
    assert len(text.encode()) < 1_000_000
    assert is_cut(text)
    assert mark_of(text)
    taken = read(backlog, journal, text)
    assert not (taken.found)
    assert not (taken.gone)
