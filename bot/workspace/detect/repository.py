"""Puts together what a repository's files say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.workspace import project
from bot.workspace.detect.automation import automation
from bot.workspace.detect.command import Command, Detected, Text, choose
from bot.workspace.detect.explicit import SETTINGS, explicit
from bot.workspace.detect.settings import node_settings, python_settings
from bot.workspace.detect.tasks import Tasks, tasks
from bot.workspace.detect.words import Known, commands_in
from bot.workspace.mirror import Mirror
from bot.workspace.node_project import NodeProject, node_project
from bot.workspace.reading import SYMLINK

_READ = re.compile(
    r"\.github/(towpath\.ya?ml|workflows/[^/]+\.ya?ml)|\.gitlab-ci\.ya?ml"
    r"|\.pre-commit-config\.yaml|(tox|mypy|\.mypy)\.ini|setup\.cfg|noxfile\.py"
    r"|(?:[^/]+/){0,2}(package\.json|go\.mod|Cargo\.toml|Makefile|makefile|GNUmakefile"
    r"|pyproject\.toml)"
)
_IGNORED = re.compile(
    r"(^|/)(node_modules|vendor|third_party|examples?|fuzz|benchmarks?|docs?|website|fixtures?|testdata|tests?)/"
)
_MOST_FOLDERS = 20


def detect_at(mirror: Mirror, commit: str) -> Detected:
    """What the repository says at `commit`. Who may write there decides what it is worth."""
    entries = [e.path for e in mirror.ls(commit) if e.mode != SYMLINK and e.path.isprintable()]
    read = [path for path in entries if _READ.fullmatch(path) and not _IGNORED.search(path)]
    files = mirror.read_many(commit, read, limit=1_000_000)
    return detect(sorted(entries), files, project.plan_for(mirror, commit))


def detect(
    names: Sequence[str], files: Mapping[str, bytes], plan: project.ProjectPlan | None = None
) -> Detected:
    """What a repository with the files `names` says, where `files` holds the declarations.

    `plan`: that of `project.plan`, where it is known already.
    """
    text = {
        path: content.decode("utf-8", "replace")
        for path, content in files.items()
        if _READ.fullmatch(path) and not _IGNORED.search(path)
    }
    plan = plan or project.plan(names, files)
    known_tasks = tasks(text)
    nodes = _nodes(names, text)
    found: list[Command] = []
    notes: list[str] = []
    for path in SETTINGS:
        if path in text:
            told, refused = explicit(Text(path, text[path]))
            found += told
            notes += refused
    found += _from_plan(plan, names)
    found += automation(text, known_tasks)
    found += _from_tasks(known_tasks)
    found += python_settings(names, text)
    for folder, node in nodes.items():
        package = Text(_in(folder, "package.json"), text[_in(folder, "package.json")])
        found += node_settings(folder, node, names, package)
        found += _node(folder, node, package)
    found += _go(text)
    found += _cargo(text)
    languages: list[str] = [plan.language] if plan.language == "python" else []
    languages += ["node"] if nodes else []
    languages += ["go"] if any(p.endswith("go.mod") for p in text) else []
    languages += ["rust"] if any(p.endswith("Cargo.toml") for p in text) else []
    return Detected(tuple(languages), tuple(choose(found)), tuple(notes))


def _in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _from_plan(plan: project.ProjectPlan, names: Sequence[str]) -> Iterator[Command]:
    """Installing and testing Python, as the plan does it."""
    if plan.language != "python":
        return
    declaring = ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "tox.ini")
    source = next((p for p in declaring if p in names), ".")
    for step in plan.steps:
        argv = ("uv", "pip", "install", *step.arguments)
        yield Command("install", "uv", argv, "", step.name, source, "plan")
    if plan.runner in ("pytest", "unittest"):
        reason = next((r for r in plan.reasons if r.startswith(plan.runner)), plan.runner)
        argv = ("python", "-m", plan.runner, *plan.collect)
        if plan.runner == "unittest":
            argv = (*argv, "discover")
        yield Command("test", plan.runner, argv, "", reason, source, "plan")


def _from_tasks(known: Tasks) -> Iterator[Command]:
    """Known tools in the project's own tasks, whether anything calls them or not."""
    for cwd, task in known:
        for said, command in commands_in(task.script):
            if not isinstance(command, Known):
                continue
            yield Command(
                command.purpose, command.tool, command.argv, cwd, f"{task.by} `{task.name}`",
                task.file.at(said.split("\n")[0]), "script",
            )  # fmt: skip


def _nodes(names: Sequence[str], text: Mapping[str, str]) -> dict[str, NodeProject]:
    found: dict[str, NodeProject] = {}
    for path in sorted(text, key=lambda p: (p.count("/"), p)):
        if path.rpartition("/")[2] == "package.json" and len(found) < _MOST_FOLDERS:
            declared = node_project(text[path], names, _folder(path))
            if declared is not None:
                found[_folder(path)] = declared
    return found


def _node(folder: str, node: NodeProject, package: Text) -> Iterator[Command]:
    if node.install:
        argv = ("npm", *node.install)
        why, source = node.reasons[0], package.path
        yield Command("install", node.manager, argv, folder, why, source, "plan")
    if node.runner:
        argv = ("sh", "-c", node.script)
        source = package.at('"test"')
        yield Command("test", node.runner, argv, folder, node.reasons[1], source, "plan")
    if "build" in node.scripts:
        argv, source = ("npm", "run", "build"), package.at('"build"')
        yield Command("build", "npm", argv, folder, "script `build`", source, "script")


def _go(text: Mapping[str, str]) -> Iterator[Command]:
    for path in text:
        if path.rpartition("/")[2] != "go.mod":
            continue
        folder, reason = _folder(path), "a Go module"
        for purpose, tool, argv in (
            ("install", "go", ("go", "mod", "download")),
            ("build", "go", ("go", "build", "./...")),
            ("test", "go", ("go", "test", "./...")),
            ("lint", "go vet", ("go", "vet", "./...")),
            ("format", "gofmt", ("gofmt", "-l", ".")),
        ):
            yield Command(purpose, tool, argv, folder, reason, path)  # type: ignore[arg-type]


def _cargo(text: Mapping[str, str]) -> Iterator[Command]:
    roots = [p for p in text if p.rpartition("/")[2] == "Cargo.toml"]
    top = [p for p in roots if "[workspace]" in text[p]] or roots
    for path in top:
        folder, reason = _folder(path), "a Cargo package"
        every = ("--workspace",) if "[workspace]" in text[path] else ()
        for purpose, tool, argv in (
            ("install", "cargo", ("cargo", "fetch")),
            ("build", "cargo", ("cargo", "build", *every)),
            ("test", "cargo", ("cargo", "test", *every)),
            ("lint", "cargo clippy", ("cargo", "clippy", *every)),
            ("format", "cargo fmt", ("cargo", "fmt", "--check")),
        ):
            yield Command(purpose, tool, argv, folder, reason, path)  # type: ignore[arg-type]
