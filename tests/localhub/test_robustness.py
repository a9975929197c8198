"""No request makes the server fail, whatever it carries."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from werkzeug.test import Client

from bot.localhub.api import ALL_ROUTES
from bot.localhub.calls import Route
from tests.localhub.conftest import REPO, World

ODD: list[Any] = [
    None, 0, -1, 10**30, 1.5, True, "", " ", "x", "é", "\x00", "\ud800", "../..", "-x", "a\nb",
    "x" * 70_000, [], [[]], [None], ["x"], [{}], {}, {"name": 1}, {"name": "\x00", "date": "x"},
    [{"path": "../x"}], [{"path": "a", "mode": 1, "sha": []}], {"summary": 1},
    {"summary": "s", "annotations": [{"path": 1}]},
]  # fmt: skip
SAMPLE = 1500  # of about 80,000 combinations, chosen by a fixed seed


def good_body(sha: str, tree: str) -> dict[str, Any]:
    """Values that each route finds well-formed, so that one odd field gets far."""
    return {
        "actions": [], "assignees": ["bob"], "author": {"name": "a", "email": "e@x"},
        "auto_inactive": True, "base": "main", "base_tree": tree, "body": "b", "color": "ffffff",
        "comments": [{"path": "f", "line": 1, "body": "x"}], "commit_id": sha,
        "commit_message": "m", "commit_title": "t", "committer": {"name": "a"}, "content": "aGk=",
        "context": "c", "description": "d", "draft": False, "encoding": "utf-8",
        "environment": "e", "event": "COMMENT", "expected_head_sha": None, "external_id": "1",
        "force": True, "head": "feature", "head_sha": sha, "in_reply_to": None, "issue": None,
        "labels": ["l"], "line": 1, "message": "m", "milestone": None, "name": "n",
        "new_name": "n", "object": sha, "output": {"summary": "s"}, "parents": [sha],
        "path": "f", "payload": {}, "ref": "refs/heads/zz", "required_contexts": [],
        "reviewers": ["carol"], "sha": sha, "started_at": None, "state": "open",
        "state_reason": None, "status": "queued", "tag": "v1", "tagger": None,
        "target_url": None, "team_reviewers": [], "title": "t", "tree": tree, "type": "commit",
    }  # fmt: skip


GIVEN = {
    "login": "acme", "who": "bob", "slug": "core", "ref": "heads/main", "branch": "main",
    "path": "src/shop.py", "basehead": "main...feature", "name": "story", "code": "none",
}  # fmt: skip


def address(route: Route, world: World, odd: str | None = None) -> str:
    owner, name = REPO.split("/")
    repo = world.hub.repository(REPO)
    values = {**GIVEN, "owner": owner, "repo": name, "sha": repo.refs["refs/heads/main"]}
    text = route.path
    while "<" in text:
        before, _, rest = text.partition("<")
        variable, _, after = rest.partition(">")
        kind, _, bare = variable.rpartition(":")
        value = "2" if kind == "int" else values.get(bare, "x")
        if odd is not None and kind != "int" and bare not in ("owner", "repo"):
            value = odd
        text = before + value + after
    return text


@pytest.fixture
def busy(world: World) -> World:
    """Issue 1, pull request 2, a team: something that odd requests can reach."""
    alice = world.hub.act_as("alice")
    alice.open_issue(REPO, "one", labels=["story"])
    alice.push(REPO, "feature", {"f": "1"}, "f")
    alice.open_pull(REPO, "feature")
    world.hub.add_team("acme", "core", ["bob"])
    return world


def ask(client: Client, route: Route, path: str, token: str, body: bytes) -> int:
    headers = {"Authorization": f"Bearer {token}", "X-Localhub-Person": "fuzz"}
    answer = client.open(path, method=route.method, headers=headers, data=body)
    answer.get_data()
    return answer.status_code


def test_odd_bodies_are_refused_and_never_an_error_of_ours(busy: World) -> None:
    client, token, repo = Client(busy.hub.application), busy.app_token(), busy.hub.repository(REPO)
    sha = repo.refs["refs/heads/main"]
    good = good_body(sha, repo.git.commit(sha).tree)
    routes = [one for one in ALL_ROUTES if one.method != "GET" and one.who != "app"]
    routes = [one for one in routes if one.path != "/installation/token"]
    cases = [(route, name, odd) for route in routes for name in good for odd in ODD]
    chosen = random.Random(7).sample(cases, SAMPLE)
    failed, good_ones = [], 0
    for route, name, odd in chosen:
        raw = json.dumps({**good, name: odd}).encode()
        status = ask(client, route, address(route, busy), token, raw)
        good_ones += status < 400
        if status >= 500:
            failed.append((route.method, route.path, name, repr(odd)[:30]))
    for route in routes:
        for raw in (b"{", b"[]", b"1", b'"x"', b"\xff", b"null", b"[" * 100_000):
            if ask(client, route, address(route, busy), token, raw) >= 500:
                failed.append((route.method, route.path, repr(raw)[:20], ""))
    assert failed == []
    assert good_ones > SAMPLE / 5  # else the requests did not reach what they should try


@pytest.mark.parametrize("query", ["", "?per_page=x&page=-1&since=y&state=z&sort=q&ref=-a&sha=%00"])
def test_odd_paths_and_queries_are_refused_and_never_an_error_of_ours(
    busy: World, query: str
) -> None:
    client = Client(busy.hub.application)
    failed = []
    for route in ALL_ROUTES:
        for odd in (
            None,
            "%00",
            "-x",
            "..",
            "%ff",
            "a%20b",
            "%0a",
            "main%5E%7B%2Fx%7D",
            "@%7B1%7D",
        ):
            path = address(route, busy, odd) + query
            if route.method == "GET" and ask(client, route, path, busy.app_token(), b"") >= 500:
                failed.append((route.path, odd))
    assert failed == []


def test_odd_bodies_of_an_app_are_refused_too(busy: World) -> None:
    from tests.localhub.test_access import app_jwt

    client, token = Client(busy.hub.application), app_jwt(busy)
    path = f"/app/installations/{busy.installation}/access_tokens"
    route = next(one for one in ALL_ROUTES if one.path.endswith("access_tokens"))
    for odd in ODD:
        raw = json.dumps({"permissions": odd, "repositories": odd, "repository_ids": odd}).encode()
        assert ask(client, route, path, token, raw) < 500
