"""PLANNING: tasks in an order, checked against the repository before they count (S12).

Promises: a plan that names unknown paths, depends on itself or leaves the scope is mended once or
handed over; an approved plan is the one whose digest was shown.
"""

from __future__ import annotations

from bot.agent.context import select
from bot.agent.schemas import PlanError, execution_plan
from bot.families import known
from bot.stages.analyze import full_text, said, told_story
from bot.stages.workroom import Workroom, ask, hand_over
from bot.story.desk import Desk
from bot.story.events import Planned
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import ExecutionPlan, Gate, State, Tier, Waiting
from bot.texts import reasons
from bot.workspace.text_files import Files
from policies.branches import branch_name
from policies.scope import restricted


def plan(story: Story, desk: Desk, room: Workroom) -> Move:
    """Make the plan and the branch's name."""
    spec = story.spec
    by_model = spec.tier is Tier.MODEL
    made = _ask_for_plan(story, desk, room) if by_model else known.plan(spec)
    outside = restricted(tuple(t for task in made.tasks for t in task.targets))
    if outside:
        raise hand_over(reasons.out_of_scope(outside))
    # A story keeps its branch, whatever becomes of its title: the pull request is of that one.
    branch = story.branch or branch_name(story.issue, spec.title, spec.story_type)
    desk.note(Planned(plan=made, branch=branch))
    if room.settings.pre_code:
        waiting = Waiting(gate=Gate.PRE_CODE, resume_to=State.CODING, since=desk.clock())
        return Move(State.WAITING, "pre_code", waiting)
    return Move(State.CODING, "planned")


def _ask_for_plan(story: Story, desk: Desk, room: Workroom) -> ExecutionPlan:
    files = Files(room.mirror_of(story.repository), story.base_sha)
    query = f"{story.title}\n{full_text(story)}\n{' '.join(story.spec.dependencies)}"
    package = {
        "story": told_story(story),
        "answers": said(story),
        "spec": story.spec.model_dump(mode="json"),
        "tree": files.listing(),
        "files": select(files.paths, files.text, query, room.settings.context_chars // 2),
    }
    problem = ""
    for attempt in (1, 2):
        answer = ask(desk, "plan", {**package, "feedback": problem}, attempt=attempt)
        try:
            return execution_plan(answer, lambda path: path in files.known)
        except PlanError as error:
            problem = str(error)
    raise hand_over(reasons.bad_plan(problem))
