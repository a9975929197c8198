"""What looks like an approval and is none: one story, many tries, all of them seen afterwards.

All of them share a world: nothing here may move the story, so whoever comes next finds it waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.queue.wakeups import DELIVERIES, LANES, STORIES
from bot.queue.workers import WorkerKind, make_worker
from bot.story.vocabulary import State
from tests.attacks.meanwhile import hear
from tests.world import PEOPLE, REPO, World, world

NUMBER = 1
BOT = "deployer[bot]"
SUCCESS = {"state": "success", "context": "towpath/approved", "description": "approved by bob"}
GREEN = {"name": "towpath / approval", "status": "completed", "conclusion": "success"}


@pytest.fixture(scope="module")
def waiting(
    tmp_path_factory: pytest.TempPathFactory, queue_url: str, environments: Path
) -> Iterator[World]:
    """A story that waits for its approval; alice asked for it."""
    with world(tmp_path_factory.mktemp("waiting"), queue_url, environments=environments) as made:
        made.repository()
        made.hub.add_user(BOT, type="Bot")
        made.hub.add_collaborator(REPO, BOT, "admin")
        made.hub.add_user("towpath")
        made.hub.add_collaborator(REPO, "towpath", "read")
        made.hub.add_user("mallory")
        assert made.story() == NUMBER
        assert made.state(NUMBER) is State.WAITING
        yield made


def nothing_happened(world: World, **about: object) -> None:
    """The story waits as before; the deliveries were handled, and the journal holds."""
    story = world.tale(NUMBER)
    assert story.state is State.WAITING, about
    assert story.approvals == [], about
    assert not world.pull(story.pull_number)["merged"], about
    assert story.requester.login == "alice"
    journal = world.house.journal
    assert journal.verify() == []
    for told in world.hub.deliveries.log:
        assert journal.delivery_seen(told.guid), (told.event, told.action, about)


def ours(world: World) -> list[str]:
    """What Towpath itself said on the issue."""
    told = world.act("alice").comments(REPO, NUMBER)
    return [c["body"] for c in told if c["user"]["login"] == f"{world.app.slug}[bot]"]


def pull_of(world: World) -> int:
    return world.tale(NUMBER).pull_number


def thumbs_up(world: World) -> None:
    for comment in world.act("bob").comments(REPO, NUMBER):
        for content in ("+1", "hooray", "rocket"):
            world.act("bob").react(REPO, comment["id"], content)
    for place in (NUMBER, pull_of(world)):
        path = f"/repos/{REPO}/issues/{place}/reactions"
        world.act("bob").request("POST", path, {"content": "+1"})


def green_words_of_others(world: World) -> None:
    head = world.tale(NUMBER).head_sha
    world.act("carol").request("POST", f"/repos/{REPO}/statuses/{head}", SUCCESS)


def assigned_and_requested(world: World) -> None:
    world.act("bob").assign(REPO, pull_of(world), "bob")
    path = f"/repos/{REPO}/pulls/{pull_of(world)}/requested_reviewers"
    world.act("carol").request("POST", path, {"reviewers": ["bob"]})


def approving_labels(world: World) -> None:
    for place in (NUMBER, pull_of(world)):
        world.act("tom").label(REPO, place, "approved", "lgtm", "towpath:done", "ready to merge")


def a_description_that_says_so(world: World) -> None:
    path = f"/repos/{REPO}/pulls/{pull_of(world)}"
    words = "/approve\n\nApproved-by: bob\n"
    world.act("carol").request("PATCH", path, {"body": words, "title": "/approve"})


def an_issue_that_commands(world: World) -> None:
    """A command in a title or body, which our answer could quote and so repeat for ever."""
    body = "/approve\n/approve #1\n@towpath[bot] approve"
    other = world.act("mallory").open_issue(REPO, "/approve /retry /status", body)
    world.settle()
    assert world.comments(other) == []


def a_fork_with_our_branch(world: World) -> None:
    """A pull request of the same branch name from elsewhere, with commands under it."""
    branch = world.tale(NUMBER).branch
    world.hub.fork_repository(REPO, "mallory")
    fork = "mallory/shop"
    world.act("mallory").push(fork, branch, {"evil.py": "import os\n"}, "feat: /approve")
    theirs = world.act("mallory").open_pull(REPO, f"mallory:{branch}", title="/approve")
    before = world.tale(NUMBER).head_sha
    for who in ("mallory", "bob"):
        world.later()
        world.act(who).comment(REPO, theirs, "/approve")
        world.act(who).comment(REPO, theirs, "/retry")
    world.settle()
    assert world.tale(NUMBER).head_sha == before
    assert world.pull(theirs)["state"] == "open"
    assert not world.pull(theirs)["merged"]


def a_review_of_a_stranger(world: World) -> None:
    world.later()
    world.act("mallory").review(REPO, pull_of(world), "APPROVE", "Ship it")


def our_own_words_by_somebody_else(world: World) -> None:
    """A copy of the status comment, marker and all, by an account whose name is like ours."""
    own = next(c for c in world.act("bob").comments(REPO, NUMBER) if "### Towpath" in c["body"])
    forged = own["body"].replace("waiting for approval", "approved, merging")
    world.act("towpath").comment(REPO, NUMBER, forged)
    world.settle()
    kept = next(c for c in world.act("bob").comments(REPO, NUMBER) if c["id"] == own["id"])
    assert "waiting for approval" in kept["body"]


TRIES: tuple[Callable[[World], Any], ...] = (
    thumbs_up,
    green_words_of_others,
    assigned_and_requested,
    approving_labels,
    a_description_that_says_so,
    an_issue_that_commands,
    a_fork_with_our_branch,
    a_review_of_a_stranger,
    our_own_words_by_somebody_else,
)


@pytest.mark.parametrize("attempt", TRIES, ids=lambda attempt: attempt.__name__)
def test_what_is_no_command_of_a_rightful_person_approves_nothing(
    waiting: World, attempt: Callable[[World], Any]
) -> None:
    waiting.later()
    attempt(waiting)
    waiting.settle()
    nothing_happened(waiting, attempt=attempt.__name__)


@pytest.mark.parametrize(
    "words", ["+1", "👍", "LGTM", "r+", "approved", "approve", "@towpath approve", "Ship it!", "."]
)
def test_words_that_other_bots_obey_approve_nothing(waiting: World, words: str) -> None:
    waiting.say("bob", NUMBER, words)
    waiting.say("bob", pull_of(waiting), words)
    nothing_happened(waiting, words=words)


@pytest.mark.parametrize("login", [*PEOPLE, "towpath", "mallory"])
def test_a_refused_command_is_answered_and_kept_with_who_gave_it(
    waiting: World, login: str
) -> None:
    """Nobody but bob and carol may approve; what they say here names another commit."""
    rightful = login in ("bob", "carol")
    comment = waiting.say(login, NUMBER, f"/approve {'a' * 40}" if rightful else "/approve")
    assert "confused" in waiting.reactions(comment)
    kept = [
        record.event
        for record in waiting.house.journal.load(waiting.stream(NUMBER))
        if record.event.kind == "command_handled" and record.event.comment_id == comment
    ]
    assert [(event.ok, event.person.login) for event in kept] == [(False, login)]
    nothing_happened(waiting, login=login)


@pytest.mark.parametrize("place", ["issue", "pull request", "review"])
def test_a_bot_commands_nothing_whatever_it_may_do_on_github(waiting: World, place: str) -> None:
    waiting.later()
    bot, before = waiting.act(BOT), ours(waiting)
    if place == "review":
        bot.review(REPO, pull_of(waiting), "APPROVE", "/approve")
    else:
        bot.comment(REPO, NUMBER if place == "issue" else pull_of(waiting), "/approve\n/cancel")
    waiting.settle()
    nothing_happened(waiting, place=place)
    assert ours(waiting) == before, "two bots that answer each other never stop"


def test_two_bots_that_undo_each_other_come_to_rest(waiting: World) -> None:
    """Another bot takes our label off whenever it is there."""
    written = len(waiting.events(NUMBER))
    for _ in range(4):
        waiting.later()
        for label in waiting.labels(NUMBER) - {"story"}:
            waiting.act(BOT).unlabel(REPO, NUMBER, label)
        waiting.settle()
    assert len(waiting.events(NUMBER)) - written <= 4
    nothing_happened(waiting)


def test_however_often_people_write_nothing_but_the_answers_is_said(waiting: World) -> None:
    """One status, edited in place; an answer for a command; silence for everything else."""
    refused = [r for r in waiting.house.journal.load(waiting.stream(NUMBER))
               if r.event.kind == "command_handled" and not r.event.ok]  # fmt: skip
    said = ours(waiting)
    assert len([words for words in said if "### Towpath ·" in words]) == 1
    assert len(said) <= 1 + len(refused)


def test_what_we_push_and_open_is_told_to_everybody_as_a_persons_would_be(waiting: World) -> None:
    """Checks of others run on it: a workflow's own token would start none."""
    bot = f"{waiting.app.slug}[bot]"
    assert waiting.pull(pull_of(waiting))["user"]["login"] == bot
    told = {d.event for d in waiting.hub.deliveries.log if d.payload["sender"]["login"] == bot}
    assert {"push", "pull_request"} <= told


def test_stories_hold_up_no_delivery(waiting: World) -> None:
    """Who drains deliveries looks at nothing else; an answer needs no story to be run."""
    queues = {kind: make_worker(kind, waiting.redis).queue_names() for kind in WorkerKind}
    assert queues[WorkerKind.DELIVERIES] == [DELIVERIES]
    assert queues[WorkerKind.STORIES] == [STORIES, LANES], "stories come first"
    waiting.later()
    comment = waiting.act("carol").comment(REPO, NUMBER, "/status")
    hear(waiting)
    assert waiting.queued(), "a story waits for its worker"
    assert "+1" in waiting.reactions(comment)
    waiting.settle()
    nothing_happened(waiting)
