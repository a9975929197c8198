"""Performing effects on tickets, each once (B7, B8, P1).

Promises: before each write the ticket is read again: where a person changed it meanwhile, it is
left (`conflict`); after each write it is read back. What is done already is found (`look`). A
ticket that was moved to another project is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from bot.outside.jira import adf, wiki
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import JiraHttp
from bot.outside.jira.reads import Jira
from bot.outside.redaction import outgoing
from bot.story import ticket_effects
from bot.story.ticket_effects import (
    AssignTicket,
    CommentTicket,
    LinkTicket,
    SetTicketProperty,
    TransitionTicket,
)
from bot.story.tickets import Ticket
from bot.story.vocabulary import digest

MARK = "towpath"  # property of a comment of ours in Cloud; in Data Center an anchor, not shown
_RESOLUTIONS = ("done", "fixed", "resolved", "completed")


class TicketEffects:
    """Adapter of the kinds in `bot.story.ticket_effects`."""

    kinds = ticket_effects.KINDS

    def __init__(self, connect: Callable[[], Jira]) -> None:
        """`connect`: asked when there is something to do."""
        self._connect = connect

    @cached_property
    def _jira(self) -> Jira:
        return self._connect()

    @property
    def _http(self) -> JiraHttp:
        return self._jira.http

    def perform(self, effect: Any) -> dict[str, Any]:
        """Do it, once; its result is described at the effect's type."""
        result: dict[str, Any] = getattr(self, f"_do_{effect.kind}")(effect)
        return result

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result where it is done already, else None."""
        result: dict[str, Any] | None = getattr(self, f"_look_{effect.kind}")(effect)
        return result

    def _read(self, key: str) -> Ticket:
        found = self._jira.ticket(key, {})
        if found is None:
            raise JiraError("not_found", f"{key} is not there, or hidden from our account")
        if found.key != key:
            raise JiraError("conflict", f"{key} was moved and is {found.key} now")
        return found

    # -- status ---------------------------------------------------------------------------------

    def _do_transition_ticket(self, effect: TransitionTicket) -> dict[str, Any]:
        ticket = self._read(effect.ticket)
        if _same(ticket.status, effect.status):
            return _status(ticket, effect)
        if not _same(ticket.status, effect.expected):
            raise JiraError("conflict", f"{ticket.key} is in {ticket.status}: somebody moved it")
        told = self._http.get("issue", ticket.key, "transitions", expand="transitions.fields")
        chosen = _transition(told, effect.status)
        if chosen is None:
            raise JiraError(
                "refused", f"no transition leads from {ticket.status} to {effect.status}"
            )
        body: dict[str, Any] = {"transition": {"id": str(chosen["id"])}}
        if resolution := _resolution(chosen):
            body["fields"] = {"resolution": {"name": resolution}}
        target = (chosen.get("to") or {}).get("name") or effect.status
        self._http.write("POST", "issue", ticket.key, "transitions", body=body)
        after = self._read(effect.ticket)
        if not _same(after.status, target):
            raise JiraError("conflict", f"{ticket.key} is in {after.status} after our transition")
        return _status(after, effect)

    def _look_transition_ticket(self, effect: TransitionTicket) -> dict[str, Any] | None:
        ticket = self._read(effect.ticket)
        return _status(ticket, effect) if _same(ticket.status, effect.status) else None

    # -- assignee -------------------------------------------------------------------------------

    def _do_assign_ticket(self, effect: AssignTicket) -> dict[str, Any]:
        found = self._look_assign_ticket(effect)
        if found is not None:
            return found
        ticket, wanted = self._read(effect.ticket), self._wanted(effect)
        if ticket.assignee != effect.expected:
            whom = ticket.assignee_name or "nobody"
            raise JiraError("conflict", f"{ticket.key} was assigned to {whom} meanwhile")
        name = "accountId" if self._http.cloud else "name"
        self._http.write("PUT", "issue", ticket.key, "assignee", body={name: wanted or None})
        after = self._read(effect.ticket)
        if after.assignee != wanted:
            raise JiraError("conflict", f"{ticket.key} is not assigned as it was asked for")
        return {"ticket": after.key, "assignee": after.assignee}

    def _look_assign_ticket(self, effect: AssignTicket) -> dict[str, Any] | None:
        ticket = self._read(effect.ticket)
        done = ticket.assignee == self._wanted(effect)
        return {"ticket": ticket.key, "assignee": ticket.assignee} if done else None

    def _wanted(self, effect: AssignTicket) -> str:
        return self._jira.us() if effect.ours else ""

    # -- properties -----------------------------------------------------------------------------

    def _do_set_ticket_property(self, effect: SetTicketProperty) -> dict[str, Any]:
        ticket = self._read(effect.ticket)
        where = ("issue", ticket.key, "properties", effect.name)
        if effect.value is not None:
            self._http.write("PUT", *where, body=effect.value)
        elif self._jira.property(ticket.key, effect.name) is not None:
            self._http.write("DELETE", *where)
        found = self._look_set_ticket_property(effect)
        if found is None:
            raise JiraError("conflict", f"{ticket.key}: {effect.name} does not hold what we wrote")
        return found

    def _look_set_ticket_property(self, effect: SetTicketProperty) -> dict[str, Any] | None:
        value = self._jira.property(effect.ticket, effect.name)
        if value != effect.value:
            return None
        return {"ticket": effect.ticket, "name": effect.name, "value": value}

    # -- comments and links ---------------------------------------------------------------------

    def _do_comment_ticket(self, effect: CommentTicket) -> dict[str, Any]:
        ticket, text = self._read(effect.ticket), str(outgoing(effect.body))
        mark = _mark(effect)
        body: dict[str, Any] = {"body": f"{wiki.wiki_of(text)} {{anchor:{mark}}}"}
        if self._http.cloud:
            told = {"key": MARK, "value": {"mark": mark}}
            body = {"body": adf.adf_of(text), "properties": [told]}
        made = self._http.write("POST", "issue", ticket.key, "comment", body=body)
        return {"ticket": ticket.key, "comment": str((made or {}).get("id", ""))}

    def _look_comment_ticket(self, effect: CommentTicket) -> dict[str, Any] | None:
        asked = {"orderBy": "-created", "maxResults": 100, "expand": "properties"}
        told = self._http.get("issue", effect.ticket, "comment", **asked)
        comments = told.get("comments") if isinstance(told, Mapping) else None
        for one in comments if isinstance(comments, list) else ():
            if self._is_marked(one, _mark(effect)):
                return {"ticket": effect.ticket, "comment": str(one.get("id", ""))}
        return None

    def _is_marked(self, comment: Any, mark: str) -> bool:
        if not isinstance(comment, Mapping):
            return False
        if self._jira.account(comment.get("author") or {}) != self._jira.us():
            return False  # anybody can copy a mark
        if not self._http.cloud:
            return f"{{anchor:{mark}}}" in str(comment.get("body"))
        told = comment.get("properties")
        return any(
            one.get("key") == MARK and (one.get("value") or {}).get("mark") == mark
            for one in (told if isinstance(told, list) else ())
            if isinstance(one, Mapping)
        )

    def _do_link_ticket(self, effect: LinkTicket) -> dict[str, Any]:
        ticket = self._read(effect.ticket)
        link = {
            "globalId": effect.key[:255],
            "relationship": "pull request",
            "object": {"url": effect.url, "title": str(outgoing(effect.title))[:255]},
        }
        self._http.write("POST", "issue", ticket.key, "remotelink", body=link)
        return {"ticket": ticket.key, "url": effect.url}

    def _look_link_ticket(self, effect: LinkTicket) -> dict[str, Any] | None:
        told = self._http.get("issue", effect.ticket, "remotelink")
        for one in told if isinstance(told, list) else ():
            if isinstance(one, Mapping) and one.get("globalId") == effect.key[:255]:
                return {"ticket": effect.ticket, "url": effect.url}
        return None


def _mark(effect: CommentTicket) -> str:
    return f"towpath-{digest(effect.key)[:16]}"


def _status(ticket: Ticket, effect: TransitionTicket) -> dict[str, Any]:
    return {
        "ticket": ticket.key,
        "status": ticket.status,
        "asked": effect.status,
        "category": ticket.category,
        "before": effect.expected,
    }


def _transition(told: Any, wanted: str) -> Mapping[str, Any] | None:
    """The transition to a status, else the one of that name; the first as Jira orders them."""
    listed = told.get("transitions") if isinstance(told, Mapping) else None
    listed = listed if isinstance(listed, list) else []
    offered = [one for one in listed if isinstance(one, Mapping)]
    by_target = [one for one in offered if _same(str((one.get("to") or {}).get("name")), wanted)]
    by_name = [one for one in offered if _same(str(one.get("name")), wanted)]
    return next((one for one in (*by_target, *by_name) if one.get("id")), None)


def _resolution(transition: Mapping[str, Any]) -> str:
    """The resolution to give, where the transition's screen requires one."""
    asked = (transition.get("fields") or {}).get("resolution") or {}
    if not asked.get("required"):
        return ""
    names = [str(one.get("name")) for one in asked.get("allowedValues") or () if one.get("name")]
    return next((one for one in names if one.casefold() in _RESOLUTIONS), (names or [""])[0])


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
