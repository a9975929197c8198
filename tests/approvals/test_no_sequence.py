"""No sequence of words, edits, pushes, reviews and changed access merges what nobody agreed to."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.configuration.in_force import EffectiveConfig
from bot.configuration.schema import Approvals
from bot.story import events as e
from bot.story.commands import Parsed, parse
from bot.story.effects import MergePullRequest
from bot.story.judge import Judge, JudgeSettings
from bot.story.machine import Story, apply
from bot.story.spending import Spending
from bot.story.standing import REVIEW, words_of
from bot.story.vocabulary import ExecutionPlan, Gate, Person, State, Task, TestSummary, Waiting
from handlers.approve import COMMANDS, approval_of, approve, gathered
from handlers.command import Asked
from policies.effects import Limits
from policies.who_approves import Comment, decide
from tests.approvals.oracle import Oracle
from tests.approvals.small_github import (
    BOT,
    BRANCH,
    ISSUE,
    OTHER_BOT,
    PEOPLE,
    PULL,
    REPOSITORY,
    SmallGitHub,
)

SPECS = [command.spec for command in COMMANDS]
PERSON = st.sampled_from([*PEOPLE.values(), OTHER_BOT])
WORDS = st.sampled_from(["/approve", "/approve {head}", "/approve {shown}", "> /approve", "fine"])


class Sequence(RuleBasedStateMachine):
    """One pull request that waits for approval, and everybody around it."""

    @initialize(second=st.booleans(), quorum=st.integers(1, 2), owned=st.booleans())
    def begin(self, second: bool, quorum: int, owned: bool) -> None:
        asker, writer = PEOPLE["asker"], PEOPLE["writer"]
        self.github = SmallGitHub(access={one.id: "write" for one in PEOPLE.values()})
        self.github.access[OTHER_BOT.id] = "write"
        self.oracle = Oracle({asker.id, writer.id}, quorum, second)
        if owned:
            self.github.owners = "* @cat\n"
            self.oracle.owner = PEOPLE["cat"].id
        self.screen = ""  # the head that the status comment shows at this very moment
        self.unread: list[int] = []  # comments that Towpath has not handled yet
        self.merged = False
        self.config = self._config(quorum, second)
        first = self.github.push(BOT, "tree 0", BOT)
        self.story = Story("story:9:12")
        task = Task(id="T1", action="modify_file", description="x", targets=("a.py",))
        self.tell(
            e.StoryReceived(
                repository=REPOSITORY, issue=ISSUE, title="t", body="b",
                author=writer, requester=asker,
            ),
            e.Planned(plan=ExecutionPlan(tasks=(task,)), branch=BRANCH),
            e.Committed(task="T1", sha=first.sha, parent="p", message="m", files=("a.py",)),
        )  # fmt: skip
        self.performed("push_branch", sha=first.sha)
        self.performed("open_pull_request", number=PULL)
        self.rests()

    def _config(self, quorum: int, second: bool) -> EffectiveConfig:
        told = Approvals(quorum=quorum, second_person=second, reviews_count=True)
        return EffectiveConfig(approvals=told)

    def tell(self, *events: Any) -> None:
        for event in events:
            apply(self.story, event, self.github.at())

    def performed(self, kind: str, **result: Any) -> None:
        self.tell(e.EffectPerformed(key=f"k/{kind}", effect=kind, result=result))

    def rests(self) -> None:
        """Tested, and waiting at the gate."""
        head = self.story.head_sha
        self.tell(e.Tested(subject="head", summary=TestSummary(sha=head, ran=True, ok=True)))
        self.story.state = State.WAITING
        self.story.waiting = Waiting(
            gate=Gate.PRE_DEPLOY, resume_to=State.DEPLOYING, since=self.github.at()
        )

    # -- time and what is on the screen ---------------------------------------------------------

    @rule(seconds=st.integers(1, 3))
    def later(self, seconds: int) -> None:
        self.github.second += seconds

    @rule()
    def show(self) -> None:
        self.screen = self.story.head_sha
        self.performed(
            "show_status",
            comment_id=1,
            digest="d",
            head_sha=self.screen,
            plan_digest=self.story.plan_digest,
            shown_at=self.github.at(),
        )

    # -- what people do -------------------------------------------------------------------------

    @rule(person=PERSON, claims=PERSON, same=st.booleans(), heard=st.booleans())
    def push(self, person: Person, claims: Person, same: bool, heard: bool) -> None:
        old = self.github.head.tree
        tree = old if same else f"tree {len(self.github.commits)}"
        self.github.push(person, tree, claims)
        self.oracle.hands.add(person.id)
        if heard:
            self.hear_of_the_push(True)

    @rule(known=st.booleans())
    def hear_of_the_push(self, known: bool) -> None:
        head, before = self.github.head, self.story.head_sha
        if head.sha == before and self.story.pushers.get(head.sha, head.pusher) is not None:
            return
        same = self.github.tree_of(before) == head.tree
        self.tell(e.HeadMoved(sha=head.sha, by=head.pusher if known else None, same_tree=same))
        for missed in self.github.commits[1:]:  # GitHub lists them; the webhooks come some day
            if known and missed.sha not in self.story.pushers:
                self.story.pushers[missed.sha] = missed.pusher
        self.rests()

    @rule(person=PERSON, words=WORDS, read=st.booleans())
    def comment(self, person: Person, words: str, read: bool) -> None:
        text = words.format(head=self.github.head.sha, shown=self.screen or "0" * 40)
        mark = self.github.write(person, text)
        if text == "/approve":
            self.oracle.agrees(person, self.github.tree_of(self.screen), mark)
        elif text.startswith("/approve "):
            self.oracle.agrees(person, self.github.tree_of(text.split()[1]), mark)
        self.unread.append(mark)
        if read:
            self.read()

    @rule()
    def read(self) -> None:
        """Towpath handles what was written, some time after it was."""
        for mark in self.unread:
            told = self.github.comments.get(mark)
            if told is not None:
                self._handle(told)
        self.unread.clear()

    def _handle(self, told: dict[str, Any]) -> None:
        author = next(p for p in (*PEOPLE.values(), OTHER_BOT) if p.id == told["user"]["id"])
        created = datetime.fromisoformat(told["created_at"])
        updated = datetime.fromisoformat(told["updated_at"])
        comment = Comment(
            told["id"], created, updated, edited=updated > created, words=words_of(told)
        )
        for said in parse(told["body"], SPECS):
            if isinstance(said, Parsed):
                permission = self.github.permission(REPOSITORY, author.login, author.id)
                asked = Asked(
                    said, author, permission, comment, self.story, self.office(), REPOSITORY
                )
                self.tell(*approve(asked).events)

    def office(self) -> Any:
        """What the handler of approvals is handed; all of it data of this world."""
        github = SimpleNamespace(compare=lambda *_: None)
        for name in dir(self.github):
            if not name.startswith("_"):
                setattr(github, name, getattr(self.github, name))
        return SimpleNamespace(
            github=github,
            configuration=lambda repository: self.config,
            settings=SimpleNamespace(github_web_url="http://127.0.0.1"),
        )

    @precondition(lambda self: self.github.comments)
    @rule(data=st.data(), delete=st.booleans(), heard=st.booleans())
    def change_words(self, data: st.DataObject, delete: bool, heard: bool) -> None:
        """Deleted at once, or edited in a later second: within one GitHub says nothing of it."""
        mark = data.draw(st.sampled_from(sorted(self.github.comments)))
        if delete:
            del self.github.comments[mark]
        else:
            self.github.second += 1
            now = {"body": "/approve", "updated_at": self.github.at().isoformat()}
            self.github.comments[mark] |= now
        self.oracle.takes_back(mark=mark)
        if heard:
            self.tell(e.ApprovalWithdrawn(reason="x", comment_id=mark, thread="issue_comment"))

    @rule(person=PERSON, level=st.sampled_from(["none", "read", "triage", "write", "admin"]))
    def change_access(self, person: Person, level: str) -> None:
        self.github.access[person.id] = level

    @rule(person=PERSON, state=st.sampled_from(["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]))
    def review(self, person: Person, state: str) -> None:
        mark = self.github.submit(person, state)
        if state == "CHANGES_REQUESTED":
            self.oracle.takes_back(who=person.id)
        if state != "APPROVED":
            return
        self.oracle.agrees(person, self.github.head.tree, mark)
        comment = Comment(mark, self.github.at(), thread=REVIEW)
        permission = self.github.permission(REPOSITORY, person.login, person.id)
        facts = gathered(
            self.office(), self.story, person, permission, comment,
            sha=self.github.head.sha, by_review=True,
        )  # fmt: skip
        if decide(facts).allowed:
            self.tell(e.Approved(approval=approval_of(facts)))

    @precondition(lambda self: self.github.reviews)
    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        review = data.draw(st.sampled_from(self.github.reviews))
        review["state"] = "DISMISSED"
        self.oracle.takes_back(mark=review["id"])

    @rule(person=PERSON)
    def rewrite_the_story(self, person: Person) -> None:
        self.oracle.said.clear()
        self.oracle.hands.add(person.id)
        self.tell(
            e.StoryEdited(title="t", body="other", editor=person),
            e.ApprovalWithdrawn(reason="the story was edited"),
        )

    @rule(person=PERSON)
    def reject(self, person: Person) -> None:
        self.oracle.said.clear()
        self.tell(e.Rejected(person=person, reason="no"))
        self.story.rejected = None  # and somebody had it tried again

    @rule(person=PERSON)
    def move_labels(self, person: Person) -> None:
        self.tell(e.ViewDisturbed(view="labels", by=person))

    @rule(quorum=st.integers(1, 3), second=st.booleans())
    def configure(self, quorum: int, second: bool) -> None:
        self.config = self._config(quorum, second)
        self.oracle.quorum, self.oracle.second = quorum, second

    # -- and what must never follow ---------------------------------------------------------------

    @invariant()
    def nothing_is_merged_that_nobody_rightful_agreed_to(self) -> None:
        if not hasattr(self, "story"):
            return
        limits = JudgeSettings(limits=Limits())
        judge = Judge(
            self.github, limits, lambda _: Spending(), self.github.at, lambda _: self.config
        )
        effect = MergePullRequest(
            key="k/merge", repository=REPOSITORY, number=PULL, sha=self.story.head_sha
        )
        if judge(effect, self.story).allowed and self.story.head_sha == self.github.head.sha:
            writers = {who for who, has in self.github.access.items() if has in ("write", "admin")}
            assert self.oracle.rightful(self.github.head.tree, writers)
            self.merged = True


Sequence.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestNoSequence = Sequence.TestCase
