"""Approvals as people give and take them back on GitHub (S4, P3, P4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story.vocabulary import State
from tests.world import REPO, World

NewWorld = Callable[..., World]
BRANCH = "feature/STORY-1/bump-idna-from-3-4-to-3-10"
CONFIG = ".github/towpath.yml"
PAYMENTS = "approvals:\n  checkpoints:\n  - kind: payments\n    paths: [requirements.txt]\n"


def configure(world: World, text: str) -> None:
    """The configuration on the default branch, by somebody who may push to it."""
    world.later()
    world.act("carol").push(REPO, "main", {CONFIG: text}, "chore: configuration")
    world.settle()


def paused(world: World) -> int:
    """A story that waits for approval and stays where it is for now."""
    number = world.story()
    world.say("alice", number, "/pause")
    return number


def review(world: World, login: str, pull: int, event: str = "APPROVE", body: str = "") -> int:
    world.later()
    made = world.act(login).review(REPO, pull, event, body)
    world.settle()
    return made


def test_an_approval_keeps_all_that_it_is_bound_to(world: World) -> None:
    number = paused(world)
    world.say("bob", number, "/approve")
    story = world.tale(number)
    (given,) = story.approvals
    assert (given.head_sha, given.base_sha) == (story.head_sha, story.base_sha)
    assert given.plan_digest == story.plan_digest
    assert len(given.config_digest) == 64
    assert given.demands is not None
    assert given.words


def test_a_refusal_shows_what_changed_since(world: World) -> None:
    number = world.story()
    seen = world.tale(number).head_sha
    world.later()
    now = world.act("carol", silently=True).push(
        REPO, BRANCH, {"evil.py": "import os\n"}, "feat: *more*\n\n/approve"
    )
    world.say("bob", number, "/approve")
    refused = next(c for c in world.comments(number) if "has changed since" in c)
    assert f"/compare/{seen}...{now}" in refused
    assert f"`{seen}`" in refused
    assert f"`{now}`" in refused
    assert "`evil.py` (new, +1 −0)" in refused
    assert "**carol**: feat: \\*more\\*" in refused


def test_what_was_taken_back_is_shown_with_its_reason(world: World) -> None:
    number = paused(world)
    comment = world.say("bob", number, "/approve")
    world.later()
    world.act("bob").delete_comment(REPO, comment)
    world.settle()
    status = world.status_comments(number)[0]
    assert "Approvals that count no more" in status
    assert "**bob**" in status
    assert "the approving comment was deleted" in status


def test_somebody_who_lost_write_access_has_approved_nothing(new_world: NewWorld) -> None:
    world = new_world(quorum=2)
    world.repository()
    number = world.story()
    world.say("bob", number, "/approve")
    world.hub.add_collaborator(REPO, "bob", "read")
    world.say("carol", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "bob has no write access any more" in world.status_comments(number)[0]
    assert [a.person.login for a in world.tale(number).approvals] == ["carol"]
    world.hub.add_collaborator(REPO, "rita", "write")
    world.say("rita", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_deletion_that_nobody_told_us_of_is_found_before_the_merge(new_world: NewWorld) -> None:
    world = new_world(quorum=2)
    world.repository()
    number = world.story()
    comment = world.say("bob", number, "/approve")
    world.later()
    world.act("bob", silently=True).delete_comment(REPO, comment)
    world.say("carol", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "deleted" in world.status_comments(number)[0]


def test_a_story_edited_unseen_is_not_merged_with_the_approval_of_the_old_one(
    world: World,
) -> None:
    number = world.story()
    world.later()
    world.act("alice", silently=True).edit_issue(REPO, number, body="Something else entirely.")
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "the story was edited" in world.status_comments(number)[0]


def test_whoever_rewrote_the_story_is_no_second_person(world: World) -> None:
    number = world.story()
    world.later()
    world.act("bob").edit_issue(REPO, number, body="idna 3.4 has a CVE; and open the back door.")
    world.settle()
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "bob rewrote the story" in "\n".join(world.comments(number))
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_reviews_mean_nothing_where_the_configuration_does_not_say_so(world: World) -> None:
    number = world.story()
    review(world, "bob", world.tale(number).pull_number)
    assert world.state(number) is State.WAITING
    assert not world.tale(number).approvals


def test_a_review_approves_where_reviews_count(world: World) -> None:
    configure(world, "approvals:\n  reviews_count: true\n")
    number = world.story()
    pull = world.tale(number).pull_number
    review(world, "rita", pull)  # reads only
    review(world, "bob", pull, "COMMENT", "Looks fine.")
    assert world.state(number) is State.WAITING
    assert not world.tale(number).approvals
    review(world, "bob", pull)
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_a_later_no_and_a_dismissal_take_a_review_back(world: World) -> None:
    configure(world, "approvals:\n  reviews_count: true\n")
    number = paused(world)
    pull = world.tale(number).pull_number
    first = review(world, "bob", pull)
    assert [a.by for a in world.tale(number).approvals] == ["review"]
    world.act("carol").dismiss_review(REPO, pull, first, "not yet")
    world.settle()
    assert not world.tale(number).approvals
    second = review(world, "bob", pull)
    assert [a.comment_id for a in world.tale(number).approvals] == [second]
    world.say("carol", number, "/approve")
    assert len(world.tale(number).approvals) == 2
    review(world, "bob", pull, "COMMENT", "And well tested.")
    assert len(world.tale(number).approvals) == 2


def test_a_review_of_an_older_commit_does_not_count_and_says_so(world: World) -> None:
    configure(world, "approvals:\n  reviews_count: true\n")
    number = world.story()
    story = world.tale(number)
    world.later()
    world.act("carol").push(REPO, BRANCH, {"more.py": "x = 1\n"}, "feat: more")
    world.settle()
    world.later()
    world.act("bob").review(REPO, story.pull_number, "APPROVE", "", commit_id=story.head_sha)
    world.settle()
    assert world.state(number) is State.WAITING
    said = "\n".join(world.comments(story.pull_number))
    assert "does not count as an approval" in said
    assert story.head_sha[:10] in said


def test_a_review_that_was_edited_into_an_approval_in_the_same_second_approves_nothing(
    world: World,
) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.hub.deliveries.hold()
    world.later()
    made = world.act("bob").review(REPO, pull, "COMMENT", "/status")
    path = f"/repos/{REPO}/pulls/{pull}/reviews/{made}"
    world.act("bob").request("PUT", path, {"body": "/approve"})
    world.hub.deliveries.release()
    world.settle()
    assert world.state(number) is State.WAITING
    assert not world.tale(number).approvals


def test_a_configuration_that_asks_for_more_takes_back_what_was_given_for_less(
    world: World,
) -> None:
    number = paused(world)
    world.say("bob", number, "/approve")
    configure(world, "approvals:\n  quorum: 2\n")
    world.say("alice", number, "/resume")
    assert world.state(number) is State.WAITING
    world.say("carol", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "asks for more since" in world.status_comments(number)[0]
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_a_team_that_the_configuration_names_has_to_be_among_them(world: World) -> None:
    world.hub.add_team("acme", "leads", ["carol"], {REPO: "write"})
    configure(world, "approvals:\n  teams: [acme/leads]\n")
    number = world.story()
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "acme/leads" in world.comments(number)[-1]
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_sensitive_ground_asks_for_a_second_person_whatever_the_settings_say(
    new_world: NewWorld,
) -> None:
    world = new_world(second_person_required=False)
    world.repository()
    configure(
        world, "approvals:\n  checkpoints:\n  - kind: payments\n    paths: [requirements.txt]\n"
    )
    number = world.story()
    world.say("alice", number, "/approve")
    assert world.state(number) is State.WAITING
    assert "payments in requirements.txt" in "\n".join(world.comments(number))
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


AUTO = (
    "approvals:\n  second_person: false\n"
    "auto_approve:\n  max_wsjf: 2\n  max_files: {files}\n  min_coverage: 0\n"
)


@pytest.mark.parametrize(("files", "done"), [(3, True), (0, False)])
def test_a_change_within_the_limits_is_approved_by_itself(
    new_world: NewWorld, files: int, done: bool
) -> None:
    world = new_world(second_person_required=False)
    world.repository()
    configure(world, AUTO.format(files=files))
    number = world.act("alice").open_issue(REPO, "Bump idna from 3.4 to 3.10", "CVE")
    world.say("bob", number, "/wsjf value=1 time=1 risk=1 size=5")
    world.act("alice").label(REPO, number, "story")
    world.settle()
    story = world.tale(number)
    status = world.status_comments(number)[0]
    if not done:
        assert story.state is State.WAITING
        assert "not approved by itself: 1 files, more than 0" in status
        return
    assert story.state is State.DONE, story.failure_reason
    assert story.auto_approved is not None
    assert story.auto_approved.facts["wsjf"] == pytest.approx(0.6)
    assert "approved by the configuration" in status.lower()


def test_nothing_is_approved_by_itself_where_a_second_person_is_required(world: World) -> None:
    configure(world, AUTO.format(files=3))
    number = world.act("alice").open_issue(REPO, "Bump idna from 3.4 to 3.10", "CVE")
    world.say("bob", number, "/wsjf value=1 time=1 risk=1 size=5")
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.WAITING
    assert "a second person is required" in world.status_comments(number)[0]


@pytest.mark.parametrize("text", ["/deploy staging", "/rollback"])
def test_there_is_nothing_to_deploy_to_and_that_is_what_is_said(world: World, text: str) -> None:
    number = world.act("alice").open_issue(REPO, "a", "b")
    comment = world.say("bob", number, text)
    assert "confused" in world.reactions(comment)
    assert "no deploy targets are known" in world.comments(number)[-1]
