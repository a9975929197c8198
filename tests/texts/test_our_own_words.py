"""Our own words are never commands, whatever strangers' words they carry."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.story import events as e
from bot.story.commands import parse
from bot.story.handoff import Handoff
from bot.story.machine import Story
from bot.story.vocabulary import (
    Criterion,
    ExecutionPlan,
    Gate,
    Person,
    Repository,
    State,
    StorySpec,
    Task,
    TestSummary,
    Waiting,
)
from bot.texts import answers, problems, reasons, report, unmet
from bot.texts import handoff as handoff_text
from bot.texts import status as status_text
from bot.texts.unmet import SENTENCES
from handlers import COMMANDS
from policies.unmet import Condition

SPECS = [command.spec for command in COMMANDS.values()]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUOTED_LATER = {"name_of", "family_question"}  # no comment by themselves
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "/approve",
            "\n\n/approve\n\n",
            "x\n/approve",
            "\r/approve\r",
            "\u2028/approve\u2028",
            "```\n/approve",
            "-->\n\n/approve\n\n<!--",
            "|\n\n/approve",
            "</details>\n\n/approve",
            "* \n\n/approve",
            "@octocat /approve",
        ]
    ),
    st.text(max_size=60),
)


def _story(text: str, state: State, gate: Gate) -> Story:
    story = Story("story:1:1", state=state, issue=1, title=text, body=text)
    story.repository = Repository(
        id=1, full_name="a/b", default_branch="main", git_url="http://x", installation_id=1
    )
    story.author = story.requester = Person(id=1, login=text[:20] or "x")
    story.spec = StorySpec(
        title=text,
        description=text,
        story_type="feature",
        criteria=(Criterion(id="C1", text=text),),
    )
    task = Task(id="T1", action="modify_file", description=text, targets=(text,), criteria=("C1",))
    story.plan = ExecutionPlan(tasks=(task,))
    story.branch, story.head_sha, story.pull_number = text, "0" * 40, 2
    waiting = Waiting(gate=gate, resume_to=State.CODING, since=NOW, questions=(text,), reason=text)
    story.waiting = waiting if state is State.WAITING else None
    summary = TestSummary(
        sha="1" * 40,
        ran=False,
        ok=False,
        tail=text,
        command=text,
        failures=(text,),
        refused=((text, text),),
    )
    for subject in ("baseline", "red", "head", "merged"):
        story.tests[subject] = e.Tested(subject=subject, summary=summary)
    story.failures.append(
        e.AttemptFailed(
            iteration=1, stage=State.TESTING, error_class=text, fingerprint="f", message=text
        )
    )
    story.commits.append(
        e.Committed(task="T1", sha="2" * 40, parent="p", message=text or "m", files=(text,))
    )
    story.handoff = Handoff(
        reason=text, summary=text, tried=(text,), failing=(text,), next_steps=(), files=(text,)
    )
    story.timeline.append((NOW, state))
    return story


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE, st.sampled_from(State), st.sampled_from(Gate))
def test_what_is_said_of_a_story_commands_nothing(text: str, state: State, gate: Gate) -> None:
    story = _story(text, state, gate)
    said = [
        status_text.status(story, 5.0, 10),
        report.body(story, ((text, 1, 2),)),
        report.title(story),
        status_text.handoff(story),
    ]
    for one in said:
        assert parse(one, SPECS) == []


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_no_sentence_of_ours_parses_as_a_command(text: str) -> None:
    for module in (answers, problems):
        for name, say in _public(module):
            one = say(**{p: _argument(name, p, text) for p in inspect.signature(say).parameters})
            if isinstance(one, str) and name not in QUOTED_LATER:
                assert parse(one, SPECS) == [], f"{module.__name__}.{name}"


def _public(module: ModuleType) -> list[tuple[str, Callable[..., Any]]]:
    return [
        (name, member)
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if member.__module__ == module.__name__ and not name.startswith("_")
    ]


def _argument(function: str, name: str, text: str) -> Any:
    from bot.story.commands import UnknownCommand

    return {
        "asked": [text],
        "lines": [answers.line("approve", text)],
        "rows": [("/approve", text.replace("\n", " ").replace("\r", " "), "anybody")],
        "tasks": [("T1", text, (text,))],
        "problem": UnknownCommand(name=text[:20], did_you_mean="approve"),
        "did_you_mean": None,
        "state": "WAITING",
        "has": "read",
        "kind": "which_version",
        "attempts": 5,
        "since": NOW,
        "until": NOW,
        "lacks": unmet.missing([Condition(what, ("write",), NOW, "", text) for what in SENTENCES]),
    }.get(name, text)


def test_reasons_are_quoted_where_they_are_shown() -> None:
    story = _story("/approve", State.FAILED, Gate.PRE_DEPLOY)
    story.handoff = handoff_text.handoff(story, reasons.no_baseline("\n\n/approve\n\n"))
    assert parse(status_text.status(story, 5.0, 10), SPECS) == []
