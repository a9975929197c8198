"""The breaker around every request to GitHub (W12, S3, B9).

Promises: a GitHub that is away is asked by one process at a time, at longer and longer intervals,
and nobody else sends anything; after a rate limit no request goes out for that installation before
the time that GitHub named, and no other installation is held up by it. One request that always
fails does not make the rest of GitHub unreachable: before anything is held back, one that cannot
fail is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import requests

from bot.outside.errors import Away, RateLimited, Unavailable
from bot.outside.ratelimit import used_up
from bot.outside.whole_answers import session
from bot.story.services import Resting, Services
from policies import breaker

GITHUB = "github"
WRITES = "github writes"
PROBE_SECONDS = 5.0  # a GitHub that takes longer to say how much of a limit is left is away
_LIMITS = "github installation"

# One write may fail for its own sake, so it takes several different ones.
LIMITS = {WRITES: breaker.Limits(trips=5, kinds=2)}


def limits_of(service: str) -> breaker.Limits:
    """When a service of ours counts as away."""
    return LIMITS.get(service, breaker.Limits())


def services_of(installation: int | None, *, writes: bool) -> tuple[str, ...]:
    """What a request needs."""
    own = (limited(installation),)
    return (GITHUB, WRITES, *own) if writes else (GITHUB, *own)


def limited(installation: int | None) -> str:
    """The name under which the rate limit of an installation (None: of the app) is known."""
    return "github app" if installation is None else f"{_LIMITS} {installation}"


@dataclass(frozen=True)
class Guard:
    """`base_url`: of the API, which is asked whether it is there."""

    services: Services
    base_url: str
    user_agent: str

    @contextmanager
    def around(self, verb: str, path: str, installation: int | None) -> Iterator[Guarded]:
        """One request. Raises Away or RateLimited before it, where it had better not be sent."""
        names = services_of(installation, writes=_writes(verb, path))
        with ExitStack() as stack:
            try:
                stack.enter_context(self.services.asking(*names))
            except Resting as rest:
                raise _as_error(rest) from None
            yield Guarded(self, verb, path, installation)

    def answers(self) -> str:
        """'' where GitHub is there, else why not: one short request that needs no right."""
        try:
            with session(PROBE_SECONDS) as alone:
                told = alone.get(
                    f"{self.base_url}/rate_limit",
                    timeout=PROBE_SECONDS,
                    headers={"User-Agent": self.user_agent},
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return type(error).__name__
        said = f"{told.status_code} {told.reason}"
        if told.status_code >= 500:
            return said
        # Whatever GitHub says, be it no, is JSON; a page is of something in between.
        return "" if told.text.lstrip()[:1] == "{" else f"{said}, but not JSON"


@dataclass(frozen=True)
class Guarded:
    """One request under way, and what its end says of GitHub."""

    guard: Guard
    verb: str
    path: str
    installation: int | None

    def silent(self, error: Unavailable) -> None:
        """No answer came, or none that GitHub itself would give; `error` learns what follows."""
        services, why = self.guard.services, self.guard.answers()
        writes = _writes(self.verb, self.path)
        if why:
            services.failed(GITHUB, why, retry_after=error.retry_after)
        else:
            services.succeeded(GITHUB)
            if writes:
                about = f"{self.verb} {self.path}"
                wait = error.retry_after
                services.failed(WRITES, self._reason(error), about=about[:200], retry_after=wait)
        rest = services.resting(*services_of(self.installation, writes=writes))
        if rest is not None:
            error.away, error.retry_after = True, rest.retry_after

    def _reason(self, error: Unavailable) -> str:
        """For everybody: the path and GitHub's words may name a repository that is not public."""
        why = str(error.status) if error.status else str(error).rpartition(": ")[2]
        return f"{self.verb}: {why}"[:200]

    def answered(self, headers: Mapping[str, str], now: datetime) -> None:
        """An answer came, be it a refusal; it may be the last one before the limit's reset."""
        services, limit = self.guard.services, limited(self.installation)
        services.succeeded(GITHUB)
        if _writes(self.verb, self.path):
            services.succeeded(WRITES)
        if seconds := used_up(headers, now):
            services.failed(limit, "primary rate limit", retry_after=seconds)
        else:
            services.succeeded(limit)

    def limited(self, error: RateLimited) -> None:
        """A rate limit was hit: GitHub is there."""
        services = self.guard.services
        services.succeeded(GITHUB)
        services.failed(limited(self.installation), str(error), retry_after=error.retry_after)


def _writes(verb: str, path: str) -> bool:
    return verb != "GET" and not path.endswith("/access_tokens")


def _as_error(rest: Resting) -> Away | RateLimited:
    if rest.service in (GITHUB, WRITES):
        return Away(str(rest), retry_after=rest.retry_after)
    return RateLimited(
        f"holding still for {rest.retry_after:.0f} s more: {rest.reason}",
        limit="primary" if rest.reason.startswith("primary") else "secondary",
        retry_after=rest.retry_after,
        unsent=True,
    )
