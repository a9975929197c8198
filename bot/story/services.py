"""The services that we depend on, and whether they are there: one breaker each (S3, B9).

Promises: what one process learned holds for all (the journal keeps it); of all processes one tries
a service that rests; a fact and a line of the log for each change and each trial, none for a
request. After a service came back it is known from when on it has to be looked at again.
Never: talks to a service, sleeps.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Protocol

from bot.story.journal import Conflict, Head, Journal, Recorded
from bot.story.service_events import (
    ServiceDegraded,
    ServiceDoubted,
    ServiceEvent,
    ServiceReconciled,
    ServiceRecovered,
)
from policies import breaker

log = logging.getLogger(__name__)

KIND = "service"
DEGRADED, RECOVERED, WELL = "degraded", "recovered", "well"  # states of a stream
TRIAL_S = 60.0  # one who tries a service and dies is waited for so long
AGAIN_S = 2.0  # at least: after which one looks again whether somebody else's trial went well


class Resting(Exception):
    """A service is left alone: nothing was sent. `until`: when to ask again."""

    retryable = unsent = away = True
    maybe_done, kind = False, "unavailable"

    def __init__(self, service: str, since: datetime, reason: str, retry_after: float) -> None:
        super().__init__(f"{service} is degraded since {since:%Y-%m-%d %H:%M:%SZ}: {reason}")
        self.service, self.since, self.reason = service, since, reason
        self.retry_after = retry_after


@dataclass(frozen=True)
class Degraded:
    """A service that is left alone, as people are told of it. `probe`: when it is tried next."""

    service: str
    since: datetime
    because: str
    probe: datetime


@dataclass(frozen=True)
class Known:
    """What is known of a service; `missed`: since when nobody looked at it after it was away."""

    condition: breaker.Condition = breaker.WELL
    missed: datetime | None = None
    version: int = 0


class Memory(Protocol):
    """Where the facts about services are kept."""

    def load(self, service: str, known: Known) -> Known: ...
    def add(self, service: str, event: ServiceEvent, known: Known) -> bool: ...
    def try_alone(self, service: str) -> Callable[[], None] | None: ...


class Services:
    """All services of one process. Safe for threads."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        memory: Memory | None = None,
        limits: Callable[[str], breaker.Limits] = lambda service: breaker.Limits(),
    ) -> None:
        """`memory`: `InJournal`, or nothing: this process's own."""
        self._clock, self._jitter, self._limits = clock, jitter, limits
        self._memory = memory or _OwnMemory(clock)
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def asking(self, *names: str) -> Asking:
        """`with` it around one request that needs all of these; raises `Resting` before it.

        Say inside it how the request ended, with `succeeded` or `failed` of each of them; what ends
        without either says nothing about them.
        """
        return Asking(self, names)

    def resting(self, *names: str) -> Resting | None:
        """Why nobody may ask now, where nobody may."""
        now = self._now()
        for name in names:
            known = self._look(name)
            if breaker.gate(known.condition, now) is breaker.Gate.REST:
                return self._rests(name, known, breaker.rests_for(known.condition, now))
        return None

    def condition(self, name: str) -> breaker.Condition:
        """How a service is by all that is known now."""
        return self._look(name).condition

    def failed(
        self, name: str, reason: str, *, retry_after: float | None = None, about: str = ""
    ) -> None:
        """Tell of a request that failed for the service's sake. `reason`: without secrets."""
        while True:
            known = self._look(name)
            now = self._now()
            if known.condition.open and breaker.rests_for(known.condition, now) > (
                retry_after or 0.0
            ):
                return  # somebody was faster: it rests already
            after = breaker.failed(
                known.condition,
                now,
                reason[:300],
                self._jitter(),
                retry_after=retry_after,
                about=about,
                limits=self._limits(name),
            )
            if self._tell(name, _event(name, after), known):
                break
        if not known.condition.open and after.open:
            log.warning("%s is degraded: %s", name, reason, extra={"service": name})

    def succeeded(self, name: str) -> None:
        """Tell of an answer, whatever it said.

        Where nothing was wrong when its request began, nothing is: what others tell meanwhile is
        for the next request to find out.
        """
        seen = self._known.get(name)
        if seen is not None and not seen.condition.failures:
            return
        while (known := self._look(name)).condition.failures:
            since = datetime.fromtimestamp(known.condition.since, UTC)
            if self._tell(name, ServiceRecovered(service=name, since=since), known):
                if known.condition.open:
                    log.info("%s answers again", name, extra={"service": name})
                return

    def was_away(self, name: str, since: datetime, reason: str) -> None:
        """Tell of an outage that is over, and that nobody could write down meanwhile."""
        known = self._look(name)
        degraded = ServiceDegraded(service=name, reason=reason, since=since, rest=0.0, failures=1)
        if self._tell(name, degraded, known):
            self.succeeded(name)

    def missed(self, name: str) -> datetime | None:
        """Since when a service, now back, has to be looked at again."""
        known = self._look(name)
        return None if known.condition.open else known.missed

    def reconciled(self, name: str, since: datetime) -> None:
        """What changed since `since` was looked at. Told only if nothing happened meanwhile."""
        known = self._look(name)
        if known.missed == since and not known.condition.open:
            self._tell(name, ServiceReconciled(service=name, since=since), known)

    def _tell(self, name: str, event: ServiceEvent, known: Known) -> bool:
        """Add to what is known, unless somebody else did meanwhile; look at what it is now."""
        told = self._memory.add(name, event, known)
        self._look(name)
        return told

    def _now(self) -> float:
        return self._clock().timestamp()

    def _look(self, name: str) -> Known:
        with self._lock:
            known = self._memory.load(name, self._known.get(name, Known()))
            self._known[name] = known
            return known

    def _rests(self, name: str, known: Known, seconds: float) -> Resting:
        since = datetime.fromtimestamp(known.condition.since, UTC)
        return Resting(name, since, known.condition.reason, max(seconds, 0.1))


class Asking:
    """One request under way."""

    def __init__(self, services: Services, names: tuple[str, ...]) -> None:
        self._services, self._names = services, names
        self._trials: list[Callable[[], None]] = []

    def __enter__(self) -> Asking:
        try:
            for name in self._names:
                self._enter(name)
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give_back()

    def _enter(self, name: str) -> None:
        services, now = self._services, self._services._now()
        known = services._look(name)
        match breaker.gate(known.condition, now):
            case breaker.Gate.REST:
                raise services._rests(name, known, breaker.rests_for(known.condition, now))
            case breaker.Gate.TRIAL:
                give_back = services._memory.try_alone(name)
                if give_back is None:
                    # Longer after a long rest: a thousand stories that wait must not come at once.
                    raise services._rests(name, known, max(AGAIN_S, known.condition.rest / 4))
                self._trials.append(give_back)

    def _give_back(self) -> None:
        while self._trials:
            self._trials.pop()()


@dataclass
class InJournal:
    """The memory of all processes: streams `service/<name>`. `owner`: this process."""

    journal: Journal
    clock: Callable[[], datetime]
    owner: str

    def load(self, service: str, known: Known) -> Known:
        return _folded(known, self.journal.load(_stream(service), known.version))

    def add(self, service: str, event: ServiceEvent, known: Known) -> bool:
        """Append, unless something was told since `known`."""
        after = apply(known, event, self.clock())
        state = DEGRADED if after.condition.open else RECOVERED if after.missed else WELL
        head = Head(kind=KIND, state=state, title=service)
        try:
            self.journal.append(
                _stream(service), [event], actor=self.owner, head=head, expect=known.version
            )
        except Conflict:
            return False
        return True

    def try_alone(self, service: str) -> Callable[[], None] | None:
        """The right to try it, for nobody else until it is given back; None: somebody has it."""
        stream, owner = _stream(service), f"{self.owner}/{uuid.uuid4().hex[:8]}"
        lease = self.journal.acquire(stream, owner, TRIAL_S)
        if lease is not None:
            return lambda: self.journal.release(lease)
        row = self.journal.stream(stream)
        far = self.clock() + timedelta(seconds=2 * TRIAL_S)
        if row is not None and row.lease_expires is not None and row.lease_expires > far:
            return lambda: None  # taken before the clock was set back
        return None


@dataclass
class _OwnMemory:
    """For a process that has no journal."""

    clock: Callable[[], datetime]
    _all: dict[str, Known] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, service: str, known: Known) -> Known:
        return self._all.get(service, Known())

    def add(self, service: str, event: ServiceEvent, known: Known) -> bool:
        with self._lock:
            if self._all.get(service, Known()).version != known.version:
                return False
            after = apply(known, event, self.clock())
            self._all[service] = replace(after, version=known.version + 1)
            return True

    def try_alone(self, service: str) -> Callable[[], None] | None:
        with self._lock:
            if service in self._tried:
                return None
            self._tried.add(service)
        return lambda: self._tried.discard(service)


def degraded(journal: Journal) -> list[Degraded]:
    """The services that are left alone now, by name."""
    rows = journal.streams(states=[DEGRADED], kind=KIND)
    return sorted((_told(journal, row.stream) for row in rows), key=lambda one: one.service)


def recovered(journal: Journal) -> list[str]:
    """The services that are back and were not looked at since, by name."""
    return sorted(row.title for row in journal.streams(states=[RECOVERED], kind=KIND))


def back_since(journal: Journal, name: str) -> datetime | None:
    """When a service came back, last, that was not looked at since; None: it is none of these."""
    if name not in recovered(journal):
        return None
    told = (one for one in journal.load(_stream(name)) if isinstance(one.event, ServiceRecovered))
    return max((one.at for one in told), default=None)


def _told(journal: Journal, stream: str) -> Degraded:
    condition = _folded(Known(), journal.load(stream)).condition
    return Degraded(
        stream.partition("/")[2],
        datetime.fromtimestamp(condition.since, UTC),
        condition.reason,
        datetime.fromtimestamp(condition.failed_at + condition.rest, UTC),
    )


def apply(known: Known, event: Any, at: datetime) -> Known:
    """What is known after one more event."""
    condition, now = known.condition, at.timestamp()
    match event:
        case ServiceDoubted():
            after = breaker.failed(
                condition, now, event.reason, 1.0, about=event.about, limits=_NEVER_OPENS
            )
            return replace(known, condition=after)
        case ServiceDegraded():
            after = replace(
                condition,
                failures=event.failures,
                since=event.since.timestamp(),
                failed_at=now,
                rest=event.rest,
                reason=event.reason,
                open=True,
            )
            return replace(known, condition=after)
        case ServiceRecovered():
            missed = known.missed
            if condition.open:
                missed = min(missed or event.since, event.since)
            return replace(known, condition=breaker.succeeded(condition, now), missed=missed)
        case ServiceReconciled() if known.missed == event.since:
            return replace(known, missed=None)
    return known


_NEVER_OPENS = breaker.Limits(trips=2**31, kinds=8)


def _folded(known: Known, records: list[Recorded]) -> Known:
    for record in records:
        known = replace(apply(known, record.event, record.at), version=record.seq)
    return known


def _event(service: str, after: breaker.Condition) -> ServiceEvent:
    if not after.open:
        return ServiceDoubted(service=service, reason=after.reason, about=after.about[-1])
    return ServiceDegraded(
        service=service,
        reason=after.reason,
        since=datetime.fromtimestamp(after.since, UTC),
        rest=round(after.rest, 3),
        failures=after.failures,
    )


def _stream(service: str) -> str:
    return f"service/{service}"
