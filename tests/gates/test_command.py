"""`towpath gates` as people call it, on repositories of their own."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.gates.local_repository import LocalRepository
from bot.gates.secrets import _in_commit
from tests.workspace.conftest import shell_git

MODULE = '"""Sums."""\n\n\ndef add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'
TEST = "from sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
MENDS = '[project]\nname = "sums"\nversion = "1"\n[tool.ruff]\nfix = true\nunsafe-fixes = true\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project of one commit."""
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "sums.py").write_text(MODULE)
    (folder / "tests" / "test_sums.py").write_text(TEST)
    (folder / "pyproject.toml").write_text(MENDS)
    shell_git(folder, "init", "-q", "-b", "main")
    shell_git(folder, "add", "-A")
    shell_git(folder, "commit", "-q", "-m", "one")
    return folder


def call(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["gates", *arguments, "--cache", str(home)])


def judged(home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = call(home, *arguments, "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout)


def fingerprint(folder: Path) -> str:
    """Every byte, mode and time of change below `folder`, the index included.

    Not the times of git's objects: git renews them when it meets an object again.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        when = 0 if "objects" in path.parts else about.st_mtime_ns
        digest.update(f"{path}{about.st_mode}{when}".encode())
        if stat.S_ISREG(about.st_mode):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def by_name(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in told["gates"]}


@pytest.mark.network
def test_a_tree_with_tools_that_mend_is_the_same_afterwards(repository: Path, home: Path) -> None:
    text = MODULE.replace('"""Sums."""\n', '"""Sums."""\n\nimport os\n').replace("a + b", "a+b")
    (repository / "sums.py").write_text(text)
    (repository / "notes.txt").write_text("not added yet\n")
    before = fingerprint(repository)
    status, told = judged(home, str(repository))
    assert fingerprint(repository) == before
    found = by_name(told)
    assert status == 1
    assert found["lint"]["status"] == found["format"]["status"] == "fail"
    assert found["lint"]["findings"][0] == {
        "file": "sums.py", "line": 3, "rule": "F401", "severity": "error",
        "message": "`os` imported but unused",
    }  # fmt: skip
    assert found["tests"]["status"] == "pass"
    assert told["notes"][0].startswith("base: HEAD (")
    # The same once more, from memory.
    again, told_again = judged(home, str(repository))
    assert again == 1
    assert told_again["seconds"] < 0.1 * told["seconds"]
    assert by_name(told_again)["lint"]["findings"] == found["lint"]["findings"]


@pytest.mark.network
def test_a_good_change_passes_and_a_broken_test_does_not(repository: Path, home: Path) -> None:
    (repository / "sums.py").write_text(MODULE + '\n\ndef twice(a: int) -> int:\n    """Twice."""\n'
                                        "    return a * 2\n")  # fmt: skip
    more = TEST.replace("import add", "import add, twice")
    more += "\n\ndef test_twice():\n    assert twice(2) == 4\n"
    (repository / "tests" / "test_sums.py").write_text(more)
    shell_git(repository, "add", "-A")
    shell_git(repository, "commit", "-q", "-m", "two")
    only = [
        word for name in ("tests", "coverage", "types", "weakening") for word in ("--only", name)
    ]
    status, told = judged(home, str(repository), *only)
    assert (status, told["blocked_by"]) == (0, [])
    assert [one["status"] for one in told["gates"]] == ["pass"] * 4
    assert told["notes"][0].startswith("base: HEAD~1")
    (repository / "sums.py").write_text(MODULE.replace("a + b", "a - b"))
    status, told = judged(home, str(repository), *only, "--base", "HEAD~1")
    assert status == 1
    assert by_name(told)["tests"]["findings"][0]["file"] == "tests/test_sums.py"


@pytest.mark.network
def test_a_test_that_failed_before_and_one_that_is_flaky_are_not_blamed(
    repository: Path, home: Path
) -> None:
    broken = "def test_broken():\n    assert False\n"
    (repository / "tests" / "test_broken.py").write_text(broken)
    shell_git(repository, "add", "-A")
    shell_git(repository, "commit", "-q", "-m", "broken")
    flaky = (
        "import pathlib\n\n\ndef test_flaky():\n"
        "    mark = pathlib.Path('/report/seen')\n"
        "    mark = mark if mark.parent.exists() else pathlib.Path('/tmp/seen')\n"
        "    import time\n\n    assert time.time_ns() % 2 == 0 or time.time_ns() % 3 == 0\n"
    )
    (repository / "tests" / "test_flaky.py").write_text(flaky)
    _, told = judged(home, str(repository), "--only", "tests")
    found = told["gates"][0]
    assert "tests/failed-before" in {one["rule"] for one in found["findings"]}
    assert all("test_broken" not in f["message"] or f["severity"] == "warning"
               for f in found["findings"])  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "nothing-like-it"), "There is no commit 'nothing-like-it'"),
        (("--base", "--output=/tmp/x"), "There is no commit"),
        (("--only", "beauty"), "There is no gate 'beauty'"),
        (("--json", "--sarif"), "Give one of"),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(
    repository: Path, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = call(home, str(repository), *arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_what_is_no_repository_is_answered_with_a_sentence(tmp_path: Path, home: Path) -> None:
    done = call(home, str(tmp_path))
    assert (done.exit_code, "is not a git repository" in done.output) == (2, True)


def test_a_folder_inside_a_repository_names_its_top(repository: Path, home: Path) -> None:
    done = call(home, str(repository / "tests"))
    assert (done.exit_code, str(repository) in done.output) == (2, True)


def test_nothing_changed_blocks_nothing(repository: Path, home: Path) -> None:
    done = call(home, str(repository), "--base", "HEAD", "--only", "lint", "--only", "protected")
    assert done.exit_code == 0
    assert "nothing to judge" in done.output


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("script", ["exit 3", "echo '{}'; exit 0", "echo '[{}]'"])
def test_a_tool_that_breaks_or_lies_never_passes(
    repository: Path, home: Path, tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("ruff", "bandit", "detect-secrets", "semgrep", "mypy", "black"):
        tool(tools, name, script)
    monkeypatch.setenv("TOWPATH_GATE_TOOLS", str(tools))
    (repository / "tests" / "test_sums.py").unlink()  # no tests: no environment to install
    (repository / "sums.py").write_text(MODULE + "\n\nlast = eval(input())\n")
    names = ("lint", "types", "security", "secrets", "analysis")
    only = [word for name in names for word in ("--only", name)]
    status, told = judged(home, str(repository), *only, "--no-memory")
    assert status == 1
    assert {one["name"]: one["status"] for one in told["gates"]} == dict.fromkeys(
        (one["name"] for one in told["gates"]), "error"
    )


def test_missing_tools_never_pass(
    repository: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWPATH_GATE_TOOLS", str(tmp_path))
    (repository / "sums.py").write_text(MODULE + "\n\nlast = 1\n")
    status, told = judged(home, str(repository), "--only", "security", "--only", "secrets")
    assert (status, {one["status"] for one in told["gates"]}) == (1, {"error"})


def test_sarif_places_findings_on_lines(repository: Path, home: Path) -> None:
    (repository / "sums.py").write_text(MODULE + "\n\nlast = eval(input())\n")
    done = call(home, str(repository), "--sarif", "--only", "content")
    result = json.loads(done.stdout)["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("sums.py", {"startLine": 9})
    assert done.exit_code == 1


def test_a_secret_in_the_middle_of_the_history_is_found(repository: Path, home: Path) -> None:
    shell_git(repository, "checkout", "-q", "-b", "work")
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    for text in (f'KEY = "{key}"\n', ""):
        (repository / "keys.py").write_text(text)
        shell_git(repository, "add", "-A")
        shell_git(repository, "commit", "-q", "-m", "keys")
    change = LocalRepository(repository, home / "mirrors").change()
    assert len(change.history) == 2
    found = [one for commit in change.history for one, _ in _in_commit(change, commit)]
    assert [(one.file, one.rule) for one in found] == [("keys.py", "secrets/aws-key-id")]
    assert key not in found[0].message


@pytest.mark.network
def test_a_change_cannot_blind_the_scanners(repository: Path, home: Path) -> None:
    (repository / ".bandit").write_text("[bandit]\nskips: B602,B324\nexclude: /\n")
    (repository / ".semgrepignore").write_text("*\n")
    (repository / ".gitattributes").write_text("*.py binary\n")
    (repository / "sums.py").write_text(
        MODULE.replace('"""Sums."""\n', '"""Sums."""\n\nimport hashlib\n')
        + "\n\ndef sign(data: bytes) -> str:\n    # nosec nosemgrep noqa\n"
        "    return hashlib.md5(data).hexdigest()  # nosec # nosemgrep\n"
    )
    status, told = judged(home, str(repository), "--only", "security")
    rules = {one["rule"] for one in told["gates"][0]["findings"]}
    assert status == 1
    assert "B324:hashlib" in rules
    assert "towpath.python.crypto.weak-hash" in rules
