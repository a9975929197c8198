"""The server behaves as the world does: merges, closing words, times, rules, a process."""

from __future__ import annotations

import hashlib
import hmac
import json
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bot.localhub import LocalHub, Refused, RemoteHub, serve
from tests.localhub.conftest import FILES, MANIFEST, REPO, SECRET, World

SHOP = "src/shop.py"


def change(
    world: World, branch: str = "feature", text: str = "def price():\n    return 2\n"
) -> int:
    bob = world.hub.act_as("bob")
    bob.push(REPO, branch, {SHOP: text}, "Raise the price")
    return bob.open_pull(REPO, branch, title="Raise")


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_each_way_to_merge_lands_the_change(world: World, method: str, parents: int) -> None:
    bob, repo = world.hub.act_as("bob"), world.hub.repository(REPO)
    pull = change(world)
    bob.push(REPO, "feature", {"two.txt": "2\n"}, "Second", author=("Dora", "d@example.invalid"))
    bob.push(REPO, "main", {"other.txt": "o\n"}, "Meanwhile")
    head = bob.pull(REPO, pull)["head"]["sha"]
    landed = bob.merge(REPO, pull, method, sha=head)
    assert repo.branch("main") == landed
    one = repo.git.commit(landed)
    assert len(one.parents) == parents
    names = {entry.path for entry in repo.git.tree(landed, recursive=True)}
    assert {"two.txt", "other.txt"} <= names
    shown = bob.pull(REPO, pull)
    assert (shown["merged"], shown["state"], shown["commits"]) == (True, "closed", 2)
    assert shown["head"]["sha"] == head
    if method == "rebase":
        assert one.author.name == "Dora"
    with pytest.raises(Refused) as refused:
        bob.merge(REPO, pull, method)
    assert refused.value.status == 405


def test_a_moved_head_is_not_merged(world: World) -> None:
    pull = change(world)
    bob = world.hub.act_as("bob")
    seen = bob.pull(REPO, pull)["head"]["sha"]
    bob.push(REPO, "feature", {"evil.txt": "x"}, "Slip in")
    with pytest.raises(Refused) as refused:
        bob.merge(REPO, pull, sha=seen)
    assert refused.value.status == 409
    assert not bob.pull(REPO, pull)["merged"]


def test_required_checks_and_reviews_hold_a_merge(world: World) -> None:
    hub = world.hub
    hub.protect_branch(
        REPO, "main", required_checks=("gate",), required_approvals=1,
        dismiss_stale_reviews=True, enforce_admins=True,
    )  # fmt: skip
    pull = change(world)
    alice, bob = hub.act_as("alice"), hub.act_as("bob")
    assert bob.pull(REPO, pull)["mergeable_state"] == "blocked"
    token = world.app_token()

    def report() -> None:
        body = {"name": "gate", "head_sha": bob.pull(REPO, pull)["head"]["sha"],
                "conclusion": "success"}  # fmt: skip
        world.request("POST", f"/repos/{REPO}/check-runs", token, json=body)

    report()
    hub.act_as("carol").review(REPO, pull, "APPROVE")  # reads only: does not count
    with pytest.raises(Refused, match="approving review"):
        alice.merge(REPO, pull)
    alice.review(REPO, pull, "APPROVE")
    assert bob.pull(REPO, pull)["mergeable_state"] == "clean"
    bob.push(REPO, "feature", {"more.txt": "x"}, "More")
    report()
    assert bob.pull(REPO, pull)["mergeable_state"] == "blocked"
    alice.review(REPO, pull, "APPROVE")
    bob.merge(REPO, pull)


def test_code_owners_of_the_base_decide(world: World) -> None:
    world.hub.protect_branch(REPO, "main", code_owner_reviews=True, enforce_admins=True)
    alice, bob = world.hub.act_as("alice"), world.hub.act_as("bob")
    alice.push(REPO, "f", {SHOP: "x = 1\n", ".github/CODEOWNERS": "* @alice\n"}, "Take over")
    pull = alice.open_pull(REPO, "f")
    assert bob.pull(REPO, pull)["mergeable_state"] == "blocked"
    bob.review(REPO, pull, "APPROVE")
    assert bob.pull(REPO, pull)["mergeable_state"] == "clean"


def test_closing_words_close_issues_only_on_the_default_branch(world: World) -> None:
    alice, bob = world.hub.act_as("alice"), world.hub.act_as("bob")
    first, second, third = (alice.open_issue(REPO, name) for name in "abc")
    bob.push(REPO, "release", {"r": "1"}, "Release")
    bob.push(REPO, "f", {"f": "1"}, f"Fix\n\nresolves #{second}")
    pull = bob.open_pull(REPO, "f", body=f"Fixes #{first}, see #{third}")
    bob.push(REPO, "g", {"g": "1"}, "g")
    bob.merge(REPO, bob.open_pull(REPO, "g", "release", body=f"Closes #{third}"))
    assert alice.issue(REPO, third)["state"] == "open"
    bob.merge(REPO, pull)
    states = [alice.issue(REPO, n)["state"] for n in (first, second, third)]
    assert states == ["closed", "closed", "open"]
    assert alice.issue(REPO, first)["closed_by"]["login"] == "bob"


def test_a_push_that_contains_a_pull_request_merges_it(world: World) -> None:
    pull = change(world)
    repo = world.hub.repository(REPO)
    world.hub.force_ref(REPO, "refs/heads/main", repo.branch("feature"), "alice")
    assert world.hub.act_as("bob").pull(REPO, pull)["merged"]


def test_a_branch_without_common_history_cannot_ask_for_a_merge(world: World) -> None:
    bob, place = world.hub.act_as("bob"), f"/repos/{REPO}"
    tree = world.hub.repository(REPO).git.commit(world.hub.repository(REPO).branch("main")).tree
    sha = bob.request("POST", f"{place}/git/commits", {"message": "m", "tree": tree})["sha"]
    bob.request("POST", f"{place}/git/refs", {"ref": "refs/heads/orphan", "sha": sha})
    with pytest.raises(Refused) as refused:
        bob.open_pull(REPO, "orphan")
    assert refused.value.status == 422
    pull = change(world)
    world.hub.force_ref(REPO, "refs/heads/feature", sha, "bob")
    assert bob.pull(REPO, pull)["mergeable_state"] == "dirty"


def test_a_fork_can_ask_for_a_merge(world: World) -> None:
    fork = world.hub.fork_repository(REPO, "mallory")
    mallory = world.hub.act_as("mallory")
    mallory.push(fork.full_name, "fix", {"m.txt": "m\n"}, "From a fork")
    pull = mallory.open_pull(REPO, "mallory:fix")
    shown = mallory.pull(REPO, pull)
    assert shown["head"]["repo"]["full_name"] == fork.full_name
    before = shown["head"]["sha"]
    mallory.push(fork.full_name, "fix", {"n.txt": "n\n"}, "More")
    shown = mallory.pull(REPO, pull)
    assert shown["head"]["sha"] != before
    assert shown["changed_files"] == 2
    world.hub.act_as("alice").merge(REPO, pull)


def test_times_are_whole_seconds_of_the_given_clock_and_edits_bump_them(tmp_path: Path) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    hub = LocalHub(tmp_path, clock=lambda: start, ids=iter(range(1, 1000)))
    hub.add_user("alice")
    hub.create_repository("alice/r", {"a": "1"})
    alice = hub.act_as("alice")
    n = alice.open_issue("alice/r", "x")
    said = alice.comment("alice/r", n, "one")
    hub.advance(60)
    edited = alice.edit_comment("alice/r", said, "two")
    assert edited["created_at"] == "2026-01-02T03:04:05Z"
    assert edited["updated_at"] == "2026-01-02T03:05:05Z"
    assert hub.now() == start.replace(microsecond=0) + timedelta(seconds=60)
    hub.close()


def test_mergeability_can_be_unknown_at_first(world: World) -> None:
    world.hub.mergeability_lag = 2
    pull = change(world)
    bob = world.hub.act_as("bob")
    assert [bob.pull(REPO, pull)["mergeable"] for _ in range(3)] == [None, True, True]


def test_a_webhook_is_signed_over_its_very_bytes(tmp_path: Path) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=receiver.serve_forever, args=(0.05,), daemon=True).start()
    hub = LocalHub(tmp_path)
    hub.add_user("alice")
    hub.create_repository("alice/r", FILES)
    app = hub.register_app(MANIFEST, f"http://127.0.0.1:{receiver.server_port}/webhook", SECRET)
    with serve(hub):
        hub.install(app.app_id, "alice")
        hub.act_as("alice").open_issue("alice/r", "Grüße ✓")
        assert hub.deliveries.settle()
    receiver.shutdown()
    receiver.server_close()
    headers, body = got[-1]
    for algorithm, name in (
        (hashlib.sha256, "X-Hub-Signature-256"),
        (hashlib.sha1, "X-Hub-Signature"),
    ):
        digest = hmac.new(SECRET.encode(), body, algorithm).hexdigest()
        assert headers[name] == f"{algorithm().name}={digest}"
    assert json.loads(body)["issue"]["title"] == "Grüße ✓"
    assert hub.deliveries.log[-1].reply.status == 202


def test_the_older_version_says_what_the_newer_dropped(world: World) -> None:
    pull = change(world)
    path = f"/repos/{REPO}/pulls/{pull}"
    old = world.get(path).json()
    new = world.get(path, headers={"X-GitHub-Api-Version": "2026-03-10"}).json()
    assert "assignee" in old
    assert set(old) - set(new) == {"assignee", "merge_commit_sha"}
    assert world.get(path, headers={"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400


def test_a_world_is_made_in_a_tenth_of_a_second(tmp_path: Path) -> None:
    LocalHub(tmp_path / "warm")
    started = worked()
    hub = LocalHub(tmp_path / "hub")
    hub.add_user("alice")
    hub.create_repository("alice/r", FILES)
    assert worked() - started < 0.1


def worked() -> float:
    """Seconds of a processor, however many others want one: this thread's and git's."""
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + git.ru_utime + git.ru_stime


def test_a_repository_can_be_copied_from_a_local_one(world: World, tmp_path: Path) -> None:
    source = world.hub.repository(REPO)
    copy = world.hub.create_repository("alice/copy", source.git.path)
    assert copy.refs["refs/heads/main"] == source.refs["refs/heads/main"]
    assert copy.default_branch == "main"


def test_the_process_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("users: [alice]\nrepos: [{repo: alice/r, files: {a.txt: hi}}]\n")
    command = [sys.executable, "-m", "bot.localhub", "--root", str(tmp_path / "hub")]
    process = subprocess.Popen(
        [*command, "--seed", str(seed), "--print-ready"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        remote = RemoteHub(json.loads(process.stdout.readline())["url"])
        alice = remote.act_as("alice")
        made = remote.do("apps", manifest=MANIFEST, webhook_url="http://127.0.0.1:9/",
                         webhook_secret="s")  # fmt: skip
        remote.do("installations", app_id=made["app_id"], repos=["alice/r"])
        remote.act_as("alice", silently=True).open_issue("alice/r", "quiet")
        alice.open_issue("alice/r", "loud")
        remote.do("settle")
        assert [one["event"] for one in remote.deliveries()] == ["installation", "issues"]
        with pytest.raises(Refused):
            remote.do("repos", repo="alice/../../etc", files={})
        remote.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
