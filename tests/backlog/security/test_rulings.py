"""The ten tickets and their odd relatives: who works on each, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.backlog.gather import in_tree
from bot.backlog.item import Item
from bot.backlog.sources import dependabot, github_issues, secret_scanning
from bot.backlog.store import Backlog
from bot.families.declared_packages import Tree
from bot.families.security_tickets import Ruled, rule, triage
from bot.story.item_events import ItemState
from bot.story.vocabulary import Repository
from policies.scope import Scope
from policies.security_tickets import CLOSING, Outcome
from tests.backlog.samples import REPO
from tests.backlog.security import shop
from tests.backlog.test_gather import Tree as Blobs

SHOP = Repository(id=7, full_name="acme/shop", git_url="", default_branch="main", installation_id=1)
CLOSED = tuple(one for one in CLOSING if one != "dev_only")
EMPTY = {"requirements.txt": ""}


class Plain:
    """Files of a commit, as `bot.workspace.text_files.Files` gives them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.paths, self.known, self.text = sorted(files), frozenset(files), files.get


class Told:
    """What GitHub tells of the repository."""

    def __init__(
        self, alerts: list[dict[str, Any]], secrets: Sequence[dict[str, Any]] = ()
    ) -> None:
        self.dependabot_alerts = lambda repository: alerts
        self.secret_scanning_alerts = lambda repository: [*secrets]
        title, body = shop.RATES_ISSUE
        issue = {"number": 3, "title": title, "body": body, "state": "open", "assignees": [],
                 "labels": [{"name": "security"}], "user": {"login": "alice"}}  # fmt: skip
        self.open_issues = lambda repository: [issue]


def take(
    backlog: Backlog, files: Mapping[str, str], alerts: list[dict[str, Any]]
) -> Mapping[int, Item]:
    """Read every source; the items by number."""
    told = Told(alerts, shop.SECRETS)
    for source in (dependabot, secret_scanning, github_issues):
        backlog.take(REPO, source.read(told, SHOP))
    for reading in in_tree(Blobs(**files), ("documents",)):
        backlog.take(REPO, reading)
    return {item.number: item for item in backlog.items(REPO)}


def ruled(
    backlog: Backlog, files: Mapping[str, str], closing: tuple[str, ...] = CLOSED
) -> list[Ruled]:
    return triage(backlog, REPO, Plain(files), closing, Scope())


def one(
    backlog: Backlog,
    files: Mapping[str, str],
    *alerts: dict[str, Any],
    closing: tuple[str, ...] = CLOSED,
) -> tuple[str, str]:
    """The ruling on a ticket that is alone."""
    backlog.take(REPO, dependabot.read(Told([*alerts]), SHOP))
    for reading in in_tree(Blobs(**files), ("documents",)):
        backlog.take(REPO, reading)
    [told] = ruled(backlog, files, closing)
    return told.ruling.outcome.value, told.ruling.rule


def test_of_ten_tickets_six_are_dispatched_two_are_for_people_and_two_are_closed(
    backlog: Backlog,
) -> None:
    items = take(backlog, shop.FILES, shop.DEPENDABOT)
    assert len(items) == len(shop.WANTED)
    by_number = {told.item: told.ruling for told in ruled(backlog, shop.FILES)}
    for part, wanted in shop.WANTED.items():
        [number] = [n for n, item in items.items() if part in item.title]
        item = backlog.item(REPO, number)
        if wanted[1] == "not_affected":  # its own document said so when it was read
            assert (item.state, "not affected" in item.reason) == (ItemState.DONE, True)
            continue
        ruling = by_number[number]
        assert (ruling.outcome, ruling.rule) == wanted, part
        assert ruling.patch == (wanted[1] == "restricted_path")
        if wanted[0] == "close":
            assert item.state is ItemState.DONE
            assert item.reason.startswith(f"closed by rule {wanted[1]}: ")
        elif wanted[1] == "secret":
            assert (item.state, "revoked" in item.reason) == (ItemState.BLOCKED, True)
        else:
            assert item.state is ItemState.NEW


def test_the_same_again_decides_the_same_and_moves_nothing(backlog: Backlog) -> None:
    take(backlog, shop.FILES, shop.DEPENDABOT)
    first = ruled(backlog, shop.FILES)
    versions = [item.version for item in backlog.items(REPO)]
    again = ruled(backlog, shop.FILES)
    assert [r.ruling for r in again] == [r.ruling for r in first]
    assert not any(told.target for told in again)
    assert versions == [item.version for item in backlog.items(REPO)]


IDNA = shop.alert(1, "idna", "CVE-2024-3651", "3.7", "< 3.7")
PINNED = {"requirements.txt": "idna==3.4\n"}


@pytest.mark.parametrize(
    ("files", "alert", "wanted"),
    [
        ({"requirements.txt": "idna==3.7\n"}, IDNA, "already_fixed"),
        ({"requirements.txt": "idna==3.10\n"}, IDNA, "already_fixed"),
        ({"requirements.txt": "idna>=3.8\n"}, IDNA, "already_fixed"),
        ({"requirements.txt": "idna>=3.4\n"}, IDNA, "known_fix"),
        ({"requirements.txt": "idna\n"}, IDNA, "known_fix"),
        ({"requirements.txt": "idna==3.7\n", "a/requirements.txt": "idna==3.4\n"}, IDNA,
         "known_fix"),
        ({"pyproject.toml": '[project]\nname="x"\nversion="1"\ndependencies=["idna>=3.8"]\n',
          "uv.lock": '[[package]]\nname = "idna"\nversion = "3.4"\n'}, IDNA, "no_known_fix"),
        ({"requirements.txt": "idna==3.4 --hash=sha256:" + "a" * 64 + "\n"}, IDNA, "no_known_fix"),
        ({"requirements.txt": "flask==3.0\n"}, IDNA, "not_declared"),
        (PINNED, shop.alert(1, "idna", "CVE-2024-3651", "", "<= 3.9"), "no_fixed_version"),
        # fixed in an older series only
        ({"requirements.txt": "django==4.0.1\n"},
         shop.alert(1, "django", "CVE-2022-28346", "3.2.13", ">= 3.2, <= 4.0.4"), "no_known_fix"),
        ({"requirements.txt": "django==4.0.5\n"},
         shop.alert(1, "django", "CVE-2022-28346", "3.2.13", ">= 3.2, <= 4.0.4"), "already_fixed"),
        ({"requirements.txt": "idna==not a version\n"}, IDNA, "not_declared"),
        ({"requirements-dev.txt": "idna==3.4\n"}, IDNA, "known_fix"),
    ],
)  # fmt: skip
def test_a_vulnerable_package(
    backlog: Backlog, files: dict[str, str], alert: dict[str, Any], wanted: str
) -> None:
    assert one(backlog, files, alert)[1] == wanted


def test_what_only_development_needs_is_closed_where_the_configuration_says_so(
    backlog: Backlog,
) -> None:
    files = {"requirements-dev.txt": "idna==3.4\n"}
    assert one(backlog, files, IDNA, closing=CLOSING) == ("close", "dev_only")
    [told] = ruled(backlog, {"requirements.txt": "idna==3.4\n", **files}, CLOSING)
    assert told.ruling.outcome is Outcome.DISPATCH


def test_nothing_is_closed_where_no_rule_may(backlog: Backlog) -> None:
    files = {"requirements.txt": "idna==3.7\n"}
    assert one(backlog, files, IDNA, closing=()) == ("hand_over", "already_fixed")
    assert backlog.items(REPO)[0].state is ItemState.BLOCKED


def test_a_ticket_that_was_closed_is_open_again_when_the_rule_does_not_hold(
    backlog: Backlog,
) -> None:
    assert one(backlog, {"requirements.txt": "idna==3.7\n"}, IDNA)[0] == "close"
    ruled(backlog, PINNED)
    [item] = backlog.items(REPO)
    assert (item.state, "known_fix" in item.reason) == (ItemState.NEW, True)


def test_what_a_person_blocked_stays_blocked(backlog: Backlog) -> None:
    backlog.take(REPO, dependabot.read(Told([IDNA]), SHOP))
    backlog.move(REPO, 1, ItemState.BLOCKED, "held by @alice", actor="alice")
    ruled(backlog, {"requirements.txt": "idna==3.7\n"})
    assert backlog.item(REPO, 1).reason == "held by @alice"


def test_two_advisories_of_one_package_are_mended_by_one_change(backlog: Backlog) -> None:
    later = shop.alert(2, "idna", "CVE-2024-9999", "3.10", "< 3.10")
    backlog.take(REPO, dependabot.read(Told([IDNA, later]), SHOP))
    told = {r.item: r.ruling.rule for r in ruled(backlog, PINNED)}
    assert told == {1: "covered", 2: "known_fix"}
    assert backlog.item(REPO, 1).state is ItemState.BLOCKED
    ruled(backlog, {"requirements.txt": "idna==3.10\n"})
    assert {item.state for item in backlog.items(REPO)} == {ItemState.DONE}


def test_while_one_ticket_of_a_package_is_worked_on_the_others_wait(backlog: Backlog) -> None:
    later = shop.alert(2, "idna", "CVE-2024-9999", "3.10", "< 3.10")
    backlog.take(REPO, dependabot.read(Told([IDNA, later]), SHOP))
    backlog.move(REPO, 1, ItemState.READY)
    backlog.move(REPO, 1, ItemState.DOING)
    [told] = ruled(backlog, PINNED)
    assert (told.item, told.ruling.rule) == (2, "covered")


def code(rule_id: str, said: str, path: str) -> dict[str, str]:
    return {"reports/x.sarif": shop.sarif((rule_id, said, path, 1))}


@pytest.mark.parametrize(
    ("rule_id", "path", "source", "wanted"),
    [
        ("B506", "shop/a.py", shop.CONFIG, "known_fix"),
        ("B506", "shop/a.py", "import yaml\nyaml.safe_load('')\n", "already_fixed"),
        ("py/unsafe-deserialization", "shop/a.py", "import pickle\npickle.loads(b'')\n",
         "no_known_fix"),
        ("B324", "shop/a.py", "import hashlib\ndef etag(p):\n    return hashlib.md5(p)\n"
         "def other(p):\n    return hashlib.new('md5', p)\n", "no_known_fix"),
        ("B602", "shop/a.py", "import os\n", "already_fixed"),
        ("B602", "shop/a.py", "import subprocess\nsubprocess.run(x, shell=True)\n", "no_known_fix"),
        ("py/sql-injection", "shop/a.py", "x = 1\n", "no_known_fix"),
        ("B506", "shop/a.py", "def (:\n", "no_known_fix"),
        ("B506", "shop/gone.py", None, "already_fixed"),
        ("B101", "tests/test_a.py", "assert 1\n", "test_only"),
        ("B506", "tests/test_a.py", shop.CONFIG, "test_only"),
        ("actions/code-injection", ".github/workflows/ci.yml", shop.WORKFLOW, "already_fixed"),
        ("actions/unknown", ".github/workflows/ci.yml", shop.WORKFLOW, "restricted_path"),
    ],
)  # fmt: skip
def test_a_finding_in_code(
    backlog: Backlog, rule_id: str, path: str, source: str | None, wanted: str
) -> None:
    files = code(rule_id, "a finding", path) | ({path: source} if source is not None else {})
    assert one(backlog, {**EMPTY, **files})[1] == wanted


def test_what_a_scanner_suggests_is_not_what_a_person_says(backlog: Backlog) -> None:
    said = "Use of weak MD5 hash for security. Consider usedforsecurity=False"
    files = code("B324", said, "shop/a.py") | {
        "shop/a.py": "import hashlib\nhashlib.md5(b'').hexdigest()\n"
    }
    assert one(backlog, files)[1] == "no_known_fix"


def test_two_scanners_that_find_the_same_are_one_ticket(backlog: Backlog) -> None:
    files = {"shop/a.py": shop.CONFIG}
    for name, rule_id in (("one", "B506"), ("two", "python.lang.security.avoid-pyyaml-load")):
        files[f"reports/{name}.sarif"] = shop.sarif((rule_id, f"said by {name}", "shop/a.py", 6))
    for reading in in_tree(Blobs(**files), ("documents",)):
        backlog.take(REPO, reading)
    assert [r.ruling.rule for r in ruled(backlog, files)] == ["known_fix", "duplicate"]


def test_what_is_outside_the_scope_of_the_repository_is_for_people(backlog: Backlog) -> None:
    take(backlog, shop.FILES, [])
    [item] = [i for i in backlog.items(REPO) if "B506" in i.title]
    scope = Scope(restricted=("/shop/config.py",))
    [told] = rule([item], Tree(Plain(shop.FILES)), CLOSED, scope)
    assert (told.ruling.rule, told.ruling.patch) == ("restricted_path", True)


def test_what_anybody_may_write_into_an_issue_closes_no_alert(backlog: Backlog) -> None:
    told = Told([IDNA])
    [issue] = told.open_issues(SHOP)
    issue["title"] = "CVE-2024-3651: Upgrade idna to 3.7 or later"
    issue["body"] = "Vulnerable: < 1.0\n\nAnalysis: not affected code not present"
    for source in (github_issues, dependabot):
        backlog.take(REPO, source.read(told, SHOP))
    [ruling] = ruled(backlog, PINNED)
    assert ruling.ruling.rule == "known_fix"


def test_work_on_security_that_no_tool_reported_goes_the_usual_way(backlog: Backlog) -> None:
    told = Told([])
    [issue] = told.open_issues(SHOP)
    issue["title"], issue["body"] = "Limit the rate of log-ins", "Ten a minute."
    backlog.take(REPO, github_issues.read(told, SHOP))
    assert backlog.item(REPO, 1).family == "security"
    assert ruled(backlog, PINNED) == []
