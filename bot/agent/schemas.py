"""What a model may answer, by purpose: schemas that are checked on arrival.

Promises: whatever does not fit is refused with pydantic's error; what fits is turned into the
story's own values. Never trusts an answer beyond its shape: paths, cycles and sizes are checked
again by code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.agent.edits import repository_path
from bot.story.split import SmallerStory
from bot.story.vocabulary import (
    Criterion,
    ExecutionPlan,
    Finding,
    StorySpec,
    Task,
)

MAX_FILE = 400_000  # characters a single file may be given
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]
Path = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Answer(BaseModel):
    """Base of all answers: unknown fields are dropped, wrong types are errors."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class AnalysedCriterion(Answer):
    """One acceptance criterion. Given, when and then are empty where it has not that form."""

    text: Line
    given: Line = ""
    when: Line = ""
    then: Line = ""


class Analysis(Answer):
    """What a story asks for."""

    description: Annotated[str, StringConstraints(max_length=8_000)] = ""
    story_type: Literal["feature", "bugfix", "refactor", "infra"]
    criteria: list[AnalysedCriterion] = Field(default=[], max_length=40)
    complexity: int = Field(ge=1, le=10)
    likely_files: list[Path] = Field(default=[], max_length=60)
    questions: list[Line] = Field(
        default=[], max_length=10, description="only what blocks the work and only a person knows"
    )


class PlannedTask(Answer):
    """One step of a plan."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
    action: Literal["create_file", "modify_file", "delete_file", "run_command"]
    description: Line
    targets: list[Path] = Field(default=[], max_length=30)
    depends_on: list[str] = Field(default=[], max_length=30)
    criteria: list[str] = Field(default=[], max_length=40)


class Plan(Answer):
    """Tasks, in an order that respects `depends_on`."""

    tasks: list[PlannedTask] = Field(min_length=1, max_length=30)
    testing_strategy: Line = "unit"
    deploy_strategy: Line = "merge"


class Part(Answer):
    """A story by itself, smaller than the one it is a part of."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    description: Annotated[str, StringConstraints(max_length=4_000)] = ""
    criteria: list[Line] = Field(min_length=1, max_length=20)
    after: list[int] = Field(
        default=[], max_length=8, description="numbers, from 1, of the parts that must come before"
    )


class Parts(Answer):
    """The parts, in the order in which they can be done."""

    parts: list[Part] = Field(min_length=2, max_length=8)


class Edit(Answer):
    """One change of one file: `write` (whole content), `replace` (a unique text), or `delete`."""

    path: Path
    kind: Literal["write", "replace", "delete"]
    content: str | None = Field(default=None, max_length=MAX_FILE)
    search: str | None = Field(default=None, max_length=MAX_FILE)
    replace: str | None = Field(default=None, max_length=MAX_FILE)


class Edits(Answer):
    """Changes of files."""

    edits: list[Edit] = Field(default=[], max_length=80)
    subject: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = Field(
        default="", description="Conventional Commits subject of this step"
    )
    explanation: Line = ""
    need_files: list[Path] = Field(
        default=[], max_length=20, description="files to be shown before the edits can be made"
    )


class Remark(Answer):
    """One remark of a review."""

    severity: Literal["blocking", "suggestion", "nit"]
    message: Line
    path: Annotated[str, StringConstraints(max_length=400)] = ""
    line: int = Field(default=0, ge=0)


class ReviewReport(Answer):
    """What is to be said of a change."""

    summary: Line = ""
    findings: list[Remark] = Field(default=[], max_length=60)


def shape(schema: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a type as a model is shown it: without titles, which repeat the names."""
    plain: dict[str, Any] = _untitled(schema.model_json_schema())
    return plain


def _untitled(schema: Any) -> Any:
    if isinstance(schema, dict):
        named = schema.get("properties")
        return {
            key: {name: _untitled(one) for name, one in named.items()}
            if key == "properties" and named
            else _untitled(value)
            for key, value in schema.items()
            if key != "title"
        }
    return [_untitled(one) for one in schema] if isinstance(schema, list) else schema


SCHEMA_OF: dict[str, type[Answer]] = {
    "analyze": Analysis,
    "plan": Plan,
    "split": Parts,
    "test": Edits,
    "code": Edits,
    "repair": Edits,
    "respond": Edits,
    "review": ReviewReport,
}
PURPOSES = tuple(SCHEMA_OF)
SCHEMAS: dict[str, type[Answer]] = {schema.__name__: schema for schema in SCHEMA_OF.values()}


class PlanError(Exception):
    """A plan that cannot count. `kind`: unknown_path | bad_path | cycle | unknown_task |
    duplicate_task | exists. The message is for the model (S12)."""

    def __init__(self, kind: str, task: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.task = task


_NOTHING = re.compile(
    r"\W*(?:n/?a|none|nil|null|not applicable|unspecified|tbd)?\W*", re.IGNORECASE
)
_PARTS = ("given", "when", "then")


def _criteria(answers: list[AnalysedCriterion]) -> tuple[Criterion, ...]:
    """Each criterion once, without parts that say nothing or repeat it."""
    found: dict[str, Criterion] = {}
    for one in answers:
        parts = {name: getattr(one, name) for name in _PARTS}
        told = {name: said for name, said in parts.items() if not _NOTHING.fullmatch(said)}
        text = "" if _NOTHING.fullmatch(one.text) else one.text
        text = text or ", ".join(f"{name} {said}" for name, said in told.items())
        told = {name: said for name, said in told.items() if _plain(said) != _plain(text)}
        if text:
            same = "|".join(map(_plain, (text, *(told.get(name, "") for name in _PARTS[:2]))))
            found.setdefault(same, Criterion(id=f"C{len(found) + 1}", text=text, **told))
    return tuple(found.values())


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s.]", text.casefold()))


def story_spec(answer: Analysis, title: str, stated: tuple[Criterion, ...] = ()) -> StorySpec:
    """The spec of a story. Criteria that the story itself states win over the model's wording;
    where nobody found one, the title is it.
    """
    made = stated or _criteria(answer.criteria) or (Criterion(id="C1", text=title.strip()),)
    return StorySpec(
        title=title,
        description=answer.description,
        story_type=answer.story_type,
        criteria=made,
        complexity=answer.complexity,
        dependencies=_paths(answer.likely_files),
        ambiguities=tuple(q for q in dict.fromkeys(answer.questions) if not _NOTHING.fullmatch(q)),
    )


def _paths(told: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for path in map(repository_path, told) if path))


def execution_plan(answer: Plan, exists: Callable[[str], bool]) -> ExecutionPlan:
    """The plan in an order that respects `depends_on`; raises `PlanError` (S12).

    A path that a `create_file` of the same plan makes counts as existing for the others.
    """
    tasks = {task.id: task for task in answer.tasks}
    if len(tasks) != len(answer.tasks):
        names = [task.id for task in answer.tasks]
        doubled = next(name for name in names if names.count(name) > 1)
        raise PlanError("duplicate_task", doubled, f"task id {doubled!r} is used twice")
    for task in answer.tasks:
        if unknown := [name for name in task.depends_on if name not in tasks]:
            raise PlanError("unknown_task", task.id, f"{task.id} depends on unknown {unknown}")
    _check_targets(answer, exists)
    try:
        order = tuple(TopologicalSorter({t.id: t.depends_on for t in answer.tasks}).static_order())
    except CycleError as error:
        raise PlanError("cycle", "", f"tasks depend on each other: {error.args[1]}") from error
    return ExecutionPlan(
        tasks=tuple(_task(tasks[name]) for name in order),
        testing_strategy=answer.testing_strategy,
        deploy_strategy=answer.deploy_strategy,
    )


def _check_targets(answer: Plan, exists: Callable[[str], bool]) -> None:
    made = {
        repository_path(path)
        for task in answer.tasks
        if task.action == "create_file"
        for path in task.targets
    }
    for task in answer.tasks:
        for target in task.targets:
            path = repository_path(target)
            if path is None:
                raise PlanError("bad_path", task.id, f"{target!r} is not inside the repository")
            known = path in made or exists(path)
            if task.action in {"modify_file", "delete_file"} and not known:
                raise PlanError("unknown_path", task.id, f"{path} does not exist")


def _task(task: PlannedTask) -> Task:
    return Task(
        id=task.id,
        action=task.action,
        description=task.description,
        targets=_paths(task.targets),
        depends_on=tuple(task.depends_on),
        criteria=tuple(task.criteria),
    )


def smaller_stories(answer: Parts) -> tuple[SmallerStory, ...]:
    """The parts, each after earlier ones only; one that says nothing of its own is dropped."""
    made: list[SmallerStory] = []
    place: dict[int, int] = {}  # number in the answer -> number of what is kept
    for number, part in enumerate(answer.parts, 1):
        criteria = tuple(dict.fromkeys(c for c in part.criteria if not _NOTHING.fullmatch(c)))
        if not criteria or any(_plain(part.title) == _plain(one.title) for one in made):
            continue
        after = tuple(sorted({place[one] for one in part.after if one in place}))
        place[number] = len(made) + 1
        made.append(
            SmallerStory(
                title=part.title, description=part.description, criteria=criteria, after=after
            )
        )
    return tuple(made)


def findings(answer: ReviewReport) -> tuple[Finding, ...]:
    """The remarks of a review as findings."""
    return tuple(
        Finding(severity=r.severity, message=r.message, path=r.path, line=r.line)
        for r in answer.findings
    )
