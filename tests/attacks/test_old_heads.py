"""A commit that nobody approved takes the place of one that somebody did, in each way there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story.vocabulary import State
from tests.world import FILES, REPO, World

EVIL = {"evil.py": "import os\n"}
LONG_AGO = {"name": "carol", "email": "carol@example.test", "date": "2001-01-01T00:00:00Z"}


def dated_long_ago(world: World, branch: str) -> str:
    """A commit whose author and committer say that it was made before anybody looked."""
    silent, place = world.act("carol", silently=True), f"/repos/{REPO}"
    tip = silent.request("GET", f"{place}/git/ref/heads/{branch}")["object"]["sha"]
    base = silent.request("GET", f"{place}/git/commits/{tip}")["tree"]["sha"]
    entry = {"path": "evil.py", "mode": "100644", "type": "blob", "content": EVIL["evil.py"]}
    tree = silent.request("POST", f"{place}/git/trees", {"base_tree": base, "tree": [entry]})
    told = {"message": "feat: old", "tree": tree["sha"], "parents": [tip]}
    made = silent.request(
        "POST", f"{place}/git/commits", {**told, "author": LONG_AGO, "committer": LONG_AGO}
    )
    silent.request("PATCH", f"{place}/git/refs/heads/{branch}", {"sha": made["sha"]})
    return made["sha"]


def test_no_head_but_the_approved_one_is_merged_however_it_got_there(world: World) -> None:
    """One story through all of it: each step would merge what nobody approved, and does not."""
    number = world.story()
    story = world.tale(number)
    pull, branch, first = story.pull_number, story.branch, story.head_sha
    world.later()

    dated_long_ago(world, branch)  # dates of commits are words of whoever made them
    comment = world.say("bob", number, "/approve")
    assert "confused" in world.reactions(comment), "dated long ago"

    # An approval of a head that is taken away and brought back is not an approval any more.
    world.later()
    world.hub.force_ref(REPO, f"refs/heads/{branch}", first, "carol")
    world.settle()
    world.say("alice", number, "/pause")
    world.say("bob", number, f"/approve {first}")
    assert [given.head_sha for given in world.tale(number).approvals] == [first]
    world.later()
    world.act("carol").push(REPO, branch, EVIL, "feat: more")
    world.settle()
    assert world.tale(number).approvals == [], "pushed"
    world.hub.force_ref(REPO, f"refs/heads/{branch}", first, "carol")
    world.settle()
    assert world.tale(number).approvals == [], "brought back"

    # GitHub tells of no push while the pull request is closed.
    state = f"/repos/{REPO}/pulls/{pull}"
    world.later()
    world.act("carol").request("PATCH", state, {"state": "closed"})
    world.act("carol", silently=True).push(REPO, branch, EVIL, "feat: meanwhile")
    world.act("carol").request("PATCH", state, {"state": "open"})
    comment = world.say("bob", number, "/approve")
    assert "confused" in world.reactions(comment), "pushed while closed"

    world.say("alice", number, "/resume")
    assert not world.pull(pull)["merged"]
    assert world.state(number) is not State.DONE
    refused = [r for r in world.house.journal.load(world.stream(number))
               if r.event.kind == "approval_refused"]  # fmt: skip
    assert len(refused) >= 2, "each refusal is kept with its rule"


def test_a_retry_after_an_approval_asks_for_the_new_code_again(world: World) -> None:
    number = world.story()
    story = world.tale(number)
    said = {"message": "At least 1 approving review is required."}
    world.hub.faults.add(method="PUT", path="/merge$", status=405, times=0, body=said)
    world.say("bob", number, "/approve")
    assert world.state(number) is State.FAILED
    world.hub.faults.clear()
    world.later()
    world.act("carol", silently=True).push(REPO, story.branch, EVIL, "feat: more")
    world.say("alice", number, "/retry")
    assert world.state(number) is not State.DONE
    assert not [p for p in world.pulls() if p["merged_at"]]


def test_a_repository_gets_no_more_pull_requests_than_people_want(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    limits = "limits: {prs_per_day: 2, open_prs: 1}\n"
    world.repository({**FILES, ".github/towpath.yml": limits})
    first = world.story()
    second = world.story("Bump idna from 3.4 to 3.7", "CVE")
    assert len(world.pulls()) == 1
    assert "limits.open_prs" in world.status_comments(second)[0]
    world.say("bob", first, "/cancel")
    world.later(3700)
    world.sweep()
    assert world.state(second) is State.WAITING, world.tale(second).failure_reason
    assert world.tale(second).pull_number
    world.say("bob", second, "/cancel")
    third = world.story("Bump idna from 3.4 to 3.8", "CVE")
    assert not world.tale(third).pull_number
    assert "limits.prs_per_day" in world.status_comments(third)[0]
    world.say("bob", third, "/budget +5")
    assert not world.tale(third).pull_number, "nobody raises it from a comment"
    world.later(86_400)
    world.sweep()
    assert world.tale(third).pull_number


@pytest.mark.parametrize("reader", ["the webhook", "the sweep"])
def test_two_readers_of_one_label_open_one_pull_request(world: World, reader: str) -> None:
    number = world.act("alice").open_issue(REPO, "Bump idna from 3.4 to 3.10", "CVE")
    world.act("alice").label(REPO, number, "story")
    world.hub.deliveries.settle()
    told = next(d for d in world.hub.deliveries.log if d.action == "labeled")
    if reader == "the webhook":
        for n in range(3):
            again = {**told.headers, "X-GitHub-Delivery": f"1111111{n}-2222-3333-4444-555555555555"}
            assert world.door.post("/webhook", data=told.body, headers=again).status_code == 202
    else:
        world.house.sweep()
        world.new_house().sweep()
    world.settle()
    assert world.state(number) is State.WAITING
    assert len(world.pulls()) == 1
    assert world.events(number).count("story_received") == 1
