"""git itself against the server."""

from __future__ import annotations

import json
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.localhub import Refused
from tests.localhub.conftest import REPO, World


def git(where: Path, *arguments: str, fails: bool = False) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=where, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(where), "GIT_TERMINAL_PROMPT": "0"},
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout + done.stderr


def remote(world: World, token: str | None, repo: str = REPO) -> str:
    host = world.url.removeprefix("http://")
    return (
        f"http://x-access-token:{token}@{host}/{repo}.git" if token else f"{world.url}/{repo}.git"
    )


def commit(where: Path, name: str, text: str = "x\n") -> str:
    (where / name).write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-qm", f"Change {name}")
    return git(where, "rev-parse", "HEAD").strip()


@pytest.fixture
def clone(world: World, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", remote(world, world.app_token()), "work")
    return tmp_path / "work"


def events(world: World) -> list[tuple[str, str | None]]:
    assert world.hub.deliveries.settle()
    return [(h["X-GitHub-Event"], json.loads(b).get("action")) for _, h, b in world.sent]


def test_a_push_is_announced_before_the_client_sees_it_succeed(world: World, clone: Path) -> None:
    git(clone, "checkout", "-qb", "feature")
    sha = commit(clone, "a.txt")
    git(clone, "push", "-q", "origin", "feature")
    assert world.hub.repository(REPO).branch("feature") == sha
    seen = events(world)
    assert [one for one in seen if one[0] in ("create", "push", "check_suite")] == [
        ("create", None), ("push", None), ("check_suite", "requested"),
    ]  # fmt: skip
    body = json.loads(next(b for _, h, b in world.sent if h["X-GitHub-Event"] == "push"))
    assert (body["after"], body["created"], body["forced"]) == (sha, True, False)
    assert body["sender"]["login"] == "towpath-test[bot]"
    assert body["commits"][0]["added"] == ["a.txt"]


def test_a_push_to_the_head_of_a_pull_request_synchronizes_it(world: World, clone: Path) -> None:
    git(clone, "checkout", "-qb", "feature")
    before = commit(clone, "a.txt")
    git(clone, "push", "-q", "origin", "feature")
    bob = world.hub.act_as("bob")
    pull = bob.open_pull(REPO, "feature")
    after = commit(clone, "src/shop.py", "def price():\n    return 3\n")
    git(clone, "push", "-q", "origin", "feature")
    assert bob.pull(REPO, pull)["head"]["sha"] == after
    assert events(world).count(("pull_request", "synchronize")) == 1
    body = next(json.loads(b) for _, _, b in world.sent if b'"synchronize"' in b)
    assert (body["before"], body["after"]) == (before, after)
    assert git(clone, "ls-remote", "origin", f"refs/pull/{pull}/head").startswith(after)
    bob.push(REPO, "main", {"src/shop.py": "def price():\n    return 9\n"}, "Conflict")
    shown = bob.pull(REPO, pull)
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")


def test_forced_pushes_and_deleted_branches_are_told(world: World, clone: Path) -> None:
    git(clone, "checkout", "-qb", "feature")
    commit(clone, "a.txt")
    git(clone, "push", "-q", "origin", "feature")
    pull = world.hub.act_as("bob").open_pull(REPO, "feature")
    git(clone, "commit", "-q", "--amend", "-m", "Again")
    git(clone, "push", "-q", "origin", "feature", fails=True)
    git(clone, "push", "-q", "--force", "origin", "feature")
    git(clone, "push", "-q", "origin", "--delete", "feature")
    assert world.hub.act_as("bob").pull(REPO, pull)["state"] == "closed"
    seen = events(world)
    pushes = [json.loads(b) for _, h, b in world.sent if h["X-GitHub-Event"] == "push"]
    assert [(one["forced"], one["deleted"]) for one in pushes] == [
        (False, False), (True, False), (False, True),
    ]  # fmt: skip
    assert ("delete", None) in seen
    assert ("pull_request", "closed") in seen


def test_credentials_are_asked_for_and_judged(world: World, clone: Path, tmp_path: Path) -> None:
    world.hub.create_repository("acme/secret", {"a": "1"}, private=True)
    commit(clone, "a.txt")
    for token, repo, said in (
        (None, REPO, "could not read Username"),
        (world.hub.user_token("carol"), REPO, "403"),
        ("ghs_wrong", REPO, "Authentication failed"),
        (world.app_token(), "acme/secret", "not found"),
    ):
        told = git(clone, "push", remote(world, token, repo), "HEAD:main", fails=True)
        assert said in told
    told = git(tmp_path, "clone", remote(world, None, "acme/secret"), "s", fails=True)
    assert "could not read Username" in told
    read_only = world.hub.tokens.mint(
        world.hub.state.installations[world.installation], {"contents": "read"}, None
    )[0]
    assert "403" in git(clone, "push", remote(world, read_only), "HEAD:main", fails=True)
    git(clone, "fetch", "-q", remote(world, read_only), "main")


def test_partial_and_shallow_clones_work(world: World, tmp_path: Path) -> None:
    address = remote(world, world.app_token())
    git(tmp_path, "clone", "-q", "--filter=blob:none", address, "partial")
    git(tmp_path, "clone", "-q", "--depth=1", address, "shallow")
    assert (tmp_path / "partial" / "src" / "shop.py").exists()


def test_a_push_of_many_megabytes_arrives_whole(world: World, clone: Path) -> None:
    (clone / "big.bin").write_bytes(random.Random(1).randbytes(3_000_000))
    sha = commit(clone, "note.txt")
    git(clone, "push", "-q", "origin", "main")
    assert world.hub.repository(REPO).branch("main") == sha


def test_a_push_that_wins_the_race_makes_the_merge_fail_whole(world: World) -> None:
    bob, repo = world.hub.act_as("bob"), world.hub.repository(REPO)
    bob.push(REPO, "feature", {"f": "1"}, "f")
    pull = bob.open_pull(REPO, "feature")
    other = bob.push(REPO, "other", {"o": "1"}, "o")
    repo.git.update_ref("refs/heads/main", other)  # as git leaves it before the server knows
    with pytest.raises(Refused) as refused:
        bob.merge(REPO, pull)
    assert refused.value.status == 409
    assert not bob.pull(REPO, pull)["merged"]


def test_a_refusing_branch_refuses_pushes_and_rest(world: World, clone: Path) -> None:
    world.hub.protect_branch(REPO, "main", rejects_pushes=True)
    commit(clone, "a.txt")
    assert "GH006" in git(clone, "push", "origin", "main", fails=True)
    git(clone, "push", "-q", "origin", "HEAD:other")
    path = f"/repos/{REPO}/contents/x"
    body = {"message": "x", "content": ""}
    assert world.request("PUT", path, world.app_token(), json=body).status_code == 422


def test_pushes_at_the_same_time_are_each_announced_once(world: World, tmp_path: Path) -> None:
    address = remote(world, world.app_token())

    def push(number: int) -> str:
        where = tmp_path / f"w{number}"
        where.mkdir()
        git(where, "clone", "-q", address, "r")
        git(where / "r", "checkout", "-qb", f"b{number}")
        sha = commit(where / "r", f"f{number}.txt")
        git(where / "r", "push", "-q", "origin", f"b{number}")
        return sha

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(push, range(4)))
        for number in range(6):
            world.hub.act_as("alice").push(REPO, "main", {f"m{number}": "1"}, f"m{number}")
    assert world.hub.deliveries.settle()
    pushes = [json.loads(b) for _, h, b in world.sent if h["X-GitHub-Event"] == "push"]
    assert sorted(one["after"] for one in pushes if one["created"]) == sorted(made)
    assert len(pushes) == 10
