"""A dry run: everything is judged and worked out, and nothing leaves but the status comment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.story import effects as fx
from bot.story.events import EffectPerformed, EffectProposed
from bot.story.vocabulary import Decision, Gate, Repository, State, Verdict, allow, deny
from policies.effects import TABLE
from policies.standing import DRY_RUN, INSIDE, Standing, after, before, missing, would
from tests.install.test_life import written
from tests.world import World

REPOSITORY = Repository(
    id=1, full_name="a/b", default_branch="main", git_url="https://x/a/b.git", installation_id=7
)


def test_nothing_leaves_but_the_status_comment_until_an_admin_says_on(
    new_world: Callable[..., World],
) -> None:
    world = new_world(mode="dry_run")
    world.repository()
    number = world.story()
    world.say("alice", number, "/status")
    world.say("bob", number, "/nonsense")
    world.later(120)
    world.sweep()
    tale = world.tale(number)
    assert tale.waiting is not None
    assert (tale.state, tale.waiting.rule) == (State.WAITING, DRY_RUN)
    assert tale.tests.get("head"), tale.waiting
    assert tale.tests["head"].summary.ok
    assert world.labels(number) == {"story"}
    assert world.branches() == ["main"]
    assert world.pulls() == []
    (comment,) = world.comments(number)
    assert "rehearsed" in comment
    assert "push 1 changed files, 2 lines (requirements.txt)" in comment
    assert "put the labels" in comment
    performed = {
        one.event.effect
        for one in world.house.journal.load(world.stream(number))
        if isinstance(one.event, EffectPerformed)
    }
    assert performed <= INSIDE | {"show_status"}
    proposed = [
        one.event
        for one in world.house.journal.load(world.stream(number))
        if isinstance(one.event, EffectProposed) and one.event.effect == "push_branch"
    ]
    assert proposed[-1].verdict.rule == DRY_RUN
    before_on = written(world)
    world.settings = world.settings.model_copy(update={"mode": "on"})
    world.new_house()
    assert written(world) == before_on
    world.later(120)
    world.sweep()
    world.settle()
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)
    assert "rehearsed" not in world.status_comments(number)[0]
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_switched_off_nothing_at_all_is_done(new_world: Callable[..., World]) -> None:
    world = new_world(mode="off")
    world.repository()
    number = world.story()
    world.say("alice", number, "/status")
    world.later(120)
    world.sweep()
    assert world.comments(number) == []
    assert world.labels(number) == {"story"}
    assert world.tale(number).repository is None


# -- the rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(TABLE))
@pytest.mark.parametrize("access", ["suspended", "removed", "archived"])
def test_without_access_every_kind_of_effect_waits(kind: str, access: str) -> None:
    verdict = before(kind, Standing(access=access), {})
    assert verdict is not None
    assert (verdict.decision, verdict.rule, verdict.gate) == (Decision.WAIT, access, Gate.PAUSED)


@pytest.mark.parametrize("kind", sorted(TABLE))
def test_switched_off_every_kind_of_effect_waits(kind: str) -> None:
    verdict = before(kind, Standing(mode="off"), {})
    assert verdict is not None
    assert verdict.rule == "off"


@pytest.mark.parametrize(
    ("granted", "waits"),
    [(None, False), ({"issues": "write"}, False), ({"issues": "read"}, True), ({}, True)],
)
def test_an_effect_waits_for_its_own_permission_only(
    granted: dict[str, str] | None, waits: bool
) -> None:
    stands = Standing(granted=granted, lacks=("x",))
    assert (before("react", stands, {"issues": "write"}) is not None) == waits
    assert before("run_tests", stands, {}) is None


@pytest.mark.parametrize(
    ("granted", "needed", "lacks"),
    [
        ({}, {"issues": "write"}, ("issues: write",)),
        ({"issues": "admin"}, {"issues": "write"}, ()),
        ({"issues": "odd"}, {"issues": "read"}, ("issues: read",)),
        ({}, {"metadata": "read"}, ()),
    ],
)
def test_what_is_missing(granted: Any, needed: Any, lacks: Any) -> None:
    assert missing(granted, needed) == lacks


EFFECTS = [
    fx.PostComment(key="k", repository=REPOSITORY, issue=3, body="hi"),
    fx.React(key="k", repository=REPOSITORY, issue=3, content="eyes"),
    fx.MergePullRequest(key="k", repository=REPOSITORY, number=4, sha="a" * 40),
    fx.PushBranch(key="k", repository=REPOSITORY, branch="b", sha="a", files=("x",) * 9, lines=3),
    fx.DeleteBranch(key="k", repository=REPOSITORY, branch="b", sha="a"),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda one: one.kind)
@pytest.mark.parametrize("mode", ["on", "dry_run"])
@pytest.mark.parametrize("verdict", [allow("ok"), deny("no", "why")])
def test_a_dry_run_holds_back_what_was_allowed_and_nothing_else(
    effect: Any, mode: str, verdict: Verdict
) -> None:
    found = after(effect, Standing(mode=mode), verdict)
    held = mode == "dry_run" and verdict.allowed
    assert (found.rule == DRY_RUN) == held
    assert found == verdict or held
    assert found.reason == (would(effect) if held else verdict.reason)
