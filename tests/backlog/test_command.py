"""`towpath backlog` on a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.cli import main
from bot.texts import backlog as texts

BACKLOG = "# Backlog\n\n- [ ] Log-in times out (value: 8, size: S)\n- [ ] Export the table as CSV\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("TOWPATH_HOME", str(tmp_path / "home"))
    return project


def towpath(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["backlog", *arguments])


def told(*arguments: str) -> Any:
    result = towpath(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_folder_is_read_in_and_again_changes_nothing(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    (folder / "docs").mkdir()
    (folder / "docs" / "todo.yml").write_text("- title: log-in times out\n  risk: 13\n")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "BACKLOG.md").write_text("- [ ] Somebody else's work\n")
    assert "2 new, 1 changed" in towpath("import", ".").output
    assert "0 new, 0 changed, 3 as before, 0 gone." in towpath("import", ".").output
    first = told("list")["items"][0]
    assert (first["title"], first["inputs"]["risk"]["number"]) == ("Log-in times out", 13)
    assert [one["place"] for one in first["sources"]] == ["BACKLOG.md", "docs/todo.yml"]
    (folder / "docs" / "todo.yml").unlink()
    (folder / "BACKLOG.md").write_text(BACKLOG.replace("[ ] Export", "[x] Export"))
    assert "1 changed" in towpath("import", ".").output
    assert [one["number"] for one in told("list")["items"]] == [1]
    assert told("show", "1")["inputs"]["risk"]["authority"] == "estimate"


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    assert "Would be: 2 new" in towpath("import", "BACKLOG.md", "--dry-run").output
    assert told("list")["items"] == []


def test_a_broken_document_is_said_with_its_line_and_the_rest_is_read(folder: Path) -> None:
    (folder / "backlog.yml").write_text(
        "- title: One thing\n- title: Two: broken\n- title: Three\n"
    )
    result = towpath("import", "backlog.yml")
    assert result.exit_code == 1
    assert "backlog.yml:2: broken YAML" in result.stderr
    assert "2 new" in result.stdout


def test_what_cannot_be_read_is_said(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing")
    result = towpath("import", "notes.txt")
    assert (result.exit_code, "no kind of document" in result.stderr) == (1, True)
    assert towpath("import", "notes.txt", "--kind", "nonsense").exit_code == 2
    assert towpath("import", "absent.md").exit_code == 2


def test_an_item_is_added_once_and_what_a_person_says_wins(folder: Path) -> None:
    first = told("add", "Log-in times out", "--value", "8", "--size", "small", "--family", "bug")
    assert (first["number"], first["family"], first["wsjf"]) == (1, "bug", 8.0)
    again = told("add", "Log-in times out", "--value", "13")
    assert (again["number"], again["inputs"]["value"]["number"]) == (1, 13)
    assert again["inputs"]["size"]["authority"] == "command"
    assert towpath("add", "  ").exit_code == 2
    assert towpath("add", "Something", "--value", "lots").exit_code == 2


@pytest.mark.parametrize("form", ["yaml", "json", "csv", "md"])
def test_what_is_written_out_can_be_read_in_again(folder: Path, form: str) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG + "- [ ] Fix\n- [ ] =cmd|x and `code` *here*\n")
    towpath("import", "BACKLOG.md")
    towpath("add", "Something | else <b>", "--value", "5", "--body", "one\n\ntwo")
    name = {"yaml": "out.backlog.yml", "json": "backlog.json", "csv": "x.csv", "md": "TODO.md"}[
        form
    ]
    before = [
        (one["title"], one["inputs"], one["family"]) for one in told("list", "--all")["items"]
    ]
    first = towpath("export", "--format", form, "--output", name)
    assert first.exit_code == 0, first.output
    imported = towpath("import", name)
    assert imported.exit_code == 0, imported.output
    after = [(one["title"], one["inputs"], one["family"]) for one in told("list", "--all")["items"]]
    assert [one[0] for one in after] == [one[0] for one in before]
    numbers = [[[i["number"] for i in one[1].values()] for one in all_] for all_ in (before, after)]
    assert numbers[0] == numbers[1]
    assert "0 new, 0 changed" in towpath("import", name).output


def test_an_export_keeps_estimates_apart(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    towpath("import", "BACKLOG.md")
    records = yaml.safe_load(towpath("export").stdout)["items"]
    assert records[0]["value"] == 8
    assert set(records[0]["estimates"]) == {"time", "risk", "type"}


def test_titles_of_strangers_steer_no_terminal(folder: Path) -> None:
    (folder / "x.json").write_text(json.dumps([{"title": "a\x1b]0;owned\x07 thing", "value": 1}]))
    towpath("import", "x.json")
    assert "\x1b" not in towpath("list").output + towpath("show", "1").output


def test_an_item_that_is_not_there(folder: Path) -> None:
    result = towpath("show", "7")
    assert (result.exit_code, "no item 7" in result.output) == (2, True)
    assert "nothing in the backlog" in towpath("list").output
    assert towpath("--repository", "acme/unknown", "list").exit_code == 2


def test_a_place_that_cannot_be_written_is_a_sentence(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    towpath("import", ".")
    result = towpath("export", "--output", "none/x.csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("none/x.csv cannot be used: No such file or directory.")


def test_a_filter_that_nothing_meets_says_so(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    towpath("import", ".")
    assert towpath("list", "--state", "doing").output == texts.NONE_LIKE_IT + "\n"


def test_signs_that_nobody_sees_are_left_out(folder: Path) -> None:
    hidden = "".join(map(chr, (0x200B, 0x2060, 0xE0041, 0x202E, 0x9B, 0x200F)))
    (folder / "BACKLOG.md").write_text(
        f"- [ ] Log-in{hidden} times out \U0001f469\u200d\U0001f680\n"
    )
    towpath("import", ".")
    [one] = told("list")["items"]
    assert one["title"] == "Log-in times out \U0001f469\u200d\U0001f680"


def test_a_document_that_was_moved_and_edited_at_once_keeps_its_items(folder: Path) -> None:
    more = BACKLOG + "- [ ] Add a dark mode\n"
    (folder / "BACKLOG.md").write_text(more)
    towpath("import", ".")
    (folder / "BACKLOG.md").unlink()
    (folder / "docs").mkdir()
    edited = more.replace("Log-in times out", "The log-in times out")
    (folder / "docs" / "todo.md").write_text(edited)
    assert "0 new, 3 changed" in towpath("import", ".").output
    items = told("list", "--all")["items"]
    assert sorted((one["number"], one["title"]) for one in items) == [
        (1, "The log-in times out"),
        (2, "Export the table as CSV"),
        (3, "Add a dark mode"),
    ]
    assert {one["place"] for item in items for one in item["sources"]} == {"docs/todo.md"}
    assert "0 new, 0 changed, 3 as before, 0 gone." in towpath("import", ".").output


@pytest.mark.parametrize(("first", "then"), [("BACKLOG.md", "TODO.md"), ("TODO.md", "BACKLOG.md")])
def test_an_entry_that_moves_between_documents_is_never_done_meanwhile(
    folder: Path, first: str, then: str
) -> None:
    (folder / first).write_text(BACKLOG)
    towpath("import", ".")
    (folder / first).write_text("- [ ] Export the table as CSV\n")
    (folder / then).write_text("- [ ] Log-in times out (value: 8, size: S)\n")
    towpath("import", ".")
    assert told("show", "1")["reason"] == ""


def test_the_line_of_an_entry_is_the_one_it_stands_in_now(folder: Path) -> None:
    (folder / "BACKLOG.md").write_text(BACKLOG)
    towpath("import", ".")
    (folder / "BACKLOG.md").write_text(BACKLOG.replace("# Backlog", "# Backlog\n\nA word before."))
    assert "0 new, 0 changed, 2 as before, 0 gone." in towpath("import", ".").output
    assert [one["sources"][0]["line"] for one in told("list")["items"]] == [5, 6]


def test_a_known_entry_whose_title_was_lost_is_not_done(folder: Path) -> None:
    whole = "- {id: A-1, title: Log-in times out}\n- {id: A-2, title: B c}\n"
    (folder / "backlog.yml").write_text(whole)
    towpath("import", ".")
    (folder / "backlog.yml").write_text(whole.replace("Log-in times out", ""))
    result = towpath("import", ".")
    assert (result.exit_code, result.stderr) == (1, "backlog.yml:1: an entry without a title\n")
    assert told("show", "1")["state"] == "NEW"
