"""The corpus of planted faults is what it says: counted, different from the base, valid Python."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.planted_changes import CLEAN, FAULTY, clean, faulty
from benchmarks.planted_projects import PROJECTS
from bot.gates.runner import NAMES

TESTS = "import pytest\n\n\n" + "\n\n".join(
    f"def test_{n}():\n    made = {n}\n    assert made == {n}\n" for n in range(6)
)


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    """A made-up stand-in for each project: the files that the changes start from."""
    made = {}
    for project in PROJECTS:
        place = made[project.name] = tmp_path / project.name
        broken = {project.breaks[0]: f"{project.breaks[1]}\n"} if project.breaks else {}
        files = {
            project.weaken: TESTS,
            "README.md": "A project.\n",
            f"{project.package}/__init__.py": "def old(value):\n    return value\n",
            **broken,
        }
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(content)
    return made


def test_there_are_120_faults_of_32_kinds_and_60_clean_changes(
    repositories: dict[str, Path],
) -> None:
    wrong, right = faulty(repositories), clean(repositories)
    kinds = Counter(one.kind for one in wrong)
    assert (len(wrong), len(right), len(kinds)) == (FAULTY, CLEAN, 32)
    assert min(kinds.values()) >= 3
    assert {gate for one in wrong for gate in one.gates} <= set(NAMES)
    assert all(one.gates for one in wrong)
    assert not any(one.gates for one in right)
    assert {one.project.name for one in wrong} == {project.name for project in PROJECTS}


def test_every_change_is_valid_and_changes_something(repositories: dict[str, Path]) -> None:
    for planted in [*faulty(repositories), *clean(repositories)]:
        for edits in planted.commits:
            assert edits
            for name, content in edits.items():
                if name.endswith(".py") and content:
                    ast.parse(content)
                old = repositories[planted.project.name] / name
                assert content != (old.read_text() if old.exists() else None), planted.kind


def test_no_file_of_the_corpus_holds_what_looks_like_a_credential(
    repositories: dict[str, Path],
) -> None:
    secrets = [one for one in faulty(repositories) if one.kind == "hard-coded secret"]
    planted = [str(next(iter(one.commits[0].values()))).splitlines()[-1] for one in secrets]
    shipped = "".join(
        path.read_text() for path in (Path(__file__).parents[2] / "benchmarks").glob("planted_*.py")
    )
    assert planted
    assert not any(line in shipped for line in planted if len(line) > 5)
