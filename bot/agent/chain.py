"""Going from a model that is away to the next one, and back (M3).

Promises: a model that is overloaded, limited, silent or shut out is left alone for a while that
doubles with each failure, then one call tries it again; whoever answered is named, and so is why
another was passed over. What would fail with any model (a bad request, a refusal, a full context)
is raised at once. The memory is this process's own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.agent.errors import Kind, ModelError
from bot.agent.providers import RawAnswer, Request
from bot.agent.sources import Source
from policies import breaker

# What another model may not suffer from.
AWAY = frozenset(
    {
        Kind.RATE_LIMIT,
        Kind.OVERLOADED,
        Kind.TIMEOUT,
        Kind.TRANSPORT,
        Kind.QUOTA,
        Kind.AUTHENTICATION,
    }
)
_LIMITS = breaker.Limits(first=15.0, most=900.0, most_after=900.0, calm=0.0)


@dataclass(frozen=True)
class Skipped:
    """A model that did not answer. `sent`: it was asked in this call, and failed."""

    model: str
    kind: Kind
    sent: bool


@dataclass(frozen=True)
class Answered:
    """An answer, who gave it, and who was passed over before."""

    answer: RawAnswer
    source: Source
    skipped: tuple[Skipped, ...] = ()

    @property
    def requests(self) -> int:
        """How many were made for it."""
        return 1 + _sent(self.skipped)


def _sent(skipped: Sequence[Skipped]) -> int:
    return sum(one.sent for one in skipped)


class _Guard:
    """One model: its condition (`policies.breaker`), and whether a trial of it is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = breaker.WELL
        self._trial = False
        self.kind = Kind.OVERLOADED

    def let_through(self, now: float) -> bool:
        """Whether a call may go out; of those that ask after a rest, one."""
        with self._lock:
            gate = breaker.gate(self._known, now)
            if gate is breaker.Gate.GO:
                return True
            if gate is breaker.Gate.REST or self._trial:
                return False
            self._trial = True
            return True

    def rests_for(self, now: float) -> float:
        """Seconds until it is tried again."""
        return breaker.rests_for(self._known, now)

    def succeeded(self, now: float) -> None:
        with self._lock:
            self._known, self._trial = breaker.succeeded(self._known, now), False

    def failed(self, kind: Kind, now: float, retry_after: float | None) -> None:
        with self._lock:
            self._trial, self.kind = False, kind
            self._known = breaker.failed(
                self._known, now, kind, 1.0, retry_after=retry_after, limits=_LIMITS
            )

    def gave_up(self) -> None:
        """The trial ended in something that says nothing about the model."""
        with self._lock:
            self._trial = False


class Chain:
    """Asks sources in their order; remembers which are away."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._guards: dict[str, _Guard] = {}

    def ask(self, sources: Sequence[Source], asked: Request) -> Answered:
        """The first answer. Raises the last `ModelError`; if all rest, one to try again later."""
        skipped: list[Skipped] = []
        last: ModelError | None = None
        for source in sources:
            guard = self._guards.setdefault(source.model, _Guard())
            # The only one there is gets asked: resting would help nobody.
            if not guard.let_through(self._clock()) and len(sources) > 1:
                skipped.append(Skipped(source.model, guard.kind, sent=False))
                continue
            try:
                answer = source.ask(asked)
            except ModelError as error:
                error.requests = 1 + _sent(skipped)
                if error.kind not in AWAY:
                    guard.gave_up()
                    raise
                guard.failed(error.kind, self._clock(), error.retry_after)
                skipped.append(Skipped(source.model, error.kind, sent=True))
                last = error
            except BaseException:
                guard.gave_up()
                raise
            else:
                guard.succeeded(self._clock())
                return Answered(answer, source, tuple(skipped))
        raise last or self._all_rest(skipped)

    def _all_rest(self, skipped: Sequence[Skipped]) -> ModelError:
        now = self._clock()
        soonest = min(self._guards[one.model].rests_for(now) for one in skipped)
        names = ", ".join(f"{one.model} ({one.kind})" for one in skipped)
        return ModelError(Kind.OVERLOADED, f"all rest: {names}", retry_after=max(1.0, soonest))
