"""Telling a journal what happened, so many hours after the beginning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.backlog.store import Backlog
from bot.metrics import Metrics, metrics
from bot.story import events as e
from bot.story.item_events import Family, ItemFound, ItemMoved, ItemState
from bot.story.journal import Journal
from bot.story.split import SmallerStory
from bot.story.vocabulary import (
    Approval,
    ExecutionPlan,
    Gate,
    State,
    StorySpec,
    TaskOutcome,
    TestSummary,
    Usage,
    Waiting,
)
from tests.backlog.samples import sighting
from tests.journal.samples import ADA, REPOSITORY, Clock

BEGIN = Clock().now  # a Sunday, noon
HOUR = 3600.0


class Teller:
    """Writes facts; every one says at which hour it happened."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal, self.clock = journal, clock
        self.states: dict[int, State] = {}

    def at(self, hour: float) -> datetime:
        return BEGIN + timedelta(hours=hour)

    def tell(self, stream: str, hour: float, *events: Any) -> None:
        self.clock.now = self.at(hour)
        self.journal.append(stream, events, actor="test")

    def measured(self, since: float = -1, until: float = 10_000, **more: Any) -> Metrics:
        asked = {"repository": "7"} | more
        return metrics(self.journal, since=self.at(since), until=self.at(until), **asked)

    # -- stories ----------------------------------------------------------------------------

    def story(self, issue: int, hour: float, *events: Any) -> None:
        self.tell(f"story:7:{issue}", hour, *events)

    def received(self, issue: int, hour: float, title: str = "Add a thing", body: str = "") -> None:
        self.states[issue] = State.RECEIVED
        self.story(
            issue,
            hour,
            e.StoryReceived(
                repository=REPOSITORY, issue=issue, title=title, body=body, author=ADA,
                requester=ADA,
            ),
        )  # fmt: skip

    def moved(self, issue: int, hour: float, *states: State, gate: Gate | None = None,
              seen: int = 0) -> None:  # fmt: skip
        for state in states:
            waiting = None
            if state is State.WAITING:
                since = self.at(hour)
                waiting = Waiting(
                    gate=gate or Gate.PRE_DEPLOY, resume_to=State.DEPLOYING, since=since,
                    approvals_seen=seen,
                )  # fmt: skip
            source, self.states[issue] = self.states[issue], state
            self.story(issue, hour, e.Transitioned(source=source, target=state, waiting=waiting))

    def analyzed(self, issue: int, hour: float, story_type: str) -> None:
        spec = StorySpec(title="t", description="d", story_type=story_type)
        self.story(issue, hour, e.Analyzed(spec=spec, base_sha="b"))

    def planned(self, issue: int, hour: float) -> None:
        self.story(issue, hour, e.Planned(plan=ExecutionPlan(tasks=()), branch="b"))

    def committed(self, issue: int, hour: float, sha: str, message: str = "feat: a") -> None:
        told = e.Committed(task="t1", sha=sha, parent="0", message=message, files=("a",))
        self.story(issue, hour, told)

    def performed(self, issue: int, hour: float, effect: str, **result: Any) -> None:
        key = f"story:7:{issue}/{effect}/{hour}"
        self.story(issue, hour, e.EffectPerformed(key=key, effect=effect, result=result))

    def merged(self, issue: int, hour: float, sha: str) -> None:
        self.performed(issue, hour, "merge_pull_request", sha=sha)

    def called(self, issue: int, hour: float, cost: float | None) -> None:
        usage = Usage(input_tokens=10, cost_usd=cost).model_dump(mode="json")
        self.performed(issue, hour, "call_model", usage=usage)

    def tested(self, issue: int, hour: float, ok: bool = True, subject: str = "merged",
               ran: bool = True, flaky: tuple[str, ...] = ()) -> None:  # fmt: skip
        summary = TestSummary(sha="s", ran=ran, ok=ok)
        self.story(issue, hour, e.Tested(subject=subject, summary=summary, flaky=flaky))

    def approved(self, issue: int, hour: float, gate: Gate = Gate.PRE_DEPLOY) -> None:
        approval = Approval(
            gate=gate, person=ADA, head_sha="h", base_sha="b", plan_digest="", comment_id=1,
            at=self.at(hour),
        )  # fmt: skip
        self.story(issue, hour, e.Approved(approval=approval))

    def split(self, issue: int, hour: float) -> None:
        parts = (SmallerStory(title="one"), SmallerStory(title="two"))
        self.story(issue, hour, e.SplitProposed(parts=parts, why="large"))

    def conflict(self, issue: int, hour: float, outcome: TaskOutcome) -> None:
        self.story(issue, hour, e.TaskDone(task="conflict-0123456789", outcome=outcome))

    def working(self, issue: int, hour: float) -> None:
        """Up to the code."""
        self.received(issue, hour)
        self.moved(issue, hour, State.ANALYZING, State.PLANNING, State.CODING)

    def delivered(self, issue: int, hour: float, *, merge: float, sha: str = "") -> None:
        """Received at `hour`, its one commit an hour later, on the default branch at `merge`."""
        sha = sha or f"{issue:07}{'a' * 33}"
        self.working(issue, hour)
        self.committed(issue, hour + 1, sha[::-1])
        self.moved(issue, hour + 1, State.TESTING, State.DEPLOYING)
        self.merged(issue, merge, sha)
        self.moved(issue, merge, State.VERIFYING)

    def done(self, issue: int, hour: float, *, merge: float, sha: str = "") -> None:
        self.delivered(issue, hour, merge=merge, sha=sha)
        self.tested(issue, merge)
        self.moved(issue, merge, State.DONE)

    # -- items ------------------------------------------------------------------------------

    def item(self, number: int, hour: float, *events: Any) -> None:
        self.tell(f"item/7/{number}", hour, *events)

    def found(self, number: int, hour: float, *, issue: int = 0, family: Family = Family.FEATURE,
              **changes: Any) -> None:  # fmt: skip
        names = (f"issue:{issue}",) if issue else ()
        seen = sighting(f"item {number}", family=family, identities=names, **changes)
        self.item(number, hour, ItemFound(repository="7", number=number, sighting=seen))

    def went(self, number: int, hour: float, *states: ItemState) -> None:
        for state in states:
            now = Backlog(self.journal).item("7", number).state
            self.item(number, hour, ItemMoved(source=now, target=state, reason="so"))
