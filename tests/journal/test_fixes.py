"""What mended a failure before: read from the journal, as it was at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.story.database import open_database
from bot.story.events import AttemptFailed, Committed, Transitioned
from bot.story.fixes import known_fix
from bot.story.journal import Head, Journal
from bot.story.vocabulary import State

MINE, OTHER = "story:7:9", "story:7:1"
PRINT = "0123456789abcdef"


def failed(iteration: int = 1, fingerprint: str = PRINT) -> AttemptFailed:
    return AttemptFailed(
        iteration=iteration,
        stage=State.TESTING,
        error_class="logic",
        fingerprint=fingerprint,
        message="1 != 2",
    )


def repaired(number: int = 1) -> Committed:
    return Committed(
        task=f"repair-{number}", sha=f"s{number}", parent="p", message="fix: it", files=("a.py",)
    )


def went(*states: State) -> list[Transitioned]:
    return [Transitioned(source=one, target=next_) for one, next_ in pairwise(states)]


DONE = went(State.VERIFYING, State.DONE)
AGAIN = went(State.FAILED, State.ANALYZING)


@pytest.fixture
def ask(tmp_path):
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    engine = open_database(f"sqlite:///{tmp_path / 'j.db'}")
    journal = Journal(engine, lambda: clock[0])

    def asked(*events, stream=OTHER, back=timedelta(0)):
        head = Head(repository="acme/r", kind="story")
        journal.append(stream, list(events), actor="w", head=head)
        clock[0] += timedelta(minutes=1)
        return known_fix(engine, journal, MINE, PRINT, clock[0] - back)

    return asked


def test_a_fix_of_a_story_that_was_done_is_known(ask):
    found = ask(failed(), repaired(), *DONE)
    assert (found.sha, found.parent, found.failure) == ("s1", "p", "1 != 2")


@pytest.mark.parametrize(
    "events",
    [
        [failed(), repaired()],  # nobody knows yet what becomes of it
        [failed(), *DONE],
        [failed(), repaired(), failed(2), *DONE],  # it came back
        [failed(), *AGAIN, repaired(), *DONE],  # of another count of attempts
        [failed(fingerprint="f" * 16), repaired(), *DONE],
        [failed(), repaired(2), *DONE],
    ],
)
def test_what_did_not_hold_is_no_fix(ask, events):
    assert ask(*events) is None


@pytest.mark.parametrize("stream", [MINE, "story:70:1", "story:8:1"])
def test_only_other_stories_of_the_repository_count(ask, stream):
    assert ask(failed(), repaired(), *DONE, stream=stream) is None


def test_it_is_the_same_however_late_it_is_asked_for(ask):
    assert ask(failed(), repaired(), *DONE, back=timedelta(hours=1)) is None


def test_the_newest_that_held_is_told(ask):
    ask(failed(), repaired(), *DONE)
    assert ask(failed(3), repaired(3), *DONE, stream="story:7:2").sha == "s3"
    assert ask(failed(4), repaired(4), stream="story:7:3").sha == "s3"
