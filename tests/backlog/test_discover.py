"""`towpath discover`, as a script and a person call it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main
from tests.backlog.todo.test_push import commit, git

CODE = {
    "a.py": "def f():\n    # TODO(bob): tidy up #7\n    #   and more\n    return '# TODO: no'\n",
    "b.ts": "const a = `// TODO: no` // FIXME: password in plain text\n",
    "README.md": "TODO: no\n",
    "node_modules/x/c.js": "// TODO: no\n",
    "docs/page.rst": ".. TODO: no\n",
}


def discover(*args: str) -> Result:
    return CliRunner().invoke(main, ["discover", *args])


def fill(folder: Path) -> Path:
    for name, text in CODE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_folder_without_git_is_listed_ranked(tmp_path: Path) -> None:
    told = json.loads(discover(str(fill(tmp_path)), "--json", "--dry-run").stdout)
    assert [(one["kind"], one["file"], one["line"]) for one in told] == [
        ("FIXME", "b.ts", 1),
        ("TODO", "a.py", 2),
    ]
    fixme, todo = told
    assert fixme["family"] == "security"
    assert fixme["wsjf"] > todo["wsjf"] > 0
    assert (todo["text"], todo["title"]) == (
        "TODO(bob): tidy up #7\nand more",
        "tidy up #7 and more",
    )
    assert (todo["owner"], todo["reference"], todo["end_line"]) == ("bob", "#7", 3)
    assert todo["author"] is None
    assert all(one["reason"] for one in todo["inputs"].values())


def test_blame_says_who_wrote_it_and_a_part_of_a_repository_is_enough(tmp_path: Path) -> None:
    git(fill(tmp_path), "init", "-q")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "d.py").write_text("# FIXME: x is wrong\n")
    commit(tmp_path)
    (tmp_path / "part" / "new.py").write_text("# TODO: not committed\n")
    told = json.loads(discover(str(tmp_path / "part"), "--json").stdout)
    assert {(one["file"], one["author"]) for one in told} == {("d.py", "Ann"), ("new.py", None)}
    assert "2 found" in discover(str(tmp_path / "part")).stdout


def test_nothing_and_nowhere_are_said(tmp_path: Path) -> None:
    assert json.loads(discover(str(tmp_path), "--json").stdout) == []
    assert "No comment" in discover(str(tmp_path)).stdout
    missing = discover(str(tmp_path / "missing"), "--json")
    assert (missing.exit_code, missing.stdout) == (2, "")


def test_what_is_broken_in_a_plan_is_said_and_the_rest_is_listed(tmp_path: Path) -> None:
    plan = "items:\n  - title: Log-in: times out\n  - title: Export the table\n"
    (tmp_path / "backlog.yml").write_text(plan)
    result = discover("--json", str(tmp_path))
    assert [one["title"] for one in json.loads(result.stdout)] == ["Export the table"]
    assert result.stderr.startswith("backlog.yml:2: broken YAML: ")


def test_the_same_words_twice_have_two_identities_that_survive_a_move(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# TODO: same\nx = 1\n# TODO: same\n")
    before = {one["identity"] for one in json.loads(discover(str(tmp_path), "--json").stdout)}
    (tmp_path / "a.py").rename(tmp_path / "z.py")
    after = {one["identity"] for one in json.loads(discover(str(tmp_path), "--json").stdout)}
    assert len(before) == 2
    assert before == after


def test_what_a_file_says_cannot_steer_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# TODO: \x1b[31mred\x1b[0m \u202e\n")
    assert "\x1b" not in discover(str(tmp_path)).stdout


def test_the_truth_is_three_hundred_judged_lines() -> None:
    rows = [
        line.split("\t")
        for file in sorted((Path(__file__).parent / "truth").glob("*.tsv"))
        for line in file.read_text().splitlines()
    ]
    assert len(rows) >= 300
    assert all(len(row) == 3 and row[1].isdigit() for row in rows)
    assert {row[2] for row in rows} <= {"-", "TODO", "FIXME", "HACK", "XXX", "BUG"}
