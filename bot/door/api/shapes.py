"""What goes over the wire: the OpenAPI document is made of these.

Promises: a request that fits its shape can be worked on; unknown names are refused, so that a
misspelt one is not ignored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
_TEXT = r"^[^\x00]*$"
_SAID = r"^[^\x00]*[^\x00-\x20][^\x00]*$"
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
FullName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100}$")
]
Title = Annotated[str, StringConstraints(pattern=_LINE, max_length=256)]
Body = Annotated[str, StringConstraints(pattern=_TEXT, max_length=60_000)]
Said = Annotated[str, StringConstraints(pattern=_SAID, max_length=60_000)]
Reason = Annotated[str, StringConstraints(pattern=_TEXT, max_length=2_000)]
Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
StoryId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}-[1-9][0-9]{0,8}$")]
Number = Annotated[int, Field(strict=True, ge=1, le=999_999_999)]
Scope = Literal["read", "write", "approve"]
StateName = Literal[
    "RECEIVED",
    "ANALYZING",
    "PLANNING",
    "CODING",
    "REVIEWING",
    "TESTING",
    "DEPLOYING",
    "VERIFYING",
    "WAITING",
    "DONE",
    "FAILED",
    "CANCELLED",
]


class Shape(BaseModel):
    """Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


# -- what is asked --------------------------------------------------------------------------


class Nothing(Shape):
    """No values: `{}`, or no body at all."""


class TokenAsked(Shape):
    """One of the two, or neither behind a proxy that vouches for a client certificate."""

    api_key: Annotated[str, StringConstraints(max_length=200, pattern=r"^[\x21-\x7e]+$")] | None = (
        Field(None, description="Made with `towpath api-key create`.")
    )
    github_token: (
        Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[\x21-\x7e]+$")] | None
    ) = Field(None, description="A user access token of this GitHub App.")
    scopes: list[Scope] | None = Field(None, max_length=3, description="Default: all there are.")
    repositories: list[Number] | None = Field(
        None, max_length=100, description="Numbers of repositories. Default: all there are."
    )


class StoryAsked(Shape):
    """Either a title (and a body) for a new issue, or the number of an open one."""

    repository: FullName
    title: Title | None = None
    body: Body = ""
    issue: Number | None = None


class BatchItem(Shape):
    """One story of a batch: a title (and a body), or the number of an open issue."""

    name: Name
    title: Title | None = None
    body: Body = ""
    issue: Number | None = None
    after: list[Name] = Field(
        default_factory=list, max_length=50, description="Names that have to be done before."
    )


class BatchAsked(Shape):
    repository: FullName
    mode: Literal["sequential", "parallel"] = "sequential"
    at_once: Annotated[int, Field(strict=True, ge=1, le=20)] = Field(
        5, description="How many are under way at once, where the mode is parallel."
    )
    stories: list[BatchItem] = Field(min_length=1, max_length=50)


class ApprovalAsked(Shape):
    """`sha`: the whole head, for a change. `plan_digest`: for a plan that waits for a yes."""

    sha: Sha | None = None
    plan_digest: Digest | None = None


class RejectionAsked(Shape):
    reason: Reason = ""


class AnswerAsked(Shape):
    text: Said


class BudgetAsked(Shape):
    usd: Annotated[float, Field(strict=True, ge=0.01, le=9_999)] = Field(
        description="How many dollars more, to the cent."
    )


# -- what is answered -----------------------------------------------------------------------


class PersonShown(BaseModel):
    id: int
    login: str


class ConditionShown(BaseModel):
    """One thing that is missing. `now` False: it comes only later."""

    what: str
    detail: str
    text: str
    who: list[str]
    how: str
    since: datetime | None
    now: bool


class WaitingShown(BaseModel):
    gate: str
    since: datetime
    reason: str
    questions: list[str]
    until: datetime | None


class StoryShown(BaseModel):
    id: str
    repository: str
    repository_id: int
    issue: int
    title: str
    state: StateName
    state_since: datetime | None
    received_at: datetime | None
    waiting: WaitingShown | None
    requester: PersonShown | None
    iteration: int
    branch: str
    base_sha: str
    head_sha: str
    merged_sha: str
    plan_digest: str
    pull_request: int | None
    priority: str
    cost_usd: float
    missing: list[ConditionShown] | None = Field(
        None, description="Of a single story: all that is missing between now and done."
    )


class StoriesShown(BaseModel):
    stories: list[StoryShown]
    next_cursor: StoryId | None


class EventShown(BaseModel):
    """One event of the journal; `hash` chains it to the one before."""

    seq: int
    at: datetime
    actor: str
    kind: str
    data: dict[str, Any]
    hash: str


class EventsShown(BaseModel):
    events: list[EventShown]
    next_after: int | None


class OrderShown(BaseModel):
    """The one outcome of a command, and the story after it."""

    command: str
    answer: str
    story: StoryShown


class BatchItemShown(BaseModel):
    name: str
    status: Literal["waits", "begun", "left"]
    after: list[str]
    issue: int | None
    story: str | None
    state: StateName | None
    reason: str


class BatchShown(BaseModel):
    id: str
    repository: str
    mode: Literal["sequential", "parallel"]
    at_once: int
    open: bool
    stories: list[BatchItemShown]


class WaitingForPeople(BaseModel):
    story: str
    repository: str
    issue: int
    title: str
    gate: str
    since: datetime
    head_sha: str
    plan_digest: str
    pull_request: int | None
    missing: list[ConditionShown]


class ApprovalsShown(BaseModel):
    approvals: list[WaitingForPeople]
    next_cursor: StoryId | None


class RepositoryShown(BaseModel):
    id: int
    full_name: str
    default_branch: str
    stories: int


class RepositoriesShown(BaseModel):
    repositories: list[RepositoryShown]


class TokenShown(BaseModel):
    token: str
    token_type: Literal["Bearer"]
    expires_at: datetime
    person: PersonShown
    scopes: list[Scope]
    repositories: list[int] | None


# -- where ----------------------------------------------------------------------------------


class StoryPath(BaseModel):
    story_id: StoryId


class BatchPath(BaseModel):
    batch_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Paged(Shape):
    limit: int = Field(50, ge=1, le=100)
    cursor: StoryId | None = Field(None, description="`next_cursor` of the page before.")


class StoriesAsked(Paged):
    repository: FullName | None = None
    state: StateName | None = None


class EventsAsked(Shape):
    after: int = Field(0, ge=0, le=2_000_000_000)
    limit: int = Field(100, ge=1, le=500)


class Once(BaseModel):
    """The same request with the same key is done once, for a day."""

    idempotency_key: Annotated[
        str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$", min_length=1, max_length=255)
    ] = Field(None, alias="Idempotency-Key", validate_default=False)  # type: ignore[assignment]
