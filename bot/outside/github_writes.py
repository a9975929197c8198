"""What all writes to GitHub share: sending once, and knowing our own words again.

Promises: a comment or pull request of ours is known by a marker at its very end and by its author,
so that nobody's words, not even those that we quote, can pass for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.outside.errors import Unavailable
from bot.outside.github_http import GitHubHttp
from bot.outside.github_reads import Reads, repo_path
from bot.story.involved import is_us, person
from bot.story.vocabulary import Repository

Needs = Mapping[str, Mapping[str, str]]
"""Kind of an effect → permissions that performing and looking for it take (name → level)."""

MOST_TEXT = 65_000  # characters of a body; GitHub refuses more than 65,536


def marker(key: str, role: str = "") -> str:
    """The hidden last line of what an effect with this key wrote. `role`: '' or 'status'."""
    short = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"<!-- towpath:{role + ' ' if role else ''}key={short} -->"


def marked(body: str, key: str, role: str = "", claim: str = "") -> str:
    """A body that ends in our marker. One inside it, quoted from somebody, is not at its end.

    `claim`: a line of `bot.story.claim_records` that stands before the marker.
    """
    if len(body) > MOST_TEXT:
        body = body[:MOST_TEXT] + "…"  # too long a report is worth more than none
    line = f"{claim}\n" if claim else ""
    return f"{body}\n\n{line}{marker(key, role)}"


def ends_in(thing: dict[str, Any], wanted: str) -> bool:
    """Whether a comment's or pull request's body ends in this marker."""
    return str(thing.get("body") or "").rstrip().endswith(wanted)


class Writes:
    """One write, one request; an answer that lacks what is needed of it is looked after."""

    def __init__(self, http: GitHubHttp, reads: Reads) -> None:
        self._http, self._reads = http, reads

    def _write(
        self,
        verb: str,
        repository: Repository,
        *parts: str | int,
        body: Any = None,
        needs: Sequence[str] = (),
    ) -> dict[str, Any]:
        """The answer; Unavailable (`maybe_done`) where it holds nothing under one of `needs`."""
        path = repo_path(repository.full_name, *parts)
        told = self._http.write(verb, path, repository.installation_id, body)
        answer = told if isinstance(told, dict) else {}
        if missing := [name for name in needs if not answer.get(name)]:
            raise Unavailable(f"{verb} {path}: no {missing[0]} in the answer", maybe_done=True)
        return answer

    def _list(self, repository: Repository, *parts: str | int) -> Iterator[dict[str, Any]]:
        path = repo_path(repository.full_name, *parts)
        return self._http.pages(path, repository.installation_id)

    def _is_ours(self, thing: dict[str, Any]) -> bool:
        return is_us(self._reads.identity().bot, person(thing.get("user")))

    def _our_issue(self, effect: Any) -> dict[str, Any] | None:
        """The result of the effect that opened an issue, if it did."""
        found = self._issue_of(effect.repository, effect.key)
        return issue_of(found) if found else None

    def _left_open(
        self, repository: Repository, title: str, others: Collection[int] = ()
    ) -> int | None:
        """An open issue of ours with this title, opened by a lost journal; none of `others`."""
        asked = {"state": "open", "creator": self._reads.identity().bot.login}
        path = repo_path(repository.full_name, "issues")
        for each in self._http.pages(path, repository.installation_id, **asked):
            ours = self._is_ours(each) and "pull_request" not in each
            if ours and each.get("title") == title and each["number"] not in others:
                return int(each["number"])
        return None

    def _issue_of(self, repository: Repository, key: str) -> dict[str, Any] | None:
        """The issue that the effect of this key opened, whatever state it is in."""
        wanted, bot = marker(key), self._reads.identity().bot
        asked = {"state": "all", "creator": bot.login}
        path = repo_path(repository.full_name, "issues")
        for each in self._http.pages(path, repository.installation_id, **asked):
            if self._is_ours(each) and ends_in(each, wanted):
                return each
        return None


def issue_of(told: dict[str, Any]) -> dict[str, Any]:
    """What the result of an effect says of an issue."""
    return {"number": told["number"], "url": told.get("html_url") or ""}
