"""Stories that were asked for over the API get their issue, each when its turn comes (S25).

Who: whoever has write access to the repository, when they ask and again when each is begun.
Never: begins one twice, or before what it comes after is done.
"""

from __future__ import annotations

import logging

from bot.story import batches
from bot.story.api_events import (
    RequestedStory,
    RequestedStoryBegun,
    RequestedStoryLeft,
    StoriesRequested,
)
from bot.story.batches import Batch
from bot.story.effects import RequestStory
from bot.story.issues import issue_if_there
from bot.story.journal import Head
from bot.story.office import Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.vocabulary import Decision, Person, Repository, State
from bot.texts import api as texts
from handlers.story import start
from policies.who_commands import START, CommandFacts, decide

log = logging.getLogger(__name__)


class MayNot(PermissionError):
    """Who asked may not start stories there; the text says who may."""


def request(
    office: Office,
    batch_id: str,
    repository: Repository,
    person: Person,
    items: tuple[RequestedStory, ...],
    in_order: bool = False,
    at_once: int = 1,
) -> Batch:
    """Keep what is asked for and begin what can begin now. Raises MayNot, `batches.WrongBatch`.

    The same `batch_id` again is the same request: nothing is asked for twice.
    """
    batches.check(items, in_order)
    permission = office.github.permission(repository, person.login, person.id)
    verdict = decide(CommandFacts(command=START, person=person, permission=permission))
    if not verdict.allowed:
        raise MayNot(verdict.reason)
    stream = batches.stream_of(batch_id)
    asked = StoriesRequested(
        repository=repository, person=person, in_order=in_order, at_once=at_once, items=items
    )
    head = Head(
        state=batches.OPEN, kind=batches.KIND, repository=repository.full_name, title=items[0].title
    )
    office.keep(stream, asked, head=head, once=f"{stream}/requested")
    return advance(office, stream)


def advance_all(office: Office) -> None:
    """Begin what has become possible, in every batch."""
    for stream in office.streams_of(batches.KIND, batches.OPEN):
        try:
            advance(office, stream)
        except Exception:
            log.exception("a batch could not go on", extra={"stream": stream})


def advance(office: Office, stream: str) -> Batch:
    """Begin what can begin now; what GitHub cannot do now is left to the next time."""
    batch = load(office, stream)
    for item in batches.ready(batch, states(office, batch)):
        if not _begin(office, batch, item):
            break
    batch = load(office, stream)
    for item in batch.items:  # what comes after something that will never be begun
        if item.name not in batch.begun | batch.left and (why := batches.given_up(batch, item)):
            _leave(office, stream, item, texts.comes_after_left(why))
            batch = load(office, stream)
    if not batch.open:
        office.keep(stream, head=Head(state=batches.ENDED))
    return batch


def load(office: Office, stream: str) -> Batch:
    """A batch as its journal tells it."""
    return batches.fold(stream, office.recorded(stream))


def states(office: Office, batch: Batch) -> dict[str, State | None]:
    """Where the stories are that were begun."""
    found: dict[str, State | None] = {}
    for name, issue in batch.begun.items():
        story = office.story(batch.asked.repository, issue)
        found[name] = story.state if story else None
    return found


def _begin(office: Office, batch: Batch, item: RequestedStory) -> bool:
    """False where it cannot be begun now."""
    asked, stream = batch.asked, batch.stream
    effect = RequestStory(
        key=f"{stream}/request_story/{item.name}",
        repository=asked.repository,
        requester=asked.person,
        label=office.configuration(asked.repository).story_label,
        issue=item.issue,
        title=item.title,
        body=f"{item.body}\n\n{texts.asked_for(asked.person.login)}",
    )
    try:
        if item.issue and not _is_open_issue(office, asked.repository, item.issue):
            _leave(office, stream, item, texts.not_begun(item.issue))
            return True
        number = int(office.do(stream, effect)["number"])
    except NotNow:
        return False
    except NotAllowed as no:
        if no.verdict.decision is Decision.WAIT:  # suspended, a dry run, a permission to accept
            return False
        _leave(office, stream, item, str(no))
        return True
    except Refused as never:
        _leave(office, stream, item, str(never))
        return True
    known = office.story(asked.repository, number)
    if known is None or known.state is State.CANCELLED:
        start(office, asked.repository, number, asked.person, told=stream)
        known = office.story(asked.repository, number)
    if known is None:
        _leave(office, stream, item, texts.not_begun(number))
        return True
    begun = RequestedStoryBegun(name=item.name, issue=number)
    office.keep(stream, begun, once=f"{stream}/begun/{item.name}")
    return True


def _is_open_issue(office: Office, repository: Repository, number: int) -> bool:
    """Whether it can become a story; a pull request or a closed issue gets no label of ours."""
    issue = issue_if_there(office.github, repository, number) or {}
    return issue.get("state") == "open" and "pull_request" not in issue


def _leave(office: Office, stream: str, item: RequestedStory, reason: str) -> None:
    left = RequestedStoryLeft(name=item.name, reason=reason[:500])
    office.keep(stream, left, once=f"{stream}/left/{item.name}")
