"""A repository on GitHub over the protocol: one can do what one can do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.backlog.store import Backlog
from bot.cli.refusals import explained
from bot.mcp.places import Places, Refusal
from bot.mcp.server import answer
from bot.mcp.tools import Tools
from bot.story.item_events import ItemState
from bot.story.vocabulary import State
from tests.canaries import planted
from tests.mcp.client import Caller, run, said
from tests.world import BUMP, REPO, World


def serve(
    world: World, log: Path, story: Callable[[Caller], Awaitable[None]], login: str, *arguments: str
) -> None:
    """Play a story with a server that has the settings of the world's Towpath."""
    told = world.settings
    run(
        log, story, "--repository", REPO, "--login", login, *arguments,
        home=told.home, redis_url=told.redis_url, github_api_url=told.github_api_url,
        github_web_url=told.github_web_url, app_id=told.app_id, private_key=world.app.pem,
        onboarding=False, quality_gates=False,
    )  # fmt: skip


def test_a_person_starts_an_item_and_it_becomes_a_story_of_theirs(
    world: World, tmp_path: Path
) -> None:
    begun: dict[str, int] = {}

    async def alice(caller: Caller) -> None:
        added = await caller.good("add", title=BUMP[0], body=BUMP[1], value=8)
        number = added["item"]["number"]
        assert added["item"]["inputs"]["value"]["by"] == "alice"
        assert (await caller.good("status"))["stories"] == []
        assert "has not begun" in await caller.bad("status", number=number)
        came = await caller.good("start", number=number)
        assert (came["begun"], came["rule"]) == (True, "")
        again = await caller.good("start", number=number)
        assert (again["begun"], again["issue"]) == (True, came["issue"])
        begun["issue"], begun["number"] = came["issue"], number

    serve(world, tmp_path / "log", alice, "alice")
    said_in_log = (tmp_path / "log").read_text()
    assert not [name for name, secret in planted(world).items() if secret in said_in_log]
    issue = begun["issue"]
    story = world.tale(issue)
    assert (story.state, story.title) == (State.RECEIVED, BUMP[0])
    assert story.requester is not None
    assert story.requester.login == "alice"
    assert world.queued() == 1, "a worker was woken"
    key = str(world.place.id)
    assert Backlog(world.house.journal).item(key, begun["number"]).state is ItemState.DOING

    rita = tools_of(world, "rita")
    (told,) = good(rita, "status", issue=issue)["stories"]
    assert (told["state"], told["waits_for"]) == ("RECEIVED", None)
    assert told["untrusted"]["title"] == BUMP[0]
    assert [one["issue"] for one in good(rita, "status", repository=key)["stories"]] == [issue]
    assert good(rita, "show", number=begun["number"])["issue"] == issue
    for tool, more in (
        ("add", {"title": "One"}),
        ("prioritise", {"number": begun["number"], "value": 1}),
        ("start", {"number": begun["number"]}),
    ):
        refused = answer(rita.by_name[tool], more, explained)
        assert "rita may not do this in acme/shop" in said(refused)


def tools_of(world: World, login: str) -> Tools:
    journal, house = world.house.journal, world.house
    return Tools(journal, Backlog(journal), places(world, login), lambda: house.office)


def good(tools: Tools, name: str, **arguments: Any) -> dict[str, Any]:
    came = answer(tools.by_name[name], arguments, explained)
    assert not came.is_error, said(came)
    assert isinstance(came.structured_content, dict)
    return came.structured_content


def places(world: World, login: str) -> Places:
    return Places(world.house.journal, lambda: world.house.office, login, "root", "acme/shop")


def test_who_is_nobody_there_sees_and_does_nothing(world: World) -> None:
    world.hub.add_user("mallory")
    world.hub.create_repository("acme/secret", {"README.md": "s\n"}, private=True)
    mallory = places(world, "mallory")
    for hidden in ("acme/secret", "acme/nothing", "404", "../shop"):
        with pytest.raises(Refusal, match="no such repository"):
            mallory.readable(hidden)
    for command in ("start", "wsjf"):
        with pytest.raises(Refusal, match="mallory may not do this"):
            mallory.writable(None, command)
        assert places(world, "alice").writable(str(world.place.id), command).level == "write"
    for login in ("not-there", f"{world.app.slug}[bot]"):
        with pytest.raises(Refusal, match="no person"):
            places(world, login).readable(None)
    with pytest.raises(Refusal, match="TOWPATH_MCP_LOGIN"):
        places(world, "").readable(None)
    assert places(world, "").writable("local", "start").login == "root"


def test_a_repository_where_towpath_is_off_can_be_read_and_takes_nothing(
    new_world: Callable[..., World],
) -> None:
    world = new_world(mode="off")
    world.repository()
    alice = places(world, "alice")
    assert alice.readable(None).name == REPO
    with pytest.raises(Refusal, match="does nothing in this repository"):
        alice.writable(None, "start")


def test_github_away_is_said_and_nothing_is_done(world: World) -> None:
    backlog, tools = Backlog(world.house.journal), tools_of(world, "alice")
    world.server.close()
    came = answer(tools.by_name["add"], {"title": "One"}, explained)
    assert came.is_error
    assert "GitHub" in said(came)
    for _ in range(20):  # until it is left alone
        came = answer(tools.by_name["list"], {}, explained)
        if "degraded since" in said(came):
            break
    assert came.is_error
    away = good(tools, "status", repository="local")["degraded"]
    assert [one["untrusted"]["what"] for one in away] == ["github"]
    assert good(tools, "list", repository="local")["items"] == []
    assert backlog.counts(str(world.place.id)) == {}


def test_one_item_started_many_times_at_once_is_one_story(world: World) -> None:
    tools = tools_of(world, "alice")
    number = good(tools, "add", title=BUMP[0], body=BUMP[1])["item"]["number"]
    start = tools.by_name["start"]
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(lambda _: answer(start, {"number": number}, explained), range(4)))
    begun = [one.structured_content for one in came if not one.is_error]
    assert {one["issue"] for one in begun if one["begun"]} == {1}, came
    assert good(tools, "start", number=number)["begun"]
    issues = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")
    assert len(issues) == 1
    item = Backlog(world.house.journal).item(str(world.place.id), number)
    assert item.state is ItemState.DOING
    assert world.house.journal.verify() == []
