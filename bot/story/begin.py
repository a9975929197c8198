"""Beginning the story of an issue, whoever gave leave for it (W7, B7).

Promises: an issue has one story; asked for again, the same story begins again where it had ended.
Never: asks whether somebody may; whoever calls has asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bot.story.events import RetryRequested, StoryReceived
from bot.story.involved import person
from bot.story.journal import Head
from bot.story.office import Office, stream_of
from bot.story.vocabulary import Person, Repository, State


def begin(
    office: Office,
    repository: Repository,
    issue: Mapping[str, Any],
    requester: Person,
    told: str,
    again: Collection[State] = (State.CANCELLED,),
) -> None:
    """Tell the story of `issue` (as GitHub has it now). `told`: a name of this very asking.

    `again`: the states in which a story that there was begins anew.
    """
    number = issue["number"]
    stream, title = stream_of(repository.id, number), issue.get("title") or ""
    known = office.load(stream)
    if known is None:
        office.tell(
            stream,
            StoryReceived(
                repository=repository,
                issue=number,
                title=title,
                body=issue.get("body") or "",
                author=person(issue.get("user")),
                requester=requester,
            ),
            head=Head(
                state=State.RECEIVED, title=title, repository=repository.full_name, issue=number
            ),
            once=f"{stream}/received",
        )
    elif (known.state in again or known.cancel) and known.retry is None:
        office.tell(stream, RetryRequested(person=requester), once=f"{stream}/again/{told}")
