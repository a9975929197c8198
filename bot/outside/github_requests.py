"""Issues that become stories because somebody wants them to (S25, B7).

Promises: one thing to do gets one open issue, however many Towpaths want one for it: of two that
were opened at the same time the lower number stays, and the other is closed by whoever opened it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bot.outside.github_writes import Needs, Writes, ends_in, issue_of, marked, marker
from bot.story import effects as fx
from bot.story.involved import person
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
        if effect.names and (named := self._named(effect)):
            return self._settled(effect, named)
        body = {
            "title": effect.title,
            "body": marked(f"{effect.body}{_names(effect)}", effect.key),
            "labels": [] if effect.names else [effect.label],  # until it is known to be the first
        }
        needs = ("number", "html_url")
        made = self._write("POST", effect.repository, "issues", body=body, needs=needs)
        if not effect.names:
            return issue_of(made)
        return self._settled(effect, {made["number"]: made} | self._named(effect))

    def _look_request_story(self, effect: fx.RequestStory) -> dict[str, Any] | None:
        if effect.issue:
            issue = self._reads.issue(effect.repository, effect.issue)
            return issue_of(issue) if effect.label.lower() in _labels(issue) else None
        if effect.names and self._named(effect):
            return None  # done again it finds by the names what was opened, whoever did
        return self._our_issue(effect)  # also one that a person closed since

    def _settled(
        self, effect: fx.RequestStory, named: Mapping[int, dict[str, Any]]
    ) -> dict[str, Any]:
        """The issue that stays is the first; one that this effect opened after it is closed."""
        first = min(named)
        for number, each in named.items():
            if number != first and self._is_ours(each) and ends_in(each, marker(effect.key)):
                body = {"state": "closed", "state_reason": "not_planned"}
                self._write("PATCH", effect.repository, "issues", number, body=body)
        return self._labelled(effect, named[first])

    def _labelled(self, effect: fx.RequestStory, issue: dict[str, Any]) -> dict[str, Any]:
        if effect.label.lower() not in _labels(issue):
            where = ("issues", issue["number"], "labels")
            self._write("POST", effect.repository, *where, body={"labels": [effect.label]})
        return issue_of(issue)

    def _named(self, effect: fx.RequestStory) -> dict[int, dict[str, Any]]:
        """The open issues, by their numbers, that bear one of the names."""
        wanted, opened = set(effect.names), self._by_apps(effect.repository)
        return {int(each["number"]): each for each in opened if wanted & names_in(each)}

    def _by_apps(self, repository: Repository) -> Iterator[dict[str, Any]]:
        for each in self._reads.open_issues(repository):
            if person(each.get("user")).is_bot:
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
