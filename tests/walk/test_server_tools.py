"""Stories whose model uses a tool of an MCP server that the operator declared (W14)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.story.events import EffectPerformed
from bot.story.vocabulary import State
from tests.agent.servers.peers import allowing, at, docs
from tests.walk.test_task_loop import GOOD, PLAN, STORY, turn, use
from tests.world import FILES, World

LOOK = turn(use("docs__lookup", word="discount"), use("docs__lookup", wort="x"))
STEAL = turn(use("docs__lookup", word="ghp_" + "a" * 36))
NOTE = turn(use("docs__note", text="seen"))


def declared(url: str, **fields: Any) -> dict[str, Any]:
    """The operator's file for the server at `url`, with its tools as they are now."""
    server = allowing(at(url, **fields), "lookup", "note", writes=("note",))
    return {"servers": [json.loads(server.model_dump_json(exclude_defaults=True))]}


@pytest.fixture
def tell(new_world: Callable[..., World], tmp_path: Path) -> Callable[..., World]:
    """A world whose model says `code` while it writes code, and whose operator has a file."""

    def told(code: list[dict[str, Any]], file: dict[str, Any], **files: str) -> World:
        spec = {"description": "d", "story_type": "feature", "complexity": 2}
        answers = {"analyze": spec, "plan": PLAN, "review": {"findings": []}}
        script = {
            "answers": [{"purpose": name, "output": output} for name, output in answers.items()],
            "turns": [
                {"purpose": "test", "say": GOOD["test"]},
                {"purpose": "code", "say": code + GOOD["code"]},
            ],
        }
        (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
        (tmp_path / "servers.yml").write_text(yaml.safe_dump(file))
        world = new_world(
            model=f"scripted:{tmp_path / 'script.yaml'}", mcp_servers=tmp_path / "servers.yml"
        )
        world.repository({**FILES, **files})
        return world

    return told


def results(world: World, number: int, kind: str) -> list[dict[str, Any]]:
    events = [record.event for record in world.house.journal.load(world.stream(number))]
    return [e.result for e in events if isinstance(e, EffectPerformed) and e.effect == kind]


def heard(world: World, number: int) -> str:
    """All that the model was told of its calls."""
    rows = world.house.journal.effects(world.stream(number))
    return json.dumps([row.effect.told for row in rows if row.effect.kind == "call_model"])


def test_a_story_uses_a_tool_and_its_report_names_it(
    tell: Callable[..., World], tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    with docs("--calls", str(calls)) as url:
        world = tell([LOOK, STEAL], declared(url, stages=("code",)))
        number = world.story(*STORY)
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    (told,) = results(world, number, "call_server_tool")
    assert (told["outcome"], told["text"]) == ("answered", "discount: what people want back")
    assert len(results(world, number, "list_server_tools")) == 1  # not for the tests' stage
    assert calls.read_text() == "lookup\n"
    said = heard(world, number)
    assert "'word' is a required property" in said
    assert "looks like a secret" in said
    (pull,) = world.pulls()
    assert "Tools of servers: `docs/lookup` 1" in pull["body"]


def test_a_worker_that_dies_in_a_writing_call_never_makes_it_twice_and_replays_without_the_server(
    tell: Callable[..., World], tmp_path: Path
) -> None:
    class Killed(BaseException):
        """What a SIGKILL looks like from inside."""

    calls = tmp_path / "calls"
    with docs("--calls", str(calls)) as url:
        world = tell([LOOK, NOTE], declared(url))

        def die(name: str) -> None:
            if name == "after:perform" and calls.exists() and "note" in calls.read_text():
                raise Killed

        world.boundary = die
        with pytest.raises(Killed):
            world.story(*STORY)
    world.boundary = lambda name: None
    world.later(90)
    world.new_house()
    world.sweep()  # the server is gone: what it said is in the journal
    number = 1
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert calls.read_text() == "lookup\nnote\n"
    outcomes = [one["outcome"] for one in results(world, number, "call_server_tool")]
    assert outcomes == ["answered", "unknown"]
    assert "may have been carried out or not" in heard(world, number)


def test_a_repository_switches_a_server_off_and_one_that_is_away_stops_no_story(
    tell: Callable[..., World],
) -> None:
    with docs() as url:
        file = declared(url)
    file["servers"].append({**file["servers"][0], "name": "more"})
    off = "version: 1\ntools:\n  without: [more]\n"
    world = tell([LOOK], file, **{".github/towpath.yml": off})
    number = world.story(*STORY)
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    looked = results(world, number, "list_server_tools")
    assert {(one["server"], one["problem"]) for one in looked} == {("docs", "unreachable")}
    said = heard(world, number)
    assert "The tools of the server docs are not there: it cannot be reached." in said
    assert "there is no tool 'docs__lookup'" in said
    assert story.server_calls == []
