"""Beginning the work on an item of the backlog: the one way to it, whoever wants it (B7, W7).

Promises: nothing begins without leave: a person's who may start stories on GitHub, the operator's,
or the configuration's; nothing begins that somebody else works on; asked for twice it begins once.
What cannot begin says why, and when to look again. Never: counts what is under way
(`policies.throttle` does, for what begins by itself).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.backlog.edges import UNDERWAY
from bot.backlog.item import Item
from bot.backlog.store import Backlog
from bot.backlog.tracker.claim import claim, has_ticket
from bot.backlog.tracker.look_after import give_back
from bot.backlog.visible import discloses
from bot.story.askers import asker_of
from bot.story.begin import begin
from bot.story.claim_records import holder, seen
from bot.story.effects import RequestStory
from bot.story.issues import issue_if_there
from bot.story.item_events import ItemStarted, ItemState
from bot.story.office import Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.vocabulary import Person, Repository, State, digest
from bot.texts import started as texts
from policies.claims import Taking, Us, decide
from policies.leave import AUTOSTART, OPERATOR, PERSON
from policies.leave import decide as decide_leave

__all__ = ["AUTOSTART", "OPERATOR", "PERSON", "Started", "stands_against", "start", "taking"]

_MOST_NAMES = 12


@dataclass(frozen=True)
class Started:
    """Whether it is under way now, at which issue; else the rule and reason, and until when."""

    begun: bool
    issue: int = 0
    rule: str = ""
    reason: str = ""
    until: datetime | None = None


def start(
    office: Office,
    backlog: Backlog,
    repository: Repository,
    number: int,
    by: Person | None,
    leave: str,
    pull_of: Callable[[int], int] = lambda issue: 0,
) -> Started:
    """Begin the work on item `number`; what stands against it is in the answer. Raises NoItem.

    `leave`: PERSON (`by` asks, and needs write access), OPERATOR or AUTOSTART (`by` None).
    `pull_of`: the open pull request of a person's for an issue.
    """
    key = str(repository.id)
    item = backlog.item(key, number)
    if item.merged_into is not None:
        return start(office, backlog, repository, item.merged_into, by, leave, pull_of)
    no = stands_against(office, repository, item, leave, pull_of)
    if no is not None:
        return no
    requester = by if leave == PERSON and by is not None else office.github.identity().bot
    if no := _of_ticket(office, repository, item, requester, leave):
        return no
    effect = _request(office, repository, item, requester, leave)
    try:
        issue = int(office.do(item.stream, effect)["number"])
    except NotNow as later:
        return Started(False, item.issue, "not_now", str(later), later.until)
    except NotAllowed as no_leave:
        verdict = no_leave.verdict
        give_back(office, backlog, repository, item)
        return Started(False, item.issue, verdict.rule, verdict.reason, verdict.until)
    except Refused as refused:
        give_back(office, backlog, repository, item)
        return Started(False, item.issue, "refused", str(refused))
    again = set() if leave == AUTOSTART else {State.CANCELLED, State.FAILED}
    begin(office, repository, office.github.issue(repository, issue), requester, effect.key, again)
    told = ItemStarted(issue=issue, by=requester.login, leave=leave)
    backlog.begin(key, number, told, requester.login)
    return Started(True, issue)


def stands_against(
    office: Office,
    repository: Repository,
    item: Item,
    leave: str,
    pull_of: Callable[[int], int] = lambda issue: 0,
) -> Started | None:
    """What stands against beginning it now, before anybody's leave is asked for; None: nothing."""
    if stopped := office.stopped(repository):
        return Started(False, rule=stopped, reason=f"nothing is done here now: {stopped}")
    if no := _of_state(item, leave):
        return no
    if not item.issue:
        config = office.configuration(repository).backlog
        why = discloses(office.github, repository, item, config, leave)
        return Started(False, rule="undisclosed", reason=why) if why else None
    found = issue_if_there(office.github, repository, item.issue)
    if found is None or "pull_request" in found:
        return Started(False, item.issue, "no_issue", f"#{item.issue} is no issue")
    if no := _of_story(office, repository, item.issue, leave):
        return no
    judged = taking(office, repository, found, leave == PERSON, pull_of(item.issue))
    if not judged.may:
        return Started(False, item.issue, judged.rule, judged.reason, judged.until)
    return by_author(office, repository, found, leave)


def _of_story(office: Office, repository: Repository, issue: int, leave: str) -> Started | None:
    """What people ended, or were handed, begins again for people only."""
    story = office.story(repository, issue) if leave == AUTOSTART else None
    if story is None or not (story.terminal or story.cancel):
        return None
    over = {State.DONE: "is done", State.FAILED: "was handed over to people"}
    reason = f"its story {over.get(story.state, 'was cancelled')}"
    return Started(False, issue, "story_over", reason)


def by_author(
    office: Office, repository: Repository, issue: dict[str, Any], leave: str
) -> Started | None:
    """What no person asked for is worked on by the words of whoever wrote the issue."""
    if leave == PERSON:
        return None
    bot = office.github.identity().bot
    author = asker_of(office.github, repository, leave, bot, issue)
    no = decide_leave(leave, bot, author, bot, autostart=True)
    return Started(False, int(issue["number"]), no.rule, no.reason) if no else None


def _of_ticket(
    office: Office, repository: Repository, item: Item, requester: Person, leave: str
) -> Started | None:
    """Claim the ticket that the item stands for: in sight of everybody, so with leave only."""
    if not has_ticket(office, repository, item):
        return None
    asker = asker_of(office.github, repository, leave, requester, None)
    on = office.configuration(repository).backlog.autostart == "on"
    verdict = decide_leave(leave, requester, asker, office.github.identity().bot, on)
    if verdict is not None:
        return Started(False, item.issue, verdict.rule, verdict.reason)
    ticket = claim(office, repository, item, leave == PERSON)
    if ticket is None or ticket.may:
        return None
    return Started(False, item.issue, ticket.rule, ticket.reason, ticket.until)


def taking(
    office: Office, repository: Repository, issue: dict[str, Any], asked: bool, pull: int = 0
) -> Taking:
    """Whether Towpath may work on an issue, by what GitHub shows of it now."""
    now, identity = office.clock(), office.github.identity()
    comments = office.github.issue_comments(repository, int(issue["number"]))
    us = Us(holder(identity.slug, office.journal), (identity.bot.login,), now if asked else None)
    return decide(seen(issue, comments, pull), us, now)


def _of_state(item: Item, leave: str) -> Started | None:
    if item.state in UNDERWAY:
        return Started(True, item.issue)
    if item.state is ItemState.DONE:
        return Started(False, item.issue, "done", "it is done")
    if item.state is not ItemState.READY and leave == AUTOSTART:
        return Started(False, item.issue, "not_ready", f"it is {item.state}: {item.reason}")
    return None


def _request(
    office: Office, repository: Repository, item: Item, requester: Person, leave: str
) -> RequestStory:
    first = item.known[0]
    place = f"{first.place}:{first.line}" if first.line else first.place
    asked = "" if requester.is_bot else requester.login
    return RequestStory(
        key=f"{item.stream}/request_story/{item.starts}/{leave}/{requester.id}",
        repository=repository,
        requester=requester,
        label=office.configuration(repository).story_label,
        issue=item.issue,
        title=texts.title(item.title),
        body=texts.body(item.body, item.criteria, place, asked, leave),
        leave=leave,
        names=() if item.issue else names_of(item),
    )


def names_of(item: Item) -> tuple[str, ...]:
    """Digests by which two Towpaths know that they mean the same thing."""
    names: set[str] = set()
    for one in item.known:
        if one.source == "todo":  # its key is a number of ours
            names.add(f"todo {one.title} {one.body.rpartition(':')[0]}")
        else:
            names |= {one.key, *one.identities}
    return tuple(sorted(digest(name)[:16] for name in names))[:_MOST_NAMES]
