"""What GitHub knows to do becomes items: issues, alerts, advisories, failing workflows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.backlog.item import Item
from bot.backlog.sources import (
    advisories,
    code_scanning,
    dependabot,
    github_issues,
    secret_scanning,
    workflow_runs,
)
from bot.backlog.store import Backlog
from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.outside.errors import GitHubError
from bot.outside.github import GitHub, connect
from bot.story.item_events import Authority, Family, ItemState
from bot.story.vocabulary import Repository

SHOP = "acme/shop"
NEEDED = {
    "metadata": "read", "issues": "read", "actions": "read", "vulnerability_alerts": "read",
    "security_events": "read", "secret_scanning_alerts": "read", "repository_advisories": "read",
}  # fmt: skip

READ: dict[str, Callable[..., Any]] = {
    "dependabot": dependabot.read,
    "code_scanning": code_scanning.read,
    "secret_scanning": secret_scanning.read,
    "advisories": advisories.read,
    "workflow_runs": workflow_runs.read,
    "issues": github_issues.read,
}


class Scene:
    """A repository on GitHub, ourselves on it, and our backlog."""

    def __init__(self, folder: Path, backlog: Backlog, permissions: dict[str, str]) -> None:
        self.hub = LocalHub(folder, send=lambda *_: Reply(0))
        self.hub.add_user("alice")
        self.hub.add_org("acme", admins=("alice",))
        self.place = self.hub.create_repository(SHOP, {"a.py": "x = 1\n"})
        self.app = self.hub.register_app({"name": "towpath", "default_permissions": permissions})
        self.server = serve(self.hub)
        installation = self.hub.install(self.app.app_id, [SHOP])
        key = str(self.app.app_id)
        clock = lambda: datetime.now(UTC)  # noqa: E731
        self.github: GitHub = connect(self.server.url, key, self.app.pem, clock)
        self.repository: Repository = self.github.repository(SHOP, installation)
        self.backlog = backlog

    def take(self, source: str) -> list[Item]:
        """Read a source and give all items."""
        reading = READ[source](self.github, self.repository)
        self.backlog.take("7", reading)
        self.faults = [fault.what for fault in reading.faults]
        return sorted(self.backlog.items("7"), key=lambda item: item.number)


@pytest.fixture
def scene(tmp_path: Path, backlog: Backlog) -> Iterator[Scene]:
    made = Scene(tmp_path / "hub", backlog, NEEDED)
    yield made
    made.server.close()


def test_open_issues_with_what_their_labels_say(scene: Scene) -> None:
    alice = scene.hub.act_as("alice")
    first = alice.open_issue(SHOP, "Log-in times out", "- [ ] one\n- [ ] two")
    alice.label(SHOP, first, "wsjf:value=8", "size/S", "bug", "priority: high", "story/claimed")
    second = alice.open_issue(SHOP, "Export as CSV", "")
    [one, other] = scene.take("issues")
    won = one.inputs
    assert (won.value.number, won.value.origin.authority) == (8, Authority.LABEL)
    assert (won.size.number, won.size.origin.reason) == (2, "size/S")
    assert (won.time.number, won.time.origin.authority) == (8, Authority.PRIORITY)
    assert (one.family, one.sightings[0].identities) == (Family.BUG, (f"issue:{first}",))
    assert "story/claimed" not in one.labels
    alice.close_issue(SHOP, first)
    alice.edit_issue(SHOP, second, title="Export as CSV and TSV")
    [one, other] = scene.take("issues")
    assert (one.state, other.title) == (ItemState.DONE, "Export as CSV and TSV")
    alice.reopen_issue(SHOP, first)
    assert scene.take("issues")[0].state is ItemState.NEW


def test_labels_of_ours_move_nothing(scene: Scene) -> None:
    alice = scene.hub.act_as("alice")
    number = alice.open_issue(SHOP, "Log-in times out", "")
    before = scene.take("issues")[0]
    alice.label(SHOP, number, "story", "story/coding")
    assert scene.take("issues")[0].version == before.version


def test_an_issue_that_somebody_is_on_is_theirs(scene: Scene) -> None:
    alice = scene.hub.act_as("alice")
    number = alice.open_issue(SHOP, "Log-in times out", "")
    alice.assign(SHOP, number, "alice")
    [one] = scene.take("issues")
    assert (one.state, "alice" in one.reason) == (ItemState.BLOCKED, True)


def alert(number: int, manifest: str, state: str = "open") -> dict[str, Any]:
    return {
        "number": number, "state": state, "html_url": f"https://x.test/{number}",
        "created_at": "2026-01-01T00:00:00Z",
        "dependency": {"package": {"name": "Requests"}, "manifest_path": manifest},
        "security_advisory": {"ghsa_id": "GHSA-9wx4-h78v-vm56", "cve_id": "CVE-2024-35195",
                              "summary": "Verification stays off", "severity": "medium"},
        "security_vulnerability": {"severity": "critical",
                                   "first_patched_version": {"identifier": "2.32.0"}},
    }  # fmt: skip


def test_one_item_an_advisory_and_package_from_every_source(scene: Scene) -> None:
    scene.place.alerts["dependabot"] = [
        alert(1, "a.txt"),
        alert(2, "b.txt"),
        alert(3, "c", "fixed"),
    ]
    [one] = scene.take("dependabot")
    assert one.title == "CVE-2024-35195: Upgrade Requests to 2.32.0 or later"
    assert (one.inputs.risk.number, one.inputs.size.number) == (13, 1)
    scene.place.alerts["advisories"] = [
        {"ghsa_id": "GHSA-9wx4-h78v-vm56", "state": "draft", "summary": "Ours", "severity": "high",
         "vulnerabilities": [{"package": {"name": "requests"}}]},
        {"ghsa_id": "GHSA-aaaa-bbbb-cccc", "state": "published", "summary": "Done"},
    ]  # fmt: skip
    [one] = scene.take("advisories")
    assert len(one.sightings) == 2
    scene.place.alerts["dependabot"] = []
    [one] = scene.take("dependabot")
    assert one.state is ItemState.NEW
    scene.place.alerts["advisories"] = []
    assert scene.take("advisories")[0].state is ItemState.DONE


def test_code_scanning_by_rule_and_file(scene: Scene) -> None:
    scene.place.alerts["code_scanning"] = [
        {"number": n, "state": "open", "tool": {"name": "CodeQL"},
         "rule": {"id": "py/sql", "description": "SQL injection",
                  "security_severity_level": "high"},
         "most_recent_instance": {"location": {"path": "a.py", "start_line": n},
                                  "message": {"text": "tainted"}}}
        for n in (3, 9)
    ]  # fmt: skip
    [one] = scene.take("code_scanning")
    assert one.title == "SQL injection (py/sql) in a.py"
    assert one.sightings[0].identities == ("rule:a.py|py/sql",)
    assert (one.family, one.inputs.risk.number) == (Family.SECURITY, 8)


def test_a_leaked_secret_is_told_of_without_the_secret(scene: Scene) -> None:
    scene.place.alerts["secret_scanning"] = [
        {"number": 4, "state": "open", "secret": "hunter2hunter2", "secret_type": "aws",
         "secret_type_display_name": "Amazon key", "validity": "active"}
    ]  # fmt: skip
    [one] = scene.take("secret_scanning")
    assert "hunter2" not in one.model_dump_json()
    assert "Amazon key" in one.title
    assert one.inputs.risk.number == 13


def run(number: int, name: str, conclusion: str, *jobs: str, branch: str = "main") -> dict:
    return {
        "id": number, "name": name, "path": f".github/workflows/{name}.yml", "status": "completed",
        "conclusion": conclusion, "head_branch": branch, "created_at": "2026-01-01T00:00:00Z",
        "_jobs": [{"name": job, "conclusion": "failure"} for job in jobs],
    }  # fmt: skip


def test_a_workflow_that_fails_on_the_default_branch(scene: Scene) -> None:
    scene.place.workflow_runs += [
        run(9, "ci", "failure", "pytest (3.12)"),
        run(8, "ci", "success"),
        run(7, "image", "failure", "docker build"),
        run(6, "ship", "failure", "deploy to staging"),
        run(5, "docs", "success"),
        run(4, "docs", "failure"),
        run(3, "other", "failure", branch="feature"),
    ]
    told = {one.title: one.family for one in scene.take("workflow_runs")}
    assert told == {
        "Tests fail: ci": Family.BUG,
        "The build fails: image": Family.OPERATIONS,
        "The deployment fails: ship": Family.OPERATIONS,
    }
    scene.place.workflow_runs.insert(0, run(10, "ci", "success"))
    states = {one.title: one.state for one in scene.take("workflow_runs")}
    assert states["Tests fail: ci"] is ItemState.DONE
    assert states["The build fails: image"] is ItemState.NEW


@pytest.mark.parametrize("source", [name for name in READ if name != "issues"])
def test_what_may_not_be_read_is_a_fault_and_nothing_is_gone(
    tmp_path: Path, backlog: Backlog, source: str
) -> None:
    made = Scene(tmp_path / "bare", backlog, {"metadata": "read"})
    try:
        assert made.take(source) == []
        assert re.match("not allowed|not switched on", made.faults[0])
        assert READ[source](made.github, made.repository).complete is False
    finally:
        made.server.close()


def test_a_service_that_is_away_is_not_an_empty_one(scene: Scene) -> None:
    scene.hub.act_as("alice").open_issue(SHOP, "Log-in times out", "")
    scene.take("issues")
    scene.server.close()
    with pytest.raises(GitHubError):
        scene.take("issues")
    assert scene.backlog.item("7", 1).state is ItemState.NEW
