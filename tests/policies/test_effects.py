"""The table of effects (P1): what each kind of effect must pass."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.story import effects as fx
from bot.story import server_effects as servers
from bot.story import ticket_effects as tickets
from bot.story.machine import Story
from bot.story.vocabulary import Decision, Gate, Person
from policies import repository_effects
from policies.approvals import ApprovalRule
from policies.budget import Caps, Spent
from policies.effects import TABLE, Limits, judge
from policies.story_view import StoryView
from policies.who_commands import START, CommandFacts
from tests.policies.facts import (
    ASKER,
    BOT,
    HEAD,
    NOON,
    OTHER,
    PLAN,
    REPOSITORY,
    REVIEWER,
    StoryFacts,
    approval,
    facts,
    pull,
)

BRANCH = "feature/STORY-12/round-up"
ALLOWED: dict[str, Any] = {
    "request_story": fx.RequestStory(
        key="k", repository=REPOSITORY, requester=ASKER, label="story", title="t"
    ),
    "react": fx.React(key="k", repository=REPOSITORY, issue=12, content="eyes"),
    "set_labels": fx.SetLabels(
        key="k", repository=REPOSITORY, issue=12, add=("towpath:doing",), remove=("towpath:ready",)
    ),
    "post_comment": fx.PostComment(key="k", repository=REPOSITORY, issue=13, body="x"),
    "reply_to_review": fx.ReplyToReview(
        key="k", repository=REPOSITORY, number=13, comment_id=5, body="x"
    ),
    "show_status": fx.ShowStatus(key="k", repository=REPOSITORY, issue=12, body="x"),
    "claim_issue": fx.ClaimIssue(
        key="k",
        repository=REPOSITORY,
        issue=12,
        holder="towpath/1",
        now=NOON,
        expires=NOON,
        asked=None,
        body="x",
    ),
    "open_todo_issue": fx.OpenTodoIssue(
        key="k", repository=REPOSITORY, mark=1, title="t", body="b", digest="d"
    ),
    "change_todo_issue": fx.ChangeTodoIssue(
        key="k",
        repository=REPOSITORY,
        mark=2,
        issue=21,
        state="closed",
        title="t",
        body="b",
        digest="d",
    ),
    "show_dashboard": fx.ShowDashboard(
        key="k", repository=REPOSITORY, issue=30, title="t", body="b", says="d", writing=1
    ),
    "open_issue": fx.OpenIssue(key="k", repository=REPOSITORY, part=1, title="t", body="b"),
    "push_branch": fx.PushBranch(
        key="k", repository=REPOSITORY, branch=BRANCH, sha=HEAD, files=("a.py",), lines=20
    ),
    "open_pull_request": fx.OpenPullRequest(
        key="k", repository=REPOSITORY, issue=12, branch=BRANCH, base="main", title="t", body="b"
    ),
    "edit_pull_request": fx.EditPullRequest(key="k", repository=REPOSITORY, number=13, body="b"),
    "merge_pull_request": fx.MergePullRequest(key="k", repository=REPOSITORY, number=13, sha=HEAD),
    "close_issue": fx.CloseIssue(key="k", repository=REPOSITORY, issue=12),
    "close_pull_request": fx.ClosePullRequest(key="k", repository=REPOSITORY, number=13),
    "delete_branch": fx.DeleteBranch(key="k", repository=REPOSITORY, branch=BRANCH, sha=HEAD),
    "prepare_environment": fx.PrepareEnvironment(key="k", repository=REPOSITORY, sha=HEAD),
    "run_tests": fx.RunTests(key="k", repository=REPOSITORY, sha=HEAD),
    "run_gates": fx.RunGates(key="k", repository=REPOSITORY, sha=HEAD, base=OTHER),
    "publish_check": fx.PublishCheck(
        key="k",
        repository=REPOSITORY,
        sha=HEAD,
        check="towpath / tests",
        conclusion="success",
        title="t",
        summary="s",
    ),
    "run_command": fx.RunCommand(
        key="k", repository=REPOSITORY, sha=HEAD, argv=("ruff", "check"), purpose="p"
    ),
    "call_model": fx.CallModel(
        key="k", repository=REPOSITORY, purpose="p", package={}, schema_name="s"
    ),
    "list_server_tools": servers.ListServerTools(
        key="k", repository=REPOSITORY, server="docs", purpose="code"
    ),
    "call_server_tool": servers.CallServerTool(
        key="k",
        repository=REPOSITORY,
        server="docs",
        purpose="code",
        tool="lookup",
        pin=PLAN,
        arguments={"word": "x"},
        writes=False,
    ),
    "transition_ticket": tickets.TransitionTicket(
        key="k", repository=REPOSITORY, ticket="SHOP-12", status="In Progress", expected="To Do"
    ),
    "assign_ticket": tickets.AssignTicket(
        key="k", repository=REPOSITORY, ticket="SHOP-12", ours=True, expected=""
    ),
    "set_ticket_property": tickets.SetTicketProperty(
        key="k", repository=REPOSITORY, ticket="SHOP-12", name="towpath.claim.1", value={"fence": 1}
    ),
    "comment_ticket": tickets.CommentTicket(
        key="k", repository=REPOSITORY, ticket="SHOP-12", body="text"
    ),
    "link_ticket": tickets.LinkTicket(
        key="k",
        repository=REPOSITORY,
        ticket="SHOP-12",
        url="https://github.com/a/b/pull/1",
        title="t",
    ),
}
TALK = {
    "transition_ticket",
    "assign_ticket",
    "set_ticket_property",
    "comment_ticket",
    "link_ticket",
    "open_todo_issue",
    "change_todo_issue",
    "show_dashboard",
    "react",
    "reply_to_review",
    "set_labels",
    "post_comment",
    "show_status",
    "close_issue",
    "close_pull_request",
    "publish_check",
}

CLAIMS = {"claim_issue"}  # a paused story keeps its claim
BEFORE = {"request_story"}  # there is no story yet: who asks is what decides


def changed(kind: str, **fields: Any) -> Any:
    return ALLOWED[kind].model_copy(update=fields)


def test_every_kind_of_effect_has_its_row_and_the_facts_of_these_tests_allow_it() -> None:
    kinds = {each.model_fields["kind"].default for each in get_args(get_args(fx.Effect)[0])}
    assert set(TABLE) | set(repository_effects.TABLE) == kinds
    assert set(TABLE) == set(ALLOWED)
    for kind, effect in ALLOWED.items():
        assert judge(effect, facts()).allowed, kind


def test_a_story_is_requested_only_for_somebody_who_could_start_it_on_github() -> None:
    asked = ALLOWED["request_story"]
    assert judge(asked, facts(asker=None)).rule == "asker_known"
    reads = CommandFacts(command=START, person=ASKER, permission="read")
    assert not judge(asked, facts(asker=reads)).allowed
    another = CommandFacts(command=START, person=REVIEWER, permission="admin")
    assert judge(asked, facts(asker=another)).rule == "asker_known"


def test_no_issue_is_opened_that_nobody_agreed_to() -> None:
    story = StoryFacts(split_agreed=False)
    assert judge(ALLOWED["open_issue"], facts(story)).rule == "agreed"
    many = facts(calls={"open_issue": 8})
    assert judge(ALLOWED["open_issue"], many).rule == "open_issue_limit"


def test_the_story_of_the_machine_is_what_the_policies_can_read() -> None:
    story: StoryView = Story("story:9:12")
    assert not judge(ALLOWED["react"], facts(story)).allowed


@pytest.mark.parametrize("kind", ["", "format_disk", "__class__", ["react"], None])
def test_an_unknown_kind_of_effect_is_denied(kind: Any) -> None:
    class Strange:
        repository = REPOSITORY

    strange = Strange()
    strange.kind = kind  # type: ignore[attr-defined]
    assert judge(strange, facts()).rule == "unknown_effect"


@pytest.mark.parametrize("kind", sorted(set(ALLOWED) - BEFORE))
def test_nothing_is_done_to_another_repository(kind: str) -> None:
    elsewhere = REPOSITORY.model_copy(update={"id": 10})
    assert judge(changed(kind, repository=elsewhere), facts()).rule == "own_repository"


def test_a_paused_story_keeps_its_claim_and_a_dead_one_makes_none() -> None:
    assert judge(ALLOWED["claim_issue"], facts(paused=True)).allowed
    assert judge(ALLOWED["claim_issue"], facts(live=False)).rule == "live"


@pytest.mark.parametrize("kind", sorted(set(ALLOWED) - BEFORE - CLAIMS))
def test_a_dead_story_may_only_talk_and_a_paused_one_only_waits(kind: str) -> None:
    assert judge(ALLOWED[kind], facts(live=False)).allowed is (kind in TALK)
    paused = judge(ALLOWED[kind], facts(paused=True))
    assert paused.allowed is (kind in TALK)
    assert paused.allowed or (paused.decision, paused.gate) == (Decision.WAIT, Gate.PAUSED)


@pytest.mark.parametrize(
    ("kind", "fields", "rule"),
    [
        ("react", {"issue": 99}, "own_thread"),
        ("post_comment", {"issue": 0}, "own_thread"),
        ("set_labels", {"remove": ("bug",)}, "own_labels"),
        ("push_branch", {"branch": "main"}, "default_branch"),
        ("push_branch", {"branch": "feature/STORY-11/round-up"}, "story_branch"),
        ("push_branch", {"branch": "develop"}, "story_branch"),
        ("push_branch", {"sha": OTHER}, "own_head"),
        ("push_branch", {"files": ()}, "empty_change"),
        ("push_branch", {"files": ("a.py", ".github/workflows/ci.yml")}, "restricted_path"),
        ("push_branch", {"files": ("../a.py",)}, "odd_path"),
        ("open_pull_request", {"base": "release"}, "base"),
        ("open_pull_request", {"branch": "main"}, "default_branch"),
        ("open_pull_request", {"issue": 99}, "own_thread"),
        ("edit_pull_request", {"number": 14}, "own_pull"),
        ("close_pull_request", {"number": 14}, "own_pull"),
        ("reply_to_review", {"number": 14}, "own_pull"),
        ("reply_to_review", {"number": 12}, "own_pull"),
        ("merge_pull_request", {"number": 14}, "own_pull"),
        ("merge_pull_request", {"sha": OTHER}, "head"),
        ("merge_pull_request", {"sha": ""}, "head"),
        ("delete_branch", {"branch": "main"}, "default_branch"),
        ("list_server_tools", {"server": "other"}, "known_server"),
        ("list_server_tools", {"purpose": "respond"}, "server_stage"),
        ("call_server_tool", {"server": "other"}, "known_server"),
        ("call_server_tool", {"purpose": "respond"}, "server_stage"),
        ("call_server_tool", {"tool": "drop"}, "allowed_tool"),
        ("call_server_tool", {"pin": ""}, "pinned_tool"),
        ("call_server_tool", {"pin": HEAD}, "pinned_tool"),
        ("call_server_tool", {"arguments": {"word": "x" * 20_000}}, "tool_arguments"),
        ("run_command", {"argv": ()}, "known_program"),
        ("run_command", {"argv": ("curl", "x")}, "known_program"),
        ("run_command", {"argv": ("/tmp/ruff",)}, "known_program"),
        ("run_command", {"argv": ("python", "-c", "1")}, "known_program"),
        ("run_command", {"argv": ("python", "-m", "http.server")}, "known_program"),
        (
            "run_command",
            {"argv": ("python", "-m", "alembic", "upgrade", "head"), "in_project": True},
            "database.migrate",
        ),
    ],
)
def test_an_effect_that_reaches_too_far_is_denied(kind: str, fields: dict, rule: str) -> None:
    verdict = judge(changed(kind, **fields), facts())
    assert (verdict.decision, verdict.rule) == (Decision.DENY, rule)
    assert verdict.reason


@pytest.mark.parametrize(
    ("story", "rule"),
    [
        ({"tested": OTHER}, "tests_passed"),
        ({"stopped": HEAD}, "gates_passed"),
        ({"head_sha": OTHER}, "head"),
        ({"approvals": []}, "quorum"),
        ({"approvals": [approval(head_sha=OTHER)]}, "quorum"),
        ({"approvals": [approval(gate=Gate.PRE_CODE)]}, "quorum"),
        ({"approvals": [approval(BOT)]}, "quorum"),
        ({"approvals": [approval(ASKER)]}, "second_person"),
        ({"plan_digest": "e" * 64}, "quorum"),
    ],
)
def test_a_merge_needs_tests_and_approval_of_exactly_this_head(story: dict, rule: str) -> None:
    verdict = judge(ALLOWED["merge_pull_request"], facts(StoryFacts(**story)))
    assert not verdict.allowed
    assert verdict.rule == rule
    if rule in ("quorum", "second_person"):
        assert (verdict.decision, verdict.gate) == (Decision.WAIT, Gate.PRE_DEPLOY)


@pytest.mark.parametrize(
    ("now", "rule"),
    [
        ({"pull": None}, "pull_known"),
        ({"pull": pull(number=14)}, "pull_known"),
        ({"pull": pull(head_sha=OTHER)}, "head"),
        ({"pull": pull(state="closed")}, "pull_open"),
        ({"pull": pull(author=ASKER)}, "pull_author"),
        ({"pull": pull(author=None)}, "pull_author"),
        ({"bot": None}, "pull_author"),
        ({"pull": pull(head_ref="elsewhere")}, "pull_branch"),
        ({"pull": pull(base_ref="release")}, "base"),
        ({"pull": pull(mergeable=False)}, "conflict"),
        ({"approval": ApprovalRule(quorum=2)}, "quorum"),
    ],
)
def test_a_merge_needs_our_own_open_pull_request_as_it_is_now(now: dict, rule: str) -> None:
    assert judge(ALLOWED["merge_pull_request"], facts(**now)).rule == rule


def test_a_merge_that_is_done_already_may_be_found_out() -> None:
    merged = pull(state="closed", merged=True, mergeable=None)
    assert judge(ALLOWED["merge_pull_request"], facts(pull=merged)).allowed


def test_a_merge_waits_for_nobody_where_the_gate_is_off() -> None:
    story = StoryFacts(approvals=[])
    assert judge(ALLOWED["merge_pull_request"], facts(story, gates=frozenset())).allowed


def test_work_of_somebody_else_on_the_branch_is_never_pushed_over() -> None:
    verdict = judge(ALLOWED["push_branch"], facts(StoryFacts(foreign_head=True)))
    assert verdict.rule == "foreign_push"


def test_a_large_branch_is_allowed_and_noted() -> None:
    verdict = judge(changed("push_branch", lines=201), facts())
    assert (verdict.allowed, verdict.rule) == (True, "large_branch")
    assert judge(changed("push_branch", lines=200), facts()).rule == "push_branch_allowed"


def test_a_pull_request_is_opened_for_what_is_pushed_and_tested_only() -> None:
    effect = ALLOWED["open_pull_request"]
    assert judge(effect, facts(StoryFacts(pushed_sha=OTHER))).rule == "pushed"
    assert judge(effect, facts(StoryFacts(tested=OTHER))).rule == "tests_passed"


def test_the_budget_waits_at_its_end_and_not_before() -> None:
    effect = ALLOWED["call_model"]
    assert judge(effect, facts(spent=Spent(4.0))).rule == "near_budget"
    assert judge(effect, facts(spent=Spent(4.75))).rule == "wrap_up"
    assert judge(effect, facts(spent=Spent(3.99))).rule == "within_budget"
    assert judge(effect, facts(spent=Spent(1.0, 500))).rule == "price_unknown"
    for spent in (5.0, 6.0, float("nan")):
        verdict = judge(effect, facts(spent=Spent(spent)))
        assert (verdict.decision, verdict.gate) == (Decision.WAIT, Gate.BUDGET_EXCEEDED)
    raised = Limits(caps=Caps(raised_usd=5))
    assert judge(effect, facts(spent=Spent(5.0), limits=raised)).allowed


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("call_model", Limits(model_calls=3)),
        ("run_command", Limits(commands=3)),
        ("run_tests", Limits(test_runs=3)),
        ("run_gates", Limits(gate_runs=3)),
        ("prepare_environment", Limits(environments=3)),
        ("list_server_tools", Limits(server_looks=3)),
        ("call_server_tool", Limits(server_calls=3)),
    ],
)
def test_what_costs_has_a_limit_per_story(kind: str, limits: Limits) -> None:
    assert judge(ALLOWED[kind], facts(limits=limits, calls={kind: 2})).allowed
    assert judge(ALLOWED[kind], facts(limits=limits, calls={kind: 3})).rule == f"{kind}_limit"


_SHAS = st.sampled_from([HEAD, OTHER, ""])
_PEOPLE = st.sampled_from([BOT, ASKER, Person(id=4, login="reviewer"), None])


@settings(max_examples=1500, deadline=None)
@given(
    sha=_SHAS,
    head=_SHAS,
    on_github=_SHAS,
    tested=_SHAS,
    approved=_SHAS,
    author=_PEOPLE,
    by=st.sampled_from([BOT, ASKER, Person(id=4, login="reviewer")]),
    live=st.booleans(),
    paused=st.booleans(),
    state=st.sampled_from(["open", "closed"]),
)
def test_no_facts_merge_a_head_that_was_not_tested_and_approved(**drawn: Any) -> None:
    story = StoryFacts(
        head_sha=drawn["head"],
        tested=drawn["tested"],
        approvals=[approval(drawn["by"], head_sha=drawn["approved"], plan_digest=PLAN)],
    )
    now = pull(head_sha=drawn["on_github"], author=drawn["author"], state=drawn["state"])
    known = facts(story, pull=now, live=drawn["live"], paused=drawn["paused"])
    if judge(changed("merge_pull_request", sha=drawn["sha"]), known).allowed:
        same = {drawn[name] for name in ("sha", "head", "on_github", "tested", "approved")}
        assert len(same) == 1
        assert same != {""}
        assert drawn["author"] == BOT
        assert drawn["by"] not in (BOT, ASKER)
        assert drawn["live"]
        assert not drawn["paused"]
        assert drawn["state"] == "open"


@pytest.mark.parametrize("kind", sorted(set(ALLOWED) - TALK - BEFORE - CLAIMS))
def test_work_that_waits_says_for_what_and_for_whom(kind: str) -> None:
    waits = judge(ALLOWED[kind], facts(paused=True))
    assert (waits.decision, waits.gate) == (Decision.WAIT, Gate.PAUSED)
    assert "/resume" in waits.whom


def test_files_and_merges_are_counted() -> None:
    few = Limits(file_operations=3, deploy_attempts=2)
    push, merge = ALLOWED["push_branch"], ALLOWED["merge_pull_request"]
    for calls, fits in ((3, True), (4, False)):
        verdict = judge(push, facts(limits=few, calls={"file_operations": calls}))
        assert verdict.allowed is fits
    for calls, fits in ((1, True), (2, False)):
        verdict = judge(merge, facts(limits=few, calls={"merge_pull_request": calls}))
        assert verdict.allowed is fits


def test_a_budget_that_nobody_is_asked_about_ends_the_work() -> None:
    spent = Spent(story_usd=9)
    asked = judge(ALLOWED["call_model"], facts(spent=spent))
    assert asked.decision is Decision.WAIT
    unasked = facts(spent=spent, gates=frozenset({Gate.PRE_DEPLOY}))
    assert judge(ALLOWED["call_model"], unasked).decision is Decision.DENY
