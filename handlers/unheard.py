"""Commands that no webhook told of, or whose worker died, are found in the threads (W3, W7).

Promises: a command is obeyed once, by the id of its comment, whoever hears of it first; what was
obeyed and not yet answered is answered; a command in a review, of which nobody can say any more
whether its words are still the first ones, is not obeyed and its writer is told so.
Never: looks further back than `since`, at bots' comments, or at threads of no story.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.story.commands import parse
from bot.story.effects import PostComment
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Office
from bot.texts import answers
from handlers.command import Command
from handlers.comment import buried_key, hear, written

Shape = Mapping[str, Any]


def look(office: Office, story: Story, since: datetime, commands: Mapping[str, Command]) -> None:
    """Hear what people commanded in the story's threads since `since` and nobody answered."""
    github, repository = office.github, story.repository
    found = _Unheard(office, story, since, commands)
    found.read(story.issue, "issue_comment", github.issue_comments(repository, story.issue, since))
    pull = story.pull_number
    if pull:
        found.read(pull, "issue_comment", github.issue_comments(repository, pull, since))
        found.read(pull, "pull_request_review_comment", github.pull_comments(repository, pull))
    found.hear()
    if pull:
        found.read_reviews(pull, github.pull_reviews(repository, pull))


class _Unheard:
    def __init__(
        self, office: Office, story: Story, since: datetime, commands: Mapping[str, Command]
    ) -> None:
        self._office, self._story, self._since = office, story, since
        self._commands = commands
        self._specs = [command.spec for command in commands.values()]
        self._found: list[tuple[int, str, Shape]] = []

    def read(self, number: int, thread: str, comments: Iterable[Shape]) -> None:
        for told in comments:
            if self._commands_anything(told, "created_at") and not self._answered(told):
                self._found.append((number, thread, told))

    def hear(self) -> None:
        """In the order in which people wrote, each as the one before left the story."""
        for number, thread, told in sorted(self._found, key=lambda one: written(one[2])):
            story = self._office.load(self._story.stream) or self._story
            hear(self._office, story.repository, number, story, told, thread, self._commands)

    def read_reviews(self, pull: int, reviews: Iterable[Shape]) -> None:
        story = self._story
        for told in reviews:
            if not self._commands_anything(told, "submitted_at"):
                continue
            buried = self._office.said(buried_key(story.stream, told["id"]))
            if buried or (told["id"], 0) in story.commands:
                continue
            said = PostComment(
                key=f"{story.stream}/post_comment/review-unheard/{told['id']}",
                repository=story.repository,
                issue=pull,
                body=answers.review_unheard(person(told.get("user")).login),
            )
            self._office.say(story.stream, [said])

    def _commands_anything(self, told: Shape, field: str) -> bool:
        at = told.get(field)
        if person(told.get("user")).is_bot or not at:
            return False
        if datetime.fromisoformat(at) < self._since:
            return False
        return bool(parse(told.get("body") or "", self._specs))

    def _answered(self, told: Shape) -> bool:
        """Whether it was obeyed or refused, and that was shown."""
        if self._office.said(buried_key(self._story.stream, told["id"])):
            return True
        if (told["id"], 0) not in self._story.commands:
            return False
        keys = [f"{self._story.stream}/react/{told['id']}/{one}" for one in ("+1", "confused")]
        return any(self._office.said(key) for key in keys)
