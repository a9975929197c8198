"""PLANNING: tasks in an order, checked against the repository before they count (S12).

Promises: a plan that names unknown paths, depends on itself, leaves the scope or is too large is
mended once, then a person is asked: of one that is too large, whether to make several stories of
it. An approved plan is the one whose digest was shown.
"""

from __future__ import annotations

from bot.agent.schemas import PlanError, execution_plan
from bot.families import known
from bot.stages import split
from bot.stages.analyze import ask_people, full_text, said, told_story
from bot.stages.for_people import scope_of
from bot.stages.package import characters, told_plan, told_spec
from bot.stages.shown import instructions_for, shown, too_big
from bot.stages.workroom import Workroom, ask, hand_over
from bot.story.desk import Desk, StageStops
from bot.story.events import Planned
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import ExecutionPlan, Gate, State, StorySpec, Tier, Waiting
from bot.texts import reasons
from bot.workspace.detect import detect_at
from bot.workspace.text_files import Files
from policies.branches import branch_name
from policies.scope import Scope, may_be_written

MOST_TASKS, MOST_TARGETS, MOST_CHECKS = 12, 30, 20


def plan(story: Story, desk: Desk, room: Workroom) -> Move:
    """Make the plan and the branch's name."""
    spec = story.spec
    if story.split:
        return split.divided(story, desk)
    if spec.tier is Tier.MODEL:
        made = _ask_for_plan(story, desk, room)
    else:
        made = known.plan(spec)
        targets = tuple(t for task in made.tasks for t in task.targets)
        verdict = may_be_written(targets, scope_of(story, room)) if targets else None
        if verdict is not None and not verdict.allowed:
            raise hand_over(reasons.out_of_scope(targets))
    # A story keeps its branch, whatever becomes of its title: the pull request is of that one.
    branch = story.branch or branch_name(story.issue, spec.title, spec.story_type)
    checks = detect_at(room.mirror_of(story.repository), story.base_sha).reasons
    desk.note(
        Planned(
            plan=made,
            branch=branch,
            instructions=_instructions(story, room, made),
            checks=checks[:MOST_CHECKS],
        )
    )
    if room.configuration(story.repository).gates.pre_code:
        waiting = Waiting(gate=Gate.PRE_CODE, resume_to=State.CODING, since=desk.clock())
        return Move(State.WAITING, "pre_code", waiting)
    return Move(State.CODING, "planned")


def _ask_for_plan(story: Story, desk: Desk, room: Workroom) -> ExecutionPlan:
    files = Files(room.mirror_of(story.repository), story.base_sha)
    query = f"{story.title}\n{full_text(story)}\n{' '.join(story.spec.dependencies)}"
    package = {
        "story": told_story(story),
        "answers": said(story),
        "spec": told_spec(story.spec),
        "tree": files.listing(),
        **shown(files, query, characters(story.spec, room.settings.context_chars) // 3),
    }
    if story.plan and story.failures:  # made anew, because the one before could not be done
        package["plan"] = told_plan(story.plan)
        package["failure"] = "\n\n".join(f.message for f in story.failures[-3:])
    problem, kind = "", ""
    for attempt in (1, 2):
        answer = ask(desk, "plan", {**package, "feedback": problem}, attempt=attempt)
        try:
            made = execution_plan(answer, lambda path: path in files.known)
            made = _checked(made, story.spec, scope_of(story, room))
            _check_size(made, files, room.settings.context_chars)
            return made
        except PlanError as error:
            problem, kind = str(error), error.kind
    if kind in split.FROM and split.propose(story, desk, package, problem):
        raise StageStops(split.divided(story, desk))
    raise StageStops(ask_people(story, desk, (reasons.plan_question(problem),), "plan"))


def _instructions(story: Story, room: Workroom, made: ExecutionPlan) -> tuple[str, ...]:
    """What of the project's own instructions a model is told for this plan."""
    if story.spec.tier is not Tier.MODEL:
        return ()
    files = Files(room.mirror_of(story.repository), story.base_sha)
    return instructions_for(files, [t for task in made.tasks for t in task.targets])


def _check_size(made: ExecutionPlan, files: Files, characters: int) -> None:
    """PlanError where a task's files cannot be shown together: it has to be cut smaller (M10)."""
    for task, problem in zip(
        made.tasks, too_big(files, [task.targets for task in made.tasks], characters), strict=True
    ):
        if problem is not None:
            raise PlanError(
                "too_big",
                task.id,
                f"{task.id}: its files and what they import need {problem.tokens} tokens of "
                f"{problem.limit}; make several tasks of fewer files of it "
                f"(the largest: {', '.join(problem.names[:5])})",
            )


def _checked(made: ExecutionPlan, spec: StorySpec, scope: Scope) -> ExecutionPlan:
    """The same plan; PlanError where it is too large, leaves the scope or serves what is not."""
    targets = tuple(dict.fromkeys(t for task in made.tasks for t in task.targets))
    if len(made.tasks) > MOST_TASKS or len(targets) > MOST_TARGETS:
        raise PlanError(
            "oversize",
            "",
            f"{len(made.tasks)} tasks on {len(targets)} files; at most {MOST_TASKS} on "
            f"{MOST_TARGETS}: plan what the story asks for, and nothing else",
        )
    verdict = may_be_written(targets, scope) if targets else None
    if verdict is not None and not verdict.allowed:
        raise PlanError("scope", "", verdict.reason)
    known_ids = {criterion.id for criterion in spec.criteria}
    for task in made.tasks:
        if odd := [name for name in task.criteria if name not in known_ids]:
            raise PlanError("unknown_criterion", task.id, f"{task.id} serves unknown {odd}")
    return made
