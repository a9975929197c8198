"""The primary rate limit: so many requests an hour for each installation, app or person.

Promises that an answer 304 costs nothing. Never sleeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.localhub.errors import ApiError
from bot.localhub.tokens import Caller

WINDOW_SECONDS = 3600


@dataclass
class _Window:
    used: int
    reset: int


class Limits:
    """Counters by caller. `wall` is the time of the world in epoch seconds."""

    def __init__(self, wall: Callable[[], float], limit: int = 5000) -> None:
        self._wall = wall
        self.limit = limit
        self._windows: dict[str, _Window] = {}
        self._exhausted_until = 0.0

    def exhaust(self, reset_in: int) -> None:
        """Every caller is over the limit for `reset_in` seconds."""
        self._exhausted_until = self._wall() + reset_in

    def check(self, caller: Caller) -> None:
        """ApiError 403 when the caller has nothing left."""
        if self._remaining(caller) <= 0:
            who = f"installation ID {caller.installation.id}" if caller.installation else "user"
            raise ApiError(403, f"API rate limit exceeded for {who}.", headers=self.headers(caller))

    def spend(self, caller: Caller) -> None:
        self._window(caller).used += 1

    def numbers(self, caller: Caller) -> dict[str, int]:
        window = self._window(caller)
        left = self._remaining(caller)
        reset = window.reset
        if self._wall() < self._exhausted_until:
            reset = int(self._exhausted_until)
        return {"limit": self.limit, "used": self.limit - left, "remaining": left, "reset": reset}

    def headers(self, caller: Caller) -> dict[str, str]:
        numbers = self.numbers(caller)
        shown = {f"X-RateLimit-{name.title()}": str(number) for name, number in numbers.items()}
        return {**shown, "X-RateLimit-Resource": "core"}

    def reset(self) -> None:
        self._windows.clear()
        self._exhausted_until = 0.0

    def _remaining(self, caller: Caller) -> int:
        if self._wall() < self._exhausted_until:
            return 0
        return max(0, self.limit - self._window(caller).used)

    def _window(self, caller: Caller) -> _Window:
        key = "anonymous"
        if caller.installation is not None:
            key = f"installation {caller.installation.id}"
        elif caller.app is not None:
            key = f"app {caller.app.id}"
        elif caller.user is not None:
            key = f"user {caller.user.login}"
        now = self._wall()
        window = self._windows.get(key)
        if window is None or window.reset <= now:
            window = self._windows[key] = _Window(0, int(now) + WINDOW_SECONDS)
        return window
