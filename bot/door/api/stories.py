"""Reading stories, their events, batches, and what waits for people."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, g

from bot.door.api import shapes, shown
from bot.door.api.access import callers, rooms, views
from bot.door.api.problems import ApiProblem
from bot.story import batches
from bot.story.machine import Story
from bot.story.streams import StreamRow
from bot.story.vocabulary import State

_LOOKED_AT = 500  # rows of the list that one request reads at most


def visible(story_id: str, scope: str = "read") -> Story:
    """A story that the caller may see. 404 where it is not, or not for them; 403 by scope."""
    told = rooms().office.load(shown.stream_of(story_id))
    if told is None or told.repository is None:
        raise not_found()
    if not callers().may(g.caller, "read", told.repository):
        raise not_found()
    if not callers().may(g.caller, scope, told.repository):
        raise ApiProblem(403, "forbidden", f"The token lacks the scope {scope!r}.", rule="scope")
    return told


def not_found() -> ApiProblem:
    return ApiProblem(404, "not_found", "Nothing is there, or it is not for you to see.")


@views.get(
    "/stories",
    summary="List stories",
    responses={200: shapes.StoriesShown},
    operation_id="listStories",
)
def list_stories(query: shapes.StoriesAsked) -> Response:
    """The stories that the token and GitHub let you read, in the order of their names."""
    states = [State(query.state)] if query.state else None
    found, following = _page(query, states, query.repository)
    return shown.sent(
        shapes.StoriesShown(stories=[shown.story(one) for one in found], next_cursor=following)
    )


@views.get(
    "/stories/<story:story_id>",
    summary="One story, and all it lacks",
    responses={200: shapes.StoryShown},
    operation_id="getStory",
)
def get_story(path: shapes.StoryPath) -> Response:
    """Where it is, and every condition between now and done with who can meet it."""
    told = visible(path.story_id)
    return shown.sent(shown.story(told, rooms().office.missing(told)))


@views.get(
    "/stories/<story:story_id>/events",
    summary="What happened to a story",
    responses={200: shapes.EventsShown},
    operation_id="listEvents",
)
def list_events(path: shapes.StoryPath, query: shapes.EventsAsked) -> Response:
    """Its journal, in order; `next_after` goes on from there."""
    told = visible(path.story_id)
    records = rooms().journal.load(told.stream, after=query.after)
    page = records[: query.limit]
    more = page[-1].seq if len(records) > len(page) else None
    made = shapes.EventsShown(events=[shown.event(one) for one in page], next_after=more)
    return shown.sent(made)


@views.get(
    "/approvals",
    summary="What waits for people",
    responses={200: shapes.ApprovalsShown},
    operation_id="listApprovals",
)
def list_approvals(query: shapes.Paged) -> Response:
    """Every waiting story, with what is missing and who can bring it."""
    found, following = _page(query, [State.WAITING], None)
    waiting = [
        shapes.WaitingForPeople(
            story=shown.story_id(one.stream),
            repository=one.repository.full_name,
            issue=one.issue,
            title=one.title,
            gate=one.waiting.gate,
            since=one.waiting.since,
            head_sha=one.head_sha,
            plan_digest=one.plan_digest,
            pull_request=one.pull_number or None,
            missing=shown.conditions(rooms().office.missing(one)),
        )
        for one in found
        if one.waiting and one.repository
    ]
    return shown.sent(shapes.ApprovalsShown(approvals=waiting, next_cursor=following))


@views.get(
    "/batches/<batch_id>",
    summary="How far a batch is",
    responses={200: shapes.BatchShown},
    operation_id="getBatch",
)
def get_batch(path: shapes.BatchPath) -> Response:
    """Its stories: begun, waiting for their turn, or left, and why."""
    handlers = rooms().handlers
    batch = handlers.batch(batches.stream_of(path.batch_id))
    if batch.asked is None or not callers().may(g.caller, "read", batch.asked.repository):
        raise not_found()
    return shown.sent(shown.batch(batch, handlers.states(batch)))


def _page(
    query: shapes.Paged, states: list[State] | None, repository: str | None
) -> tuple[list[Story], str | None]:
    """Up to `query.limit` stories that the caller may read, and where the next page begins."""
    found: list[Story] = []
    after = shown.stream_of(query.cursor) if query.cursor else ""
    last = ""
    for row in _rows(after, states, repository):
        if len(found) == query.limit:
            return found, shown.story_id(last)
        last = row.stream
        if not callers().may_ask_about(g.caller, int(row.stream.split(":")[1])):
            continue
        told = rooms().office.load(row.stream)
        if told and told.repository and callers().may(g.caller, "read", told.repository):
            found.append(told)
    return found, None


def _rows(after: str, states: list[State] | None, repository: str | None) -> Iterator[StreamRow]:
    while True:
        rows = rooms().journal.page("story", after, states, repository, _LOOKED_AT)
        yield from rows
        if len(rows) < _LOOKED_AT:
            return
        after = rows[-1].stream
