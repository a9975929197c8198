"""Ten tickets of another kind on another project, and what closes a ticket as a false alarm."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.backlog.gather import in_tree
from bot.backlog.sources import code_scanning, dependabot, github_issues, secret_scanning
from bot.backlog.store import Backlog
from bot.configuration.backlog import Security
from bot.families.security_tickets import Ruled
from bot.story.item_events import ItemState
from policies.security_tickets import CLOSING
from tests.backlog.samples import REPO
from tests.backlog.security import ledger
from tests.backlog.security.test_rulings import IDNA, PINNED, SHOP, ruled
from tests.backlog.test_gather import Tree as Blobs


def take(backlog: Backlog, files: dict[str, str], **alerts: list[dict[str, Any]]) -> list[Ruled]:
    told = SimpleNamespace(
        dependabot_alerts=lambda repository: alerts.get("dependabot", []),
        code_scanning_alerts=lambda repository: alerts.get("code_scanning", []),
    )
    for source in (dependabot, code_scanning):
        backlog.take(REPO, source.read(told, SHOP))
    for reading in in_tree(Blobs(**files), ("documents",)):
        backlog.take(REPO, reading)
    return ruled(backlog, files, Security().close)


def test_what_may_close_a_ticket_is_all_but_one_rule_where_nothing_is_configured() -> None:
    assert (*Security().close, "dev_only") == CLOSING


def test_of_ten_other_tickets_four_are_dispatched_four_for_people_and_two_closed(
    backlog: Backlog,
) -> None:
    told = {one.item: one.ruling for one in take(backlog, ledger.FILES, **ledger.ALERTS)}
    items = backlog.items(REPO)
    assert len(items) == len(ledger.WANTED)
    for words, wanted in ledger.WANTED.items():
        [item] = [one for one in items if words in one.title]
        ruling = told[item.number]
        assert (ruling.outcome, ruling.rule) == wanted, (words, ruling.reason)
        assert ruling.patch == (wanted[1] == "restricted_path")
        item = backlog.item(REPO, item.number)
        assert (item.state is ItemState.DONE) == (wanted[0] == "close")
    assert "parameters of the query" in str(told)


def test_a_secret_is_in_no_item_and_comes_with_what_to_do(backlog: Backlog) -> None:
    take(backlog, ledger.FILES)
    everything = "\n".join(one.model_dump_json() for one in backlog.items(REPO))
    assert ledger.SECRET not in everything
    assert ledger.SECRET[8:] not in everything
    [item] = [one for one in backlog.items(REPO) if "stripe" in one.title]
    assert (item.title, item.body[:20]) == (
        "A secret (stripe-access-token) in ledger/keys.py", "- ledger/keys.py:1\n\n"
    )  # fmt: skip
    assert "roll the key in Stripe's dashboard" in item.body
    told = SimpleNamespace(secret_scanning_alerts=lambda repository: [
        {"number": 7, "state": "open", "secret": "AKIA" + "X" * 16, "validity": "active",
         "secret_type_display_name": "Amazon AWS Access Key ID"}
    ])  # fmt: skip
    [one] = secret_scanning.read(told, SHOP).sightings
    assert "AKIA" not in one.model_dump_json()
    assert one.body.startswith("It is said to be valid still.")
    assert "CloudTrail" in one.body


def code(rule: str, path: str, line: int, *more: int) -> list[dict[str, Any]]:
    found = (line, *more)
    return [ledger.scanned(n, rule, "A finding", path, at) for n, at in enumerate(found, 1)]


HASH = "import hashlib\nx = hashlib.md5(b'')"


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("shop/a.py", f"{HASH}  # nosec B324 - names of files only\n", "suppressed"),
        ("shop/a.py", f"{HASH}  # nosec\n", "no_known_fix"),
        ("shop/a.py", f"{HASH}  # nosec B324\n", "no_known_fix"),
        ("shop/a.py", f"{HASH}  # nosec B602 - names of files only\n", "no_known_fix"),
        ("shop/a.py", "x = 1  # nosec - names of files only\nx = hashlib.md5(b'')\n",
         "no_known_fix"),
        ("shop/a.py", f"{HASH}  # codeql[py/weak-sensitive-data-hashing] cache keys only\n",
         "suppressed"),
        ("shop/a.py", f"{HASH}  # nosemgrep: some-other-rule - names of files only\n",
         "no_known_fix"),
        ("shop/a.py", f"{HASH}  # nosec B303, B324 names of files only\n", "suppressed"),
        ("docs/conf.py", HASH, "example_only"),
        ("vendor/lib/a.py", HASH, "vendored"),
        ("pkg/fixtures/a.py", HASH, "test_only"),
        ("shop/documents.py", HASH, "no_known_fix"),
    ],
)  # fmt: skip
def test_where_a_finding_is_and_what_people_wrote_beside_it_may_close_it(
    backlog: Backlog, path: str, source: str, rule: str
) -> None:
    alerts = code("py/weak-sensitive-data-hashing", path, 2)
    [told] = take(backlog, {path: source}, code_scanning=alerts)
    assert told.ruling.rule == rule, told.ruling.reason


def test_each_of_several_findings_has_to_be_said_to_be_fine(backlog: Backlog) -> None:
    source = f"{HASH}  # nosec B324 - names of files only\ny = hashlib.md5(b'')\n"
    alerts = code("py/weak-sensitive-data-hashing", "shop/a.py", 2, 3)
    [told] = take(backlog, {"shop/a.py": source}, code_scanning=alerts)
    assert told.ruling.rule == "no_known_fix"


def test_a_withdrawn_advisory_is_closed_and_open_again_when_it_is_not(backlog: Backlog) -> None:
    gone = {**IDNA, "security_advisory": {**IDNA["security_advisory"], "withdrawn_at":
                                          "2024-05-01T00:00:00Z"}}  # fmt: skip
    [told] = take(backlog, PINNED, dependabot=[gone])
    assert (told.ruling.rule, told.reason) == (
        "withdrawn", "closed by rule withdrawn: the advisory was withdrawn on 2024-05-01"
    )  # fmt: skip
    [again] = take(backlog, PINNED, dependabot=[IDNA])
    assert again.ruling.rule == "known_fix"
    assert backlog.items(REPO)[0].state is ItemState.NEW


def test_an_advisory_in_a_scanners_report_is_the_alert_about_it(backlog: Backlog) -> None:
    said = "Package: idna\nInstalled Version: 3.4\nVulnerability CVE-2024-3651\nFixed Version: 3.7"
    report = ledger.sarif("Trivy", "CVE-2024-3651", "idna", "requirements.txt", 1, said)
    files = {**PINNED, "reports/trivy.sarif": report}
    [told] = take(backlog, files, dependabot=[IDNA])
    assert told.ruling.rule == "known_fix"
    assert len(backlog.items(REPO)[0].sightings) == 2


@pytest.mark.parametrize(
    ("title", "path", "source", "rule"),
    [
        ("Hard-coded AWS key: the API key is committed in shop/a.py", "shop/a.py", "", "secret"),
        ("Leaked token in shop/a.py", "shop/a.py", "", "secret"),
        ("Bandit B105: hardcoded password in tests/test_a.py", "tests/test_a.py", "", "test_only"),
        ("B608 in shop/a.py: SQL injection", "shop/a.py", "x = 1\n", "no_known_fix"),
        ("B602 (shell=True) in shop/a.py", "shop/a.py",
         "import subprocess\nsubprocess.run('git gc', shell=True)\n", "known_fix"),
        ("Detect leaked tokens before a push", "shop/a.py", "", None),
        ("Add a check for hard-coded passwords", "shop/a.py", "", None),
    ],
)  # fmt: skip
def test_what_a_person_reports_is_ruled_on_where_it_names_a_rule_or_a_leak(
    backlog: Backlog, title: str, path: str, source: str, rule: str | None
) -> None:
    issue = {"number": 3, "title": title, "body": "", "state": "open", "assignees": [],
             "labels": [{"name": "security"}], "user": {"login": "alice"}}  # fmt: skip
    told = SimpleNamespace(open_issues=lambda repository: [issue])
    backlog.take(REPO, github_issues.read(told, SHOP))
    found = ruled(backlog, {path: source}, Security().close)
    assert [one.ruling.rule for one in found] == ([rule] if rule else [])
