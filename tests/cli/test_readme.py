"""The README says what the code says."""

from bot.cli import COMMANDS
from tests.cli.readme import README, ROOT, renewed


def test_the_tables_of_the_readme_are_current() -> None:
    text = README.read_text()
    assert text == renewed(text), "run: python -m tests.cli.readme"


def test_every_process_of_the_procfile_is_a_command() -> None:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert sorted(lines) == ["clock", "stories", "web", "worker"]
    for name, command in lines.items():
        assert command == f"./towpath {name}"
        assert name in COMMANDS


def test_the_operator_guide_names_only_commands_and_settings_that_exist() -> None:
    import re

    from bot.settings import PREFIX, Settings

    text = (ROOT / "docs" / "operating.md").read_text() + README.read_text()
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {"TOWPATH_VENV"}
    assert set(re.findall(r"\bTOWPATH_\w+", text)) <= known
    assert set(re.findall(r"`(?:\./)?towpath ([a-z][a-z-]*)", text)) <= set(COMMANDS)
