from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.locate import locate
from tests.codebase.search.conftest import SHOP, Repository


@pytest.fixture
def run(repository: Repository, tmp_path: Path):
    def invoke(*arguments: str, stdin: str | None = None, path: Path | None = None) -> Result:
        cache = str(tmp_path / "cache")
        where = str(path or repository.folder)
        return CliRunner().invoke(locate, [where, *arguments, "--cache", cache], input=stdin)

    return invoke


def test_an_answer_for_people_names_files_definitions_and_tests(run) -> None:
    answer = run("--text", "total price of a basket")
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert lines[0].endswith("src/shop/basket.py")
    assert "Basket.total_price  (method, src/shop/basket.py:10)" in answer.output
    assert "tests/test_basket.py" in answer.output


def test_text_comes_from_standard_input_too(run) -> None:
    answer = run("--text", "-", "--json", stdin="parse currency")
    assert json.loads(answer.output)["files"][0] == "src/shop/money.py"


def test_each_line_is_answered_at_its_own_commit_with_its_id(
    run, repository: Repository, tmp_path: Path
) -> None:
    old = repository.git("rev-parse", "HEAD")
    new = repository.commit("Split", {"src/shop/price.py": "def total_price():\n    pass\n"})
    lines = [
        {"id": "a", "text": "total price", "base_commit": old},
        {"id": 7, "text": "total price", "base_commit": new},
        {"text": "total price"},
    ]
    queries = tmp_path / "queries.jsonl"
    queries.write_text("\n\n".join(map(json.dumps, lines)))
    answer = run("--queries", str(queries))
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [row.get("id") for row in rows] == ["a", 7, None]
    assert ["src/shop/price.py" in row["files"] for row in rows] == [False, True, True]
    assert rows[0]["functions"][0] == "src/shop/basket.py::Basket.total_price"
    assert rows[0]["ranked"][0]["reasons"]


def test_lines_about_other_repositories_are_skipped_and_said_so(run, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    lines = [{"id": 1, "text": "basket", "base_commit": "f" * 40}, {"id": 2, "text": "basket"}]
    queries.write_text("\n".join(map(json.dumps, lines)))
    answer = run("--queries", str(queries))
    assert answer.exit_code == 0
    assert [json.loads(line)["id"] for line in answer.stdout.splitlines()] == [2]
    assert "1 line" in answer.stderr


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"text": 3}', "null"])
def test_a_line_that_is_no_question_is_named(run, tmp_path: Path, line: str) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"text": "basket"}\n' + line)
    answer = run("--queries", str(queries))
    assert answer.exit_code == 2
    assert "ine 2" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("--text", "a", "--at", "nowhere"), ("--text", "a", "--at", "--output=/tmp/x")],
)
def test_wrong_use_is_answered_without_a_traceback(run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output


def test_a_folder_without_git_is_searched_as_it_is(run, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    for path, content in SHOP.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    answer = run("--text", "total price of a basket", "--json", path=folder)
    assert json.loads(answer.output)["files"][0] == "src/shop/basket.py"


def test_an_empty_repository_has_no_commit(run, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    Repository(folder)
    answer = run("--text", "basket", path=folder)
    assert answer.exit_code == 2


def test_a_name_of_a_file_cannot_steer_the_terminal(run, repository: Repository) -> None:
    repository.commit("Odd", {"src/\x1b[31mzorkmid.py": "zorkmid = 1\n"})
    answer = run("--text", "zorkmid")
    assert "zorkmid" in answer.output
    assert "\x1b" not in answer.output
