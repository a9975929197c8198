"""Work on an item begins with leave only, once, and at one issue."""

from __future__ import annotations

from bot.backlog.start import AUTOSTART, OPERATOR, PERSON, start
from bot.story.item_events import ItemState
from bot.story.vocabulary import State
from tests.dispatch.conftest import backlog, entry, items, person, repository, states
from tests.world import BUMP, REPO, World


def test_a_person_with_write_access_begins_an_item_and_it_gets_one_issue(world: World) -> None:
    house = world.house
    (number,) = items(house, entry(BUMP[0], body=f"{BUMP[1]}\n@alice fixes #3\n- [ ] it is 3.10"))
    there, kept = repository(house), backlog(house)
    rita = start(house.office, kept, there, number, person(world, "rita"), PERSON)
    assert (rita.begun, rita.rule) == (False, "permission")
    by_itself = start(house.office, kept, there, number, None, AUTOSTART)
    assert (by_itself.begun, by_itself.rule) == (False, "autostart")
    assert states(house, [number]) == [ItemState.READY]
    begun = start(house.office, kept, there, number, person(world, "alice"), PERSON)
    again = start(house.office, kept, there, number, person(world, "bob"), PERSON)
    assert begun.begun
    assert (again.begun, again.issue) == (True, begun.issue)
    assert states(house, [number]) == [ItemState.DOING]
    world.settle()
    issues = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all")
    stories = [one for one in issues if "pull_request" not in one]
    assert [one["number"] for one in stories] == [begun.issue]
    assert "alice fixes 3" in " ".join(stories[0]["body"].split())
    tale = world.tale(begun.issue)
    assert tale.requester is not None
    assert tale.requester.login == "alice"
    assert tale.state is not State.RECEIVED


def test_the_operator_begins_an_item_at_the_issue_that_it_has(world: World) -> None:
    house = world.house
    issue = world.act("alice").open_issue(REPO, *BUMP)
    (number,) = items(house, entry(BUMP[0], issue=issue), state=ItemState.REFINED)
    begun = start(house.office, backlog(house), repository(house), number, None, OPERATOR)
    assert (begun.begun, begun.issue) == (True, issue)
    assert "story" in world.labels(issue)
