"""The inbox and the drain: nothing is lost, nothing blocks, what cannot be done is visible."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from redis import Redis

from bot.queue.append import STREAM, Appender, QueueUnavailable
from bot.queue.delivery import Delivery, Failure, NotReady
from bot.queue.embedded import EmbeddedServer
from bot.queue.inbox import Inbox
from bot.queue.jobs import drain
from bot.queue.wakeups import request_drain
from tests.intake.conftest import Append
from tests.intake.house import RecordingHouse

OPENED = b'{"action": "opened"}'


def body(action: str, **more: object) -> bytes:
    return json.dumps({"action": action, **more}).encode()


def seen(redis: Redis) -> list[str]:
    return [guid.decode() for guid in redis.lrange("test:seen", 0, -1)]


@pytest.fixture
def inbox(redis: Redis) -> Inbox:
    """An inbox in which a delivery counts as dropped at once."""
    return Inbox(redis, claim_after=0, attempts=3, new_id=lambda: "error-1")


@pytest.fixture
def house(redis: Redis) -> RecordingHouse:
    return RecordingHouse(redis)


def test_only_the_first_of_a_burst_is_told_to_queue_a_drain(append: Append) -> None:
    assert [append(f"guid-{n}", "ping", b"{}", 1.0) for n in range(3)] == [True, False, False]


def test_a_drain_hands_on_everything_in_order_and_in_batches(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    for number in range(70):
        append(f"guid-{number}", "issues", OPENED, 1.0)
    assert drain(inbox, house.dispatch).handled == 70
    assert seen(redis) == [f"guid-{number}" for number in range(70)]
    assert [int(size) for size in redis.lrange("test:batches", 0, -1)] == [32, 32, 6]
    assert redis.xlen(STREAM) == 0


def test_a_delivery_that_arrives_during_a_drain_queues_another(
    append: Append, inbox: Inbox
) -> None:
    asked: list[bool] = []

    def dispatch(deliveries: Sequence[Delivery]) -> list[Failure | None]:
        if deliveries[0].guid == "guid-1":
            asked.append(append("guid-2", "ping", b"{}", 1.0))
        return [None for _ in deliveries]

    append("guid-1", "ping", b"{}", 1.0)
    assert drain(inbox, dispatch).handled == 2
    assert asked == [True]


@pytest.mark.parametrize("poison", ["raise", "fail"])
def test_one_delivery_that_fails_holds_up_no_other_and_ends_as_a_dead_letter(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse, poison: str
) -> None:
    for number in range(5):
        append(f"guid-{number}", "issues", body(poison) if number == 2 else OPENED, 1.0)
    done = drain(inbox, house.dispatch)
    assert done.handled == 4
    assert done.buried == 1
    assert redis.xlen(STREAM) == 0
    (letter,) = inbox.dead()
    assert (letter.guid, letter.event, letter.attempts) == ("guid-2", "issues", 3)
    assert letter.error_id == "error-1"
    assert "bug" not in letter.reason  # what an exception says may hold anything


def test_a_failed_delivery_is_tried_again_only_after_a_while(
    redis: Redis, append: Append, house: RecordingHouse
) -> None:
    inbox = Inbox(redis, claim_after=60)
    append("guid-1", "issues", body("fail"), 1.0)
    assert drain(inbox, house.dispatch).failed == 1
    assert seen(redis) == ["guid-1"]
    assert inbox.counts().taken == 1


def test_a_delivery_that_is_refused_for_good_is_not_tried_again(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    append("guid-1", "issues", body("refuse"), 1.0)
    assert drain(inbox, house.dispatch).buried == 1
    assert seen(redis) == ["guid-1"]


@pytest.mark.parametrize(
    "broken",
    [b'{"action": ', b"{\xff}", b"[" * 200_000, b"[1]", b'{"a": ' * 100_000],
    ids=["cut", "not utf-8", "nested arrays", "array", "nested objects"],
)
def test_a_body_that_cannot_be_read_is_a_dead_letter_with_a_reason(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse, broken: bytes
) -> None:
    append("guid-1", "issues", broken, 1.0)
    append("guid-2", "issues", OPENED, 1.0)
    drain(inbox, house.dispatch)
    assert seen(redis) == ["guid-2"]
    assert inbox.dead()[0].reason.startswith("the body is")


def test_entries_that_nobody_of_ours_wrote_are_dead_letters_too(
    redis: Redis, inbox: Inbox, house: RecordingHouse
) -> None:
    bomb = zlib.compress(b"{" + b" " * 30_000_000 + b"}")
    redis.xadd(STREAM, {"nonsense": "1"})
    redis.xadd(STREAM, {"guid": "g", "event": "e", "received_at": "soon", "body": b"{}"})
    redis.xadd(
        STREAM,
        {"guid": "g", "event": "e", "received_at": "1", "body": bomb, "encoding": "zlib"},
    )
    redis.xadd(
        STREAM,
        {"guid": "g", "event": "e", "received_at": "1", "body": b"?", "encoding": "zlib"},
    )
    assert drain(inbox, house.dispatch).buried == 4
    assert seen(redis) == []


def test_while_the_house_is_not_ready_no_attempt_is_counted(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    def away(deliveries: Sequence[Delivery]) -> list[Failure | None]:
        raise NotReady("database away")

    append("guid-1", "issues", OPENED, 1.0)
    for _ in range(10):
        assert drain(inbox, away).handled == 0
    assert drain(inbox, house.dispatch).handled == 1
    assert inbox.counts().dead == 0


def test_a_delivery_that_github_keeps_waiting_is_never_given_up_and_blocks_no_other(
    redis: Redis, append: Append, house: RecordingHouse
) -> None:
    inbox = Inbox(redis, claim_after=0.001, attempts=3)

    def unlucky(deliveries: Sequence[Delivery]) -> list[Failure | None]:
        return [
            Failure("GitHub answered 502", counted=False) if one.guid == "first" else None
            for one in deliveries
        ]

    append("first", "issues", OPENED, 1.0)
    append("second", "issues", OPENED, 1.0)
    assert drain(inbox, unlucky).handled == 1
    for _ in range(5):
        time.sleep(0.01)
        assert drain(inbox, unlucky).failed >= 1
    assert (inbox.counts().taken, inbox.counts().dead) == (1, 0)
    time.sleep(0.01)
    assert drain(inbox, house.dispatch).handled == 1


def test_a_delivery_that_kills_every_reader_is_given_up_and_its_neighbours_are_not(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    for guid in ("before", "killer", "after"):
        append(guid, "issues", OPENED, 1.0)
    inbox.take(10)  # and the reader died
    for _ in range(2):  # each later reader takes one at a time, and dies of this one

        def dies(deliveries: Sequence[Delivery]) -> list[Failure | None]:
            if any(one.guid == "killer" for one in deliveries):
                raise SystemExit
            return house.dispatch(deliveries)  # type: ignore[return-value]

        with pytest.raises(SystemExit):
            drain(inbox, dies)
    drain(inbox, house.dispatch)
    assert set(seen(redis)) == {"before", "after"}
    assert [letter.guid for letter in inbox.dead()] == ["killer"]


def test_a_crash_after_dispatch_repeats_the_hint_and_loses_nothing(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    append("guid-1", "issues", OPENED, 1.0)
    taken = inbox.take(1)
    house.dispatch([one.delivery() for one in taken])  # and died before `done`
    drain(inbox, house.dispatch)
    assert seen(redis) == ["guid-1", "guid-1"]
    assert redis.xlen(STREAM) == 0


def test_a_dispatch_that_forgets_an_answer_is_not_believed(
    append: Append, inbox: Inbox, redis: Redis
) -> None:
    append("guid-1", "issues", OPENED, 1.0)
    drain(inbox, lambda deliveries: [])
    assert inbox.counts().dead == 1


def test_a_dead_letter_can_be_replayed_once_the_cause_is_gone(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    append("guid-1", "issues", OPENED, 1.0)
    drain(inbox, lambda deliveries: [Failure("no", final=True)])
    (letter,) = inbox.dead()
    assert inbox.replay(letter.id)
    assert not inbox.replay(letter.id)
    assert inbox.counts().waiting == 1
    assert drain(inbox, house.dispatch).handled == 1
    assert inbox.counts().dead == 0


def test_counts_tell_waiting_taken_and_dead_apart(append: Append, inbox: Inbox) -> None:
    for number in range(3):
        append(f"guid-{number}", "ping", b"{}", 1.0)
    first, _ = inbox.take(2)
    inbox.bury(first, "a reason")
    counts = inbox.counts()
    assert (counts.waiting, counts.taken, counts.dead) == (1, 1, 1)


def test_a_drain_stops_in_time_and_says_that_there_is_more(
    append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    for number in range(100):
        append(f"guid-{number}", "issues", OPENED, 1.0)
    done = drain(inbox, house.dispatch, seconds=0)
    assert (done.handled, done.more) == (32, True)


def test_a_queue_emptied_under_a_running_worker_is_used_again(
    redis: Redis, append: Append, inbox: Inbox, house: RecordingHouse
) -> None:
    append("guid-1", "issues", OPENED, 1.0)
    drain(inbox, house.dispatch)
    redis.flushall()
    append("guid-2", "issues", OPENED, 1.0)
    while not drain(inbox, house.dispatch).handled:
        assert redis.xlen(STREAM) == 1
    assert seen(redis) == ["guid-2"]


def test_asking_twice_queues_one_drain(redis: Redis) -> None:
    request_drain(redis)
    request_drain(redis)
    assert redis.llen("rq:queue:deliveries") == 1


def test_a_server_restart_between_two_deliveries_is_not_noticed(tmp_path: Path) -> None:
    own = EmbeddedServer(tmp_path)
    appender = Appender(own.start())
    try:
        appender.append("guid-1", "ping", b"{}", 1.0)
        own.stop()
        own.start()
        appender.append("guid-2", "ping", b"{}", 1.0)
        with Redis.from_url(own.url) as client:
            assert client.xlen(STREAM) == 2
    finally:
        own.stop()


def test_any_number_of_refusals_while_the_server_is_down_is_forgotten_when_it_is_up(
    tmp_path: Path,
) -> None:
    own = EmbeddedServer(tmp_path)
    appender = Appender(own.url)
    for _ in range(150):
        with pytest.raises(QueueUnavailable):
            appender.append("guid-1", "ping", b"{}", 1.0)
    own.start()
    try:
        assert appender.append("guid-1", "ping", b"{}", 1.0)
    finally:
        own.stop()


@pytest.mark.parametrize("protocol", [2, 3])
def test_both_protocols_of_the_queue_server_are_understood(
    server: EmbeddedServer, append: Append, house: RecordingHouse, protocol: int
) -> None:
    append("guid-1", "issues", OPENED, 1.0)
    append("guid-2", "issues", body("fail"), 1.0)
    with Redis.from_url(server.url, protocol=protocol) as redis:
        inbox = Inbox(redis, claim_after=0, attempts=2)
        assert drain(inbox, house.dispatch).handled == 1
        assert inbox.dead()[0].guid == "guid-2"
        assert inbox.counts().taken == 0
