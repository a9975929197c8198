"""What the sources on GitHub share: the reads they ask for, and a service that does not answer.

Promises: "not allowed" and "not switched on" are told, never taken for "nothing there"; so is a
failure, and nothing is gone because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.story.vocabulary import Repository, digest

Told = Mapping[str, Any]


class Reads(Protocol):
    """The reads of GitHub that the sources need; see `bot.outside.ports`."""

    def open_issues(self, repository: Repository) -> list[dict[str, Any]]: ...
    def dependabot_alerts(self, repository: Repository) -> list[dict[str, Any]]: ...
    def code_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]: ...
    def secret_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]: ...
    def security_advisories(self, repository: Repository) -> list[dict[str, Any]]: ...
    def branch_runs(self, repository: Repository, branch: str) -> list[dict[str, Any]]: ...
    def failed_jobs(self, repository: Repository, run: int) -> list[str]: ...


def looked(
    source: str,
    repository: Repository,
    ask: Callable[[Repository], Sequence[Told]],
    each: Callable[[Told, Sightings], None],
    together: Callable[[Sightings], None] = lambda told: None,
) -> Reading:
    """Ask, and let `each` add what an answer means, `together` what all of them do.

    A refusal is a fault of the whole reading.
    """
    told = Sightings(source, source, repository.full_name)
    try:
        answers = ask(repository)
    except Exception as error:
        kind = getattr(error, "kind", "")
        if kind not in ("forbidden", "not_found"):
            raise  # away, busy, or ours: whoever reads the sources tries again
        needed = getattr(error, "needed", "")
        why = "not allowed" if kind == "forbidden" else "not switched on"
        told.fault(0, f"{why}{f' (needs {needed})' if needed else ''}")
        return told.reading("", complete=False)
    for one in answers:
        each(one, told)
    together(told)
    seen = [[one.key, one.digest] for one in told.found]
    return told.reading(digest(sorted(seen)))


def open_alerts(
    source: str,
    repository: Repository,
    ask: Callable[[Repository], Sequence[Told]],
    entry: Callable[[Told], Entry],
) -> Reading:
    """Those that are open, as `entry` tells them; several of one key are one thing to mend."""
    seen: set[str] = set()

    def each(one: Told, told: Sightings) -> None:
        made = entry(one)
        if text(one, "state") in ("", "open") and made.key not in seen:
            seen.add(made.key)
            told.add(made)

    return looked(source, repository, ask, each)


def text(data: Any, *path: str) -> str:
    """The text at a path of an answer; '' where there is none."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, str) else str(data) if isinstance(data, int) else ""


def names(data: Any) -> tuple[str, ...]:
    """The names of a list of objects or words, as labels come."""
    told = data if isinstance(data, list) else []
    return tuple(text(one, "name") if isinstance(one, Mapping) else str(one) for one in told)
