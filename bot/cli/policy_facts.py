"""Facts for `towpath policy test` out of a file, or of a story.

Promises: what the file does not say is as in a story where nothing stands in the way; an unknown
name, or a value that does not fit, is named. Never: looks anything up.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from bot.story import effects as fx
from bot.story.vocabulary import Approval, AutoApproval, Person, Repository
from policies.effects import Facts

_REPOSITORY = Repository(
    id=1, full_name="owner/repo", default_branch="main", git_url="", installation_id=1
)


class WrongFacts(ValueError):
    """`problems`: what is wrong, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class SupposedStory:
    """A story as far as the policies look at it."""

    repository: Repository = _REPOSITORY
    issue: int = 7
    title: str = ""
    branch: str = "feature/STORY-7/example"
    base_sha: str = ""
    head_sha: str = "a" * 40
    pushed_sha: str = "a" * 40
    plan_digest: str = ""
    foreign_head: bool = False
    pull_number: int = 12
    approvals: tuple[Approval, ...] = ()
    auto_approved: AutoApproval | None = None
    tests_passed_at: tuple[str, ...] = ("a" * 40,)
    gates_failed_at: tuple[str, ...] = ()

    def passed(self, subject: str, sha: str) -> bool:
        return sha in self.tests_passed_at

    def held_back(self, sha: str) -> bool:
        return sha in self.gates_failed_at


def read(kind: str, raw: bytes) -> tuple[Any, Facts]:
    """An effect and the facts of a YAML file. Raises WrongFacts."""
    try:
        told = yaml.safe_load(raw) or {}
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise WrongFacts([" ".join(str(error).split())[:300]]) from None
    if not isinstance(told, dict):
        raise WrongFacts(["the file has to be a mapping: story, effect and names of facts"])
    story = _made(SupposedStory, told.pop("story", {}), "story")
    effect = proposed(kind, story, told.pop("effect", {}))
    hints = get_type_hints(Facts)
    known = {one.name for one in fields(Facts)} - {"story"}
    _no_others(told, known, "")
    values: dict[str, Any] = {
        "live": True,
        "paused": False,
        "default_branch": story.repository.default_branch,
        "now": datetime.now(UTC),
        "bot": Person(id=1, login="towpath[bot]", is_bot=True),
    }
    for name, value in told.items():
        values[name] = _fitting(TypeAdapter(hints[name]), value, name)
    return effect, Facts(story=story, **values)


def proposed(kind: str, story: Any, told: Any = None) -> Any:
    """The effect as this story would propose it, with what is told of it besides."""
    types = {one.model_fields["kind"].default: one for one in get_args(get_args(fx.Effect)[0])}
    if kind not in types:
        raise WrongFacts([f"{kind} is not proposed by stories"])
    model, told = types[kind], told or {}
    if not isinstance(told, dict):
        raise WrongFacts(["effect: has to be a mapping"])
    _no_others(told, set(model.model_fields) - {"kind", "key", "repository"}, "effect.")
    guessed = {
        "number": story.pull_number,
        "sha": story.head_sha,
        "base": story.repository.default_branch,
        **{name: getattr(story, name) for name in ("issue", "branch", "title")},
    }
    needed = {n: guessed[n] for n in model.model_fields if n in guessed}
    if kind == "run_gates":
        needed["base"] = story.base_sha
    fillers = {
        name: _FILLERS.get(name, _filler(str(field.annotation)))
        for name, field in model.model_fields.items()
        if field.is_required() and name not in needed
    }
    if "files" in model.model_fields:
        fillers["files"] = ("example.py",)
    values = {**fillers, "key": "example", "repository": story.repository, **needed, **told}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise WrongFacts(_lines(error, "effect")) from None


_FILLERS: dict[str, Any] = {
    "argv": ("pytest",),
    "label": "story",
    "requester": {"id": 2, "login": "somebody"},
}


def _filler(annotation: str) -> Any:
    if "dict" in annotation:
        return {}
    if "datetime" in annotation:
        return datetime.now(UTC)
    return 1 if "int" in annotation or "bool" in annotation else "example"


def _made(kind: type, told: Any, name: str) -> Any:
    if not isinstance(told, dict):
        raise WrongFacts([f"{name}: has to be a mapping"])
    _no_others(told, {one.name for one in fields(kind)}, f"{name}.")
    return _fitting(TypeAdapter(kind), told, name)


def _fitting(adapter: TypeAdapter[Any], value: Any, name: str) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise WrongFacts(_lines(error, name)) from None


def _lines(error: ValidationError, name: str) -> list[str]:
    told = error.errors(include_url=False, include_context=False, include_input=False)
    return [f"{'.'.join([name, *map(str, one['loc'])])}: {one['msg']}" for one in told[:10]]


def _no_others(told: dict[Any, Any], known: set[str], prefix: str) -> None:
    problems = []
    for name in told:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            problems.append(f"{prefix}{name}: unknown{meant}")
    if problems:
        raise WrongFacts(problems)
