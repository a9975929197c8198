"""What stages take from the index: what fits, what is too big, whose instructions hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.codebase.budget import TooBig
from bot.stages.shown import instructions_for, sample_tests, shown, too_big
from bot.workspace.mirror import Mirror
from bot.workspace.text_files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    folder = tmp_path / "mirrors" / "project"
    big = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(400))
    for path, text in {
        "pkg/__init__.py": "",
        "pkg/big.py": big,
        "pkg/other.py": big.replace("step", "turn"),
        "pkg/small.py": "def small():\n    return 1\n",
        "tests/test_small.py": (
            "from pkg import small\n\n\ndef test_one():\n    assert small.small() == 1\n"
        ),
        "tests/test_big.py": "from pkg import small\n\n\n"
        + "\n\n".join(f"def test_{n}():\n    assert small.small() + {n}\n" for n in range(100)),
        "AGENTS.md": "Write small functions.\n",
        "pkg/AGENTS.md": "Write no classes in this package.\n",
        "docs/AGENTS.md": "Write short sentences.\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True, timeout=30)
    sha = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    return Files(Mirror(folder / ".git"), sha)


def test_targets_that_do_not_fit_in_their_shortest_forms_are_said_to_be_too_big(files):
    with pytest.raises(TooBig) as told:
        shown(files, "add a step", 6_000, targets=["pkg/big.py", "pkg/other.py"])
    assert told.value.tokens > told.value.limit
    assert set(told.value.names) == {"pkg/big.py", "pkg/other.py"}


def test_each_task_is_judged_by_its_own_targets(files):
    groups = [["pkg/big.py", "pkg/other.py"], ["pkg/small.py"], ["pkg/new.py"]]
    first, *others = too_big(files, groups, 6_000)
    assert first is not None
    assert first.limit == 1_500
    assert others == [None, None]


def test_what_was_only_changed_before_is_shown_as_far_as_it_goes(files):
    made = shown(files, "add a step", 6_000, changed=["pkg/big.py", "pkg/other.py"])
    assert {*made["files"], *made["excerpts"]}


def test_who_writes_tests_sees_how_they_are_written_here(files):
    named = sample_tests(files, ["pkg/small.py", "tests/test_big.py", "gone.py"], [])
    assert list(named) == ["tests/test_big.py"]
    lines = named["tests/test_big.py"].splitlines()
    assert lines[0] == "from pkg import small"
    assert lines[40] == "[... 301 lines ...]"
    assert lines[-1] == "    assert small.small() + 99"
    of_target = sample_tests(files, [], ["pkg/new.py", "pkg/small.py"])
    assert of_target.keys() == {"tests/test_small.py", "tests/test_big.py"}
    assert "small.small() == 1" in of_target["tests/test_small.py"]


def test_the_nearest_instructions_are_the_ones_that_hold(files):
    assert instructions_for(files, ["pkg/small.py"]) == ("pkg/AGENTS.md",)
    assert instructions_for(files, []) == ("AGENTS.md",)
