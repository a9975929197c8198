"""The dispatch lane begins what may begin, and the verify lane lets items follow their stories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.backlog.lanes import dispatch, verify
from bot.backlog.lanes.lane import Budget, Outcome, Shift
from bot.story.item_events import Family, ItemState
from bot.story.vocabulary import State
from tests.dispatch.conftest import backlog, entry, items, repository, states
from tests.world import BUMP, FILES, REPO, World

ON = """backlog:
  autostart: on
  throttle: {under_way: 2, families: [{family: docs, open_prs: 0}]}
"""


def shift(world: World, dry: bool = False) -> Shift:
    house, there = world.house, repository(world.house)
    return Shift(
        office=house.office,
        repository=there,
        backlog=backlog(house),
        config=house.configuration(there),
        now=world.now(),
        budget=Budget(60, lambda: 0.0),
        dry=dry,
    )


def what(outcome: Outcome) -> dict[int, tuple[str, str]]:
    return {one.item: (one.what, one.why) for one in outcome.decisions}


def test_nothing_begins_by_itself_without_a_word(world: World) -> None:
    items(world.house, entry("Say hello", value=13))
    assert dispatch.run(shift(world)).decisions == ()


def test_what_is_ready_begins_at_the_pace_that_is_set(new_world: Any) -> None:
    world = new_world()
    world.repository({**FILES, ".github/towpath.yml": ON})
    first = world.act("alice").open_issue(REPO, "The first", "x")
    theirs = world.act("carol").open_issue(REPO, "Carol's", "x")
    world.act("carol").assign(REPO, theirs, "carol")
    mended = world.act("carol").open_issue(REPO, "Mended", "x")
    world.act("carol").push(REPO, "mend", {"a.txt": "a"}, "mend")
    world.act("carol").open_pull(REPO, "mend", "main", "Mend it", f"Fixes #{mended}")
    world.settle()
    numbers = items(
        world.house,
        entry("Later", body=f"Depends on #{first}", value=13, size=1, time=13, risk=13),
        entry("Carol's", issue=theirs, value=13, size=1, time=13, risk=8),
        entry("Mended", issue=mended, value=13, size=1, time=13, risk=5),
        entry("Write it down", family=Family.DOCS, value=13, size=1, time=13, risk=3),
        entry(BUMP[0], body=BUMP[1], value=13, size=1, time=13, risk=2),
        entry("The first", issue=first, value=8, size=1),
        entry("One too many", value=2, size=1),
    )
    later, carols, is_mended, docs, bump, one, many = numbers
    dry = what(dispatch.run(shift(world, dry=True)))
    assert dry[bump] == ("would begin", ""), (dry, numbers)
    assert states(world.house, numbers) == [ItemState.READY] * 7
    told = dispatch.run(shift(world))
    said = what(told)
    assert said[bump][0] == said[one][0] == "begun", said
    assert said[later] == ("passed over", f"it comes after #{first}")
    assert said[carols] == ("passed over", "it is assigned to carol")
    assert "pull request" in said[is_mended][1]
    assert said[docs] == ("passed over", "0 of 0 docs pull requests are open at once")
    assert said[many] == ("passed over", "2 of 2 stories of the backlog are under way")
    assert {wait.what for wait in told.waits} == {
        f"item {number}" for number in (later, carols, is_mended, docs, many)
    }
    again = what(dispatch.run(shift(world)))
    assert bump not in again
    assert again[later] == said[later]
    world.settle()
    verified = what(verify.run(shift(world)))
    assert verified[bump][0] == "PR"
    assert verified[one] == ("BLOCKED", verified[one][1])
    assert states(world.house, [bump, one, many]) == [
        ItemState.PR, ItemState.BLOCKED, ItemState.READY
    ]  # fmt: skip
    assert what(verify.run(shift(world))) == {}
    issue = backlog(world.house).item(str(world.place.id), bump).issue
    world.say("bob", world.tale(issue).pull_number, "/approve")
    assert world.state(issue) is State.DONE
    assert what(verify.run(shift(world)))[bump][0] == "DONE"


def test_a_story_that_people_begin_and_cancel_takes_its_item_along(world: World) -> None:
    issue = world.act("alice").open_issue(REPO, *BUMP)
    (number,) = items(world.house, entry(BUMP[0], issue=issue))
    world.act("alice").label(REPO, issue, "story")
    world.settle()
    assert what(verify.run(shift(world)))[number][0] == "PR"
    world.say("alice", issue, "/cancel")
    assert what(verify.run(shift(world)))[number] == (
        "BLOCKED",
        "cancelled: alice cancelled it",
    ) or (what(verify.run(shift(world))) == {})
    assert states(world.house, [number]) == [ItemState.BLOCKED]


def test_a_story_that_was_over_before_anybody_looked_is_not_begun_again(world: World) -> None:
    issue = world.act("alice").open_issue(REPO, "Another wish", "x")
    (number,) = items(world.house, entry("Another wish", issue=issue))
    world.act("alice").label(REPO, issue, "story")
    world.settle()
    assert world.state(issue) is State.FAILED
    told = what(verify.run(shift(world)))[number]
    assert told[0] == "BLOCKED"
    assert told[1].startswith("handed over to people")
    assert what(verify.run(shift(world))) == {}


def test_what_a_person_ended_does_not_begin_again_by_itself(new_world: Any) -> None:
    world = new_world()
    world.repository({**FILES, ".github/towpath.yml": ON})
    issue = world.story()
    world.say("alice", issue, "/cancel")
    world.act("alice", silently=True).unlabel(REPO, issue, "story")
    (number,) = items(world.house, entry(BUMP[0], issue=issue))
    for dry in (True, False):
        told = what(dispatch.run(shift(world, dry)))[number]
        assert told == ("passed over", "its story was cancelled")
    assert "story" not in world.labels(issue)
    assert world.state(issue) is State.CANCELLED
    assert what(verify.run(shift(world)))[number] == ("BLOCKED", "cancelled: alice cancelled it")


def test_while_ci_fails_less_is_begun(new_world: Any) -> None:
    world = new_world()
    world.repository({**FILES, ".github/towpath.yml": ON})
    at = (world.now() - timedelta(hours=1)).isoformat()
    for number in range(6):
        world.place.workflow_runs.append(
            {
                "id": number,
                "head_branch": "main",
                "status": "completed",
                "conclusion": "failure" if number < 2 else "success",
                "updated_at": at,
                "created_at": at,
            }
        )
    config = ".github/towpath.yml"
    slow = ON.replace("{under_way", "{slow_prs_per_day: 0, under_way")
    world.act("alice").push(REPO, "main", {config: slow}, "slow")
    world.settle()
    (number,) = items(world.house, entry("Say hello"))
    told = what(dispatch.run(shift(world)))
    assert told[number][0] == "passed over"
    assert "2 of the last 6 CI runs failed" in told[number][1]


def test_a_branch_that_waits_for_longer_than_branches_may_is_shown(world: World) -> None:
    issue = world.act("alice").open_issue(REPO, *BUMP)
    world.act("alice").label(REPO, issue, "story")
    world.settle()
    assert verify.run(shift(world)).waits == []
    world.later(25 * 3600)
    ((what, reason, since),) = verify.run(shift(world)).waits
    assert what == f"pull request {world.tale(issue).pull_number}"
    assert "24 hours (limits.branch_age_hours)" in reason
    assert since == world.tale(issue).begun_at + timedelta(hours=24)


def test_what_a_stranger_wrote_does_not_begin_by_itself(new_world: Any) -> None:
    world = new_world()
    world.repository({**FILES, ".github/towpath.yml": ON})
    world.hub.add_user("mallory")
    issue = world.act("mallory").open_issue(REPO, *BUMP)
    world.settle()
    (number,) = items(world.house, entry(BUMP[0], issue=issue))
    reason = "mallory, who wrote the issue, may not start stories here"
    for dry in (True, False):
        assert what(dispatch.run(shift(world, dry)))[number] == ("passed over", reason)
    assert world.labels(issue) == set()
    world.act("alice").label(REPO, issue, "story")  # a person has it begun
    world.settle()
    assert world.tale(issue).requester.login == "alice"
