"""What is journalled of a command: its effects on the tree, and what its output means."""

from __future__ import annotations

import json

from bot.workspace.sandbox import Run
from bot.workspace.told import parsed, side_effects
from tests.workspace.conftest import Project


def test_side_effects_are_what_differs_and_packages_are_named(project: Project) -> None:
    pyproject = '[project]\nname = "x"\ndependencies = ["Requests>=2"]\n'
    before = project.commit({
        "pyproject.toml": pyproject, "requirements.txt": "idna\n", "gone.py": "x",
        "package.json": json.dumps({"dependencies": {"left-pad": "1"}}), "a.py": "1\n",
    })  # fmt: skip
    after = project.ours(before, {
        "pyproject.toml": pyproject.replace('"]', '", "Typing_Extensions ; x"]').encode(),
        "requirements.txt": b"idna==3\n# no\n-r other.txt\nflask[async]>=3\n",
        "dev/requirements.txt": b"mock\n", "gone.py": None, "a.py": b"2\n",
        "package.json": json.dumps({"dependencies": {"left-pad": "2", "@a/b": "1"}}).encode(),
    })  # fmt: skip
    found = side_effects(project.mirror, before, after)
    assert found["packages_added"] == [
        "PyPI:flask", "PyPI:mock", "PyPI:typing-extensions", "npm:@a/b",
    ]  # fmt: skip
    assert (found["created"], found["deleted"]) == (["dev/requirements.txt"], ["gone.py"])
    assert set(found["changed"]) >= {"a.py", "gone.py", "dev/requirements.txt"}


def test_a_manifest_without_sense_names_nothing(project: Project) -> None:
    before = project.commit({"a": "1"})
    after = project.ours(before, {
        "pyproject.toml": b"[", "package.json": b"[1]", "setup.cfg": b"x", "Pipfile": b"\xff",
    })  # fmt: skip
    assert side_effects(project.mirror, before, after)["packages_added"] == []


def run(output: str, exit_code: int) -> Run:
    return Run((), exit_code, output.encode(), b"", 1.0, None, False, "bubblewrap")


def test_output_is_read_by_the_parser_of_the_program_that_was_meant() -> None:
    said = "x.py:3: error: Incompatible return value type  [return-value]\n"
    said += "Found 1 error in 1 file (checked 1 source file)\n"
    found = parsed(["python", "-m", "mypy", "x.py"], run(said, 1))
    assert (found["tool"], found["understood"]) == ("mypy", True)
    assert found["problems"] == [
        {"file": "x.py", "line": 3, "rule": "return-value",
         "message": "Incompatible return value type"},
    ]  # fmt: skip
    found = parsed(["frobnicate"], run("who knows", 3))
    assert (found["tool"], found["understood"]) == ("frobnicate", False)
    assert found["reason"]
