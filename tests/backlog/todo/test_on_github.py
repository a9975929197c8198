"""TODO comments of the default branch, as people see them become issues and go."""

from __future__ import annotations

from typing import Any

from tests.world import FILES, REPO, World

ON = {".github/towpath.yml": "backlog:\n  todo:\n    issues: 'on'\n"}
ASK = "# TODO: ask the customs office for the rates\n"
WRONG = "# FIXME: the total of an empty basket is wrong\n"


def push(world: World, files: dict[str, str | None], branch: str = "main") -> None:
    world.later()
    world.act("alice").push(REPO, branch, files, "chore: write")
    world.settle()


def issues(world: World) -> dict[str, str]:
    """Title → state of the bot's issues."""
    return {each["title"]: each["state"] for each in _issues(world)}


def _issues(world: World) -> list[dict[str, Any]]:
    told = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
    return [each for each in told if each["user"]["login"].endswith("[bot]")]


def body(world: World, title: str) -> str:
    return next(each["body"] for each in _issues(world) if each["title"] == title)


def test_nothing_is_opened_unless_the_configuration_wants_it(world: World) -> None:
    push(world, {"rates.py": ASK})
    world.sweep()
    assert issues(world) == {}


def test_one_issue_a_comment_which_follows_it_and_ends_with_it(world: World) -> None:
    push(world, {**ON, "rates.py": ASK, "README.md": "TODO: nothing\n"})
    title = "TODO: ask the customs office for the rates"
    assert issues(world) == {title: "open"}
    assert "rates.py:1" in body(world, title)
    push(world, {"rates.py": None, "customs/rates.py": f"import os\n\n\n{ASK}"})
    world.sweep()
    assert issues(world) == {title: "open"}
    assert "customs/rates.py:4" in body(world, title)
    push(world, {"customs/rates.py": "import os\n"})
    assert issues(world) == {title: "open"}  # one look is not enough
    push(world, {"other.py": "x = 1\n"})
    assert issues(world) == {title: "closed"}
    push(world, {"customs/rates.py": ASK})
    assert issues(world) == {title: "open"}


def test_a_revert_in_time_and_other_branches_change_nothing(world: World) -> None:
    push(world, {**ON, "rates.py": ASK})
    before = issues(world)
    push(world, {"rates.py": "x = 1\n"})
    push(world, {"rates.py": ASK})
    push(world, {"more.py": WRONG}, branch="feature")
    assert issues(world) == before


def test_an_edit_changes_the_title(world: World) -> None:
    push(world, {**ON, "rates.py": ASK})
    push(world, {"rates.py": "# TODO: ask the new customs office for the rates\n"})
    assert issues(world) == {"TODO: ask the new customs office for the rates": "open"}


def test_a_push_opens_so_many_and_lists_the_rest(world: World) -> None:
    limit = {".github/towpath.yml": f"{ON['.github/towpath.yml']}    most_per_push: 1\n"}
    push(world, {**limit, "rates.py": ASK, "shop.py": FILES["shop.py"] + WRONG})
    fixme, listed = "FIXME: the total of an empty basket is wrong", "Open TODO comments"
    assert issues(world) == {fixme: "open", listed: "open"}
    assert "ask the customs office" in body(world, listed)
    push(world, {"rates.py": "x = 1\n"})
    push(world, {"other.py": "x = 1\n"})
    assert issues(world) == {fixme: "open", listed: "closed"}


def test_a_lost_push_is_made_good_at_the_next_look(world: World) -> None:
    push(world, ON)
    world.act("alice", silently=True).push(REPO, "main", {"rates.py": ASK}, "chore: lost")
    world.settle()
    assert issues(world) == {}
    world.later(3600)
    world.sweep()
    assert list(issues(world).values()) == ["open"]


def test_what_is_held_back_is_not_tried_at_every_look(world: World) -> None:
    rehearsal = {".github/towpath.yml": f"mode: dry_run\n{ON['.github/towpath.yml']}"}
    push(world, {**rehearsal, "rates.py": ASK})
    stream = f"todo/{world.place.id}"
    told = len(world.house.journal.load(stream))
    for _ in range(3):
        world.later(3600)
        world.sweep()
    assert issues(world) == {}
    assert len(world.house.journal.load(stream)) == told > 1
    push(world, ON)
    assert list(issues(world).values()) == ["open"]


def test_what_a_comment_says_has_no_power(world: World) -> None:
    push(world, {**ON, "rates.py": "# TODO: @alice closes #1 ``` <!-- x -->\n"})
    (title,) = issues(world)
    assert "@" not in title
    said = body(world, title)
    assert "```text\nTODO: @alice" in said or "````text" in said
    assert world.act("alice").request("GET", f"/repos/{REPO}/issues?state=closed") == []


def test_an_issue_that_a_person_closed_stays_closed(world: World) -> None:
    push(world, {**ON, "rates.py": ASK})
    number = _issues(world)[0]["number"]
    world.act("alice").close_issue(REPO, number)
    world.settle()
    push(world, {"other.py": "x = 1\n"})
    world.sweep()
    assert list(issues(world).values()) == ["closed"]


def test_after_the_journal_was_lost_nothing_is_opened_a_second_time(world: World) -> None:
    twice = f"{ASK}\n\ndef other():\n    {ASK}"
    board = {".github/towpath.yml": ON[".github/towpath.yml"] + "  dashboard: {enabled: true}\n"}
    push(world, {**board, "rates.py": twice})
    before = {each["number"]: each["title"] for each in _issues(world)}
    assert sorted(before.values())[:1] == ["TODO: ask the customs office for the rates"]
    assert len(before) == 3
    world.settings = world.settings.model_copy(update={"home": world.settings.home / "new"})
    world.new_house()  # the journal is lost
    world.later(3600)
    world.sweep()
    push(world, {"other.py": "x = 1\n"})
    world.sweep()
    assert {each["number"]: each["title"] for each in _issues(world)} == before
    push(world, {"rates.py": "x = 1\n"})
    push(world, {"other.py": "x = 2\n"})
    assert sorted(each["state"] for each in _issues(world)) == ["closed", "closed", "open"]
