"""Both no-model families on projects that are not ours, as their source distributions come."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.story.machine import Story
from bot.story.vocabulary import State
from bot.workspace.environment import find_tool
from tests.workspace.conftest import shell_git
from tests.world import REPO, World

pytestmark = pytest.mark.network

# What is planted in each: where a project of this kind would write it down.
PROJECTS = [
    (
        "humanize==4.13.0",
        {
            "docs/requirements.txt": "jinja2==3.1.2  # for the templates\n",
            "scripts/report.py": "import json\nimport sys\n\nprint(sys.argv)\n",
        },
        (
            "Known vulnerability in the docs' requirements",
            "Jinja2 3.1.2 is affected by CVE-2024-22195. It was fixed in 3.1.3.",
        ),
        ("docs/requirements.txt", "jinja2==3.1.3  # for the templates\n"),
        ("Unused import in scripts/report.py", "ruff: F401 `json` imported but unused"),
        ("scripts/report.py", "import sys\n\nprint(sys.argv)\n"),
    ),
    (
        "itsdangerous==2.2.0",
        {
            "requirements.txt": "idna==3.4\n",
            "tools/read.py": "import yaml\n\n\ndef read(text):\n    return yaml.load(text)\n",
        },
        ("Security: bump idna", "Our pin, 3.4, has CVE-2024-3651. Please go to 3.7."),
        ("requirements.txt", "idna==3.7\n"),
        ("Bandit finding: B506 in tools/read.py", "yaml.load is called without a safe loader."),
        (
            "tools/read.py",
            "import yaml\n\n\ndef read(text):\n    return yaml.safe_load(text)\n",
        ),
    ),
    (
        "tabulate==0.9.0",
        {
            "constraints.txt": "# kept low for old systems\ncertifi==2022.12.7\nidna\n",
            "tools/total.py": "def total(rows):\n    if rows == None:\n        return 0\n",
        },
        ("Move the certifi constraint from 2022.12.7 to 2023.7.22", "See CVE-2023-37920."),
        ("constraints.txt", "# kept low for old systems\ncertifi==2023.7.22\nidna\n"),
        ("Use `is None` in tools/total.py", "flake8 reports E711 there."),
        ("tools/total.py", "def total(rows):\n    if rows is None:\n        return 0\n"),
    ),
]


@pytest.mark.parametrize(
    ("requirement", "planted", "bump", "bumped", "finding", "fixed"),
    PROJECTS,
    ids=[project[0].partition("=")[0] for project in PROJECTS],
)
def test_a_real_projects_pin_and_finding_become_pull_requests_of_one_file(
    new_world: Callable[..., World],
    tmp_path: Path,
    requirement: str,
    planted: dict[str, str],
    bump: tuple[str, str],
    bumped: tuple[str, str],
    finding: tuple[str, str],
    fixed: tuple[str, str],
) -> None:
    world = new_world()
    world.repository(_repository(tmp_path / "source", requirement, planted))
    for told, (path, content) in ((bump, bumped), (finding, fixed)):
        story = world.tale(world.story(*told))
        assert story.state is State.WAITING, story.failure_reason
        assert (_changed(world, story), story.model_calls) == ([path], [])
        assert story.tests["head"].summary.passed > 100
        mirror = world.house.workshop.mirror(story.repository)
        assert mirror.read(story.head_sha, path).decode() == content


def _changed(world: World, story: Story) -> list[str]:
    path = f"/repos/{REPO}/pulls/{story.pull_number}/files"
    return [file["filename"] for file in world.act("alice").request("GET", path)]


def _repository(folder: Path, requirement: str, planted: dict[str, str]) -> Path:
    """A git repository of a source distribution, and what is planted in it."""
    fetch = [str(find_tool("uv")), "tool", "run", "pip", "download", "--quiet", "--no-deps"]
    archives = folder.with_name("archives")
    subprocess.run(
        [*fetch, "--no-binary", ":all:", "--dest", str(archives), requirement],
        check=True,
        timeout=120,
    )
    (archive,) = archives.iterdir()
    folder.mkdir()
    unpack = ["tar", "xf", archive, "--no-same-owner", "--strip-components=1", "-C", folder]
    subprocess.run(unpack, check=True, timeout=60)
    for name, content in planted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    shell_git(folder, "init", "-q", "-b", "main")
    shell_git(folder, "add", "-A")
    shell_git(folder, "commit", "-q", "-m", "as it came")
    return folder
