"""What another process was told counts at the very next question, whatever was put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import rules
from bot.story.database import open_database
from bot.story.installation_events import AccessChanged
from bot.story.journal import Journal
from bot.story.repositories import Repositories, repository_stream
from bot.story.repository_events import ConfigurationRead
from bot.story.services import InJournal, Resting, Services
from bot.story.story import Story
from bot.story.vocabulary import Gate, Repository
from policies.breaker import Limits
from policies.budget import Caps

SHOP = Repository(
    id=7,
    full_name="acme/shop",
    default_branch="main",
    git_url="https://git.test/acme/shop",
    installation_id=1,
)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def process(folder: Path) -> Iterator[Journal]:
    """The journal as one process sees it: with connections of its own."""
    engine = open_database(f"sqlite:///{folder}/towpath.db")
    yield Journal(engine, now)
    engine.dispose()


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Journal]:
    with process(tmp_path) as journal:
        yield journal


@pytest.fixture
def theirs(tmp_path: Path, ours: Journal) -> Iterator[Journal]:
    with process(tmp_path) as journal:
        yield journal


def test_a_configuration_that_another_process_read_holds_at_once(
    ours: Journal, theirs: Journal
) -> None:
    repositories, story = Repositories(ours), Story("story:7:1", repository=SHOP)

    def tell(sha: str, **told: object) -> None:
        read = ConfigurationRead(repository=SHOP, sha=sha, files=(("t", sha),), told=dict(told))
        theirs.append(repository_stream(SHOP.id), [read], actor="handler")

    tell("1")
    before = rules.gates_for(story, repositories, Caps())
    assert rules.gates_for(story, repositories, Caps()) is before, "put together for nothing"
    assert before.stopped == ""
    tell("2", mode="off")
    assert rules.gates_for(story, repositories, Caps()).stopped == "off"
    assert repositories.standing(SHOP).mode == "off"
    tell("3", mode="on", approvals={"quorum": 2})
    assert rules.gates_for(story, repositories, Caps()).asked[Gate.PRE_DEPLOY].quorum == 2
    assert rules.in_force_for(SHOP, repositories, Caps()).asks[Gate.PRE_DEPLOY].quorum == 2


def test_an_access_that_another_process_saw_end_stops_at_once(
    ours: Journal, theirs: Journal
) -> None:
    repositories, story = Repositories(ours), Story("story:7:1", repository=SHOP)
    assert rules.gates_for(story, repositories, Caps()).stopped == ""
    gone = AccessChanged(repository=SHOP, access="suspended")
    theirs.append(repository_stream(SHOP.id), [gone], actor="handler")
    assert rules.gates_for(story, repositories, Caps()).stopped == "suspended"


def test_an_outage_that_another_process_met_holds_back_the_next_request(
    ours: Journal, theirs: Journal
) -> None:
    mine, other = (
        Services(now, lambda: 0.5, InJournal(one, now, "x"), lambda name: Limits(trips=3))
        for one in (ours, theirs)
    )
    with mine.asking("github"):
        mine.succeeded("github")
        for _ in range(9):
            other.failed("github", "502", retry_after=60)
    with pytest.raises(Resting), mine.asking("github"):
        pass
    with other.asking("jira"):
        other.failed("jira", "502")
    with mine.asking("jira"):
        mine.succeeded("jira")
    assert not other.condition("jira").failures, "what went wrong before is over"
