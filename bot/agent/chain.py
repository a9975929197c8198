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
FIRST_REST, LONGEST_REST = 15.0, 900.0  # seconds


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


class Breaker:
    """Whether a model is asked at all: closed, open until an instant, or one trial under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self._trial = False
        self.kind = Kind.OVERLOADED

    def let_through(self, now: float) -> bool:
        """Whether a call may go out; of those that ask after a rest, one."""
        with self._lock:
            if not self._failures:
                return True
            if now < self._until or self._trial:
                return False
            self._trial = True
            return True

    def rests_for(self, now: float) -> float:
        """Seconds until it is tried again."""
        return max(0.0, self._until - now)

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._trial = 0, False

    def failed(self, kind: Kind, now: float, retry_after: float | None) -> None:
        with self._lock:
            self._failures, self._trial, self.kind = self._failures + 1, False, kind
            rest = min(LONGEST_REST, FIRST_REST * 2 ** (min(self._failures, 12) - 1))
            self._until = now + max(rest, min(retry_after or 0.0, LONGEST_REST))

    def gave_up(self) -> None:
        """The trial ended in something that says nothing about the model."""
        with self._lock:
            self._trial = False


class Chain:
    """Asks sources in their order; remembers which are away."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def ask(self, sources: Sequence[Source], asked: Request) -> Answered:
        """The first answer. Raises the last `ModelError`; if all rest, one to try again later."""
        skipped: list[Skipped] = []
        last: ModelError | None = None
        for source in sources:
            breaker = self._breakers.setdefault(source.model, Breaker())
            # The only one there is gets asked: resting would help nobody.
            if not breaker.let_through(self._clock()) and len(sources) > 1:
                skipped.append(Skipped(source.model, breaker.kind, sent=False))
                continue
            try:
                answer = source.ask(asked)
            except ModelError as error:
                error.requests = 1 + _sent(skipped)
                if error.kind not in AWAY:
                    breaker.gave_up()
                    raise
                breaker.failed(error.kind, self._clock(), error.retry_after)
                skipped.append(Skipped(source.model, error.kind, sent=True))
                last = error
            except BaseException:
                breaker.gave_up()
                raise
            else:
                breaker.succeeded()
                return Answered(answer, source, tuple(skipped))
        raise last or self._all_rest(skipped)

    def _all_rest(self, skipped: Sequence[Skipped]) -> ModelError:
        now = self._clock()
        soonest = min(self._breakers[one.model].rests_for(now) for one in skipped)
        names = ", ".join(f"{one.model} ({one.kind})" for one in skipped)
        return ModelError(Kind.OVERLOADED, f"all rest: {names}", retry_after=max(1.0, soonest))
