"""Facts in which an approval, and every effect, is allowed; tests change one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.story.vocabulary import Approval, AutoApproval, Gate, Person, Remark, Repository, Shown
from policies.approvals import Involved
from policies.dashboard import DashboardFacts
from policies.effect_facts import PullFacts
from policies.effects import Facts
from policies.marks import MarkFacts
from policies.servers import ServerFacts, ToolFacts
from policies.tickets import TicketFacts
from policies.who_approves import ApprovalFacts, Comment
from policies.who_commands import START, CommandFacts

HEAD, OTHER, BASE = "a" * 40, "b" * 40, "c" * 40
PLAN = "d" * 64
NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
BOT = Person(id=1, login="towpath[bot]", is_bot=True)
ASKER = Person(id=2, login="asker")
WRITER = Person(id=3, login="writer")
REVIEWER = Person(id=4, login="reviewer")
SECOND = Person(id=5, login="second")
REPOSITORY = Repository(
    id=9, full_name="o/r", default_branch="main", git_url="http://127.0.0.1/o/r", installation_id=7
)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def shown(seconds: float, head: str = HEAD, plan: str = PLAN) -> Shown:
    return Shown(head_sha=head, plan_digest=plan, at=at(seconds))


def approval_facts(**changed: Any) -> ApprovalFacts:
    facts: dict[str, Any] = {
        "gate": Gate.PRE_DEPLOY,
        "waiting_at": Gate.PRE_DEPLOY,
        "person": REVIEWER,
        "permission": "write",
        "comment": Comment(id=70, created_at=at(60), updated_at=at(60)),
        "head_sha": HEAD,
        "plan_digest": PLAN,
        "shown": (shown(0),),
        "involved": Involved(
            requester=ASKER,
            issue_author=WRITER,
            pull_author=BOT,
            contributors=frozenset({BOT.id}),
        ),
    }
    return ApprovalFacts(**{**facts, **changed})


def approval(person: Person = REVIEWER, **changed: Any) -> Approval:
    fields: dict[str, Any] = {
        "gate": Gate.PRE_DEPLOY,
        "person": person,
        "head_sha": HEAD,
        "base_sha": BASE,
        "plan_digest": PLAN,
        "comment_id": 70,
        "at": at(60),
    }
    return Approval(**{**fields, **changed})


@dataclass
class StoryFacts:
    """A story at the moment before its merge."""

    repository: Repository | None = REPOSITORY
    issue: int = 12
    branch: str = "feature/STORY-12/round-up"
    base_sha: str = BASE
    head_sha: str = HEAD
    pushed_sha: str = HEAD
    plan_digest: str = PLAN
    foreign_head: bool = False
    pull_number: int = 13
    approvals: list[Approval] = field(default_factory=lambda: [approval()])
    auto_approved: AutoApproval | None = None
    remarks_open: tuple[Remark, ...] = ()
    tested: str = HEAD
    stopped: str = ""
    split_agreed: bool = True

    def passed(self, subject: str, sha: str) -> bool:
        return subject == "head" and sha == self.tested

    def held_back(self, sha: str) -> bool:
        return sha == self.stopped


def pull(**changed: Any) -> PullFacts:
    fields: dict[str, Any] = {
        "number": 13,
        "state": "open",
        "head_sha": HEAD,
        "head_ref": "feature/STORY-12/round-up",
        "base_ref": "main",
        "author": BOT,
        "mergeable": True,
    }
    return PullFacts(**{**fields, **changed})


def facts(story: StoryFacts | None = None, **changed: Any) -> Facts:
    fields: dict[str, Any] = {
        "live": True,
        "paused": False,
        "story": story or StoryFacts(),
        "default_branch": "main",
        "bot": BOT,
        "pull": pull(),
        "involved": approval_facts().involved,
        "tickets": TicketFacts(REPOSITORY.id, "SHOP", True, frozenset({"in progress"}), "us"),
        "marks": MarkFacts(REPOSITORY.id, True, frozenset({1, 2}), {2: 21}),
        "dashboard": DashboardFacts(REPOSITORY.id, True, 30),
        "servers": {"docs": ServerFacts(frozenset({"code"}), {"lookup": ToolFacts(PLAN, False)})},
        "asker": CommandFacts(command=START, person=ASKER, permission="write"),
    }
    return Facts(**{**fields, **changed})
