"""What is approved without a person, and what never is (P2, S4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.story.vocabulary import Gate
from policies.approvals import ApprovalRule, Checkpoint, OwnedPath, Teams
from policies.auto_approval import AutoFacts, AutoLimits, decide
from policies.scope import Scope

LIMITS = AutoLimits(2.0, 10, 80.0, ("dependency_bump",), ("/src/**",))
ALONE = ApprovalRule(second_person_required=False)
FACTS = AutoFacts(
    gate=Gate.PRE_DEPLOY,
    wsjf=2.0,
    files=("src/a.py",),
    coverage=80.0,
    families=("dependency_bump", "feature"),
    rule=ALONE,
)
OWNED = (OwnedPath("src/a.py", frozenset({4}), ("@ann",)),)
TEAM = Teams(("o/t",), frozenset({4}))
PAY = (Checkpoint("payments", ("src/a.py",)),)


def test_everything_within_the_limits_is_approved() -> None:
    verdict = decide(FACTS, LIMITS)
    assert verdict.allowed
    assert verdict.rule == "auto_approve"


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"gate": Gate.PRE_PRODUCTION}, "auto_gate"),
        ({"gate": Gate.PRE_CODE}, "auto_gate"),
        ({"foreign": True}, "auto_foreign"),
        ({"files": None}, "auto_unknown"),
        ({"files": ()}, "auto_unknown"),
        ({"files": tuple(f"src/{n}.py" for n in range(11))}, "auto_files"),
        ({"files": ("src/a.py", "setup.py")}, "auto_paths"),
        ({"files": (".github/workflows/x.yml",)}, "auto_restricted"),
        ({"files": ("src/deploy.key",)}, "auto_restricted"),
        ({"paths": Scope(restricted=("src/",))}, "auto_restricted"),
        ({"wsjf": None}, "auto_unknown"),
        ({"wsjf": 2.01}, "auto_wsjf"),
        ({"wsjf": float("nan")}, "auto_wsjf"),
        ({"coverage": None}, "auto_unknown"),
        ({"coverage": 79.99}, "auto_coverage"),
        ({"coverage": float("nan")}, "auto_coverage"),
        ({"families": ("model",)}, "auto_family"),
        ({"families": ()}, "auto_family"),
        ({"rule": ApprovalRule()}, "auto_person"),
        ({"rule": replace(ALONE, owned=OWNED)}, "auto_person"),
        ({"rule": replace(ALONE, checkpoints=PAY)}, "auto_person"),
        ({"rule": replace(ALONE, teams=TEAM)}, "auto_person"),
        ({"rule": replace(ALONE, quorum=2)}, "auto_person"),
    ],
)
def test_one_thing_beyond_them_asks_for_a_person(changed: dict[str, Any], rule: str) -> None:
    verdict = decide(replace(FACTS, **changed), LIMITS)
    assert (verdict.allowed, verdict.rule) == (False, rule)
    assert verdict.reason


@pytest.mark.parametrize("limits", [None, AutoLimits()])
def test_without_limits_nothing_is_approved(limits: AutoLimits | None) -> None:
    assert decide(FACTS, limits).rule == "auto_approve_off"


def test_a_limit_that_asks_for_nothing_needs_no_measurement() -> None:
    facts = replace(FACTS, coverage=None)
    assert decide(facts, replace(LIMITS, min_coverage=0.0)).allowed
