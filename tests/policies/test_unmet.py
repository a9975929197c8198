"""What a story lacks between now and done: a table of stories and what is missing of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.story.commands import parse
from bot.story.events import Gated, PauseRequested, Tested
from bot.story.held import Withheld
from bot.story.story import Story
from bot.story.vocabulary import (
    AutoApproval,
    Gate,
    GateFinding,
    QualityGate,
    State,
    TestSummary,
    Waiting,
)
from bot.texts.unmet import SENTENCES, missing, sentence, who_can
from handlers import COMMANDS
from policies.approvals import ApprovalRule, Checkpoint, Involved, OwnedPath, Teams
from policies.effect_facts import PullFacts
from policies.unmet import Condition, UnmetFacts, unmet
from tests.policies.facts import (
    ASKER,
    BOT,
    HEAD,
    NOON,
    OTHER,
    REPOSITORY,
    REVIEWER,
    SECOND,
    WRITER,
    approval,
    at,
)

PULL = PullFacts(12, "open", HEAD, "feature/STORY-7/x", "main", BOT, mergeable=True)
INVOLVED = Involved(requester=ASKER, issue_author=WRITER, pull_author=BOT)
OWNED = OwnedPath("pay/card.py", frozenset({SECOND.id}), ("@second",))
TEAM = Teams(("o/pay",), frozenset({SECOND.id}))
AUTO = AutoApproval(
    gate=Gate.PRE_DEPLOY,
    head_sha=HEAD,
    base_sha="",
    plan_digest="",
    config_digest="",
    rule="within_limits",
    limits={},
    facts={},
    at=NOON,
)
LOST = OwnedPath("old/thing.py", frozenset(), ("@gone",))


def story(gate: Gate | None = Gate.PRE_DEPLOY, **changed: Any) -> Story:
    """A story that waits at `gate` since noon, its pull request open and its tests passed."""
    made = Story("story:9:7", repository=REPOSITORY, issue=7, author=WRITER, requester=ASKER)
    made.state, made.state_since = State.WAITING, at(0)
    made.head_sha, made.pull_number, made.pull_open = HEAD, 12, True
    made.waiting = gate and Waiting(gate=gate, resume_to=State.DEPLOYING, since=at(1))
    made.tests["head"] = suite(True)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def suite(ok: bool, sha: str = HEAD) -> Tested:
    failures = () if ok else ("test_total",)
    summary = TestSummary(sha=sha, ran=True, ok=ok, failures=failures, failed=len(failures))
    return Tested(subject="head", summary=summary, regressions=failures)


def given(*people: Any, **changed: Any) -> list[Any]:
    return [approval(person, plan_digest="", **changed) for person in people]


def facts(**changed: Any) -> UnmetFacts:
    return replace(UnmetFacts(now=NOON, pull=PULL, involved=INVOLVED), **changed)


def of(told: Story, **changed: Any) -> dict[str, Condition]:
    return {one.what: one for one in unmet(told, facts(**changed))}


BLOCKED = Gated(
    sha=HEAD,
    base_sha=OTHER,
    gates=(
        QualityGate(
            name="security",
            status="fail",
            blocking=True,
            findings=(GateFinding(rule="S1", message="eval"),),
        ),
    ),
)
TABLE: list[tuple[str, Story, dict[str, Any], set[str]]] = [
    ("nobody approved", story(), {}, {"quorum", "second_person"}),
    ("somebody approved", story(approvals=given(REVIEWER)), {}, set()),
    ("the requester alone", story(approvals=given(ASKER)), {}, {"second_person"}),
    ("two are asked for", story(approvals=given(REVIEWER)), {"rule": ApprovalRule(2)}, {"quorum"}),
    ("no second person needed", story(), {"rule": ApprovalRule(1, False)}, {"quorum"}),
    (
        "an owner is missing",
        story(approvals=given(REVIEWER)),
        {"rule": ApprovalRule(owned=(OWNED,))},
        {"code_owner"},
    ),
    (
        "the owner approved",
        story(approvals=given(SECOND)),
        {"rule": ApprovalRule(owned=(OWNED,))},
        set(),
    ),
    (
        "a team is missing",
        story(approvals=given(REVIEWER)),
        {"rule": ApprovalRule(teams=TEAM)},
        {"named_team"},
    ),
    ("one of the team", story(approvals=given(SECOND)), {"rule": ApprovalRule(teams=TEAM)}, set()),
    (
        "something sensitive, looked at by the wrong people",
        story(approvals=given(REVIEWER)),
        {"rule": ApprovalRule(checkpoints=(Checkpoint("payments", ("pay/card.py",), TEAM),))},
        {"checkpoint"},
    ),
    (
        "something sensitive, without second person",
        story(approvals=given(ASKER)),
        {"rule": ApprovalRule(1, False, checkpoints=(Checkpoint("crypto", ("a.py",)),))},
        {"checkpoint", "second_person"},
    ),
    (
        "an automatic approval of this very head",
        story(auto_approved=AUTO),
        {},
        set(),
    ),
    (
        "an automatic approval of another head",
        story(auto_approved=AUTO.model_copy(update={"head_sha": OTHER})),
        {},
        {"quorum", "second_person"},
    ),
    (
        "an owner nobody can find",
        story(approvals=given(REVIEWER)),
        {"rule": ApprovalRule(owned=(LOST,))},
        {"owner_unknown"},
    ),
    (
        "a commit of nobody",
        story(approvals=given(REVIEWER)),
        {"involved": replace(INVOLVED, unknown_contributors=("eve",))},
        {"unknown_contributor"},
    ),
    (
        "an approval of another head",
        story(approvals=given(REVIEWER, head_sha=OTHER)),
        {},
        {"quorum", "second_person"},
    ),
    ("a bot approved", story(approvals=given(BOT)), {}, {"quorum", "second_person"}),
    (
        "conflicts",
        story(approvals=given(REVIEWER)),
        {"pull": replace(PULL, mergeable=False)},
        {"conflicts"},
    ),
    (
        "GitHub does not know yet",
        story(approvals=given(REVIEWER)),
        {"pull": replace(PULL, mergeable=None)},
        set(),
    ),
    (
        "the base asks for more",
        story(approvals=given(REVIEWER)),
        {"merge_state": "blocked"},
        {"branch_protection"},
    ),
    (
        "somebody pushed",
        story(approvals=given(REVIEWER)),
        {"pull": replace(PULL, head_sha=OTHER)},
        {"head_moved", "quorum", "second_person"},
    ),
    ("closed by hand", story(), {"pull": replace(PULL, state="closed")}, {"pull_closed"}),
    (
        "tests fail",
        story(approvals=given(REVIEWER), tests={"head": suite(False)}),
        {},
        {"tests_fail"},
    ),
    ("a gate fails", story(approvals=given(REVIEWER), gated=BLOCKED), {}, {"gate_fails"}),
    ("CI fails", story(approvals=given(REVIEWER)), {"failing": ("build",)}, {"ci_fails"}),
    (
        "paused at the gate",
        story(approvals=given(REVIEWER), pause=PauseRequested(person=ASKER)),
        {},
        {"paused"},
    ),
    (
        "a permission not accepted",
        story(approvals=given(REVIEWER)),
        {"lacks": ("checks=write",)},
        {"permission"},
    ),
    ("suspended", story(approvals=given(REVIEWER)), {"suspended": NOON}, {"suspended"}),
    (
        "a permission is missing",
        story(approvals=given(REVIEWER)),
        {"lacks": ("checks: write",)},
        {"permission"},
    ),
    ("only looking", story(approvals=given(REVIEWER)), {"mode": "dry_run"}, {"dry_run"}),
    ("switched off", story(approvals=given(REVIEWER)), {"mode": "off"}, {"off"}),
    (
        "configuration broken",
        story(approvals=given(REVIEWER)),
        {"broken": ("line 3: unknown key", NOON)},
        {"configuration_broken"},
    ),
    (
        "GitHub is away",
        story(),
        {"asked": False, "pull": None},
        {"github_away", "quorum", "second_person"},
    ),
    (
        "no gate before the merge",
        story(None, state=State.CODING),
        {"gates": frozenset()},
        {"working"},
    ),
    (
        "another Towpath works on it",
        story(None, state=State.RECEIVED, withheld=Withheld(rule="claimed", reason="x works")),
        {"gates": frozenset()},
        {"claimed"},
    ),
    ("at work", story(None, state=State.CODING), {}, {"working", "quorum", "second_person"}),
    ("after the merge", story(None, state=State.VERIFYING, merged_sha=OTHER), {}, {"working"}),
    ("done", story(None, state=State.DONE), {}, set()),
    ("cancelled", story(None, state=State.CANCELLED), {}, set()),
    ("handed over", story(None, state=State.FAILED), {}, {"handed_over"}),
    ("spent", story(Gate.BUDGET_EXCEEDED), {}, {"budget_spent", "quorum", "second_person"}),
    (
        "a question",
        story(
            None,
            waiting=Waiting(
                gate=Gate.AMBIGUITY_DETECTED,
                resume_to=State.ANALYZING,
                since=at(1),
                questions=("Q?",),
            ),
            head_sha="",
            pull_number=0,
        ),
        {"pull": None},
        {"unanswered", "quorum", "second_person"},
    ),
    (
        "a plan waits",
        story(Gate.PRE_CODE, head_sha="", pull_number=0, tests={}),
        {"pull": None, "gates": frozenset({Gate.PRE_CODE})},
        {"quorum", "second_person"},
    ),
    (
        "everything at once",
        story(gated=BLOCKED, tests={"head": suite(False)}, pause=PauseRequested(person=ASKER)),
        {
            "rule": ApprovalRule(2, owned=(OWNED,)),
            "pull": replace(PULL, mergeable=False),
            "mode": "dry_run",
            "suspended": NOON,
        },
        {
            "quorum",
            "second_person",
            "code_owner",
            "tests_fail",
            "gate_fails",
            "paused",
            "conflicts",
            "dry_run",
            "suspended",
        },
    ),
]


@pytest.mark.parametrize(
    ("told", "changed", "lacks"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_everything_that_is_missing_is_listed(
    told: Story, changed: dict[str, Any], lacks: set[str]
) -> None:
    found = unmet(told, facts(**changed))
    assert {one.what for one in found} == lacks
    assert [one.now for one in found] == sorted((one.now for one in found), reverse=True)
    assert all(one.who for one in found), "somebody can always meet it"


def test_each_names_who_can_meet_it_how_and_since_when() -> None:
    found = of(story(), rule=ApprovalRule(2, owned=(OWNED,)))
    assert found["code_owner"].who == ("@second",)
    assert found["code_owner"].detail == "pay/card.py"
    assert found["quorum"].detail == "0 of 2"
    assert found["quorum"].since == at(1)
    assert found["quorum"].how == f"/approve {HEAD}"
    assert "asker asked for this change" in found["second_person"].detail
    paused = of(story(Gate.PAUSED, pause=PauseRequested(person=ASKER)))["paused"]
    assert paused.since == at(1)
    assert paused.who == ("write", "@asker")


def test_a_gate_that_is_still_to_come_is_said_to_come() -> None:
    found = of(story(None, state=State.CODING))
    assert found["working"].now
    assert not found["quorum"].now
    assert found["quorum"].since is None


def test_a_period_that_ends_by_itself_asks_nobody_for_a_budget() -> None:
    waiting = Waiting(
        gate=Gate.BUDGET_EXCEEDED,
        resume_to=State.CODING,
        since=at(1),
        until=NOON + timedelta(days=1),
    )
    found = of(story(None, waiting=waiting))
    assert "budget_spent" not in found
    assert found["period_spent"].who == ("operator", "time")
    enough = of(story(None, waiting=waiting.model_copy(update={"rule": "open_prs"})))
    assert enough["enough_opened"].who == ("operator", "time")


def test_every_condition_has_a_sentence_that_commands_nothing() -> None:
    specs = [command.spec for command in COMMANDS.values()]
    hostile = "x\n\n/approve\n| a | b |\n<!-- -->@alice `"
    for what in SENTENCES:
        for detail in ("", hostile):
            one = Condition(what, ("write", "@a|b\n/approve"), NOON, "/approve", detail)
            assert sentence(one)
            assert who_can(one)
            table = missing([one])
            assert parse(table, specs) == []
            assert all(row.replace("\\|", "").count("|") == 4 for row in table.split("\n")[2:])


def test_the_table_uses_every_condition() -> None:
    used = {what for row in TABLE for what in row[3]} | {
        *("period_spent", "enough_opened", "suspicious")
    }
    assert used == set(SENTENCES)
