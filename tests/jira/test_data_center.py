"""Against an independent Data Center, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.backlog.tracker.claim import claim
from bot.outside.jira.errors import JiraError
from bot.story.item_events import ItemState
from tests.jira.data_center import PAT
from tests.jira.towpath import REPOSITORY, Towpath

ROOT = Path(__file__).parents[2]


class Site:
    """What people do there."""

    def __init__(self, url: str) -> None:
        self.url, self._people = url, requests.Session()
        self._people.headers["Authorization"] = f"Bearer {PAT}"

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        told = self._people.request(verb, f"{self.url}/rest/api/2/{path}", json=body, timeout=10)
        told.raise_for_status()
        return told.json() if told.content else None

    def open(self, summary: str, description: str = "") -> str:
        fields = {
            "project": {"key": "SHOP"},
            "summary": summary,
            "description": description,
            "issuetype": {"name": "Bug"},
            "labels": ["towpath"],
        }
        return str(self.ask("POST", "issue", {"fields": fields})["key"])

    def move(self, key: str, status: str) -> None:
        offered = self.ask("GET", f"issue/{key}/transitions")["transitions"]
        (chosen,) = [one["id"] for one in offered if one["to"]["name"] == status]
        self.ask("POST", f"issue/{key}/transitions", {"transition": {"id": chosen}})

    def status(self, key: str) -> str:
        return str(self.ask("GET", f"issue/{key}")["fields"]["status"]["name"])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    pytest.importorskip("jira820")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jira.data_center"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Site(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def towpath(site: Site, tmp_path: Path) -> Towpath:
    return Towpath(
        tmp_path,
        "towpath",
        {"label": "towpath"},
        jira_url=site.url,
        jira_token=PAT,
    )


def of(towpath: Towpath, key: str) -> Any:
    items = towpath.backlog.items("7")
    return next(one for one in items if one.sightings and f"ticket:{key}" in _names(one))


def _names(item: Any) -> set[str]:
    return {name for one in item.known for name in one.identities}


def test_tickets_are_read_and_their_markup_becomes_markdown(site: Site, towpath: Towpath) -> None:
    text = "h2. Steps\n* *open* the shop [~admin]\n{code:python}\ntotal([1])\n{code}"
    key = site.open("Totals are wrong", text)
    towpath.read()
    item = of(towpath, key)
    assert (item.title, item.family, item.state) == ("Totals are wrong", "bug", ItemState.NEW)
    assert item.body == "## Steps\n- **open** the shop admin\n\n```python\ntotal([1])\n```"


def test_all_pages_are_read_by_their_offsets(site: Site, towpath: Towpath) -> None:
    total = site.ask("GET", "search?jql=project=SHOP&maxResults=1")["total"]
    tracker = towpath.tickets.tracker
    pages = list(tracker.search('project = "SHOP" ORDER BY key ASC', {}))
    assert len(pages) == -(-total // 100) > 1
    assert len({one.key for page in pages for one in page}) == total


def test_a_claim_is_made_shown_and_given_back_there_too(site: Site, towpath: Towpath) -> None:
    key = site.open("Round totals")
    towpath.read()
    item = of(towpath, key)
    judged = claim(towpath.office, REPOSITORY, item, False)
    assert judged is not None
    assert judged.may, judged
    assert site.status(key) == "In Progress"
    assert towpath.held == {key}
    towpath.backlog.move("7", item.number, ItemState.READY)
    towpath.later(minutes=20)
    towpath.look_after(key)
    assert site.status(key) == "Open"
    assert towpath.held == set()


def test_what_a_person_does_to_a_ticket_of_ours_wins_there_too(
    site: Site, towpath: Towpath
) -> None:
    key = site.open("Round prices")
    towpath.read()
    item = of(towpath, key)
    claim(towpath.office, REPOSITORY, item, False)
    towpath.begin(item.number)
    site.move(key, "Done")
    towpath.look_after(key)
    assert of(towpath, key).state is ItemState.DONE
    assert site.status(key) == "Done"
    assert towpath.held == set()


def test_a_comment_shows_its_words_and_is_found_again(site: Site, towpath: Towpath) -> None:
    key = site.open("Comment")
    towpath.read()
    item = of(towpath, key)
    claim(towpath.office, REPOSITORY, item, False)
    towpath.begin(item.number)
    towpath.backlog.move("7", item.number, ItemState.BLOCKED, "is {code} *bold* [~admin]?")
    towpath.look_after(key)
    (told,) = site.ask("GET", f"issue/{key}/comment")["comments"]
    assert r"is \{code\} \*bold\* \[\~admin\]?" in told["body"]
    links = site.ask("GET", f"issue/{key}/remotelink")
    assert [one["object"]["title"] for one in links] == ["acme/shop#41: Towpath's work on this"]


def test_another_token_is_refused_by_its_kind(site: Site, tmp_path: Path) -> None:
    wrong = Towpath(tmp_path, "wrong", jira_url=site.url, jira_token="not-the-token")
    with pytest.raises(JiraError) as refused:
        wrong.read()
    assert refused.value.kind == "unauthorized"
    assert "not-the-token" not in str(refused.value)
