"""Asking for stories, and steering them: the same facts and policies as a comment on GitHub."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Response, g, request

from bot.door.api import shapes, shown
from bot.door.api.access import callers, rooms, views
from bot.door.api.idempotency import request_name
from bot.door.api.problems import ApiProblem, Fault
from bot.door.api.stories import not_found, visible
from bot.outside.errors import NotFound, Refused
from bot.story.api_events import RequestedStory
from bot.story.batches import Batch, WrongBatch
from bot.story.story import Story
from bot.story.vocabulary import Gate, Repository

_MAY_NOT = frozenset(
    {
        "permission",
        "bots_never",
        "write_access",
        "code_owner",
        "second_person",
        "unknown_contributor",
        "named_team",
        "checkpoint",
    }
)


# -- asking for stories -----------------------------------------------------------------------


@views.post(
    "/stories",
    summary="Ask for a story",
    responses={201: shapes.BatchShown, 202: shapes.BatchShown},
    operation_id="askForStory",
)
def ask_for_story(header: shapes.Once, body: shapes.StoryAsked) -> Response:
    """Opens the issue, or takes an open one, and begins. 202: GitHub is away, it is begun later."""
    item = shapes.BatchItem(name="story", title=body.title, body=body.body, issue=body.issue)
    batch = _ask(_repository(body.repository), [item], in_order=False, at_once=1)
    begun = batch.begun.get("story")
    if "story" in batch.left:
        raise ApiProblem(409, "conflict", batch.left["story"])
    where = f"/api/v1/batches/{batch.stream.partition(':')[2]}"
    if begun:
        where = f"/api/v1/stories/{batch.asked.repository.id}-{begun}"
    return shown.sent(_shown(batch), 201 if begun else 202, Location=where)


@views.post(
    "/stories/batch",
    summary="Ask for many stories",
    responses={202: shapes.BatchShown},
    operation_id="askForStories",
)
def ask_for_stories(header: shapes.Once, body: shapes.BatchAsked) -> Response:
    """In order, or several at once; each begins when all that it comes after are done."""
    in_order = body.mode == "sequential"
    batch = _ask(_repository(body.repository), body.stories, in_order, body.at_once)
    where = f"/api/v1/batches/{batch.stream.partition(':')[2]}"
    return shown.sent(_shown(batch), 202, Location=where)


def _repository(full_name: str) -> Repository:
    """A repository that the caller may write stories for. 404, 403."""
    if full_name.partition("/")[2] in (".", ".."):
        raise not_found()
    try:
        found = rooms().office.github.repository(full_name)
    except (NotFound, Refused):
        raise not_found() from None
    if not callers().may(g.caller, "read", found):
        raise not_found()
    if not callers().may(g.caller, "write", found):
        raise ApiProblem(403, "forbidden", "The token lacks the scope 'write'.", rule="scope")
    return found


def _ask(
    repository: Repository, asked: list[shapes.BatchItem], in_order: bool, at_once: int
) -> Batch:
    items = tuple(_item(number, one) for number, one in enumerate(asked))
    name = request_name(request, g.caller.subject, g.body, g.unique)
    batch_id = hashlib.sha256(name.encode()).hexdigest()[:32]
    handlers = rooms().handlers
    try:
        return handlers.request(batch_id, repository, g.caller.person, items, in_order, at_once)
    except WrongBatch as error:
        raise ApiProblem(
            409, "conflict", _WRONG[error.rule].format(", ".join(error.names))
        ) from None
    except PermissionError as error:
        raise ApiProblem(403, "forbidden", str(error), rule="permission") from None


_WRONG = {
    "twice": "These names are there twice: {}.",
    "unknown": "These are named in `after`, but not in the request: {}.",
    "cycle": "These wait for each other: {}.",
}


def _item(number: int, asked: shapes.BatchItem) -> RequestedStory:
    if (asked.title is None) == (asked.issue is None):
        fault = Fault(where=f"stories.{number}", what="needs a title or an issue, and not both")
        raise ApiProblem(409, "conflict", "A title or an issue is needed.", faults=[fault])
    return RequestedStory(
        name=asked.name,
        title=(asked.title or "").strip(),
        body=asked.body if asked.issue is None else "",
        issue=asked.issue or 0,
        after=tuple(dict.fromkeys(asked.after)),
    )


def _shown(batch: Batch) -> shapes.BatchShown:
    return shown.batch(batch, rooms().handlers.states(batch))


# -- steering ---------------------------------------------------------------------------------

_OUTCOME: dict[int | str, Any] = {200: shapes.OrderShown}


@views.post(
    "/stories/<story:story_id>/approve",
    summary="Say yes to a commit or plan",
    responses=_OUTCOME,
    operation_id="approveStory",
)
def approve(path: shapes.StoryPath, header: shapes.Once, body: shapes.ApprovalAsked) -> Response:
    """Needs the whole SHA of the head (or the digest of the plan) that is approved."""
    told = visible(path.story_id, "approve")
    by_plan = told.waits_at(Gate.PRE_CODE)
    wanted, given = ("plan_digest", body.plan_digest) if by_plan else ("sha", body.sha)
    if given is None:
        raise ApiProblem(409, "conflict", f"Say which is approved: `{wanted}` is needed.")
    if by_plan and given != told.plan_digest:
        detail = f"The plan is another one now ({told.plan_digest[:10]}); look at it first."
        raise ApiProblem(409, "conflict", detail, rule="moved_on")
    return _order(told, "approve", {} if by_plan else {"sha": given})


@views.post(
    "/stories/<story:story_id>/reject",
    summary="Say no",
    responses=_OUTCOME,
    operation_id="rejectStory",
)
def reject(path: shapes.StoryPath, header: shapes.Once, body: shapes.RejectionAsked) -> Response:
    """The reason is told to the next attempt."""
    values = {"reason": body.reason} if body.reason.strip() else {}
    return _order(visible(path.story_id, "approve"), "reject", values)


@views.post(
    "/stories/<story:story_id>/cancel",
    summary="Stop a story for good",
    responses=_OUTCOME,
    operation_id="cancelStory",
)
def cancel(path: shapes.StoryPath, header: shapes.Once, body: shapes.Nothing) -> Response:
    """Its branch is left where it is."""
    return _order(visible(path.story_id, "write"), "cancel", {})


@views.post(
    "/stories/<story:story_id>/pause",
    summary="Hold a story still",
    responses=_OUTCOME,
    operation_id="pauseStory",
)
def pause(path: shapes.StoryPath, header: shapes.Once, body: shapes.Nothing) -> Response:
    """After the step under way."""
    return _order(visible(path.story_id, "write"), "pause", {})


@views.post(
    "/stories/<story:story_id>/resume",
    summary="Go on after a pause",
    responses=_OUTCOME,
    operation_id="resumeStory",
)
def resume(path: shapes.StoryPath, header: shapes.Once, body: shapes.Nothing) -> Response:
    """Or let a text pass that looked suspicious."""
    return _order(visible(path.story_id, "write"), "resume", {})


@views.post(
    "/stories/<story:story_id>/retry",
    summary="Do a story again",
    responses=_OUTCOME,
    operation_id="retryStory",
)
def retry(path: shapes.StoryPath, header: shapes.Once, body: shapes.Nothing) -> Response:
    """From its start."""
    return _order(visible(path.story_id, "write"), "retry", {})


@views.post(
    "/stories/<story:story_id>/answer",
    summary="Answer the open questions",
    responses=_OUTCOME,
    operation_id="answerStory",
)
def answer(path: shapes.StoryPath, header: shapes.Once, body: shapes.AnswerAsked) -> Response:
    """The story is read again with the answer."""
    return _order(visible(path.story_id, "write"), "answer", {"text": body.text.strip()})


@views.post(
    "/stories/<story:story_id>/budget",
    summary="Let a story cost more",
    responses=_OUTCOME,
    operation_id="raiseBudget",
)
def budget(path: shapes.StoryPath, header: shapes.Once, body: shapes.BudgetAsked) -> Response:
    """By so many dollars."""
    cents = Decimal(str(body.usd)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return _order(visible(path.story_id, "write"), "budget", {"amount": cents})


def _order(told: Story, command: str, values: Mapping[str, str | Decimal]) -> Response:
    name = request_name(request, g.caller.subject, g.body, g.unique)
    came = rooms().handlers.obey(command, g.caller.person, told, name, values)
    if not came.ok:
        if came.rule in _MAY_NOT:
            raise ApiProblem(403, "forbidden", came.text, rule=came.rule)
        raise ApiProblem(409, "conflict", came.text, rule=came.rule)
    after = rooms().office.load(told.stream) or told
    return shown.sent(
        shapes.OrderShown(command=command, answer=came.text, story=shown.story(after))
    )
