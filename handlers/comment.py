"""Every comment is read for commands; each accepted one ends in exactly one visible outcome (W7).

Who: `policies.who_commands` says who may give which command.
Never: obeys a bot, an edited or deleted comment, a quote or code; the comment is read again from
GitHub, because a webhook only says that something happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.outside.errors import NotFound
from bot.story.commands import Parsed, ParseProblem, parse
from bot.story.effects import Effect, PostComment, React
from bot.story.events import ApprovalWithdrawn, CommandHandled, Event, ViewDisturbed
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Delivery, Office, stream_of
from bot.story.standing import REVIEW, as_it_is, words_of
from bot.story.vocabulary import Approval, Person, Repository
from bot.texts import answers, problems
from handlers.command import Asked, Command, Outcome
from policies.who_approves import Comment
from policies.who_commands import CommandFacts, decide

Commands = Mapping[str, Command]
SKEW = timedelta(seconds=30)  # of GitHub's clock and ours; what was said before is not said to us
LATE = timedelta(minutes=10)  # how much later than another its delivery comes at most


def events(commands: Commands) -> dict[str, Callable[[Delivery, Office], None]]:
    """The events of all kinds of comments, for these commands."""

    def created(delivery: Delivery, office: Office) -> None:
        _created(delivery, office, commands)

    def changed(delivery: Delivery, office: Office) -> None:
        _changed(delivery, office, commands)

    return {
        "issue_comment.created": created,
        "issue_comment.edited": changed,
        "issue_comment.deleted": changed,
        "pull_request_review_comment.created": created,
        "pull_request_review_comment.edited": changed,
        "pull_request_review_comment.deleted": changed,
        "pull_request_review.submitted": created,
        "pull_request_review.edited": changed,
        "pull_request_review.dismissed": changed,
    }


def _created(delivery: Delivery, office: Office, commands: Commands) -> None:
    payload = delivery.payload
    told = payload.get("comment") or payload.get("review") or {}
    specs = [command.spec for command in commands.values()]
    if person(told.get("user")).is_bot or not parse(told.get("body") or "", specs):
        return
    repository = office.repository(payload)
    number = (payload.get("issue") or payload.get("pull_request") or {})["number"]
    is_pull = "issue" not in payload or "pull_request" in payload["issue"]
    story = _story(office, repository, number, is_pull)
    if story is not None and delivery.event == "issue_comment":
        for place, earlier in _earlier(office, story, told, commands):
            hear(office, repository, place, story, earlier, delivery.event, commands)
            story = office.load(story.stream)
    hear(office, repository, number, story, told, delivery.event, commands)


def _earlier(
    office: Office, story: Story, told: Mapping[str, Any], commands: Commands
) -> list[tuple[int, Mapping[str, Any]]]:
    """Commands to the story that were written before `told` and not heard yet, oldest first.

    Deliveries come in any order, and `/resume` before `/pause` means something else.
    """
    specs = [command.spec for command in commands.values()]
    until = written(told)
    since = max(until[0] - LATE, (story.received_at or until[0]) - SKEW)
    found = []
    for place in filter(None, (story.issue, story.pull_number)):
        try:
            there = office.github.issue_comments(story.repository, place, since)
        except NotFound:
            continue  # it was deleted, and its comments with it
        for one in there:
            if (one["id"], 0) in story.commands or person(one.get("user")).is_bot:
                continue
            if (since, 0) <= written(one) < until and parse(one.get("body") or "", specs):
                found.append((place, one))
    return sorted(found, key=lambda each: written(each[1]))


def written(told: Mapping[str, Any]) -> tuple[datetime, int]:
    """When a comment was written, and its id: the order of what people said."""
    return datetime.fromisoformat(told["created_at"]), told["id"]


def given_up(delivery: Delivery, office: Office, commands: Commands, error_id: str) -> None:
    """One honest word under a command that could not be handled (C13); it was never obeyed."""
    payload = delivery.payload
    told = payload.get("comment") or payload.get("review") or {}
    specs = [command.spec for command in commands.values()]
    if person(told.get("user")).is_bot or not parse(told.get("body") or "", specs):
        return
    repository = office.repository(payload)
    number = (payload.get("issue") or payload.get("pull_request") or {})["number"]
    story = _story(office, repository, number, "issue" not in payload)
    stream = story.stream if story else stream_of(repository.id, number)
    said: list[Effect] = [
        PostComment(
            key=buried_key(stream, told["id"]),
            repository=repository,
            issue=number,
            body=answers.delivery_buried(delivery.guid, error_id),
        )
    ]
    if (on_review := _review_comment(delivery.event)) is not None:
        react = React(
            key=f"{stream}/react/{told['id']}/confused",
            repository=repository,
            issue=number,
            content="confused",
            comment_id=told["id"],
            review_comment=on_review,
        )
        said.insert(0, react)
    office.say(stream, said)


def buried_key(stream: str, comment_id: int) -> str:
    """The key of the word that a command is not tried any more."""
    return f"{stream}/post_comment/buried/{comment_id}"


def hear(
    office: Office,
    repository: Repository,
    number: int,
    story: Story | None,
    told: Mapping[str, Any],
    thread: str,
    commands: Commands,
) -> None:
    """Obey and answer what `told` (a comment or review, by the name of its event) commands."""
    seen = _as_it_is(office, repository, number, thread, told)
    if seen is None:
        return
    comment, body = seen
    specs = [command.spec for command in commands.values()]
    author = person(told.get("user"))
    stream = story.stream if story else stream_of(repository.id, number)
    _Conversation(office, repository, number, stream, story, author, comment, commands).answer(
        parse(body, specs), on_review=_review_comment(thread)
    )


def _review_comment(thread: str) -> bool | None:
    """Where a reaction goes: False an issue comment, True a review comment, None nowhere."""
    return None if thread == "pull_request_review" else thread == "pull_request_review_comment"


def _as_it_is(
    office: Office, repository: Repository, number: int, thread: str, told: Mapping[str, Any]
) -> tuple[Comment, str] | None:
    """The comment or review as GitHub has it now."""
    now = as_it_is(office.github, repository, thread, number, told["id"])
    if now is None:
        return None  # deleted: commands nothing
    if (now.get("user") or {}).get("id") != (told.get("user") or {}).get("id"):
        return None  # somebody else's words now
    created = datetime.fromisoformat(now.get("created_at") or now["submitted_at"])
    updated = datetime.fromisoformat(now["updated_at"]) if now.get("updated_at") else created
    # Times are whole seconds, and a review has none of its edits: the words are compared, too.
    edited = updated > created or words_of(now) != words_of(told)
    comment = Comment(
        id=told["id"],
        created_at=created,
        updated_at=updated,
        edited=edited,
        thread=thread,
        words=words_of(now),
    )
    return comment, now.get("body") or ""


def _story(office: Office, repository: Repository, number: int, is_pull: bool) -> Story | None:
    if is_pull:
        return office.story_of_pull(repository, number)
    return office.story(repository, number)


class _Conversation:
    """The commands of one comment and what is said to them."""

    def __init__(
        self,
        office: Office,
        repository: Repository,
        number: int,
        stream: str,
        story: Story | None,
        author: Person,
        comment: Comment,
        commands: Commands,
    ) -> None:
        self.office, self.repository, self.number, self.stream = office, repository, number, stream
        self.story, self.author, self.comment, self.commands = story, author, comment, commands
        self.told = office.told(stream)

    def answer(self, said: list[Parsed | ParseProblem], on_review: bool | None) -> None:
        """👀 at once, then every command in order, then 👍 or 😕 with the reason."""
        if not said:
            return
        self._react("eyes", on_review)
        lines, all_ok = [], True
        for index, one in enumerate(said):
            name, outcome = self._recorded(index) or self._outcome(one)
            all_ok = all_ok and outcome.ok
            if outcome.answer:
                lines.append(outcome.answer if outcome.ok else answers.line(name, outcome.answer))
            if outcome.detail:
                lines.append(outcome.detail)
            self._record(index, name, outcome)
        self._react("+1" if all_ok else "confused", on_review)
        if lines:
            self._comment("\n\n".join(lines))

    def _recorded(self, index: int) -> tuple[str, Outcome] | None:
        """What an earlier delivery of the same comment came to."""
        known = self.told.commands.get((self.comment.id, index))
        if known is None:
            return None
        return known.command, Outcome(ok=known.ok, answer=known.answer, detail=known.detail)

    def _outcome(self, one: Parsed | ParseProblem) -> tuple[str, Outcome]:
        if not isinstance(one, Parsed):
            return problems.name_of(one), Outcome(ok=False, answer=problems.say(one))
        command = self.commands[one.name]
        if self.story is None and command.needs_story:
            return one.name, Outcome(ok=False, answer=answers.no_story())
        permission = self.office.github.permission(
            self.repository, self.author.login, self.author.id
        )
        story = self.story or Story(self.stream)
        verdict = decide(
            CommandFacts(
                command=one.name,
                person=self.author,
                permission=permission,
                requester=story.requester,
                issue_author=story.author,
                edited=self.comment.edited,
            )
        )
        if not verdict.allowed:
            return one.name, Outcome(ok=False, answer=verdict.reason)
        asked = Asked(
            one, self.author, permission, self.comment, story, self.office, self.repository
        )
        return one.name, command.run(asked)

    def _record(self, index: int, name: str, outcome: Outcome) -> None:
        """Append the outcome once, whatever number of deliveries told of the comment."""
        handled = CommandHandled(
            comment_id=self.comment.id,
            index=index,
            person=self.author,
            command=name,
            ok=outcome.ok,
            answer=outcome.answer,
            detail=outcome.detail,
        )
        told: tuple[Event, ...] = (*outcome.events, handled)
        once = f"{self.stream}/comment/{self.comment.id}/{index}"
        self.office.tell(self.stream, *told, once=once)
        if self.story is not None:
            self.story = self.office.load(self.stream)

    def _react(self, content: str, on_review: bool | None) -> None:
        if on_review is None:
            return
        self._say(
            React(
                key=f"{self.stream}/react/{self.comment.id}/{content}",
                repository=self.repository,
                issue=self.number,
                content=content,
                comment_id=self.comment.id,
                review_comment=on_review,
            )
        )

    def _comment(self, body: str) -> None:
        self._say(
            PostComment(
                key=f"{self.stream}/post_comment/answer/{self.comment.id}",
                repository=self.repository,
                issue=self.number,
                body=body,
            )
        )

    def _say(self, effect: Effect) -> None:
        if self.story is not None and self.story.withheld is not None:
            return  # somebody else's Towpath works on it, and answers
        self.office.say(self.stream, [effect])


def _changed(delivery: Delivery, office: Office, commands: Commands) -> None:
    """An edited or deleted comment: its approval is withdrawn, our status comment comes back."""
    payload = delivery.payload
    told = payload.get("comment") or payload.get("review") or {}
    thread = payload.get("issue") or payload["pull_request"]
    repository, number = office.repository(payload), thread["number"]
    story = _story(office, repository, number, "issue" not in payload or "pull_request" in thread)
    if story is None:
        return
    sender, comment_id = person(payload.get("sender")), told.get("id")
    if comment_id == story.status_comment_id:
        if not sender.is_bot:
            office.tell(story.stream, ViewDisturbed(view="status", by=sender))
        return
    if any(_approved_by(a, comment_id, delivery) for a in story.approvals):
        what = "review" if delivery.event == REVIEW else "comment"
        reason = f"the approving {what} was {delivery.action}"
        office.tell(
            story.stream,
            ApprovalWithdrawn(reason=reason, comment_id=comment_id, thread=delivery.event),
        )
    author = person(told.get("user"))
    specs = [command.spec for command in commands.values()]
    if delivery.action == "edited" and not author.is_bot and parse(told.get("body") or "", specs):
        office.say(
            story.stream,
            [
                PostComment(
                    key=f"{story.stream}/post_comment/edited/{comment_id}",
                    repository=repository,
                    issue=number,
                    body=answers.edited_command(),
                )
            ],
        )


def _approved_by(given: Approval, comment_id: int, delivery: Delivery) -> bool:
    """Whether `given` was these words, or this review: a review approves whatever it says."""
    same = (given.comment_id, given.thread) == (comment_id, delivery.event)
    return same and not (given.by == "review" and delivery.action == "edited")
