"""Issues that become stories because somebody wants them to (S25, B7).

Promises: one thing to do gets one open issue, however many Towpaths want one for it: of two that
were opened at the same time the lower number stays, and the other is closed by whoever opened it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from bot.outside.github_writes import Needs, Writes, issue_of, marked
from bot.story import effects as fx
from bot.story.vocabulary import Repository

_NAMES = re.compile(
    r"<!-- towpath:names((?: [0-9a-f]{16}){1,20}) -->\s*<!-- towpath:key=[0-9a-f]{16} -->\s*\Z",
    re.ASCII,
)


class Requests(Writes):
    """The `_do_` and `_look_` of each kind; see `bot.outside.github_effects`."""

    needs: ClassVar[Needs] = {"request_story": {"issues": "write"}}

    def _do_request_story(self, effect: fx.RequestStory) -> dict[str, Any]:
        if effect.issue:
            return self._labelled(effect, self._reads.issue(effect.repository, effect.issue))
        if effect.names and (first := self._first_named(effect)):
            return self._labelled(effect, first)
        body = {
            "title": effect.title,
            "body": marked(f"{effect.body}{_names(effect)}", effect.key),
            "labels": [] if effect.names else [effect.label],  # until it is known to be the first
        }
        needs = ("number", "html_url")
        made = self._write("POST", effect.repository, "issues", body=body, needs=needs)
        return self._settled(effect, made) if effect.names else issue_of(made)

    def _look_request_story(self, effect: fx.RequestStory) -> dict[str, Any] | None:
        if effect.issue:
            issue = self._reads.issue(effect.repository, effect.issue)
            return issue_of(issue) if effect.label.lower() in _labels(issue) else None
        if effect.names:
            return None  # done again it finds by the names what was opened, whoever did
        return self._our_issue(effect)

    def _settled(self, effect: fx.RequestStory, made: dict[str, Any]) -> dict[str, Any]:
        """The issue that stays: ours, or the one that bears the same names and came before."""
        first = self._first_named(effect)
        if first is None or first["number"] >= made["number"]:
            return self._labelled(effect, made)
        where = ("issues", made["number"])
        body = {"state": "closed", "state_reason": "not_planned"}
        self._write("PATCH", effect.repository, *where, body=body)
        return self._labelled(effect, first)

    def _labelled(self, effect: fx.RequestStory, issue: dict[str, Any]) -> dict[str, Any]:
        if effect.label.lower() not in _labels(issue):
            where = ("issues", issue["number"], "labels")
            self._write("POST", effect.repository, *where, body={"labels": [effect.label]})
        return issue_of(issue)

    def _first_named(self, effect: fx.RequestStory) -> dict[str, Any] | None:
        wanted = set(effect.names)
        named = [each for each in self._by_apps(effect.repository) if wanted & names_in(each)]
        return min(named, key=lambda each: int(each["number"]), default=None)

    def _by_apps(self, repository: Repository) -> Iterator[dict[str, Any]]:
        for each in self._reads.open_issues(repository):
            user = each.get("user") or {}
            if user.get("type") == "Bot" or str(user.get("login") or "").endswith("[bot]"):
                yield each


def names_in(issue: dict[str, Any]) -> set[str]:
    """The names that an issue bears which a Towpath opened."""
    found = _NAMES.search(str(issue.get("body") or "")[-700:])
    return set(found[1].split()) if found else set()


def _names(effect: fx.RequestStory) -> str:
    return f"\n\n<!-- towpath:names {' '.join(effect.names)} -->" if effect.names else ""


def _labels(issue: dict[str, Any]) -> set[str]:
    """Lower case: GitHub takes Bug and bug for one label."""
    return {str(each.get("name") or "").lower() for each in issue.get("labels") or ()}
