"""Calls of tools as effects: what is recorded, and what is never done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.agent.servers.perform import ServerTools
from bot.configuration.servers import Server, Servers
from bot.story.server_effects import CallServerTool, ListServerTools
from bot.story.vocabulary import Repository
from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.mirror import Person
from bot.workspace.perform import Places, Workshop
from tests.agent.servers.peers import allowing, at, docs, docs_inside

REPOSITORY = Repository(
    id=9, full_name="o/r", default_branch="main", git_url="http://127.0.0.1/o/r", installation_id=7
)
NAMES = ("lookup", "note", "long", "picture", "fails", "places")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calls") / "calls"


@pytest.fixture(scope="module")
def server(calls: Path) -> Iterator[Server]:
    with docs("--calls", str(calls)) as url:
        yield allowing(at(url), *NAMES, writes=("note",))


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., ServerTools]:
    shop = Workshop(Places(tmp_path), choose_sandbox, lambda repository: None)

    def made(*servers: Server) -> ServerTools:
        told = Servers(servers=servers)
        return ServerTools(lambda: told, lambda server: "", shop, tmp_path)

    return made


def call(server: Server, name: str, **fields: Any) -> CallServerTool:
    tool = server.tool(name)
    told = {"arguments": {}, "pin": tool.pin, "writes": tool.writes, **fields}
    return CallServerTool(
        key="k", repository=REPOSITORY, server=server.name, purpose="code", tool=name, **told
    )


def test_an_answer_is_recorded_whole_and_shown_harmless(
    tools: Callable[..., ServerTools], server: Server
) -> None:
    told = tools(server).perform(call(server, "lookup", arguments={"word": "backlog"}))
    assert told["outcome"] == "answered"
    assert told["text"] == "backlog: what people want back"
    assert (told["server"], told["tool"], told["why"]) == ("docs", "lookup", "")
    assert len(told["digest"]) == 64
    assert told["size"] > len(told["text"])


def test_what_is_long_secret_or_no_text_is_cut_hidden_or_named(
    tools: Callable[..., ServerTools], server: Server
) -> None:
    small = server.model_copy(update={"answer_characters": 500})
    told = tools(small).perform(call(server, "long"))
    assert told["size"] > 100_000
    assert len(told["text"]) < 600
    assert "ghp_" not in told["text"]
    told = tools(server).perform(call(server, "picture"))
    assert "image/png" in told["text"]
    assert "QUJD" not in told["text"]
    told = tools(server).perform(call(server, "fails"))
    assert (told["outcome"], told["why"]) == ("failed", "tool")


def test_a_tool_that_changed_since_it_was_shown_is_not_called(
    tools: Callable[..., ServerTools], server: Server, calls: Path
) -> None:
    calls.write_text("")
    told = tools(server).perform(call(server, "note", arguments={"text": "x"}, pin="0" * 64))
    assert (told["outcome"], told["why"]) == ("refused", "changed")
    assert calls.read_text() == ""


def test_what_nobody_declares_is_a_result_and_no_fault(tools: Callable[..., ServerTools]) -> None:
    effect = ListServerTools(key="k", repository=REPOSITORY, server="docs", purpose="code")
    assert tools().perform(effect)["problem"] == "declaration"


def test_a_writing_call_of_which_nobody_knows_is_never_repeated(
    tools: Callable[..., ServerTools], tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    with docs("--calls", str(calls)) as url:
        server = allowing(at(url), "note", "lookup", writes=("note",))
        effect = call(server, "note", arguments={"text": "die"})
        adapter = tools(server)
        told = adapter.perform(effect)
        assert told["outcome"] == "unknown"
        assert calls.read_text() == "note\n"
        again = adapter.look(effect)  # what a worker after a crash asks first
        assert again is not None
        assert again["outcome"] == "unknown"
        assert adapter.look(call(server, "lookup")) is None
        told = adapter.perform(call(server, "lookup", arguments={"word": "x"}))
        assert told["outcome"] == "failed"  # the server is gone, and that was never sent


def test_a_server_in_the_sandbox_sees_the_story_and_nothing_else(
    tools: Callable[..., ServerTools], server: Server, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TOWPATH_WEBHOOK_SECRET", "not for servers")
    adapter = tools(docs_inside(tools=server.tools))
    mirror = adapter._workshop.mirror(REPOSITORY)
    at_noon = datetime(2026, 1, 1, tzinfo=UTC)
    sha = mirror.commit_files(None, {"shop.py": b"x = 1\n"}, "base", Person("a", "a@b"), at_noon)
    told = adapter.perform(call(server, "places", sha=sha))
    assert told["outcome"] == "answered", told
    assert told["text"] == "True [] ['lo']"
