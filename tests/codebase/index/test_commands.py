"""`towpath index` and `towpath impact` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from bot.cli.impact import impact
from bot.cli.index_codebase import index
from tests.codebase.index.conftest import Repository

FILES = {
    "app.py": "from lib import work\ndef main():\n    return work(1)\n",
    "lib.py": "def work(x):\n    return x\n",
    "tests/test_lib.py": "from lib import work\ndef test_work():\n    assert work(1)\n",
}


def test_index_says_what_is_there_and_reads_nothing_twice(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit(FILES)
    command = [str(repository.folder), "--cache", str(tmp_path / "c"), "--json"]
    first = json.loads(CliRunner().invoke(index, command, catch_exceptions=False).output)
    assert (first["files"], first["definitions"], first["imports"]) == (3, 3, 2)
    assert first["read"]["files"] == 3
    again = json.loads(CliRunner().invoke(index, command, catch_exceptions=False).output)
    assert again["read"] == {"files": 0, "bytes": 0, "known": 3}
    assert again["cache"]["hit_rate"] == 1.0
    told = CliRunner().invoke(index, command[:-1])
    assert "3 definitions of 3 names" in told.output


def test_a_second_worktree_of_the_same_commit_costs_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit(FILES)
    repository.git("worktree", "add", "-q", str(tmp_path / "second"))
    rest = ["--cache", str(tmp_path / "c"), "--json"]
    CliRunner().invoke(index, [str(repository.folder), *rest], catch_exceptions=False)
    for more in ([], ["--worktree"]):
        command = [str(tmp_path / "second"), *rest, *more]
        found = json.loads(CliRunner().invoke(index, command, catch_exceptions=False).output)
        assert found["read"] == {"files": 0, "bytes": 0, "known": 3}
        facts = next(one for one in found["caches"] if one["name"] == "facts of files")
        assert (facts["hits"] > 0, facts["misses"]) == (True, 0)


def test_a_cache_that_cannot_be_written_is_answered_with_a_sentence(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit(FILES)
    (tmp_path / "file").write_text("")
    command = [str(repository.folder), "--cache", str(tmp_path / "file" / "c")]
    told = CliRunner().invoke(index, command)
    assert told.exit_code == 1
    assert "Name another folder with --cache" in told.output


def test_a_folder_that_only_looks_like_a_repository_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "p" / ".git").mkdir(parents=True)
    told = CliRunner().invoke(index, [str(tmp_path / "p"), "--cache", str(tmp_path / "c")])
    assert told.exit_code == 1
    assert "not a git repository" in told.output


def test_index_takes_a_plain_folder_and_refuses_a_revision_of_it(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.py").write_text("def one(): pass\n")
    command = [str(tmp_path / "p"), "--cache", str(tmp_path / "c")]
    assert "1 definitions" in CliRunner().invoke(index, command, catch_exceptions=False).output
    refused = CliRunner().invoke(index, [*command, "--at", "main"])
    assert refused.exit_code == 1
    assert "no git repository" in refused.output


def test_a_repository_without_a_commit_is_answered_with_a_sentence(
    repository: Repository, tmp_path: Path
) -> None:
    told = CliRunner().invoke(index, [str(repository.folder), "--cache", str(tmp_path / "c")])
    assert told.exit_code == 1
    assert "commit something first" in told.output


def test_impact_lists_callers_and_tests_and_refuses_what_is_not_there(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit(FILES)
    cache = ["--cache", str(tmp_path / "c")]
    command = [str(repository.folder), "lib.py:work", *cache, "--json"]
    found = json.loads(CliRunner().invoke(impact, command, catch_exceptions=False).output)
    assert found["files"] == ["app.py", "lib.py", "tests/test_lib.py"]
    assert {"path": "app.py", "line": 3, "inside": "main"} in found["callers"]
    assert [one["path"] for one in found["tests"]] == ["tests/test_lib.py"]
    for wrong in ("lib.py:play", "nowhere.py", "../lib.py"):
        told = CliRunner().invoke(impact, [str(repository.folder), wrong, *cache])
        assert told.exit_code == 1
        assert "Name a file" in told.output
