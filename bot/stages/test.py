"""TESTING: the project's own tests decide; then the branch and its pull request (S20, S21, Q1).

Promises: nothing is pushed before the tests of exactly that commit passed and no quality gate stops
it; a commit that somebody
else put on the branch is tested, never overwritten.
"""

from __future__ import annotations

from bot.families import known
from bot.stages import remembered
from bot.stages.automatic import automatic
from bot.stages.conflicts import rebased
from bot.stages.flaky import again
from bot.stages.gates import gated, show, stopped
from bot.stages.respond import say_answers
from bot.stages.tests_first import own_modules
from bot.stages.workroom import Workroom, attempt_failed, broken, hand_over, run_tests
from bot.story.desk import Desk
from bot.story.effects import EditPullRequest, OpenPullRequest, PushBranch
from bot.story.events import HeadMoved, Tested
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.performer import NotAllowed, Refused
from bot.story.vocabulary import Gate, State, Tier, Waiting
from bot.texts import reasons, report
from bot.workspace.text_files import Files
from policies.codeowners import OWNERS_FILES
from policies.failure_kind import STRATEGY, Failure, classify
from policies.reviewers import reviewers_for

MAX_REBASES = 3


def test(story: Story, desk: Desk, room: Workroom) -> Move:
    """Test the head, bring it up to date, push it and open (or update) the pull request."""
    if story.foreign_head:
        return _test_foreign(story, desk, room)
    if story.head_sha == story.adopted_sha:
        room.fetch(story.repository, story.branch)
    for _ in range(MAX_REBASES):
        tested = run_tests(desk, "head", story.head_sha, asked=known.asked(story.spec))
        tested = again(desk, tested)
        problem = broken(story, tested)
        if problem:
            return tests_failed(story, desk, room, problem, tested)
        if not rebased(story, desk, room):
            break
    seen = gated(story, desk, room)
    if seen and any(one.status == "fail" for one in seen.blocking):
        remembered.doubted(story, room)
    if (move := stopped(story, desk, room, seen)) is not None:
        return move
    try:
        _publish(story, desk, room)
    except (NotAllowed, Refused) as stopper:
        if not _overtaken(story, desk, room, stopper):
            raise
        return _test_foreign(story, desk, room)
    say_answers(story, desk, room)
    show(desk, seen)
    return _gate(story, desk, room)


test.__test__ = False


def _overtaken(story: Story, desk: Desk, room: Workroom, stopper: NotAllowed | Refused) -> bool:
    """Whether somebody pushed to the branch of our pull request while we worked; noted then."""
    if isinstance(stopper, NotAllowed):
        return story.foreign_head and story.pull_open
    if stopper.effect.kind != "push_branch" or not story.pull_open:
        return False
    head = room.github.branch_head(story.repository, story.branch)
    if head is None or head == story.pushed_sha:
        return False
    desk.note(HeadMoved(sha=head, by=None))  # who it was is told by the webhook, if it comes
    return True


def tests_failed(story: Story, desk: Desk, room: Workroom, problem: str, tested: Tested) -> Move:
    """What follows when the head's tests are red, by the kind of the failure."""
    summary = tested.summary
    if story.spec.tier is not Tier.MODEL and summary.ran:
        raise hand_over(reasons.family_failed(problem))
    files = Files(room.mirror_of(story.repository), story.head_sha)
    kind = classify(
        Failure(
            tests=[one for one in summary.details if one.id in set(tested.regressions)],
            tail=summary.tail,
            ran=summary.ran,
            own=own_modules(story, files),
        )
    )
    if not STRATEGY[kind].code:
        raise hand_over(reasons.environment(problem))  # never regenerates code (S16)
    remembered.doubted(story, room)
    return attempt_failed(desk, room, State.TESTING, kind, problem)


def _publish(story: Story, desk: Desk, room: Workroom) -> None:
    repository, mirror = story.repository, room.mirror_of(story.repository)
    changed = mirror.changed_files(story.base_sha, story.head_sha)
    files = tuple((f.path, f.added or 0, f.deleted or 0) for f in changed)
    if story.pushed_sha != story.head_sha:
        desk.do(
            PushBranch(
                key=desk.key("push_branch", story.head_sha),
                repository=repository,
                branch=story.branch,
                sha=story.head_sha,
                expected=_held(story, room),
                files=tuple(path for path, _, _ in files),
                lines=sum(added + removed for _, added, removed in files),
            )
        )
    body = report.body(story, files)
    if story.pull_open:
        desk.do(
            EditPullRequest(
                key=desk.key("edit_pull_request", story.head_sha),
                repository=repository,
                number=story.pull_number,
                body=body,
            )
        )
        return
    desk.do(
        OpenPullRequest(
            key=desk.key("open_pull_request"),
            repository=repository,
            issue=story.issue,
            branch=story.branch,
            base=repository.default_branch,
            title=report.title(story),
            body=body,
            labels=(story.spec.story_type,),
            reviewers=_reviewers(story, room, tuple(path for path, _, _ in files)),
        )
    )


def _held(story: Story, room: Workroom) -> str:
    """What the branch may hold: what we pushed; nothing where a person deleted it."""
    gone = room.github.branch_head(story.repository, story.branch) is None
    return "" if gone else story.pushed_sha


def _reviewers(story: Story, room: Workroom, paths: tuple[str, ...]) -> tuple[str, ...]:
    base = story.repository.default_branch
    text = room.github.first_file(story.repository, OWNERS_FILES, base)
    barred = (story.requester.login, story.author.login)
    return () if text is None else reviewers_for(text, paths, barred=barred)


def _gate(story: Story, desk: Desk, room: Workroom) -> Move:
    if not room.configuration(story.repository).gates.pre_deploy:
        return Move(State.DEPLOYING, "tests pass")
    by_itself = automatic(story, desk, room, Gate.PRE_DEPLOY)
    if by_itself.allowed:
        return Move(State.DEPLOYING, "approved by the configuration")
    waiting = Waiting(
        gate=Gate.PRE_DEPLOY,
        resume_to=State.DEPLOYING,
        since=desk.clock(),
        reason=reasons.not_by_itself(by_itself),
    )
    return Move(State.WAITING, "tests pass", waiting)


def _test_foreign(story: Story, desk: Desk, room: Workroom) -> Move:
    """Somebody pushed to our branch: test what is there; it needs an approval of its own."""
    room.fetch(story.repository, story.branch)
    mirror = room.mirror_of(story.repository)
    mirror.keep(f"{story.repository.id}/{story.issue}", story.head_sha)
    tested = again(desk, run_tests(desk, "head", story.head_sha))
    problem = broken(story, tested)
    if problem:
        raise hand_over(reasons.foreign_commit_fails(problem))
    seen = gated(story, desk, room)
    if (move := stopped(story, desk, room, seen)) is not None:
        return move
    say_answers(story, desk, room)
    show(desk, seen)
    return _gate(story, desk, room)
