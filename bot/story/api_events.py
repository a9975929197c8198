"""What is asked for and kept over the REST API (W13, S25): one frozen type an event.

On streams that hold no story: `bot.story.api_keys` and `bot.story.batches` fold them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.story.vocabulary import Person, Repository, Value


class RequestedStory(Value):
    """A story that somebody asks for: a new issue, or one that is there (`issue`).

    `after`: names of others of the same request that have to be done first.
    """

    name: str
    title: str = ""
    body: str = ""
    issue: int = 0
    after: tuple[str, ...] = ()


class ApiKeyMade(Value):
    """A key for the REST API (W13). Its secret is known to its owner only; `expires_at` in UTC.

    `repositories`: (id, full name when it was made). `subject`: of the client certificate that
    stands for it at the proxy, or ''. Told on the stream of `bot.story.api_keys`.
    """

    kind: Literal["api_key_made"] = "api_key_made"
    key_id: str
    salt: str
    hash: str
    person: Person
    repositories: tuple[tuple[int, str], ...]
    scopes: tuple[str, ...]
    expires_at: datetime
    subject: str = ""


class ApiKeyRevoked(Value):
    kind: Literal["api_key_revoked"] = "api_key_revoked"
    key_id: str


class StoriesRequested(Value):
    """Somebody asked for stories over the API (S25). Told on a stream of `bot.story.batches`."""

    kind: Literal["stories_requested"] = "stories_requested"
    repository: Repository
    person: Person
    in_order: bool  # each only after the one before it
    at_once: int
    items: tuple[RequestedStory, ...]


class RequestedStoryBegun(Value):
    """A requested story has its issue, and is under way there."""

    kind: Literal["requested_story_begun"] = "requested_story_begun"
    name: str
    issue: int


class RequestedStoryLeft(Value):
    """A requested story will not be begun; `reason` is for the person who asked."""

    kind: Literal["requested_story_left"] = "requested_story_left"
    name: str
    reason: str


ApiEvent = ApiKeyMade | ApiKeyRevoked | StoriesRequested | RequestedStoryBegun | RequestedStoryLeft
