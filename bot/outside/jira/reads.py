"""What Jira says: tickets, claims on them, who changed what (B7, B8).

Promises: Cloud (REST v3: ADF, page tokens, account ids) and Data Center (v2: wiki markup, offsets,
names) give the same values; a page that cannot be read because of one text is read without texts.
Never: writes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.outside.jira import adf, wiki
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import JiraHttp
from bot.story.tickets import CLAIM, Change, Record, Ticket

PAGE = 100
MOST_PAGES = 500
MOST_RECORDS = 20
_KEPT_S = 600.0  # how long the names of fields are kept
_FIELDS = (
    "summary", "description", "status", "assignee", "labels", "priority", "issuetype", "created",
    "updated", "duedate", "resolution", "project", "issuelinks",
)  # fmt: skip
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,49}-[1-9][0-9]{0,8}")


class Jira:
    """The reads of one Jira: a `bot.story.tickets.Tracker`."""

    def __init__(
        self, http: JiraHttp, allows: Callable[[str, str], bool] = lambda name, project: True
    ) -> None:
        """`allows`: whether a repository (full name) may exchange with a project."""
        self.http, self.allows = http, allows
        self.url = http.base_url
        self.known_us = ""  # where it was asked for already
        self._custom: tuple[float, dict[str, str]] = (-_KEPT_S, {})

    def us(self) -> str:
        """The id of our account; asked once."""
        if not self.known_us:
            self.known_us = self.account(_mapping(self.http.get("myself")))
            if not self.known_us:
                raise JiraError("unauthorized", "Jira does not say whose token it is")
        return self.known_us

    def custom_fields(self) -> Mapping[str, str]:
        """id → name of the fields that the site added; asked once in a while."""
        at, found = self._custom
        if time.monotonic() - at >= _KEPT_S:
            told = self.http.get("field")
            fields = [_mapping(one) for one in told] if isinstance(told, list) else []
            found = {
                _text(one.get("id")): _text(one.get("name")) for one in fields if one.get("custom")
            }
            self._custom = (time.monotonic(), found)
        return found

    def search(self, jql: str, fields: Mapping[str, str]) -> Iterator[Sequence[Ticket]]:
        """The tickets that a query finds, by pages.

        An account that is not signed in any more can see less: that is no empty answer.
        """
        self.known_us = ""
        self.us()
        following: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._page(jql, (*_FIELDS, *fields.values()), following)
            told = page.get("issues")
            found = [_mapping(one) for one in told] if isinstance(told, list) else []
            yield [one for raw in found if (one := self._ticket(raw, fields))]
            if self.http.cloud:
                token = page.get("nextPageToken")
                if not token or page.get("isLast"):
                    return
                if token == following.get("nextPageToken"):
                    raise JiraError("unavailable", "search: the same page again and again")
                following = {"nextPageToken": token}
                continue
            at = int(following.get("startAt", 0)) + len(found)
            if not found or at >= int(page.get("total") or 0):
                return
            following = {"startAt": at}
        raise JiraError("refused", f"more than {MOST_PAGES} pages of tickets")

    def _page(
        self, jql: str, fields: Sequence[str], following: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        where = ("search", "jql") if self.http.cloud else ("search",)
        asked = {"jql": jql, "maxResults": PAGE, **following}
        try:
            return _mapping(self.http.get(*where, fields=",".join(fields), **asked))
        except JiraError as error:
            if error.kind != "unavailable" or error.status != 200:
                raise
        # One text nested beyond reason: what the others say still counts.
        plain = [
            one for one in fields if one != "description" and not one.startswith("customfield")
        ]
        return _mapping(self.http.get(*where, fields=",".join(plain), **asked))

    def ticket(self, key: str, fields: Mapping[str, str]) -> Ticket | None:
        """A ticket by its key, also by the one that it had before a move.

        To an account that is not signed in any more, tickets are not there: that is no answer.
        """
        asked = ",".join((*_FIELDS, *fields.values()))
        try:
            return self._ticket(_mapping(self.http.get("issue", key, fields=asked)), fields)
        except JiraError as error:
            if error.kind != "not_found":
                raise
        self.known_us = ""
        self.us()
        return None

    def records(self, key: str) -> tuple[Record, ...]:
        """All claims written on a ticket."""
        told = _mapping(self.http.get("issue", key, "properties")).get("keys")
        names = [_text(_mapping(one).get("key")) for one in told] if isinstance(told, list) else []
        ours = sorted(name for name in names if name.startswith(CLAIM))[:MOST_RECORDS]
        return tuple(one for name in ours if (one := self._record(key, name)))

    def property(self, key: str, name: str) -> Any:
        """The value of an entity property; None: there is none."""
        try:
            return _mapping(self.http.get("issue", key, "properties", name)).get("value")
        except JiraError as error:
            if error.kind != "not_found":
                raise
            return None

    def _record(self, key: str, name: str) -> Record | None:
        value = _mapping(self.property(key, name))
        holder, fence, expires = value.get("holder"), value.get("fence"), _instant(value)
        if not isinstance(holder, str) or not holder or expires is None:
            return None  # half a claim is none
        number = fence if isinstance(fence, int) and 0 < fence < 2**31 else 1
        return Record(name, holder[:200], number, expires, value.get("held") is True)

    def last_change(self, key: str, field: str) -> Change:
        """Who changed a field last, as the newest hundred changes tell."""
        told = self.http.get("issue", key, expand="changelog", fields="status")
        log = _mapping(_mapping(told).get("changelog")).get("histories")
        changes = [_mapping(one) for one in log] if isinstance(log, list) else []
        last = Change()
        for one in changes:
            items = one.get("items")
            names = [_mapping(i).get("field") for i in items] if isinstance(items, list) else []
            at = _text(one.get("created"))
            if field in names and at >= last.at:
                author = _mapping(one.get("author"))
                last = Change(_name(author), self.account(author), at)
        return last

    def account(self, person: Mapping[str, Any]) -> str:
        """The id of a person: Cloud's account id, Data Center's name."""
        return _text(person.get("accountId" if self.http.cloud else "name"))

    def _ticket(self, raw: Mapping[str, Any], wanted: Mapping[str, str]) -> Ticket | None:
        key, fields = _text(raw.get("key")), _mapping(raw.get("fields"))
        if not _KEY.fullmatch(key):
            return None
        status, person = _mapping(fields.get("status")), _mapping(fields.get("assignee"))
        category = _text(_mapping(status.get("statusCategory")).get("key"))
        labels = fields.get("labels")
        return Ticket(
            id=_text(raw.get("id")) or key,
            key=key,
            project=key.rpartition("-")[0],
            summary=_text(fields.get("summary"))[:1000],
            url=f"{self.url}/browse/{key}",
            body=self._markdown(fields.get("description")),
            status=_text(status.get("name"))[:100],
            category=category if category in ("new", "indeterminate", "done") else "new",
            resolution=_name(_mapping(fields.get("resolution")))[:100],
            assignee=self.account(person),
            assignee_name=_name(person)[:100],
            labels=tuple(_text(one)[:100] for one in labels[:50])
            if isinstance(labels, list)
            else (),
            priority=_name(_mapping(fields.get("priority")))[:60],
            type=_name(_mapping(fields.get("issuetype")))[:60],
            created=_text(fields.get("created")),
            updated=_text(fields.get("updated")),
            due=_text(fields.get("duedate")),
            blocked_by=_blockers(fields.get("issuelinks")),
            fields={name: self._value(fields.get(where)) for name, where in wanted.items()},
        )

    def _markdown(self, text: Any) -> str:
        return adf.markdown_of(text) if isinstance(text, Mapping) else wiki.markdown_of(text)

    def _value(self, raw: Any) -> Any:
        """A number or a text: of a choice its name, of several the names."""
        if isinstance(raw, Mapping):
            if raw.get("type") == "doc":
                return adf.markdown_of(raw)
            return next((raw[n] for n in ("value", "name") if isinstance(raw.get(n), str)), "")
        if isinstance(raw, list):
            return ", ".join(str(self._value(one)) for one in raw[:20])
        return raw if isinstance(raw, str | int | float) else ""


def _blockers(links: Any) -> tuple[str, ...]:
    """Keys of the unfinished tickets that this one "is blocked by"."""
    keys = []
    for link in links[:100] if isinstance(links, list) else ():
        one = _mapping(link)
        other = _mapping(one.get("inwardIssue"))
        kind = _text(_mapping(one.get("type")).get("inward")).casefold()
        status = _mapping(_mapping(other.get("fields")).get("status"))
        done = _text(_mapping(status.get("statusCategory")).get("key")) == "done"
        key = _text(other.get("key"))
        if _KEY.fullmatch(key) and not done and kind in ("is blocked by", "depends on"):
            keys.append(key)
    return tuple(sorted(set(keys)))


def _instant(value: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(value.get("expires")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _name(told: Mapping[str, Any]) -> str:
    return _text(told.get("displayName") or told.get("name"))


def _mapping(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, Mapping) else {}


def _text(told: Any) -> str:
    return told if isinstance(told, str) else str(told) if isinstance(told, int) else ""
