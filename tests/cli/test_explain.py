"""`policy`, `simulate`, `replay` and `api-key`: why, what if, once more, and who."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from bot.cli import main
from bot.story.vocabulary import State
from bot.texts.remedies import REMEDIES, remedy
from policies.effects import TABLE
from tests.world import BUMP, REPO, World

ROOT = Path(__file__).parents[2]
Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call `towpath` with the settings of a world."""

    def called(world: World | None, *arguments: str) -> Result:
        if world is not None:
            told = world.settings
            for name in told.model_fields_set:
                value = getattr(told, name)
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                monkeypatch.setenv(f"TOWPATH_{name.upper()}", str(plain))
        return CliRunner().invoke(main, arguments)

    return called


def lengths(world: World) -> Mapping[str, int]:
    return {row.stream: row.version for row in world.house.journal.streams()}


def test_every_rule_that_can_object_says_what_would_change_it() -> None:
    objecting: set[str] = set()
    for path in (ROOT / "policies").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0]
            if node.func.id in ("deny", "wait", "Unmet") and isinstance(first, ast.Constant):
                objecting.add(first.value)
    assert len(objecting) > 60
    assert objecting - set(REMEDIES) == set()
    assert remedy("run_tests_limit") != remedy("shell.delete")


def test_a_policy_is_tested_on_facts_of_a_file(call: Call, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"

    def judged(kind: str, text: str) -> tuple[int, dict[str, Any]]:
        facts.write_text(text)
        done = call(None, "policy", "test", "--effect", kind, "--facts", str(facts), "--json")
        assert done.output.startswith("{"), done.output
        return done.exit_code, json.loads(done.stdout)

    assert judged("push_branch", "")[0] == 0
    code, told = judged("push_branch", "effect: {branch: main}")
    assert (code, told["rule"]) == (1, "default_branch")
    assert told["would_change"]
    assert judged("push_branch", "effect: {files: [.github/workflows/x.yml]}")[1]["rule"] == (
        "restricted_path"
    )
    pull = {
        "number": 12,
        "state": "open",
        "head_sha": "a" * 40,
        "head_ref": "feature/STORY-7/example",
        "base_ref": "main",
        "author": {"id": 1, "login": "towpath[bot]", "is_bot": True},
        "mergeable": False,
    }
    told_of = json.dumps({"pull": pull, "paused": True})  # JSON is YAML
    code, told = judged("merge_pull_request", told_of)
    assert told["rule"] == "paused"
    assert [one["rule"] for one in told["against"]] == ["paused", "conflict", "quorum"]
    assert judged("call_model", "spent: {story_usd: 99}")[1]["decision"] == "wait"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pused: true", "did you mean paused?"),
        ("story: {head: x}", "story.head: unknown"),
        ("story: 7", "story: has to be a mapping"),
        ("effect: {nmber: 1}", "did you mean number?"),
        ("live: [1]", "live"),
        ("a: [", "expected"),
        ("- 1", "has to be a mapping"),
        ("!!python/object/apply:os.system [id]", "could not determine a constructor"),
    ],
)
def test_facts_that_cannot_be_used_are_named(
    call: Call, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "facts.yaml").write_text(text)
    done = call(
        None,
        "policy",
        "test",
        "--effect",
        "merge_pull_request",
        "--facts",
        str(tmp_path / "facts.yaml"),
    )
    assert done.exit_code == 2
    assert said in done.output


def test_every_effect_can_be_explained_without_facts(call: Call, tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text("")
    for kind in TABLE:
        done = call(
            None, "policy", "test", "--effect", kind, "--facts", str(tmp_path / "none.yaml")
        )
        assert done.exit_code in (0, 1), (kind, done.output, done.exception)
        assert kind in call(None, "policy", "list").output


def test_a_comment_is_simulated_and_nothing_is_written(world: World, call: Call) -> None:
    number = world.story()
    world.later()
    before, comments = lengths(world), world.comments(number)
    named = f"{REPO}#{number}"

    def simulated(*arguments: str) -> dict[str, Any]:
        done = call(world, "simulate", named, *arguments, "--json")
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout)

    yes = simulated("--comment", "bob:/approve")
    assert (yes["moves_to"], yes["merge"]["decision"]) == ("DEPLOYING", "allow")
    assert "approved" in [one["kind"] for one in yes["events"]]
    no = simulated("--comment", "alice:/approve")
    assert no["moves_to"] is None
    refused = [one["rule"] for one in no["events"] if one["kind"] == "approval_refused"]
    assert refused == ["second_person"]
    assert {one["what"] for one in no["missing"]} == {"quorum", "second_person"}
    stopped = simulated("--comment", "bob:/pause", "--comment", "bob:/cancel")
    assert stopped["moves_to"] == "CANCELLED"
    assert simulated()["events"] == []
    said = call(world, "simulate", named, "--comment", "rita:/cancel")
    assert "refused" in said.output
    assert said.output.endswith("Nothing was written.\n")
    judged = call(
        world, "policy", "test", "--effect", "merge_pull_request", "--story", named, "--json"
    )
    assert json.loads(judged.stdout)["rule"] == "quorum"

    world.settle()
    assert lengths(world) == before
    assert world.comments(number) == comments
    assert world.state(number) is State.WAITING


def test_a_push_and_a_review_are_simulated(world: World, call: Call) -> None:
    number = world.story()
    world.say("bob", number, "hm")
    story = world.tale(number)
    base = story.base_sha
    done = call(
        world,
        "simulate",
        f"{REPO}#{number}",
        "--push",
        f"{base}:carol",
        "--comment",
        "bob:/approve",
        "--json",
    )
    told = json.loads(done.stdout)
    assert "head_moved" in [one["kind"] for one in told["events"]]
    assert told["moves_to"] != "DEPLOYING"
    done = call(world, "simulate", f"{REPO}#{number}", "--review", "bob:approved", "--json")
    assert json.loads(done.stdout)["moves_to"] is None, "reviews do not count here"


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "shop"),
        ("simulate", f"{REPO}#99"),
        ("simulate", f"{REPO}#1", "--comment", "bob"),
        ("simulate", f"{REPO}#1", "--comment", "nobody-at-all:/approve"),
        ("simulate", f"{REPO}#1", "--review", "bob:great"),
        ("replay", "no-such-guid"),
        ("policy", "test", "--effect", "merge_pull_request"),
        ("api-key", "revoke", "feed"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(world: World, call: Call, arguments: tuple) -> None:
    world.story()
    done = call(world, *arguments)
    assert done.exit_code == 2, done.output
    assert done.output


def test_a_delivery_is_replayed_as_often_as_one_likes(
    world: World, call: Call, tmp_path: Path
) -> None:
    number = world.act("alice", silently=True).open_issue(REPO, *BUMP)
    world.act("alice", silently=True).label(REPO, number, "story")
    issue = world.act("alice").issue(REPO, number)
    repository = world.act("alice").request("GET", f"/repos/{REPO}")
    payload = {
        "action": "labeled",
        "issue": issue,
        "label": {"name": "story"},
        "repository": repository,
        "sender": world.act("alice").request("GET", "/user"),
    }
    file = tmp_path / "delivery.json"
    file.write_text(json.dumps(payload))
    before = lengths(world)
    dry = call(world, "replay", str(file), "--event", "issues", "--dry-run", "--json")
    assert [one["kind"] for one in json.loads(dry.stdout)["events"]] == ["story_received"]
    assert lengths(world) == before

    for kinds in (["story_received"], []):
        wet = call(world, "replay", str(file), "--event", "issues", "--json")
        assert [one["kind"] for one in json.loads(wet.stdout)["events"]] == kinds
    world.settle()
    assert world.state(number) is State.WAITING
    assert call(world, "replay", str(file)).exit_code == 2, "which event it is has to be said"


def test_a_delivery_in_the_inbox_is_found_by_its_guid(world: World, call: Call) -> None:
    number = world.story()
    world.later()
    world.act("bob").comment(REPO, number, "/pause")
    world.hub.deliveries.settle()
    from bot.queue.append import STREAM

    waiting = world.redis.xrange(STREAM)
    guid = next(f[b"guid"].decode() for _, f in waiting if f[b"event"] == b"issue_comment")
    done = call(world, "replay", guid, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert "pause_requested" in [one["kind"] for one in told["events"]]
    told = json.loads(call(world, "replay", guid, "--json").stdout)
    assert "pause_requested" in [one["kind"] for one in told["events"]]
    world.settle()
    assert world.events(number).count("pause_requested") == 1


def test_keys_are_made_listed_and_revoked(world: World, call: Call) -> None:
    arguments = ("--login", "bob", "--repository", REPO, "--scope", "read", "--days", "7")
    made = call(world, "api-key", "create", *arguments)
    assert made.exit_code == 0, (made.output, made.exception)
    key = made.output.split()[0]
    listed = [json.loads(line) for line in call(world, "api-key", "list").stdout.splitlines()]
    assert [(one["person"]["login"], one["scopes"], one["live"]) for one in listed] == [
        ("bob", ["read"], True)
    ]
    assert key.split("_")[2] not in json.dumps(listed)
    assert "hash" not in listed[0]
    tokens = {"api_key": key}
    assert world.door.post("/api/v1/tokens", json=tokens).status_code == 201
    assert call(world, "api-key", "revoke", listed[0]["key_id"]).exit_code == 0
    assert world.door.post("/api/v1/tokens", json=tokens).status_code == 401
    assert call(world, "api-key", "revoke", listed[0]["key_id"]).exit_code == 2
    assert call(world, "api-key", "rotate").exit_code == 0
    nobody = call(world, "api-key", "create", "--login", "towpath[bot]", *arguments[2:])
    assert nobody.exit_code == 2
