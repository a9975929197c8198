"""120 changes with one planted fault each, and 60 without any, to small published projects.

Promises: the same changes every time; each fault stands alone in a change that is otherwise
typed, documented, formatted and tested.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from benchmarks.planted_clean import HEALTHY, STORY, Healthy
from benchmarks.planted_projects import PROJECTS, Project
from benchmarks.planted_snippets import FAULTS
from benchmarks.planted_tests import deleted, skipped, weakened

FAULTY, CLEAN = 120, 60
Edits = dict[str, str | bytes | None]  # path → content, None: deleted


@dataclass(frozen=True)
class Planted:
    """`commits`: edits, one after the other. `gates`: who should stop it; none for a clean one."""

    kind: str
    number: int
    project: Project
    commits: tuple[Edits, ...]
    gates: tuple[str, ...] = ()
    story: str = ""


@dataclass(frozen=True)
class Kind:
    """`make(project, repository, turn)`: the commits of the `turn`-th change of this kind."""

    name: str
    gates: tuple[str, ...]
    make: Callable[[Project, Path, int], tuple[Edits, ...]]
    projects: tuple[Project, ...] = PROJECTS
    story: str = field(default="")


def faulty(repositories: dict[str, Path]) -> list[Planted]:
    """All changes with a fault; kinds take turns, and projects within a kind."""
    kinds = list(_kinds())
    found = []
    for number, (turn, kind) in enumerate(islice(_turns(kinds), FAULTY), 1):
        # Not the same project for the same turn of every kind.
        project = kind.projects[(turn + kinds.index(kind)) % len(kind.projects)]
        commits = kind.make(project, repositories[project.name], turn)
        assert all(_differs(repositories[project.name], one) for one in commits), kind.name
        found.append(Planted(kind.name, number, project, commits, kind.gates, kind.story))
    return found


def clean(repositories: dict[str, Path]) -> list[Planted]:
    """All changes without a fault."""
    found = []
    for number in range(CLEAN):
        project, turn = PROJECTS[number % len(PROJECTS)], number // len(PROJECTS)
        repository = repositories[project.name]
        if turn == 0:
            kind, edits, story = "documentation", _documentation(repository), ""
        elif turn == 1:
            kind, edits, story = "docstring", _docstring(project, repository), ""
        elif turn == 2:
            kind, edits, story = "with a story", _healthy(project, HEALTHY[0]), STORY
        else:
            healthy = HEALTHY[(number + turn) % len(HEALTHY)]
            kind, edits, story = f"new module: {healthy.name}", _healthy(project, healthy), ""
        found.append(Planted(kind, number + 1, project, (edits,), (), story))
    return found


def _differs(repository: Path, edits: Edits) -> bool:
    """A fault that changes nothing is no fault."""
    return any(
        content != ((repository / name).read_text() if (repository / name).exists() else None)
        for name, content in edits.items()
    )


def _turns(kinds: list[Kind]) -> Iterator[tuple[int, Kind]]:
    for index, kind in enumerate(cycle(kinds)):
        yield index // len(kinds), kind


def _kinds() -> Iterator[Kind]:
    for name, snippets in FAULTS.items():
        for_project = _snippet(name)
        yield Kind(name, snippets[0].gates, for_project)
    healthy = HEALTHY[0]
    yield Kind("failing test", ("tests",), lambda p, r, t: (_with(p, healthy, _broken(healthy)),))
    yield Kind("regression", ("tests",), _regression, tuple(p for p in PROJECTS if p.breaks))
    yield Kind("uncovered lines", ("coverage",), _uncovered)
    yield Kind("type error", ("types",), _mistyped)
    yield Kind("lint", ("lint",), _unlinted)
    yield Kind("format", ("format",), _unformatted, tuple(p for p in PROJECTS if p.formats))
    yield Kind("hard-coded secret", ("secrets", "security"), _secret)
    yield Kind("secret in the history", ("secrets",), _secret_taken_back)
    yield Kind("vulnerable dependency", ("dependencies",), _vulnerable)
    yield Kind("weakened test", ("weakening",), weakened)
    yield Kind("skipped test", ("weakening",), skipped)
    yield Kind("deleted test", ("weakening",), deleted)
    yield Kind(
        "unmapped criterion",
        ("criteria",),
        lambda p, r, t: (_healthy(p, HEALTHY[0]),),
        story=STORY + "- The answer for an odd number of lock-keepers is announced by horn\n",
    )
    yield Kind("complexity", ("complexity",), _complex)
    yield Kind("nesting", ("complexity",), _nested)
    yield Kind("protected file", ("protected",), _protected)
    yield Kind("merge marker", ("conflicts",), _marked)


def _snippet(name: str) -> Callable[[Project, Path, int], tuple[Edits, ...]]:
    def make(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
        snippet = FAULTS[name][turn % len(FAULTS[name])]
        stem = name.replace(" ", "_").replace("-", "_")
        test = snippet.test.replace("{module}", f"{project.module}.{stem}")
        test = test.replace("{{", "{").replace("}}", "}")
        return ({
            f"{project.package}/{stem}.py": snippet.code,
            f"{project.tests}/test_{stem}.py": _fitting(project, test),
        },)  # fmt: skip

    return make


def _fitting(project: Project, test: str) -> str:
    """Typed, and with imports in the order that the project's own linter wants."""
    test = re.sub(r"^def (test_\w+)\(\):", r"def \1() -> None:", test, flags=re.M)
    typed = re.sub(r"\(tmp_path\):", "(tmp_path: Path) -> None:", test)
    lines = ["from pathlib import Path"] * (typed != test)
    lines += [line for line in typed.split("\n") if line.startswith(("import ", "from "))]
    rest = typed[typed.index("\n\n\n") :]
    groups: list[list[str]] = [[], [], []]
    for line in lines:
        name = line.split()[1].partition(".")[0]
        groups[2 if name == project.module else name == "pytest"].append(line)
    ordered = [sorted(group, key=lambda one: (one.startswith("from"), one)) for group in groups]
    return "\n\n".join("\n".join(group) for group in ordered if group) + rest


def _healthy(project: Project, healthy: Healthy) -> Edits:
    return _with(project, healthy, healthy.code)


def _with(project: Project, healthy: Healthy, code: str) -> Edits:
    test = healthy.test.replace("{module}", f"{project.module}.{healthy.name}")
    return {
        f"{project.package}/{healthy.name}.py": code,
        f"{project.tests}/test_{healthy.name}.py": _fitting(project, test),
    }


def _broken(healthy: Healthy) -> str:
    return healthy.code.replace(*healthy.breaks)


def _regression(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    assert project.breaks
    file, old, new = project.breaks
    text = (repository / file).read_text()
    assert old in text
    return ({file: text.replace(old, new)},)


def _uncovered(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    healthy = HEALTHY[turn % 3]
    edits = _healthy(project, healthy)
    test = f"{project.tests}/test_{healthy.name}.py"
    if turn % 2:
        return ({name: text for name, text in edits.items() if name != test},)
    code = f"import {project.module}.{healthy.name} as new\n\n\ndef test_new():\n    assert new\n"
    return ({**edits, test: _fitting(project, code)},)


def _mistyped(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    healthy = HEALTHY[0]
    kind, body = (
        ("int", 'return f"{count} boats"'), ("str", "return count + 1"),
        ("str", "return count.title()"), ("str", "text: str = round(count)\n    return text"),
    )[turn % 4]  # fmt: skip
    wrong = f'def label(count: int) -> {kind}:\n    """Return a label."""\n    {body}\n'
    tried = "\n\ndef test_label() -> None:\n    with suppress(AttributeError):\n        label(2)\n"
    edits = _healthy(project, healthy)
    code, test = f"{project.package}/{healthy.name}.py", f"{project.tests}/test_{healthy.name}.py"
    text = f"from contextlib import suppress\n\n{edits[test]}"
    text = text.replace("import median", "import label\nfrom {m} import median")
    text = text.replace("{m}", f"{project.module}.{healthy.name}")
    if project.name != "blinker":
        text = text.replace(f"import label\nfrom {project.module}.{healthy.name} import median",
                            "import label, median")  # fmt: skip
    return ({code: f"{edits[code]}\n\n{wrong}", test: text + tried},)


def _unlinted(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    healthy = HEALTHY[1]
    edits = _healthy(project, healthy)
    name = f"{project.package}/{healthy.name}.py"
    code = str(edits[name])
    marker = "from __future__ import annotations\n"
    wrong = (
        code.replace(marker, f"{marker}\nimport os\n"),
        code + "\n\nFALLBACK = [missing_name for _ in ()]\n",
        code + '\n\nNOTE = f"no value"\n',
        code + '\n\ndef empty(text: str) -> bool:\n    """Is it?"""\n    return text == None\n',
    )[turn % 4]
    return ({**edits, name: wrong},)


def _unformatted(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    edits = _healthy(project, HEALTHY[turn % 2])
    name = next(iter(edits))
    code = str(edits[name])
    wrong = (
        code.replace(" = ", "=", 1) + "\nx = {  'a':1 }\n",
        code.replace("(", "( ", 1),
        code.replace("return ", "return  "),
        code + "\n\n\n\n\nLAST = 1 \n",
    )[turn % 4]
    return ({**edits, name: wrong},)


def _key(turn: int) -> str:
    """Something that looks like a credential, put together so that this file holds none."""
    letters = "".join(chr(65 + (7 * n + 3 * turn) % 26) for n in range(16))
    mixed = "".join("aB3dE5fG7hJ9kL2mN4pQ6rS8"[(5 * n + turn) % 24] for n in range(36))
    return (
        f'AWS_ACCESS_KEY_ID = "{"AKI" + "A"}{letters}"\n',
        f'TOKEN = "{"gh" + "p_"}{mixed}"\n',
        f'DATABASE_PASSWORD = "{mixed[:18]}!"\n',
        f'KEY = """{"-----BEGIN " + "RSA PRIVATE KEY-----"}\n{mixed}\n"""\n',
    )[turn % 4]


def _secret(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    edits = _healthy(project, HEALTHY[0])
    name = next(iter(edits))
    return ({**edits, name: f"{edits[name]}\n\n{_key(turn)}"},)


def _secret_taken_back(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    return (*_secret(project, repository, turn % 2), _healthy(project, HEALTHY[0]))


def _vulnerable(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    line = ("requests==2.19.0", "jinja2==2.10", "pyyaml==5.3", "urllib3==1.24")[turn % 4]
    return ({"docs/requirements.txt": f"{line}\n"},)


def _complex(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    branches = "".join(
        f'    if "{chr(97 + n)}" in text:\n        total += {n + 1}\n' for n in range(17)
    )
    code = (
        '"""Weights of letters."""\n\n\ndef weigh(text: str) -> int:\n'
        f'    """Return the weight of `text`."""\n    total = 0\n{branches}    return total\n'
    )
    return (_tried(project, "weights", code, "weigh", "assert weigh('abcdefghijklmnopq') == 153"),)


def _nested(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    lines = ['"""Paths through a table."""\n\n\ndef walk(rows: list[list[list[int]]]) -> int:\n'
             '    """Return the sum of what is above zero and even."""\n    total = 0\n',
             "    for row in rows:\n", "        for cell in row:\n",
             "            for number in cell:\n", "                if number > 0:\n",
             "                    if number % 2 == 0:\n",
             "                        total += number\n", "    return total\n"]  # fmt: skip
    return (_tried(project, "tables", "".join(lines), "walk", "assert walk([[[2, 4]]]) == 6"),)


def _tried(project: Project, name: str, code: str, function: str, check: str) -> Edits:
    code = code.replace('."""\n\n\ndef', '."""\n\nfrom __future__ import annotations\n\n\ndef', 1)
    check = check.replace("'", '"')
    test = (
        f"from {project.module}.{name} import {function}\n\n\ndef test_{function}():\n    {check}\n"
    )
    return {f"{project.package}/{name}.py": code, f"{project.tests}/test_{name}.py": test}


def _protected(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    path, text = (
        (".github/workflows/publish.yml", "on: push\njobs: {}\n"),
        ("CODEOWNERS", "* @somebody\n"),
        (".github/towpath.yml", "version: 1\n"),
        (".env", "DEBUG=0\n"),
    )[turn % 4]
    return ({**_healthy(project, HEALTHY[0]), path: text},)


def _marked(project: Project, repository: Path, turn: int) -> tuple[Edits, ...]:
    readme = _readme(repository)
    text = (repository / readme).read_text()
    ours, theirs = "Install it with pip.", "Install it with uv."
    mark = f"{'<' * 7} HEAD\n{ours}\n{'=' * 7}\n{theirs}\n{'>' * 7} branch\n"
    return ({readme: f"{text}\n{mark}"},)


def _documentation(repository: Path) -> Edits:
    readme = _readme(repository)
    text = (repository / readme).read_text()
    return {readme: f"{text.rstrip()}\n\nQuestions are welcome in the issue tracker.\n"}


def _readme(repository: Path) -> str:
    return next(path.name for path in sorted(repository.glob("README.*")))


def _docstring(project: Project, repository: Path) -> Edits:
    """A docstring for the first function of the package that has none."""
    for path in sorted((repository / project.package).rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and not ast.get_docstring(node):
                first = node.body[0]
                lines = text.splitlines(keepends=True)
                if first.lineno == node.lineno or lines[first.lineno - 1].lstrip()[0] in "\"'@":
                    continue
                line = lines[first.lineno - 1]
                indent = line[: len(line) - len(line.lstrip())]
                words = f'{indent}"""Do what the name says."""\n'
                lines.insert(first.lineno - 1, words)
                return {str(path.relative_to(repository)): "".join(lines)}
    return _documentation(repository)
