"""Commands' permissions (W7), labels (W8), branches (S20), retries (S3), convergence (S8, S9)."""

from __future__ import annotations

import re
import subprocess
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.story.vocabulary import Gate, Person, State
from policies import convergence, labels, retry
from policies.branches import HEADER, branch_name, commit_message, issue_of_branch, slug
from policies.convergence import Attempt, Step, fingerprint, go_on
from policies.labels import Move, changes, label_of, meaning
from policies.who_approves import LEVELS
from policies.who_commands import COMMANDS, CommandFacts, decide
from tests.policies.facts import ASKER, BOT, REVIEWER, WRITER

MINIMUM = {"help": "read", "status": "read", "plan": "read"}


@pytest.mark.parametrize(("command", "level"), list(product(COMMANDS, LEVELS)))
def test_each_command_needs_its_permission(command: str, level: str) -> None:
    verdict = decide(CommandFacts(command, REVIEWER, level, ASKER, WRITER))
    needed = MINIMUM.get(command, "write")
    assert verdict.allowed is (LEVELS.index(level) >= LEVELS.index(needed))
    assert verdict.allowed or needed in verdict.reason


@pytest.mark.parametrize(
    ("command", "person", "allowed"),
    [
        ("cancel", ASKER, True),
        ("pause", ASKER, True),
        ("resume", ASKER, True),
        ("answer", ASKER, True),
        ("answer", WRITER, True),
        ("cancel", WRITER, False),
        ("approve", ASKER, False),
        ("retry", ASKER, False),
        ("budget", ASKER, False),
        ("start", ASKER, False),
        ("no-such", ASKER, False),
    ],
)
def test_who_asked_may_stop_and_answer_without_write_access(
    command: str, person: Person, allowed: bool
) -> None:
    assert decide(CommandFacts(command, person, "read", ASKER, WRITER)).allowed is allowed


@pytest.mark.parametrize("command", COMMANDS)
def test_bots_and_edited_comments_command_nothing(command: str) -> None:
    assert not decide(CommandFacts(command, BOT, "admin")).allowed
    assert not decide(CommandFacts(command, REVIEWER, "admin", edited=True)).allowed
    assert not decide(CommandFacts(command, REVIEWER, "admin", deleted=True)).allowed


@pytest.mark.parametrize(("state", "gate"), list(product(State, [None, *Gate])))
def test_a_state_has_one_label_and_the_others_of_ours_go(state: State, gate: Gate | None) -> None:
    wanted = label_of(state, gate)
    add, remove = changes([*labels.ALL, "bug"], wanted)
    assert add == ()
    assert set(remove) == set(labels.ALL) - {wanted}
    assert changes([], wanted) == (((wanted,) if wanted else ()), ())
    assert (wanted is None) is (state is State.CANCELLED)


@pytest.mark.parametrize(
    ("action", "label", "by", "state", "expected"),
    [
        ("labeled", "story", ASKER, None, Move.START),
        ("labeled", "story", ASKER, State.CANCELLED, Move.START),
        ("labeled", "story", ASKER, State.CODING, Move.NOTHING),
        ("unlabeled", "story", ASKER, State.CODING, Move.GIVE_BACK),
        ("unlabeled", "story", ASKER, State.DONE, Move.NOTHING),
        ("unlabeled", labels.DOING, ASKER, State.CODING, Move.GIVE_BACK),
        ("unlabeled", labels.READY, ASKER, State.CODING, Move.NOTHING),
        ("unlabeled", labels.DONE, ASKER, State.DONE, Move.PUT_RIGHT),
        ("labeled", labels.DONE, ASKER, State.CODING, Move.PUT_RIGHT),
        ("labeled", labels.DOING, ASKER, State.CODING, Move.NOTHING),
        ("labeled", labels.DONE, ASKER, None, Move.NOTHING),
        ("labeled", "bug", ASKER, State.CODING, Move.NOTHING),
        ("unlabeled", labels.DOING, BOT, State.CODING, Move.NOTHING),
        ("unlabeled", "story", BOT, State.CODING, Move.NOTHING),
    ],
)
def test_what_moving_a_label_means(
    action: str, label: str, by: Person, state: State | None, expected: Move
) -> None:
    assert meaning(action, label, by, state, None, "story") is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Round UP the totals!", "round-up-the-totals"),
        ("Größe Ärger — naïve", "groe-arger-naive"),
        ("日本語", "story"),
        ("", "story"),
        ("../../main.lock", "main-lock"),
        ("-rf --force", "rf-force"),
        ("x" * 100, "x" * 40),
        ("word " * 30, "word-word-word-word-word-word-word-word"),
    ],
)
def test_a_slug_is_short_plain_and_whole_words(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text(max_size=300), st.integers(1, 10**6), st.sampled_from(["feature", "bugfix", "x"]))
def test_every_title_makes_a_branch_that_leads_back_to_its_issue(
    title: str, issue: int, kind: str
) -> None:
    branch = branch_name(issue, title, kind)
    assert re.fullmatch(rf"(feature|fix)/STORY-{issue}/[a-z0-9]+(-[a-z0-9]+)*", branch)
    assert branch.startswith("fix/") is (kind == "bugfix")
    assert len(branch) < 80
    assert issue_of_branch(branch) == issue


@pytest.mark.parametrize(
    "branch", ["main", "feature/STORY-0/x", "feature/STORY-1", "fix/STORY-1/a/b", "x/STORY-1/a", ""]
)
def test_a_branch_of_somebody_else_leads_nowhere(branch: str) -> None:
    assert issue_of_branch(branch) is None


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_summary_breaks_out_of_the_first_line(summary: str, task: str) -> None:
    message = commit_message(summary, 12, task)
    header, blank, trailer, end = message.split("\n")
    assert len(message.splitlines()) == 3
    assert len(header) <= HEADER
    assert header.startswith("feat: ")
    assert (blank, end) == ("", "")
    assert re.fullmatch(r"Story: STORY-12 \| Task: [A-Za-z0-9_.-]+", trailer)


def test_a_long_summary_ends_with_a_whole_word() -> None:
    told = "list a hook caller once per plugin and remove all its implementations"
    header = commit_message(told, 12, "T1", "bugfix").splitlines()[0]
    assert header == "fix: list a hook caller once per plugin and remove all its…"
    assert len(commit_message("x" * 300, 12, "T1").splitlines()[0]) == HEADER


def test_git_reads_the_trailer() -> None:
    message = commit_message("bump urllib3.", 12, "task-1", "infra", commit_type="build")
    assert message.startswith("build: bump urllib3\n")
    read = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=message, text=True, capture_output=True
    )
    assert read.stdout == "Story: STORY-12 | Task: task-1\n"


@given(st.integers(1, 50), st.floats(0, 1), st.sampled_from(["unavailable", "rate_limited", "x"]))
def test_waiting_grows_within_bounds_and_ends(attempt: int, jitter: float, kind: str) -> None:
    found = retry.decide(kind, attempt, jitter)
    if found.again:
        assert 1 <= found.after_seconds <= retry.MOST_SECONDS
    assert found.again is (attempt < retry.LIMIT or kind == "rate_limited")


def test_retry_after_is_never_undercut_and_final_errors_are_final() -> None:
    assert retry.decide("rate_limited", 9, 0.0, retry_after=90).after_seconds >= 90
    assert not retry.decide("forbidden", 1, 0.5, retry_after=90).again
    assert retry.stage_retry(5, 5, 0.5) is None
    assert retry.stage_retry(4, 5, 1.0) == 16.0
    assert retry.effect_retry(1) == 2.0
    assert retry.effect_retry(retry.EFFECT_LIMIT) is None


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        ("A", Step.CONTINUE),
        ("AB", Step.CONTINUE),
        ("AA", Step.SHOW_ALL),
        ("ABCA", Step.SHOW_ALL),
        ("ABCDA", Step.CONTINUE),
        ("AAA", Step.HANDOFF),
        ("ABAB", Step.HANDOFF),
        ("AABCDB", Step.HANDOFF),
        ("ABCDEFGHIJ", Step.HANDOFF),
    ],
)
def test_the_same_failure_is_answered_once_with_all_attempts_then_by_people(
    seen: str, step: Step
) -> None:
    assert convergence.decide([Attempt(each) for each in seen]).step is step
    assert go_on(list(seen)).allowed is (step is not Step.HANDOFF)


def test_iterations_without_progress_end_and_progress_goes_on() -> None:
    stuck = [Attempt(str(i), 5) for i in range(4)]
    assert convergence.decide(stuck).rule == "no_progress"
    better = [Attempt(str(i), 5 - i) for i in range(4)]
    assert convergence.decide(better).step is Step.CONTINUE
    assert convergence.decide([*stuck[:3], Attempt("z")]).step is Step.CONTINUE


def test_a_fingerprint_outlives_numbers_paths_and_ids() -> None:
    one = fingerprint("logic", "AssertionError: 3 != 4 at /tmp/a/b.py:12 <X at 0x7f01>")
    two = fingerprint("logic", "assertionerror:  13 != 5 at /home/x/b.py:99 <X at 0xbeef>")
    assert one == two
    assert one != fingerprint("type", "AssertionError: 3 != 4 at /tmp/a/b.py:12 <X at 0x7f01>")
    assert one != fingerprint("logic", "KeyError: 'x'")
