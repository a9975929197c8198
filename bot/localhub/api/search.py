"""Search over issues and pull requests: words and the qualifiers that bots use."""

from __future__ import annotations

import re

from bot.localhub.api.issues import ordered, shown
from bot.localhub.calls import Call, Page, Routes
from bot.localhub.errors import invalid
from bot.localhub.records import Issue
from bot.localhub.state import Repository

routes = Routes()


@routes("GET", "/search/issues")
def search(call: Call) -> Page:
    """Words in title or body, and the qualifiers repo, is, state, label and author."""
    words, qualifiers = _query(call.query.get("q", ""))
    if not words and not qualifiers:
        raise invalid("Search", "q", "missing")
    places = [one for one in call.hub.state.repositories.values() if _readable(call, one)]
    found = [
        one
        for place in places
        for one in place.issues.values()
        if all(_fits(one, *qualifier) for qualifier in qualifiers)
        and all(w.lower() in f"{one.title}\n{one.body or ''}".lower() for w in words)
    ]
    return Page(
        ordered(call, found),
        lambda one: {**shown(call, one), "score": 1.0},
        wrap="items",
        more={"incomplete_results": False, "search_type": "lexical"},
    )


def _query(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    words, qualifiers = [], []
    for quoted, bare in re.findall(r'((?:\w+:)?"[^"]*")|(\S+)', text):
        token = (quoted or bare).replace('"', "")
        name, colon, value = token.partition(":")
        if colon and name in ("repo", "is", "state", "label", "author", "type"):
            qualifiers.append((name, value))
        else:
            words.append(token)
    return words, qualifiers


def _readable(call: Call, place: Repository) -> bool:
    if call.caller.installation is not None:
        selected = call.caller.repository_ids
        return call.caller.installation.covers(place) and (selected is None or place.id in selected)
    return call.hub.state.level(call.caller.user, place) != "none"


def _fits(issue: Issue, name: str, value: str) -> bool:
    value = value.lower()
    if name == "repo":
        return issue.repository.full_name.lower() == value
    if name == "label":
        return any(one.name.lower() == value for one in issue.labels)
    if name == "author":
        return issue.user.login.lower() in (value, value.replace("app/", "") + "[bot]")
    if value in ("issue", "pr", "pull-request"):
        return (issue.pull is None) == (value == "issue")
    if value == "merged":
        return issue.pull is not None and issue.pull.merged
    return issue.state == value
