"""The tasks that a project names for itself: Makefile, tox, nox, package.json, and tables of
pyproject.toml. Nothing of them is run: only the known tools in them are looked for.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.workspace.declarations import table, text_of
from bot.workspace.detect.command import Text
from bot.workspace.detect.words import Indirect, Known, commands_in, known_command

_TARGET = re.compile(r"([\w.-]+(?: [\w.-]+)*) *::?(?!=) *([^#=]*)")
_VARIABLE = re.compile(r"(?:export )?(\w+) *[:?]?= *(.*)")
_USED = re.compile(r"\$[({](\w+)[)}]")
_DEEPEST = 4


@dataclass(frozen=True)
class Task:
    """`by`: as in words.Indirect. `script`: its lines. `needs`: tasks that run before it."""

    by: str
    name: str
    script: str
    file: Text
    needs: tuple[str, ...] = ()


class Tasks:
    """All of them, by who runs them, their folder and their name."""

    def __init__(self, tasks: Iterable[tuple[str, Task]]) -> None:
        self._tasks = {(task.by, cwd, task.name): task for cwd, task in tasks}

    def __iter__(self) -> Iterator[tuple[str, Task]]:
        return ((cwd, task) for (_, cwd, _), task in self._tasks.items())

    def known(self, indirect: Indirect, cwd: str, depth: int = 0) -> list[tuple[Known, str]]:
        """The known tools that a task comes down to, each with the place that names it."""
        task = self._tasks.get((indirect.by, cwd, indirect.name))
        if task is None or depth > _DEEPEST:
            return []
        found: list[tuple[Known, str]] = []
        for name in task.needs:
            found += self.known(Indirect(task.by, name), cwd, depth + 1)
        for said, command in commands_in(task.script):
            if isinstance(command, Known):
                found.append((command, task.file.at(said.split("\n")[0])))
            else:
                found += self.known(command, cwd, depth + 1)
        return found


def tasks(files: Mapping[str, str]) -> Tasks:
    """Every task in `files`, which hold declarations by path."""

    def everything() -> Iterator[tuple[str, Task]]:
        for path, content in files.items():
            cwd, _, name = path.rpartition("/")
            file = Text(path, content)
            if name in _READERS:
                yield from ((cwd, task) for task in _READERS[name](file))

    return Tasks(everything())


def _makefile(file: Text) -> Iterator[Task]:
    variables: dict[str, str] = {}
    names: list[str] = []
    needs: tuple[str, ...] = ()
    script: list[str] = []
    for line in [*file.content.replace("\\\n", " ").split("\n"), "end:"]:
        if line.startswith("\t"):
            script.append(_expanded(line.strip(), variables))
        elif found := _VARIABLE.fullmatch(line):
            variables[found[1]] = found[2].strip()
        elif found := _TARGET.fullmatch(line.rstrip()):
            yield from (Task("make", n, "\n".join(script), file, needs) for n in names)
            names, needs, script = found[1].split(), tuple(found[2].split()[:20]), []


def _expanded(line: str, variables: Mapping[str, str]) -> str:
    for _ in range(3):
        line = _USED.sub(lambda m: variables.get(m[1], m[0])[:500], line)[:4_000]
    return line


def _tox(file: Text) -> Iterator[Task]:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(file.content)
    except configparser.Error:
        return
    for section in parsed.sections():
        if section == "testenv" or section.startswith("testenv:"):
            script = parsed.get(section, "commands", fallback="", raw=True)
            for name in _expanded_names(section.partition(":")[2] or "py"):
                yield Task("tox", name, _without_tox(script), file)


def _expanded_names(said: str) -> list[str]:
    found = re.fullmatch(r"([\w.-]*)\{([\w.,-]+)\}([\w.-]*)", said)
    return [f"{found[1]}{n}{found[3]}" for n in found[2].split(",")] if found else [said]


def _without_tox(script: str) -> str:
    script = re.sub(r"\{posargs(?::([^{}]*))?\}", lambda m: m[1] or "", script)
    return re.sub(r"\{toxinidir\}/|\{tox_root\}/|\{envpython\}", "", script).replace(
        "{envbindir}/", ""
    )


def _nox(file: Text) -> Iterator[Task]:
    try:
        tree = ast.parse(file.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not function.decorator_list:
            continue
        lines = [
            " ".join(words)
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and _is_run(call.func) and (words := _words(call.args))
            if known_command(words)
        ]
        yield Task("nox", function.name, "\n".join(lines), file)


def _is_run(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr in {"run", "run_always"}


def _words(arguments: list[ast.expr]) -> list[str]:
    words = []
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            words.append(argument.value)
        elif not isinstance(argument, ast.Starred):
            return []
    return words


def _package_json(file: Text) -> Iterator[Task]:
    try:
        declared = json.loads(file.content)
    except (ValueError, RecursionError):
        return
    scripts = table(declared, "scripts")
    for name, script in scripts.items():
        if isinstance(script, str):
            yield Task("script", name, script, file)


def _pyproject(file: Text) -> Iterator[Task]:
    try:
        tool = table(tomllib.loads(file.content), "tool")
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for where in (table(tool, "pdm", "scripts"), table(tool, "poe", "tasks"),
                  table(tool, "taskipy", "tasks")):  # fmt: skip
        for name, said in where.items():
            yield Task("script", name, _script(said), file)
    for env, about in table(tool, "hatch", "envs").items():
        for name, said in table(about, "scripts").items():
            yield Task("script", f"{env}:{name}", _script(said), file)
    legacy = text_of(table(tool, "tox").get("legacy_tox_ini"))
    yield from _tox(Text(file.path, legacy)) if legacy else ()
    for name, about in table(tool, "tox", "env").items():
        yield Task("tox", name, _without_tox(_script(table(about).get("commands"))), file)


def _script(said: Any) -> str:
    """A task as text, from a string, a list of strings or of words, or a table with one of them."""
    if isinstance(said, dict):
        said = next((said[k] for k in ("cmd", "shell", "composite", "sequence") if k in said), "")
    if isinstance(said, list):
        return "\n".join(
            " ".join(w for w in line if isinstance(w, str)) if isinstance(line, list)
            else text_of(line)
            for line in said
        )  # fmt: skip
    return text_of(said)


_READERS = {
    "Makefile": _makefile, "makefile": _makefile, "GNUmakefile": _makefile, "tox.ini": _tox,
    "noxfile.py": _nox, "package.json": _package_json, "pyproject.toml": _pyproject,
}  # fmt: skip
