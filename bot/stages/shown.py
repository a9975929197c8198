"""What of a repository a stage puts into a model's package (C5, M10).

Promises: the same commit and text give the same package; the budget is kept; a package that
cannot hold its targets whole holds them as far as they go, and the model asks for more. Where not
even the shortest forms of targets and what they import fit, `TooBig` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.codebase.budget import TOKENS, Layer, TooBig
from bot.codebase.changed import changed as changed_in
from bot.codebase.context import Context
from bot.codebase.profile import condensed
from bot.codebase.project import Project
from bot.codebase.roles import is_test_file
from bot.codebase.skeleton import diff_only
from bot.codebase.store import Store
from bot.workspace.text_files import Files

SAMPLES = 2  # test files shown to who writes tests,
WHOLE, FIRST, LAST = 160, 40, 60  # whole up to so many lines, else so many of them
WIDTH = 200
CHARACTERS = 4  # of a token, for budgets that are given in characters
_PROFILE = 500  # tokens; the rest of the project's layer is for its instructions
_INSTRUCTIONS = TOKENS[Layer.PROJECT] - _PROFILE


@contextmanager
def project_of(files: Files) -> Iterator[Project]:
    """The index of a commit; it is kept beside the mirrors, for all of them."""
    with Store(files.mirror.path.with_name("codebase")) as store:
        yield Project.at(files.mirror.path, files.sha, store)


def shown(
    files: Files,
    text: str,
    characters: int,
    *,
    targets: Iterable[str] = (),
    changed: Iterable[str] = (),
) -> dict[str, Any]:
    """`files`: whole ones by path; `excerpts`: parts of others; `conventions`; `instructions`.

    `targets` are the files of a task, those that are not there yet among them; `changed` what the
    story changed before. Raises TooBig when targets and what they import do not fit.
    """
    wanted = tuple(dict.fromkeys(targets))
    there = tuple(path for path in wanted if path in files.known)
    created = tuple(path for path in wanted if path not in files.known)
    tokens = characters // CHARACTERS
    with project_of(files) as project:
        chosen = project.context(text, tokens, targets=there, created=created, changed=changed)
        return {**_files(chosen), **_project(project, wanted)}


def too_big(files: Files, groups: Iterable[Iterable[str]], characters: int) -> list[TooBig | None]:
    """For each group of targets, by how much they and what they import are too big, if they are."""
    with project_of(files) as project:
        return [_too_big(project, files, group, characters // CHARACTERS) for group in groups]


def _too_big(project: Project, files: Files, targets: Iterable[str], tokens: int) -> TooBig | None:
    try:
        project.context("", tokens, targets=[path for path in targets if path in files.known])
    except TooBig as problem:
        return problem
    return None


def instructions_for(files: Files, targets: Iterable[str]) -> tuple[str, ...]:
    """The instruction files of the project that a model is told for these targets (C5)."""
    with project_of(files) as project:
        return tuple(project.instructions(targets, _INSTRUCTIONS))


def _files(chosen: Context) -> dict[str, Any]:
    parts = {one.path: one.text for one in chosen.shown if one.form != "whole" and one.text.strip()}
    return {"files": chosen.of("whole"), "excerpts": parts}


def _project(project: Project, paths: Iterable[str]) -> dict[str, Any]:
    return {
        "conventions": condensed(project.profile, _PROFILE),
        "instructions": [
            list(one)  # a list, because their order says which of them counts
            for one in project.instructions(paths, _INSTRUCTIONS).items()
        ],
    }


def beside(files: Files, changed: Iterable[str], diff: str, characters: int) -> dict[str, Any]:
    """For a reviewer: the changed functions as they are now, what tests and what uses the changed
    files, and the conventions (C6). `characters` for the first, and as many for the others.
    """
    paths = tuple(changed)
    with project_of(files) as project:
        chosen = project.around(paths, characters // CHARACTERS)
        whole = changed_in(project.snapshot, diff, characters // CHARACTERS)
        return {**_files(chosen), **_project(project, paths), "changed": whole}


def sample_tests(files: Files, named: Iterable[str], targets: Iterable[str]) -> dict[str, str]:
    """How tests are written here: the test files among `named`, else those of the `targets`; long
    ones by their beginning and their end, where new tests go.
    """
    paths = [path for path in named if path in files.known and is_test_file(path)]
    if not paths:
        there = [path for path in targets if path in files.known]
        with project_of(files) as project:
            paths = [path for target in there for path in project.tests_of(target)]
    texts = {path: files.text(path) for path in list(dict.fromkeys(paths))[:SAMPLES]}
    return {path: _ends(text) for path, text in texts.items() if text}


def _ends(text: str) -> str:
    lines = [line[:WIDTH] for line in text.splitlines()]
    if len(lines) <= WHOLE:
        return "\n".join(lines)
    between = f"[... {len(lines) - FIRST - LAST} lines ...]"
    return "\n".join([*lines[:FIRST], between, *lines[-LAST:]])


def told_diff(diff: str, characters: int) -> str:
    """A diff cut at its files, not in the middle of one."""
    return diff_only(diff, characters // CHARACTERS)
