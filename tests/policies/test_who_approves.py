"""Who may approve and what the approval is bound to (P3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.story.vocabulary import Decision, Demands, Gate, Person
from policies.approvals import (
    ApprovalRule,
    Bound,
    Checkpoint,
    Involved,
    OwnedPath,
    Teams,
    asks_more,
    gate_open,
    still_valid,
    unmet,
)
from policies.who_approves import LEVELS, Comment, decide
from tests.policies.facts import (
    ASKER,
    BASE,
    BOT,
    HEAD,
    OTHER,
    PLAN,
    REVIEWER,
    SECOND,
    WRITER,
    approval,
    approval_facts,
    at,
    shown,
)

TEAM = Teams(("acme/leads",), frozenset({SECOND.id}))
PAY = Checkpoint("payments", ("pay.py",), TEAM)
SIGN_IN = Checkpoint("authentication", ("login.py",))


def rule_of(**changed: Any) -> str:
    verdict = decide(approval_facts(**changed))
    assert verdict.allowed or len(verdict.reason) > 20, "a refusal says what would change it"
    return verdict.rule


def test_a_reviewer_with_write_access_approves_what_was_shown() -> None:
    assert decide(approval_facts()).allowed


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"person": BOT}, "bots_never"),
        ({"person": Person(id=8, login="dependabot[bot]")}, "bots_never"),
        ({"permission": "triage"}, "write_access"),
        ({"permission": "read"}, "write_access"),
        ({"permission": ""}, "write_access"),
        ({"permission": "owner-of-everything"}, "write_access"),
        ({"gate": None, "waiting_at": None}, "nothing_waits"),
        ({"waiting_at": None}, "nothing_waits"),
        ({"gate": Gate.PRE_PRODUCTION}, "other_gate"),
        ({"gate": Gate.BUDGET_EXCEEDED, "waiting_at": Gate.BUDGET_EXCEEDED}, "not_by_approval"),
        ({"person": ASKER}, "second_person"),
        ({"person": WRITER}, "second_person"),
        ({"involved": Involved(contributors=frozenset({REVIEWER.id}))}, "second_person"),
        ({"involved": Involved(unknown_contributors=("Eve",))}, "unknown_contributor"),
        ({"head_sha": OTHER}, "moved_on"),
        ({"plan_digest": "e" * 64}, "moved_on"),
        ({"head_sha": ""}, "nothing_to_approve"),
        ({"shown": ()}, "not_shown"),
        ({"shown": (shown(61),)}, "not_shown"),
        ({"shown": (shown(0, head=""),)}, "not_shown"),
        ({"shown": (shown(0, OTHER),)}, "moved_on"),
        ({"shown": (shown(0), shown(30, OTHER))}, "moved_on"),
        ({"shown": (shown(0, OTHER), shown(60))}, "ambiguous"),
        ({"shown": (shown(60, OTHER), shown(60))}, "ambiguous"),
        ({"shown": (shown(0), shown(60, OTHER))}, "ambiguous"),
        ({"explicit_sha": OTHER}, "other_sha"),
        ({"changed_at": at(60)}, "story_changed"),
        ({"changed_at": at(61)}, "story_changed"),
        ({"explicit_sha": HEAD, "by_review": True, "shown": ()}, "not_shown"),
        ({"explicit_sha": HEAD, "by_review": True, "shown": (shown(61),)}, "not_shown"),
        ({"explicit_sha": OTHER, "by_review": True}, "moved_on"),
        ({"explicit_sha": None, "by_review": True}, "moved_on"),
        ({"rule": ApprovalRule(teams=TEAM)}, "named_team"),
        ({"rule": ApprovalRule(second_person_required=False), "person": BOT}, "bots_never"),
        ({"rule": ApprovalRule(checkpoints=(PAY,))}, "checkpoint"),
        (
            {
                "rule": ApprovalRule(second_person_required=False, checkpoints=(SIGN_IN,)),
                "person": ASKER,
            },
            "second_person",
        ),
        ({"involved": Involved(editors=frozenset({REVIEWER.id}))}, "second_person"),
    ],
)
def test_each_refusal_names_its_rule(changed: dict, rule: str) -> None:
    assert rule_of(**changed) == rule


@pytest.mark.parametrize(
    "changed",
    [
        {"permission": "maintain"},
        {"permission": "admin"},
        {"shown": (shown(0, OTHER), shown(30))},
        {"shown": (shown(60),)},
        {"shown": (shown(0, head="", plan=""), shown(60))},
        {"shown": (), "explicit_sha": HEAD},
        {"shown": (shown(0, OTHER), shown(60)), "explicit_sha": HEAD},
        {"person": ASKER, "rule": ApprovalRule(second_person_required=False)},
        {"person": ASKER, "earlier": (approval(REVIEWER),)},
        {"changed_at": at(59)},
        {"explicit_sha": HEAD, "by_review": True},
        {"person": SECOND, "rule": ApprovalRule(teams=TEAM)},
        {"person": SECOND, "rule": ApprovalRule(checkpoints=(PAY,))},
        {"rule": ApprovalRule(2, teams=TEAM), "earlier": (approval(SECOND),)},
        {"rule": ApprovalRule(checkpoints=(SIGN_IN,))},
    ],
)
def test_what_else_is_an_approval(changed: dict) -> None:
    assert rule_of(**changed) == "approved"


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        (Comment(70, at(60), at(61)), "edited_never"),
        (Comment(70, at(60), at(60), edited=True), "edited_never"),
        (Comment(70, at(60), deleted=True), "deleted_never"),
    ],
)
def test_an_edited_or_deleted_comment_never_approves(comment: Comment, rule: str) -> None:
    assert rule_of(comment=comment) == rule


def test_a_fraction_of_a_second_does_not_make_two_times_of_one() -> None:
    late = shown(60.9, OTHER)
    assert rule_of(shown=(shown(0), late)) == "ambiguous"


def test_an_earlier_approval_of_another_head_makes_nobody_a_second_person() -> None:
    old = approval(REVIEWER, head_sha=OTHER)
    assert rule_of(person=ASKER, earlier=(old,)) == "second_person"


def test_ones_own_earlier_approval_makes_nobody_a_second_person() -> None:
    assert rule_of(person=ASKER, earlier=(approval(ASKER),)) == "second_person"


def test_the_plan_gate_is_bound_to_the_plan_and_takes_no_sha() -> None:
    gate = {"gate": Gate.PRE_CODE, "waiting_at": Gate.PRE_CODE, "head_sha": ""}
    before = (shown(0, head=""),)
    assert rule_of(**gate, shown=before) == "approved"
    assert rule_of(**gate, shown=before, plan_digest="e" * 64) == "moved_on"
    assert rule_of(**gate, shown=before, explicit_sha=HEAD) == "plan_not_sha"
    two = (shown(0, "", "e" * 64), shown(60, ""))
    assert rule_of(**gate, shown=two) == "ambiguous"


def test_code_owners_have_to_approve_what_they_own() -> None:
    owned = (OwnedPath("a.py", frozenset({SECOND.id}), ("@second",)),)
    refused = decide(approval_facts(rule=ApprovalRule(owned=owned)))
    assert refused.rule == "code_owner"
    assert "@second" in refused.reason
    assert rule_of(person=SECOND, rule=ApprovalRule(owned=owned)) == "approved"


def test_somebody_else_fills_the_quorum_once_the_owners_have_approved_this_head() -> None:
    owned = (OwnedPath("a.py", frozenset({SECOND.id}), ("@second",)),)
    rule = ApprovalRule(quorum=2, owned=owned)
    assert rule_of(rule=rule, earlier=(approval(SECOND),)) == "approved"
    assert rule_of(rule=rule, earlier=(approval(SECOND, head_sha=OTHER),)) == "code_owner"
    assert rule_of(rule=rule) == "code_owner"


def test_an_owner_nobody_can_be_found_for_lets_nobody_else_through() -> None:
    owned = (OwnedPath("a.py", frozenset(), ("@o/gone",)),)
    assert rule_of(rule=ApprovalRule(owned=owned)) == "code_owner"


def opened(approvals: list, rule: ApprovalRule | None = None, **bound: str) -> str:
    verdict = gate_open(
        Gate.PRE_DEPLOY,
        approvals,
        rule or ApprovalRule(),
        approval_facts().involved,
        Bound(bound.get("head", HEAD), bound.get("plan", PLAN)),
    )
    assert verdict.allowed or verdict.gate is Gate.PRE_DEPLOY
    return verdict.rule


def test_a_gate_opens_by_its_quorum_of_different_people() -> None:
    two = ApprovalRule(quorum=2)
    assert opened([]) == "quorum"
    assert opened([approval()]) == "approved"
    assert opened([approval(), approval()], two) == "quorum"
    assert opened([approval(), approval(ASKER)], two) == "approved"
    assert opened([approval(WRITER), approval(ASKER)], two) == "second_person"
    assert opened([approval()], ApprovalRule(quorum=0)) == "approved"
    assert opened([], ApprovalRule(quorum=0)) == "quorum"


def test_an_approval_of_a_bot_opens_nothing() -> None:
    stranger = Person(id=99, login="renovate[bot]", is_bot=True)
    assert opened([approval(stranger)]) == "quorum"
    assert opened([approval(stranger), approval(ASKER)]) == "second_person"
    assert rule_of(person=ASKER, earlier=(approval(stranger),)) == "second_person"


def test_a_gate_stays_shut_for_another_head_plan_or_gate() -> None:
    assert opened([approval()], head=OTHER) == "quorum"
    assert opened([approval()], plan="e" * 64) == "quorum"
    assert opened([approval(gate=Gate.PRE_CODE)]) == "quorum"


def test_every_owned_path_needs_an_owner_among_those_who_approved() -> None:
    owned = (
        OwnedPath("a.py", frozenset({REVIEWER.id}), ("@reviewer",)),
        OwnedPath("b.py", frozenset({SECOND.id}), ("@second",)),
    )
    rule = ApprovalRule(owned=owned)
    assert opened([approval()], rule) == "code_owner"
    assert opened([approval(), approval(SECOND)], rule) == "approved"


def test_a_push_withdraws_an_approval_unless_the_files_are_the_same() -> None:
    given_ = approval()
    assert still_valid(given_, Gate.PRE_DEPLOY, Bound(HEAD, PLAN)).allowed
    assert still_valid(given_, Gate.PRE_DEPLOY, Bound(OTHER, PLAN)).rule == "head_changed"
    assert still_valid(given_, Gate.PRE_DEPLOY, Bound(OTHER, PLAN), same_tree=True).allowed
    assert still_valid(given_, Gate.PRE_DEPLOY, Bound(HEAD, "e" * 64)).rule == "plan_changed"
    assert not still_valid(given_, Gate.PRE_DEPLOY, Bound("", PLAN), same_tree=True).allowed
    nothing = approval(head_sha="")
    assert not still_valid(nothing, Gate.PRE_DEPLOY, Bound("", PLAN)).allowed


def test_an_approval_of_another_base_opens_nothing() -> None:
    bound = Bound(HEAD, PLAN, "9" * 40)
    assert still_valid(approval(), Gate.PRE_DEPLOY, bound).rule == "base_changed"
    assert still_valid(approval(), Gate.PRE_DEPLOY, Bound(HEAD, PLAN, BASE)).allowed


@pytest.mark.parametrize(
    ("then", "now", "more"),
    [
        (Demands(), Demands(), False),
        (Demands(quorum=2), Demands(), False),
        (Demands(), Demands(quorum=2), True),
        (Demands(second_person=False), Demands(), True),
        (Demands(), Demands(second_person=False), False),
        (Demands(), Demands(teams=("o/a",)), True),
        (Demands(teams=("o/a",)), Demands(teams=("o/a", "o/b")), False),
        (Demands(teams=("o/a", "o/b")), Demands(teams=("o/a",)), True),
        (Demands(teams=("o/a",)), Demands(), False),
        (Demands(), Demands(checkpoints=("payments",)), True),
        (Demands(checkpoints=("payments",)), Demands(checkpoints=("payments=o/a",)), True),
        (Demands(checkpoints=("payments=o/a",)), Demands(), False),
    ],
)
def test_an_approval_outlives_a_configuration_that_asks_for_no_more(
    then: Demands, now: Demands, more: bool
) -> None:
    assert bool(asks_more(then, now)) is more
    given_ = approval(demands=then)
    bound = Bound(HEAD, PLAN)
    assert still_valid(given_, Gate.PRE_DEPLOY, bound, now).allowed is not more
    assert still_valid(approval(), Gate.PRE_DEPLOY, bound, now).allowed, "older journals tell none"


def test_everything_that_is_missing_is_named_with_who_can_give_it() -> None:
    owned = (OwnedPath("a.py", frozenset({99}), ("@nina",)),)
    rule = ApprovalRule(2, owned=owned, teams=TEAM, checkpoints=(PAY, SIGN_IN))
    found = unmet([approval(ASKER)], rule, approval_facts().involved)
    assert [one.rule for one in found] == [
        "quorum", "second_person", "named_team", "code_owner", "checkpoint", "checkpoint",
    ]  # fmt: skip
    assert all(one.whom for one in found)
    verdict = gate_open(
        Gate.PRE_DEPLOY, [], rule, approval_facts().involved, Bound(HEAD, PLAN), ["gone"]
    )
    assert "gone" in verdict.reason
    assert "@nina" in verdict.reason
    assert "acme/leads" in verdict.reason


_PEOPLE = st.sampled_from([BOT, ASKER, WRITER, REVIEWER, SECOND])
_SHOWN = st.builds(
    shown,
    st.floats(0, 120),
    st.sampled_from([HEAD, OTHER, ""]),
    st.sampled_from([PLAN, "e" * 64]),
)
_GATES = st.sampled_from([None, *Gate])


@st.composite
def _any_facts(draw: Any) -> Any:
    created = at(draw(st.integers(0, 120)))
    edited_by = draw(st.sampled_from([None, 0, 1, 100]))
    return approval_facts(
        gate=draw(_GATES),
        waiting_at=draw(_GATES),
        person=draw(_PEOPLE),
        permission=draw(st.sampled_from([*LEVELS, "", "custom"])),
        comment=Comment(
            id=70,
            created_at=created,
            updated_at=None if edited_by is None else created + timedelta(seconds=edited_by),
            edited=draw(st.booleans()),
            deleted=draw(st.booleans()),
        ),
        head_sha=draw(st.sampled_from([HEAD, OTHER, ""])),
        shown=tuple(sorted(draw(st.lists(_SHOWN, max_size=4)), key=lambda one: one.at)),
        explicit_sha=draw(st.sampled_from([None, None, HEAD, OTHER])),
        rule=ApprovalRule(second_person_required=draw(st.booleans())),
        earlier=tuple(approval(each) for each in draw(st.lists(_PEOPLE, max_size=2))),
    )


@settings(max_examples=2000, deadline=None)
@given(_any_facts())
def test_no_facts_let_a_bot_an_edit_a_reader_or_an_unseen_head_through(facts: Any) -> None:
    if not decide(facts).allowed:
        return
    assert not facts.person.is_bot
    assert not facts.comment.edited
    assert not facts.comment.deleted
    assert (facts.comment.updated_at or facts.comment.created_at) == facts.comment.created_at
    assert facts.permission in ("write", "maintain", "admin")
    assert facts.gate is facts.waiting_at
    if facts.gate is Gate.PRE_CODE:
        assert any(s.plan_digest == facts.plan_digest for s in facts.shown)
    elif facts.explicit_sha is None:
        before = [s for s in facts.shown if s.at < facts.comment.created_at + timedelta(seconds=1)]
        assert before
        assert [s.head_sha for s in before if s.head_sha][-1] == facts.head_sha
    else:
        assert facts.explicit_sha == facts.head_sha


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(_PEOPLE, st.sampled_from([HEAD, OTHER]), st.sampled_from(list(Gate)))),
    st.integers(0, 3),
)
def test_no_approvals_open_a_gate_without_a_valid_one_of_a_second_person(
    given_: list, quorum: int
) -> None:
    approvals = [approval(p, head_sha=sha, gate=gate) for p, sha, gate in given_]
    involved = approval_facts().involved
    verdict = gate_open(
        Gate.PRE_DEPLOY, approvals, ApprovalRule(quorum=quorum), involved, Bound(HEAD, PLAN)
    )
    valid = [
        a.person
        for a in approvals
        if a.head_sha == HEAD and a.gate is Gate.PRE_DEPLOY and not a.person.is_bot
    ]
    second = any(person in (REVIEWER, SECOND) for person in valid)
    enough = len({person.id for person in valid}) >= max(1, quorum)
    assert verdict.allowed is (second and enough)
    assert verdict.decision in (Decision.ALLOW, Decision.WAIT)
