"""What a project's own automation runs: GitHub's workflows, GitLab's and pre-commit's files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import yaml

from bot.workspace.detect.command import Command, Text
from bot.workspace.detect.tasks import Tasks
from bot.workspace.detect.words import Known, commands_in

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml")
_DEEPEST = 12
_LARGEST = 300_000
_MOST_HOOKS = 1000
_HOOKS = {
    "ruff": ("lint", "ruff"), "ruff-check": ("lint", "ruff"),
    "ruff-format": ("format", "ruff-format"), "black": ("format", "black"),
    "isort": ("format", "isort"), "flake8": ("lint", "flake8"), "mypy": ("types", "mypy"),
    "pyright": ("types", "pyright"), "pylint": ("lint", "pylint"), "bandit": ("lint", "bandit"),
    "eslint": ("lint", "eslint"), "prettier": ("format", "prettier"),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One script of a workflow. `line`: where it begins."""

    script: str
    line: int
    cwd: str


def hooks(content: str) -> list[tuple[str, str, int]]:
    """(purpose, tool, line) of the hooks in a pre-commit file that we know."""
    found = []
    for at, line in enumerate(content.split("\n"), 1):
        named = re.fullmatch(r"\s*-?\s*id:\s*['\"]?([\w-]+)['\"]?\s*(?:#.*)?", line)
        if named and named[1] in _HOOKS:
            found.append((*_HOOKS[named[1]], at))
    return found


def hook_arguments(content: str) -> dict[str, tuple[str, ...]]:
    """What a pre-commit file gives the tools that we know, beside the files; {} if unreadable."""
    if len(content) > _LARGEST:
        return {}
    try:
        repositories = yaml.safe_load(content)["repos"]
        # An alias may name a long list many times.
        every = islice((hook for one in repositories for hook in one["hooks"]), _MOST_HOOKS)
        return {
            _HOOKS[hook["id"]][1]: tuple(str(one) for one in hook["args"])
            for hook in every
            if hook.get("id") in _HOOKS and isinstance(hook.get("args"), list)
        }
    except (yaml.YAMLError, RecursionError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def automation(files: Mapping[str, str], tasks: Tasks) -> Iterator[Command]:
    """The known tools that workflows run, directly or through the project's own tasks."""
    for path in sorted(files):
        if not _WORKFLOW.fullmatch(path):
            continue
        file = Text(path, files[path])
        for step in steps(file.content):
            yield from _commands(step, file, tasks)


def _commands(step: Step, file: Text, tasks: Tasks) -> Iterator[Command]:
    for said, known in commands_in(step.script):
        where = f"{file.path}:{_line(step, said)}"
        if isinstance(known, Known):
            yield Command(
                known.purpose, known.tool, known.argv, step.cwd, "run by the project's automation",
                where, "automation",
            )  # fmt: skip
            continue
        for tool, source in tasks.known(known, step.cwd):
            yield Command(
                tool.purpose, tool.tool, tool.argv, step.cwd,
                f"`{known.by} {known.name}` of the project's automation", source, "automation",
            )  # fmt: skip


def _line(step: Step, said: str) -> int:
    place = step.script.find(said.split("\n")[0])
    return step.line + (step.script.count("\n", 0, place) if place > 0 else 0)


def steps(content: str) -> list[Step]:
    """The scripts of a workflow; none of a file that is no YAML, or too large."""
    if len(content) > _LARGEST:
        return []
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return list(_walk(root, "", 0, set())) if root is not None else []


def _walk(node: yaml.Node, cwd: str, depth: int, seen: set[int]) -> Iterator[Step]:
    if depth > _DEEPEST or id(node) in seen:
        return
    seen.add(id(node))  # an alias of an alias must not be unfolded
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item, cwd, depth + 1, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    entries = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    cwd = _folder(entries) or cwd
    for key, value in entries.items():
        if key in {"run", "script", "before_script"} and _scripts(value):
            for one in _scripts(value):
                # The text of a block begins on the line after its mark.
                block = 1 if one.style in {"|", ">"} else 0
                yield Step(one.value, one.start_mark.line + 1 + block, cwd)
        else:
            yield from _walk(value, cwd, depth + 1, seen)


def _scripts(value: yaml.Node) -> list[yaml.ScalarNode]:
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return [item for item in items if isinstance(item, yaml.ScalarNode)]


def _folder(entries: Mapping[str, yaml.Node]) -> str:
    """`working-directory` of a step, or the default that stands beside it."""
    value = entries.get("working-directory")
    if value is None and isinstance(defaults := entries.get("defaults"), yaml.MappingNode):
        inner = {k.value: v for k, v in defaults.value if isinstance(k, yaml.ScalarNode)}
        if isinstance(run := inner.get("run"), yaml.MappingNode):
            value = {k.value: v for k, v in run.value if isinstance(k, yaml.ScalarNode)}.get(
                "working-directory"
            )
    if not isinstance(value, yaml.ScalarNode):
        return ""
    folder = value.value.strip().removeprefix("./").rstrip("/")
    return folder if re.fullmatch(r"[\w@.-]+(/[\w@.-]+)*", folder) and ".." not in folder else ""
