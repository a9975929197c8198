"""What is waited for is told with its reason and since when."""

from __future__ import annotations

from bot.backlog.lanes.history import stream_of
from bot.backlog.lanes.waits import waits_of
from bot.story.journal import Head, Journal
from bot.story.lane_events import LaneEnded
from bot.story.service_events import ServiceDegraded
from bot.story.services import DEGRADED, KIND
from tests.journal.samples import Clock


def test_what_lanes_and_services_wait_for_is_told(journal: Journal, clock: Clock) -> None:
    since = clock()
    for lane, outcome in (("dispatch", "waiting"), ("publish", "waiting"), ("rank", "done")):
        waits = () if outcome == "done" else ((lane, "5 pull requests today", since),)
        ended = LaneEnded(lane=lane, run=1, outcome=outcome, waits=waits)  # type: ignore[arg-type]
        journal.append(stream_of(7, lane), [ended], actor="test")
    away = ServiceDegraded(
        service="jira", reason="it answers 503", since=since, rest=60.0, failures=1
    )
    head = Head(kind=KIND, state=DEGRADED, title="jira")
    journal.append("service/jira", [away], actor="test", head=head)
    told = [tuple(one) for one in waits_of(journal, 7)]
    assert ("dispatch", "5 pull requests today", since) in told
    assert [one[0] for one in told if one[0] in ("publish", "rank")] == []
    assert ("jira", "it answers 503", since) in told
    assert [one.what for one in waits_of(journal, 8)] == ["jira"]
