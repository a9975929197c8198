"""What of a review starts work, what a change meets of it, and redeliveries: tables of cases."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from bot.story.vocabulary import Person, Remark
from policies.redelivery import KEPT, MOST, Failed, Step
from policies.redelivery import decide as redelivery
from policies.reviews import RemarkFacts, content, decide, optional, touched
from tests.policies.facts import NOON, REVIEWER, at

DIFF = """diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -10,3 +10,4 @@ def f():
 x
-y
+z
+z
 x
diff --git a/old.py b/new.py
similarity index 90%
rename from old.py
rename to new.py
@@ -1 +1 @@
-a
+b
"""


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, "write_access"),
        ({"permission": "maintain"}, "write_access"),
        ({"permission": "triage"}, "permission"),
        ({"permission": ""}, "permission"),
        ({"permission": "owner"}, "permission"),
        ({"approving": True}, "with_approval"),
        ({"has_author": False}, "no_author"),
        ({"person": Person(id=9, login="x", is_bot=True), "permission": "admin"}, "bots_never"),
        ({"person": Person(id=9, login="x[bot]"), "permission": "admin"}, "bots_never"),
        ({"permission": "read", "approving": True}, "permission"),
    ],
)
def test_who_starts_a_round(changed: dict, rule: str) -> None:
    assert (
        decide(RemarkFacts(**{"person": REVIEWER, "permission": "write", **changed})).rule == rule
    )


@pytest.mark.parametrize("text", ["", "  ", "Thanks!", "ok, thank you", "LGTM 👍", "Good catch."])
def test_words_of_content_ask_for_nothing(text: str) -> None:
    assert content(text)


@pytest.mark.parametrize(
    "text",
    ["Thanks, but rename it", "ok?", "nice to have: cents", "fine-tune this", "good idea?", "no"],
)
def test_words_that_ask_are_heard(text: str) -> None:
    assert not content(text)


def test_a_nit_is_optional_and_a_nitrogen_is_not() -> None:
    assert optional("nit: rename")
    assert optional("**Optional** – a constant")
    assert not optional("nitrogen is spelled wrong")
    assert not optional("this is not optional")


@pytest.mark.parametrize(
    ("path", "line", "start", "is_touched"),
    [
        ("a.py", 11, 0, True),
        ("a.py", 10, 0, True),
        ("a.py", 9, 0, False),
        ("a.py", 30, 0, False),
        ("a.py", 30, 12, True),
        ("a.py", 0, 0, True),
        ("b.py", 11, 0, False),
        ("b.py", 0, 0, False),
        ("old.py", 1, 0, True),
        ("new.py", 0, 0, True),
        ("", 0, 0, True),
    ],
)
def test_where_a_change_touches(path: str, line: int, start: int, is_touched: bool) -> None:
    remark = Remark(
        id="c1", pull=1, root=1, person=REVIEWER, text="x", path=path, line=line, start_line=start
    )
    assert touched(remark, DIFF) is is_touched
    assert not touched(remark, "")


def test_each_failure_is_asked_for_less_often_and_then_given_up_on() -> None:
    asked, asked_at, now, steps = 0, None, NOON, []
    while now < NOON + KEPT:
        step = redelivery(Failed(NOON, asked, asked_at), now)
        if step is Step.ASK:
            asked, asked_at = asked + 1, now
            steps.append(now - NOON)
        elif step is Step.GIVE_UP:
            break
        now += timedelta(minutes=1)
    assert len(steps) == MOST
    gaps = [b - a for a, b in pairwise(steps)]
    assert gaps == sorted(gaps)
    assert now < NOON + KEPT, "given up before GitHub forgets it"


def test_what_github_forgot_or_was_given_up_on_is_left() -> None:
    assert redelivery(Failed(NOON), NOON + KEPT + timedelta(seconds=1)) is Step.WAIT
    assert redelivery(Failed(NOON, MOST, NOON, given_up=True), at(86_400)) is Step.WAIT
