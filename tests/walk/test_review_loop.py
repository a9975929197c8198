"""Reviewers ask, a round of work follows, and every thread gets its one answer (W10)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.story.vocabulary import Gate, State
from tests.attacks.meanwhile import Meanwhile
from tests.walk.test_task_loop import GOOD, PLAN, STORY, turn, use
from tests.world import FILES, REPO, World

ROUND = {"path": "shop.py", "old": "* (100 - off) / 100", "new": "* (100 - off) // 100"}
HERE = {"path": "shop.py", "line": 2, "side": "RIGHT"}


def reply(remark: str, outcome: str = "fixed", text: str = "It divides whole now.") -> dict:
    return {"remark": remark, "outcome": outcome, "text": text}


def ends(*replies: dict[str, str], outcome: str = "changed", subject: str = "fix: whole cents"):
    said = use("finish", outcome=outcome, subject=subject, evidence="seen")
    said["arguments"]["replies"] = list(replies)
    return turn(said)


FIXED = [turn(use("str_replace", **ROUND)), ends(reply("R1"))]

Tell = Callable[..., tuple[World, int, int]]


@pytest.fixture
def tell(new_world: Callable[..., World], tmp_path: Path) -> Tell:
    """A story that waits for its approval; `rounds` are what the model says in each of them."""

    def told(*rounds: list[dict[str, Any]], **settings: Any) -> tuple[World, int, int]:
        spec = {"description": "d", "story_type": "feature", "complexity": 2}
        answers = {"analyze": spec, "plan": PLAN, "review": {"findings": []}}
        turns = [{"purpose": name, "say": say} for name, say in GOOD.items()]
        turns += [
            {"purpose": "respond", "task": f"review-{number}", "say": say}
            for number, say in enumerate(rounds, 1)
        ]
        script = {
            "answers": [{"purpose": name, "output": output} for name, output in answers.items()],
            "turns": turns,
        }
        (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
        world = new_world(model=f"scripted:{tmp_path / 'script.yaml'}", **settings)
        world.repository(FILES)
        number = world.story(*STORY)
        story = world.tale(number)
        assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
        world.later()
        return world, number, story.pull_number

    return told


def comment(world: World, pull: int, text: str, by: str = "bob", **where: Any) -> int:
    """A comment on a line, by itself; its id."""
    world.later()
    body = {**HERE, "body": text, "commit_id": world.pull(pull)["head"]["sha"], **where}
    return world.act(by).request("POST", f"/repos/{REPO}/pulls/{pull}/comments", body)["id"]


def answer(world: World, pull: int, to: int, text: str, by: str = "bob") -> int:
    world.later()
    path = f"/repos/{REPO}/pulls/{pull}/comments/{to}/replies"
    return world.act(by).request("POST", path, {"body": text})["id"]


def thread(world: World, pull: int, root: int) -> list[str]:
    """What Towpath said in a thread."""
    path = f"/repos/{REPO}/pulls/{pull}/comments?per_page=100"
    told = world.act("alice").request("GET", path)
    return [
        c["body"].partition("\n\n<!--")[0]
        for c in told
        if c.get("in_reply_to_id") == root and c["user"]["login"].endswith("[bot]")
    ]


def test_requested_changes_become_a_commit_and_every_thread_is_answered_once(tell: Tell) -> None:
    replies = (reply("R1"), reply("R2", "declined", "The story says percent."), reply("R3"))
    world, number, pull = tell([turn(use("str_replace", **ROUND)), ends(*replies)])
    before = world.tale(number).head_sha
    comments = [{**HERE, "body": "Whole cents, please"}, {**HERE, "body": "Not percent?"}]
    world.act("bob").review(REPO, pull, "REQUEST_CHANGES", "See below.", comments=comments)
    world.settle()
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert story.head_sha != before
    assert [c.task for c in story.commits] == ["tests", "T1", "review-1"]
    assert story.pushed_sha == story.head_sha == world.pull(pull)["head"]["sha"]
    roots = [r.root for r in story.remarks.values() if r.root]
    assert thread(world, pull, roots[0]) == [
        f"Fixed in `{story.head_sha[:10]}`. It divides whole now."
    ]
    assert thread(world, pull, roots[1]) == ["Not changed: The story says percent."]
    (said,) = world.comments(pull)
    assert said.startswith("To the review of **bob**: Fixed in")
    for _ in range(2):
        world.later(300)
        world.sweep()
    assert len(thread(world, pull, roots[0])) == len(world.comments(pull)) == 1
    assert world.house.journal.verify() == []
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_comment_on_a_line_is_enough_and_a_plain_one_is_not(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    world.act("bob").comment(REPO, pull, "Could this use whole cents?")
    world.act("bob").review(REPO, pull, "COMMENT", "Could this use whole cents?")
    world.settle()
    assert world.tale(number).review_rounds == 0
    root = comment(world, pull, "Could this use whole cents?")
    world.settle()
    assert world.tale(number).review_rounds == 1
    assert len(thread(world, pull, root)) == 1


def test_a_question_is_answered_without_a_change_and_the_approval_stays(tell: Tell) -> None:
    no_change = [ends(reply("R1", "answered", "See shop.py:1."), outcome="no_change")]
    world, number, pull = tell(no_change)
    before = world.tale(number)
    root = comment(world, pull, "Why percent?")
    world.settle()
    story = world.tale(number)
    assert story.head_sha == before.head_sha
    assert thread(world, pull, root) == ["See shop.py:1."]
    calls = [c.purpose for c in story.model_calls]
    assert calls.count("review") == 1, "nothing new to review"
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE


def test_fixed_elsewhere_says_where_and_fixed_without_a_change_is_not_taken(tell: Tell) -> None:
    add = use("create", path="cents.py", content="CENTS = 100\n")
    world, number, pull = tell(
        [ends(reply("R1"), outcome="no_change"), turn(add), ends(reply("R1", text="A constant."))]
    )
    root = comment(world, pull, "Name the 100")
    world.settle()
    (said,) = thread(world, pull, root)
    assert said.endswith("not at this place but in `cents.py`. A constant.")
    told = [
        r.effect.told
        for r in world.house.journal.effects(world.stream(number))
        if r.effect.kind == "call_model" and r.effect.purpose == "respond"
    ]
    assert "no file differs" in str(told[1])


def test_a_reply_in_the_thread_starts_the_next_round_and_thanks_do_not(tell: Tell) -> None:
    again = {"path": "shop.py", "old": "off=0", "new": "off: int = 0"}
    world, number, pull = tell(FIXED, [turn(use("str_replace", **again)), ends(reply("R1"))])
    root = comment(world, pull, "Whole cents")
    world.settle()
    answer(world, pull, root, "Thanks!")
    world.settle()
    assert world.tale(number).review_rounds == 1
    answer(world, pull, root, "And a type for off, please")
    world.settle()
    story = world.tale(number)
    assert story.review_rounds == 2
    assert len(thread(world, pull, root)) == 2
    last = list(story.remarks.values())[-1]
    assert (last.before[0].by, last.before[0].ours) == ("bob", False)
    assert any(one.ours for one in last.before)


def test_rounds_are_bounded_and_then_it_is_peoples_with_the_pull_request_open(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = [ends(reply("R1", "declined", "No."), outcome="no_change")]
    world, number, pull = tell(say, say, say)
    roots = []
    for text in ("one", "two", "three", "four"):
        roots.append(comment(world, pull, f"Change {text}"))
        world.settle()
    story = world.tale(number)
    assert story.state is State.FAILED
    assert world.pull(pull)["state"] == "open"
    assert [len(thread(world, pull, root)) for root in roots] == [1, 1, 1, 1]
    assert "handed over" in thread(world, pull, roots[3])[0]
    assert "round of review" in world.status_comments(number)[0]
    world.later(300)
    world.sweep()
    assert [len(thread(world, pull, root)) for root in roots] == [1, 1, 1, 1]


def test_somebody_without_write_access_is_told_who_may_once(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    root = comment(world, pull, "Whole cents", by="rita")
    answer(world, pull, root, "Please!", by="rita")
    world.settle()
    world.later(300)
    world.sweep()
    assert world.tale(number).review_rounds == 0
    (said,) = thread(world, pull, root)
    assert "write access" in said
    answer(world, pull, root, "Yes, do that", by="bob")
    world.settle()
    story = world.tale(number)
    assert story.review_rounds == 1
    (remark,) = story.remarks.values()
    assert [one.by for one in remark.before][:2] == ["rita", "rita"]


def test_comments_of_an_approving_review_change_nothing_and_cost_no_approval(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    nit = [{**HERE, "body": "nit: whole cents one day"}]
    world.say("alice", number, "/pause")
    world.later()
    world.act("bob").review(REPO, pull, "APPROVE", "Fine.\n\n/approve", comments=nit)
    world.settle()
    story = world.tale(number)
    assert story.review_rounds == 0
    assert [a.person.login for a in story.approvals] == ["bob"]
    (aside,) = story.remarks_aside.values()
    assert "came with an approval" in thread(world, pull, aside.root)[0]
    world.say("alice", number, "/resume")
    assert world.state(number) is State.DONE


def test_requested_changes_take_an_earlier_approval_back(tell: Tell) -> None:
    declined = reply("R1", "declined", "The story wants it so.")
    world, number, pull = tell([ends(declined, outcome="no_change")])
    world.say("alice", number, "/pause")
    world.say("bob", number, "/approve")
    world.later()
    world.act("carol").review(REPO, pull, "REQUEST_CHANGES", "Not like this: use cents.")
    world.settle()
    assert not world.tale(number).approvals
    world.say("alice", number, "/resume")
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), "nobody approved it after carol's no"
    assert "The story wants it so." in world.comments(pull)[0]


def test_a_review_at_the_very_merge_is_heard_before_it(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    race = Meanwhile(
        world, "merge_pull_request", lambda: comment(world, pull, "Whole cents", by="carol")
    )
    world.say("bob", number, "/approve")
    story = world.tale(number)
    if race.happened and not story.merged_sha:
        assert story.review_rounds == 1


def test_what_is_taken_back_before_the_work_begins_is_not_worked_on(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    world.say("alice", number, "/pause")
    deleted = comment(world, pull, "Whole cents")
    settled = comment(world, pull, "Or maybe not")
    world.settle()
    review = world.act("carol").review(REPO, pull, "REQUEST_CHANGES", "Not like this at all.")
    world.settle()
    assert len(world.tale(number).remarks_open) == 3
    world.act("bob").request("DELETE", f"/repos/{REPO}/pulls/comments/{deleted}")
    world.hub.resolve_thread("bob", REPO, pull, settled)
    world.act("carol").dismiss_review(REPO, pull, review, "never mind")
    world.settle()
    assert world.tale(number).remarks_open == ()
    world.say("alice", number, "/resume")
    story = world.tale(number)
    assert (story.review_rounds, story.state) == (0, State.WAITING)
    assert world.comments(pull) == []


def test_an_edit_counts_until_the_work_begins(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    world.say("alice", number, "/pause")
    root = comment(world, pull, "Half cents")
    world.settle()
    world.later()
    path = f"/repos/{REPO}/pulls/comments/{root}"
    world.act("bob").request("PATCH", path, {"body": "Whole cents"})
    world.settle()
    (remark,) = world.tale(number).remarks_open
    assert remark.text == "Whole cents"
    world.say("alice", number, "/resume")
    assert len(thread(world, pull, root)) == 1


def test_a_review_that_no_webhook_told_of_is_found_by_looking(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    silent = world.act("bob", silently=True)
    silent.review(REPO, pull, "COMMENT", "", comments=[{**HERE, "body": "Whole cents"}])
    world.settle()
    assert world.tale(number).review_rounds == 0
    world.later(300)
    world.sweep()
    assert world.tale(number).review_rounds == 1


def test_bots_are_not_answered(tell: Tell) -> None:
    world, number, pull = tell(FIXED)
    world.hub.add_user("helper[bot]")
    world.hub.state.account("helper[bot]").type = "Bot"
    world.hub.add_collaborator(REPO, "helper[bot]", "write")
    root = comment(world, pull, "Consider whole cents", by="helper[bot]")
    world.settle()
    assert thread(world, pull, root) == []
    assert world.tale(number).review_rounds == 0


def test_a_round_whose_tests_fail_is_repaired_before_anything_is_said(
    tell: Tell, tmp_path: Path
) -> None:
    broken = {"path": "shop.py", "old": "* (100 - off) / 100", "new": "* (100 + off) / 100"}
    world, number, pull = tell([turn(use("str_replace", **broken)), ends(reply("R1"))])
    script = yaml.safe_load((tmp_path / "script.yaml").read_text())
    mend = {"path": "shop.py", "old": "* (100 + off) / 100", "new": "* (100 - off) // 100"}
    repair = [turn(use("str_replace", **mend)), turn(use("finish", outcome="changed"))]
    script["turns"].append({"purpose": "repair", "say": repair})
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
    world.new_house()
    root = comment(world, pull, "Whole cents")
    world.settle()
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert [c.task for c in story.commits][-2:] == ["review-1", "repair-1"]
    (said,) = thread(world, pull, root)
    assert said.startswith("Fixed in")


def test_a_worker_killed_in_a_round_says_everything_once(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, number, pull = tell(FIXED)

    class Killed(BaseException):
        pass

    passed, deaths = [0], [0]

    def die(name: str) -> None:
        passed[0] += 1
        if passed[0] % 23 == 0:
            deaths[0] += 1
            raise Killed

    root = comment(world, pull, "Whole cents")
    world.boundary = die
    for _ in range(80):
        try:
            world.settle()
            break
        except Killed:
            world.later(90)
            world.new_house()
        try:
            world.house.sweep()
        except Killed:
            world.new_house()
    world.boundary = lambda name: None
    world.later(300)
    world.sweep()
    story = world.tale(number)
    assert deaths[0] > 1
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert story.review_rounds == 1
    assert len(thread(world, pull, root)) == 1
    assert world.house.journal.verify() == []
