"""The machine: edges, folds, and people's words before everything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.story import events as e
from bot.story.edges import EDGES, UndeclaredEdge, check_edge
from bot.story.machine import Story, apply
from bot.story.next_move import Gates, next_move
from bot.story.vocabulary import (
    TERMINAL,
    Approval,
    Gate,
    Person,
    Repository,
    State,
    Usage,
    Waiting,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALICE, BOB = Person(id=1, login="alice"), Person(id=2, login="bob")
SHOP = Repository(
    id=7, full_name="a/b", default_branch="main", git_url="http://x", installation_id=1
)


def story(*events: object) -> Story:
    made, seconds = Story("story:7:1"), count()
    received = e.StoryReceived(
        repository=SHOP, issue=1, title="t", body="b", author=ALICE, requester=ALICE
    )
    for event in (received, *events):
        apply(made, event, NOW + timedelta(seconds=next(seconds)))
    return made


def go(*states: State, waiting: Waiting | None = None) -> list[e.Transitioned]:
    path = (State.RECEIVED, *states)
    return [
        e.Transitioned(source=a, target=b, waiting=waiting if b is State.WAITING else None)
        for a, b in pairwise(path)
    ]


def at_gate(gate: Gate, resume: State, **about: object) -> list[e.Transitioned]:
    waiting = Waiting(gate=gate, resume_to=resume, since=NOW, **about)
    before = {Gate.AMBIGUITY_DETECTED: (State.ANALYZING,)}.get(
        gate,
        (State.ANALYZING, State.PLANNING, State.CODING, State.REVIEWING, State.TESTING),
    )
    return go(*before, State.WAITING, waiting=waiting)


def approved(sha: str, person: Person = BOB) -> e.Approved:
    return e.Approved(
        approval=Approval(
            gate=Gate.PRE_DEPLOY,
            person=person,
            head_sha=sha,
            base_sha="",
            plan_digest="",
            comment_id=5,
            at=NOW,
        )
    )


def committed(sha: str) -> e.Committed:
    return e.Committed(task="t", sha=sha, parent="p", message="m", files=("a.py",))


def move_of(made: Story) -> object:
    move = next_move(made, Gates(), NOW)
    return move.to if move else None


@given(st.sampled_from(State), st.sampled_from(State))
def test_an_undeclared_edge_cannot_be_taken(source: State, target: State) -> None:
    made = Story("s", state=source)
    step = e.Transitioned(source=source, target=target)
    if target in EDGES[source]:
        apply(made, step, NOW)
        assert made.state is target
    else:
        with pytest.raises(UndeclaredEdge):
            check_edge(source, target)
        with pytest.raises(UndeclaredEdge):
            apply(made, step, NOW)
        assert made.state is source


def test_every_state_is_reached_and_only_done_is_left_for_good() -> None:
    reached = set().union(*EDGES.values())
    assert reached | {State.RECEIVED} == set(State)
    assert {s for s in State if not EDGES[s]} == {State.DONE}


def test_a_transition_from_another_state_than_the_story_is_in_is_refused() -> None:
    with pytest.raises(UndeclaredEdge):
        story(e.Transitioned(source=State.PLANNING, target=State.CODING))


def test_cancel_comes_before_anything_else() -> None:
    cancel = e.CancelRequested(person=ALICE, reason="no")
    for states in ([], [State.ANALYZING], [State.ANALYZING, State.PLANNING, State.CODING]):
        assert move_of(story(*go(*states), cancel)) is State.CANCELLED


def test_a_gate_opens_for_the_head_that_was_approved_and_no_other() -> None:
    gate = at_gate(Gate.PRE_DEPLOY, State.DEPLOYING)
    before = gate[:-1]
    assert move_of(story(*before, committed("h1"), gate[-1])) is None
    assert move_of(story(*before, committed("h1"), gate[-1], approved("h0"))) is None
    assert move_of(story(*before, committed("h1"), gate[-1], approved("h1"))) is State.DEPLOYING


def test_a_withdrawn_approval_does_not_open_the_gate() -> None:
    gate = at_gate(Gate.PRE_DEPLOY, State.DEPLOYING)
    told = [*gate[:-1], committed("h1"), gate[-1], approved("h1")]
    assert move_of(story(*told, e.ApprovalWithdrawn(reason="pushed"))) is None
    assert move_of(story(*told, e.ApprovalWithdrawn(reason="edited", comment_id=5))) is None
    assert move_of(story(*told, e.ApprovalWithdrawn(reason="edited", comment_id=6))) is not None


def test_approvals_a_policy_found_too_few_do_not_open_the_gate_again() -> None:
    gate = at_gate(Gate.PRE_DEPLOY, State.DEPLOYING, approvals_seen=1)
    told = [*gate[:-1], committed("h1"), approved("h1"), gate[-1]]
    assert move_of(story(*told)) is None
    carol = Person(id=3, login="carol")
    assert move_of(story(*told, approved("h1", carol))) is State.DEPLOYING


def test_a_push_to_the_branch_sends_a_waiting_story_back_to_its_tests() -> None:
    gate = at_gate(Gate.PRE_DEPLOY, State.DEPLOYING)
    from bot.story.vocabulary import TestSummary

    tested = e.Tested(subject="head", summary=TestSummary(sha="h1", ran=True, ok=True))
    told = [*gate[:-1], committed("h1"), tested, gate[-1]]
    assert move_of(story(*told)) is None
    assert move_of(story(*told, e.HeadMoved(sha="h2", by=BOB))) is State.TESTING


def test_the_same_files_under_another_head_keep_the_approval() -> None:
    gate = at_gate(Gate.PRE_DEPLOY, State.DEPLOYING)
    told = [*gate[:-1], committed("h1"), gate[-1], approved("h1")]
    kept = story(*told, e.HeadMoved(sha="h2", by=BOB, same_tree=True))
    assert [a.head_sha for a in kept.approvals] == ["h2"]


def test_an_answer_opens_the_question_and_an_old_one_does_not() -> None:
    answer = e.Answered(person=ALICE, text="up", comment_id=1)
    gate = at_gate(Gate.AMBIGUITY_DETECTED, State.ANALYZING, questions=("round how?",))
    assert move_of(story(*gate)) is None
    assert move_of(story(*gate, answer)) is State.ANALYZING
    again = e.Transitioned(source=State.WAITING, target=State.ANALYZING)
    asked = e.Transitioned(source=State.ANALYZING, target=State.WAITING, waiting=gate[-1].waiting)
    assert move_of(story(*gate, answer, again, asked)) is None


def test_an_edit_of_the_story_starts_the_analysis_again_before_the_merge_only() -> None:
    edit = e.StoryEdited(title="t2", body="b2", editor=ALICE)
    analyzed = [*go(State.ANALYZING, State.PLANNING, State.CODING)]
    assert move_of(story(*analyzed, edit)) is State.ANALYZING
    merging = go(
        State.ANALYZING,
        State.PLANNING,
        State.CODING,
        State.REVIEWING,
        State.TESTING,
        State.DEPLOYING,
    )
    assert move_of(story(*merging, edit)) is None


def test_a_pause_holds_a_working_story_and_resume_lets_it_go_on_where_it_was() -> None:
    pause, resume = e.PauseRequested(person=ALICE), e.ResumeRequested(person=ALICE)
    working = go(State.ANALYZING, State.PLANNING)
    move = next_move(story(*working, pause), Gates(), NOW)
    assert (move.to, move.waiting.gate, move.waiting.resume_to) == (
        State.WAITING,
        Gate.PAUSED,
        State.PLANNING,
    )
    held = e.Transitioned(source=State.PLANNING, target=State.WAITING, waiting=move.waiting)
    assert move_of(story(*working, pause, held)) is None
    assert move_of(story(*working, pause, held, resume)) is State.PLANNING


def test_a_retry_forgets_the_failures_and_begins_a_new_round() -> None:
    failed = e.AttemptFailed(
        iteration=1, stage=State.TESTING, error_class="test", fingerprint="f", message="m"
    )
    told = [*go(State.ANALYZING, State.FAILED), failed, e.RetryRequested(person=BOB)]
    made = story(*told)
    assert move_of(made) is State.ANALYZING
    apply(made, e.Transitioned(source=State.FAILED, target=State.ANALYZING), NOW)
    assert (made.round, made.failures, made.retry) == (2, [], None)


@given(st.sampled_from(sorted(TERMINAL)))
def test_a_story_that_ended_does_not_move_by_itself(state: State) -> None:
    assert next_move(Story("s", state=state), Gates(), NOW) is None


def test_every_request_to_a_model_counts_and_not_only_the_answers() -> None:
    used = Usage(output_tokens=1).model_dump(mode="json")
    call = {"purpose": "code", "model": "m", "provider": "p", "prompt_version": "v"}
    result = {**call, "usage": used, "seconds": 1.0, "requests": 2}
    lost = {"key": "k", "effect": "call_model", "error": "e", "error_id": "i", "final": False}
    made = story(
        e.EffectPerformed(key="k", effect="call_model", result=result),
        e.EffectFailed(**lost, requests=3),
        e.EffectFailed(**{**lost, "effect": "push_branch"}),
    )
    assert (len(made.model_calls), made.model_requests) == (1, 5)
