"""Whatever a story does, and whatever its clock does, the numbers keep to what they promise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.metrics.facts import Fact
from bot.metrics.stories import SPLIT, Course, course_of
from bot.story import events as e
from bot.story.edges import EDGES
from bot.story.vocabulary import TERMINAL, ExecutionPlan, Gate, State, TestSummary, Waiting
from tests.journal.samples import ADA, REPOSITORY
from tests.metrics.tales import BEGIN

SHAS = ("a" * 40, "b" * 40, "")
PLAN = e.Planned(plan=ExecutionPlan(tasks=()), branch="b")


def performed(effect: str, **result: Any) -> e.EffectPerformed:
    return e.EffectPerformed(key="k", effect=effect, result=result)


def ran_tests(subject: str, ran: bool, ok: bool) -> e.Tested:
    return e.Tested(subject=subject, summary=TestSummary(sha="s", ran=ran, ok=ok))


told = st.one_of(
    st.sampled_from(SHAS).map(lambda sha: performed("merge_pull_request", sha=sha)),
    st.builds(e.PullClosed, merged=st.booleans(), sha=st.sampled_from(SHAS)),
    st.sampled_from(SHAS[:2]).map(
        lambda sha: e.Committed(task="t", sha=sha[::-1], parent="p", message="feat: x", files=())
    ),
    st.builds(ran_tests, st.sampled_from(["head", "merged", "red"]), st.booleans(), st.booleans()),
    st.sampled_from(
        [
            PLAN,
            e.Rebased(base_sha="b", head_sha="h"),
            performed("open_issue", number=3, url=""),
            performed("open_pull_request", number=4, url=""),
            performed("call_model", usage={"cost_usd": 0.5}),
            performed("call_model", usage={"cost_usd": None}),
        ]
    ),
)
step = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 20), st.sampled_from(list(Gate))),
    st.tuples(st.just("tell"), told),
)
jump = st.one_of(st.integers(0, 5000), st.integers(-(10**6), 10**6))  # seconds


def facts(steps: list[tuple[Any, ...]], jumps: list[int]) -> list[Fact]:
    """A story that takes these steps, each so many seconds after (or before) the last one."""
    received = e.StoryReceived(
        repository=REPOSITORY, issue=1, title="t", body="", author=ADA, requester=ADA
    )
    found: list[Fact] = []
    state, at = State.RECEIVED, BEGIN

    def say(event: Any, at: datetime) -> None:
        found.append(Fact(len(found) + 1, at, event.kind, event.model_dump_json()))

    say(received, at)
    for (what, *more), seconds in zip(steps, jumps, strict=False):
        at += timedelta(seconds=seconds)
        if what == "tell":
            say(more[0], at)
            continue
        ways = sorted(EDGES[state])
        if not ways:
            continue
        target = ways[more[0] % len(ways)]
        waiting = None
        if target is State.WAITING:
            waiting = Waiting(gate=more[1], resume_to=State.CODING, since=at)
        say(e.Transitioned(source=state, target=target, waiting=waiting), at)
        state = target
    return found


def course(told: list[Fact]) -> Course:
    found = course_of("story:7:1", told)
    assert found is not None
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(step, max_size=40), st.lists(jump, min_size=40, max_size=40))
def test_a_course_is_what_its_story_did(steps: list[tuple[Any, ...]], jumps: list[int]) -> None:
    told = facts(steps, jumps)
    made = course(told)
    moves = [fact.told["target"] for fact in told if fact.kind == "transitioned"]
    last = moves[-1] if moves else State.RECEIVED
    assert made.state in (last, SPLIT)
    assert (made.state == SPLIT) <= (last == State.FAILED)
    assert (made.ended is not None) == (last in TERMINAL)
    assert [wait.end for wait in made.waits[:-1]].count(None) == 0
    if made.waits and made.waits[-1].end is None:
        assert last == State.WAITING
    named = [merge.sha for merge in made.merges if merge.sha]
    assert len(named) == len(set(named)), "one merge is one delivery"
    for merge in made.merges:
        assert merge.mended is None or merge.broke is not None
    assert len(made.calls) == sum('"call_model"' in fact.data for fact in told)


@settings(max_examples=100, deadline=None)
@given(st.lists(step, max_size=40), st.lists(jump, min_size=40, max_size=40), st.integers(0, 40))
def test_what_was_merged_stays_merged_whatever_follows(
    steps: list[tuple[Any, ...]], jumps: list[int], cut: int
) -> None:
    told = facts(steps, jumps)
    before, after = course(told[: cut + 1]), course(told)
    assert [m.at for m in before.merges] == [m.at for m in after.merges[: len(before.merges)]]
    assert before.begun is None or before.begun == after.begun
    assert before.received == after.received
