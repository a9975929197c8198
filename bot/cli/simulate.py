"""`towpath simulate`: what would come of a comment, a review or a push, without any of it.

Promises: see `bot.cli.rehearsal`: the real rules on a copy; nothing is written anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from bot.cli.needed_settings import settings_for
from bot.texts import explain as texts

if TYPE_CHECKING:
    from bot.cli.rehearsal import Rehearsal
    from bot.story.machine import Story
    from bot.wiring import House

_FIRST = 2**52  # ids that GitHub has not given out
_STATES = {
    "approved": "APPROVED",
    "changes_requested": "CHANGES_REQUESTED",
    "commented": "COMMENTED",
}


@click.command()
@click.argument("story", metavar="OWNER/REPO#ISSUE")
@click.option("--push", "pushes", multiple=True, metavar="SHA[:LOGIN]", help="A push first …")
@click.option(
    "--review",
    "reviews",
    multiple=True,
    metavar="LOGIN:STATE",
    help="… then a review by somebody …",
)
@click.option(
    "--comment", "comments", multiple=True, metavar="LOGIN:TEXT", help="… then a comment."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def simulate(
    story: str,
    pushes: tuple[str, ...],
    reviews: tuple[str, ...],
    comments: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what would happen to a story; nothing does."""
    from bot.cli.rehearsal import rehearsal, versions
    from bot.cli.stories_named import story_named, streams_around
    from bot.wiring import House

    house = House(settings_for(github=True))
    told = story_named(house, story)
    supposed: dict[str, dict[int, Any]] = {"comment": {}, "review": {}, "push": {}}
    around = streams_around(told)
    with rehearsal(house, around, supposed) as stage:
        before = versions(stage, around)
        for delivery in _deliveries(house, told, supposed, pushes, reviews, comments):
            delivery(stage)
        shown = outcome(stage, told.stream, before)
    click.echo(json.dumps(shown) if as_json else texts.simulated(shown))


def _deliveries(
    house: House,
    story: Story,
    supposed: dict[str, dict[int, Any]],
    pushes: tuple[str, ...],
    reviews: tuple[str, ...],
    comments: tuple[str, ...],
) -> Iterator[Any]:
    """Each, in order, as a function that has the rehearsal hear of it."""
    for push in pushes:
        sha, _, login = push.partition(":")
        yield lambda stage, sha=sha, login=login: _push(house, stage, story, supposed, sha, login)
    number = _FIRST
    for review in reviews:
        login, _, state = review.partition(":")
        if state not in _STATES:
            raise click.UsageError(texts.review_states(sorted(_STATES)))
        number += 1
        yield lambda stage, n=number, login=login, state=state: _review(
            house, stage, story, supposed, n, login, _STATES[state]
        )
    for comment in comments:
        login, colon, text = comment.partition(":")
        if not colon:
            raise click.UsageError(texts.LOGIN_AND_TEXT)
        number += 1
        yield lambda stage, n=number, login=login, text=text: _comment(
            house, stage, story, supposed, n, login, text
        )


def _push(
    house: House,
    stage: Rehearsal,
    story: Story,
    supposed: dict[str, dict[int, Any]],
    sha: str,
    login: str,
) -> None:
    from bot.story.involved import person
    from handlers.merge import note_head

    by = person(_user(house, story, login)) if login else None
    supposed["push"][story.pull_number] = sha
    now = stage.office.load(story.stream)
    note_head(stage.office, now or story, sha, by)


def _review(
    house: House,
    stage: Rehearsal,
    story: Story,
    supposed: dict[str, dict[int, Any]],
    number: int,
    login: str,
    state: str,
) -> None:
    at, user = _stamp(stage.clock()), _user(house, story, login)
    head = stage.github.pull(story.repository, story.pull_number)["head"]["sha"]
    told = {
        "id": number,
        "body": "",
        "user": user,
        "state": state,
        "commit_id": head,
        "submitted_at": at,
    }
    supposed["review"][number] = told
    about = {"pull_request": {"number": story.pull_number}, "review": told}
    _hear(stage, story, "pull_request_review", {"action": "submitted", **about}, user)


def _comment(
    house: House,
    stage: Rehearsal,
    story: Story,
    supposed: dict[str, dict[int, Any]],
    number: int,
    login: str,
    text: str,
) -> None:
    at, user = _stamp(stage.clock()), _user(house, story, login)
    told = {"id": number, "body": text, "user": user, "created_at": at, "updated_at": at}
    supposed["comment"][number] = told
    about = {"issue": {"number": story.issue}, "comment": told}
    _hear(stage, story, "issue_comment", {"action": "created", **about}, user)


def _hear(
    stage: Rehearsal, story: Story, event: str, told: dict[str, Any], user: dict[str, Any]
) -> None:
    import handlers
    from bot.queue.delivery import Delivery

    repository = story.repository
    payload = {
        **told,
        "sender": user,
        "installation": {"id": repository.installation_id},
        "repository": {
            "id": repository.id,
            "full_name": repository.full_name,
            "default_branch": repository.default_branch,
            "clone_url": repository.git_url,
        },
    }
    handlers.handle(Delivery("simulated", event, payload, stage.clock()), stage.office)


def _user(house: House, story: Story, login: str) -> dict[str, Any]:
    user = house.github.user(login, story.repository)
    if user is None:
        raise click.UsageError(texts.no_such_person(login))
    return dict(user)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def outcome(stage: Rehearsal, stream: str, before: dict[str, int]) -> dict[str, Any]:
    """What the copy was told, where the story would go, and what would be missing then."""
    from bot.story.next_move import next_move
    from bot.texts.unmet import sentence, who_can

    told = stage.office.load(stream)
    events = [
        {"stream": name, **record.event.model_dump(mode="json")}
        for name, records in stage.news(before).items()
        for record in records
    ]
    move = next_move(told, stage.gates(told), stage.clock()) if told else None
    return {
        "events": events,
        "state": told.state.value if told else "",
        "moves_to": move.to.value if move else None,
        "because": move.reason if move else "",
        "merge": _merge(stage, told, bool(move and move.to == "DEPLOYING")),
        "missing": [
            {"what": one.what, "text": sentence(one), "who": who_can(one), "how": one.how}
            for one in (stage.office.missing(told) if told else [])
        ],
    }


def _merge(stage: Rehearsal, story: Story | None, asked: bool) -> dict[str, Any] | None:
    """What the judge would say to the merge, where the story gets there."""
    from bot.story.effects import MergePullRequest

    if story is None or not asked or not story.pull_number:
        return None
    effect = MergePullRequest(
        key=f"{story.stream}/simulated",
        repository=story.repository,
        number=story.pull_number,
        sha=story.head_sha,
    )
    verdict = stage.judge(effect, story)
    return {"decision": verdict.decision.value, "rule": verdict.rule, "reason": verdict.reason}
