"""The closed list of what Towpath may do to the outside (P1): one frozen type an effect.

Promises: an effect says all that its adapter needs, and its `key` is the same whenever the same
thing is meant, so that doing it twice can be noticed. An effect never performs itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from bot.story.server_effects import ServerEffect
from bot.story.ticket_effects import TicketEffect
from bot.story.vocabulary import GateFinding, Person, Repository, Value


class _Effect(Value):
    key: str  # idempotency key, unique in the whole outbox: "<stream>/<kind>/<what>"
    repository: Repository


class React(_Effect):
    """A reaction (eyes, +1, confused …) on an issue, or on a comment (`comment_id`)."""

    kind: Literal["react"] = "react"
    issue: int
    content: str
    comment_id: int | None = None
    review_comment: bool = False


class SetLabels(_Effect):
    """Labels to add to and remove from an issue; those already so are left alone."""

    kind: Literal["set_labels"] = "set_labels"
    issue: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class PostComment(_Effect):
    """A new comment. The adapter adds a hidden marker made of the key, and looks for it first."""

    kind: Literal["post_comment"] = "post_comment"
    issue: int
    body: str


class ReplyToReview(_Effect):
    """An answer in a thread of a review of our pull request; a thread that is gone is left.

    `comment_id`: the first comment of the thread; None: to the review as a whole, in a comment
    below the pull request. Result: comment_id, url; or gone.
    """

    kind: Literal["reply_to_review"] = "reply_to_review"
    number: int
    comment_id: int | None
    body: str


class ShowStatus(_Effect):
    """The one status comment of a story (W9): created once, edited in place, recreated if gone.

    Result: comment_id, url, shown_at (GitHub's updated_at), digest, head_sha, plan_digest.
    """

    kind: Literal["show_status"] = "show_status"
    issue: int
    body: str
    digest: str = ""  # of what is shown, given back in the result
    head_sha: str = ""
    plan_digest: str = ""
    comment_id: int | None = None
    claim: str = ""  # the hidden line that says who works on it; not on a new comment


class ClaimIssue(_Effect):
    """A claim on an issue that everybody can read, read back before it counts (B7, W8).

    Takes it at `now` until `expires`, or prolongs the one there is. `asked`: when people last asked
    for the story. `comment_id`: the status comment; None: the claim begins one that says `body`.
    Result: held; then the fields of `bot.story.held.Held` and comment_id, else of `Withheld`.
    """

    kind: Literal["claim_issue"] = "claim_issue"
    issue: int
    holder: str
    now: datetime
    expires: datetime
    asked: datetime | None
    body: str
    comment_id: int | None = None


class RequestStory(_Effect):
    """An open issue with the story label: `issue`, or a new one of `title` and `body` where 0.

    `requester` is who wants it, and may be told so by the policies; `leave` is how it was said:
    person | operator | autostart (`policies.leave`). `names`: digests that this Towpath and others
    know the same thing by; the open issue that bears one of them first is the one. Result: number,
    url.
    """

    kind: Literal["request_story"] = "request_story"
    requester: Person
    label: str
    issue: int = 0
    title: str = ""
    body: str = ""
    leave: str = "person"
    names: tuple[str, ...] = ()


class OpenIssue(_Effect):
    """A new issue for a part of a story; without the story's label, so nothing begins by itself.

    Result: number, url.
    """

    kind: Literal["open_issue"] = "open_issue"
    part: int  # of the proposal that people said yes to, from 1
    title: str
    body: str


class OpenTodoIssue(_Effect):
    """The issue of a mark in a comment (B3). `mark`: its number; 0: the list of those without one.

    `others`: issues of this title that other marks have; another open one of ours is taken over.
    Result: mark, number, url, state, digest.
    """

    kind: Literal["open_todo_issue"] = "open_todo_issue"
    mark: int
    title: str
    body: str
    digest: str  # of title and body
    others: tuple[int, ...] = ()


class ChangeTodoIssue(_Effect):
    """What the issue of a mark says now: `state` open | closed, and its words. Result: as above."""

    kind: Literal["change_todo_issue"] = "change_todo_issue"
    mark: int
    issue: int
    state: str
    title: str
    body: str
    digest: str


class ShowDashboard(_Effect):
    """The dashboard issue (B14): opened where `issue` is 0, else written and put into `state`.

    `expected`: a digest (`bot.story.dashboard_events.seen`) of the text that it replaces; another
    one is left, because a box may have been ticked in it. `says`: a digest of what is shown;
    `writing`: the number that its boxes bear; `ticked`: those shown as ticked, as `item/action`.
    Result: outcome (written | moved), number, url, says, body (digest), writing, ticked.
    """

    kind: Literal["show_dashboard"] = "show_dashboard"
    issue: int
    title: str
    body: str
    says: str
    writing: int
    ticked: tuple[str, ...] = ()
    expected: str = ""
    state: str = "open"


class PushBranch(_Effect):
    """Push `sha` to a branch of ours. `expected` is what the branch holds now ('' = no branch).

    Result: sha, outcome (pushed | already).
    """

    kind: Literal["push_branch"] = "push_branch"
    branch: str
    sha: str
    expected: str = ""
    files: tuple[str, ...] = ()  # all paths that differ from the base, for the scope policy
    lines: int = 0


class ProposeFile(_Effect):
    """Files on a branch of ours, in one commit on `base_sha` (W5, B12, B14).

    `also`: (path, content) of further ones. `expected`: the commit of ours that the branch holds
    now ('' = no branch): no other is replaced.
    Result: sha.
    """

    kind: Literal["propose_file"] = "propose_file"
    branch: str
    base_sha: str
    path: str
    content: str
    message: str
    expected: str = ""
    also: tuple[tuple[str, str], ...] = ()

    @property
    def all_files(self) -> tuple[tuple[str, str], ...]:
        return ((self.path, self.content), *self.also)


class OpenPullRequest(_Effect):
    """Result: number, url, head_sha."""

    kind: Literal["open_pull_request"] = "open_pull_request"
    issue: int
    branch: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class EditPullRequest(_Effect):
    """A new body (the iteration report) for a pull request of ours."""

    kind: Literal["edit_pull_request"] = "edit_pull_request"
    number: int
    body: str


class MergePullRequest(_Effect):
    """Merge exactly `sha` (GitHub refuses another head). Result: sha of the merge."""

    kind: Literal["merge_pull_request"] = "merge_pull_request"
    number: int
    sha: str
    method: str = "merge"
    title: str = ""


class CloseIssue(_Effect):
    """Close the story's issue. `reason`: completed | not_planned."""

    kind: Literal["close_issue"] = "close_issue"
    issue: int
    reason: str = "completed"


class ClosePullRequest(_Effect):
    """Close a pull request of ours without merging it."""

    kind: Literal["close_pull_request"] = "close_pull_request"
    number: int


class DeleteBranch(_Effect):
    """Delete a branch of ours, only while it still holds `sha`."""

    kind: Literal["delete_branch"] = "delete_branch"
    branch: str
    sha: str


class PrepareEnvironment(_Effect):
    """Install the project's dependencies for `sha` (set-up phase; the only one with a network).

    `asked`: (path, requirement) pairs that must be possible, and held where they are installed.
    Result: environment (digest), reasons, refused (host and command of what the set-up phase wanted
    to reach and must not); or failed (why), refused.
    """

    kind: Literal["prepare_environment"] = "prepare_environment"
    sha: str
    asked: tuple[tuple[str, str], ...] = ()


class RunTests(_Effect):
    """The project's own tests at `sha`, in the sandbox, no network. Result: a TestSummary."""

    kind: Literal["run_tests"] = "run_tests"
    sha: str
    paths: tuple[str, ...] = ()  # empty: the whole suite


class RunGates(_Effect):
    """The quality gates on the change from `base` to `sha` (§17). No network but for advisories.

    `criteria`: (id, text) pairs; `only`: names of gates, () for all; `again`: look even where the
    same was looked at before; `blocking`: whether a gate stops the change, where the
    repository says. Result: gates (each a QualityGate), score.
    """

    kind: Literal["run_gates"] = "run_gates"
    sha: str
    base: str
    story: str = ""
    criteria: tuple[tuple[str, str], ...] = ()
    only: tuple[str, ...] = ()
    again: bool = False
    blocking: tuple[tuple[str, bool], ...] = ()


class PublishCheck(_Effect):
    """One check run on a pushed commit (W11), with as many annotations as there are.

    `conclusion`: success | failure | neutral | skipped. Result: check_run_id, url.
    """

    kind: Literal["publish_check"] = "publish_check"
    sha: str
    check: str  # its name
    conclusion: str
    title: str
    summary: str
    annotations: tuple[GateFinding, ...] = ()


class RunCommand(_Effect):
    """A command in the sandbox, no network: a known family's, or a model's (`in_project`), which
    runs with the project's own environment.

    Result: exit_code (None: ended by the limit `killed_by`), output (its end), truncated, seconds,
    adapter, tree (the tree after it), changed (paths), created, deleted, packages_added; in_project
    also parsed (what a parser makes of the output).
    """

    kind: Literal["run_command"] = "run_command"
    sha: str
    argv: tuple[str, ...]
    purpose: str
    in_project: bool = False


class CallModel(_Effect):
    """One bounded model call (idea 4). Result: output or said (JSON), usage, model, prompt_version.

    A turn of a conversation says only what is new in it: the first one its package, a later one
    what the model is `told` now. `history` is the digest of all before that.
    """

    kind: Literal["call_model"] = "call_model"
    purpose: str
    package: dict[str, Any]
    schema_name: str = ""
    attempt: int = 1
    conversation: str = ""
    turn: int = 0  # from 1; 0: a call by itself
    history: str = ""
    told: dict[str, Any] = Field(default={})  # results and note, as in an Exchange
    # what decides on the model that is asked; the desk says it
    complexity: int = 5
    spent: float = 0.0  # share of the story's budget
    written_by: tuple[str, ...] = ()  # providers of the change so far


Effect = Annotated[
    React
    | SetLabels
    | PostComment
    | ReplyToReview
    | ShowStatus
    | ClaimIssue
    | RequestStory
    | OpenIssue
    | OpenTodoIssue
    | ChangeTodoIssue
    | ShowDashboard
    | PushBranch
    | ProposeFile
    | OpenPullRequest
    | EditPullRequest
    | MergePullRequest
    | CloseIssue
    | ClosePullRequest
    | DeleteBranch
    | PrepareEnvironment
    | RunTests
    | RunGates
    | PublishCheck
    | RunCommand
    | CallModel
    | TicketEffect
    | ServerEffect,
    Field(discriminator="kind"),
]

EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)
