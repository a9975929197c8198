"""The families that need no model, end to end (S19)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story.vocabulary import State
from tests.world import FILES, REPO, World

LINT = {
    **FILES,
    "pyproject.toml": "[tool.ruff]\nline-length = 90\n",
    "shop.py": (
        "import os\nimport sys\n\n\ndef total(prices):\n"
        "    if prices == None:\n        return 0\n    return sum(prices)\n"
    ),
    "load.py": "import yaml\n\n\ndef read(text):\n    return yaml.load(text)  # settings\n",
}
STORIES = [
    ("Remove unused imports (F401) in shop.py", "", "shop.py", "import os"),
    ("ruff reports E711 in shop.py, please fix it", "", "shop.py", "== None"),
    ("Bandit B506: unsafe yaml.load in load.py", "Use the safe loader.", "load.py", "yaml.load("),
]


@pytest.mark.parametrize(("title", "body", "path", "gone"), STORIES)
def test_a_finding_with_an_exact_fix_is_fixed_and_nothing_else_changes(
    new_world: Callable[..., World], title: str, body: str, path: str, gone: str
) -> None:
    world = new_world()
    world.repository(LINT)
    number = world.story(title, body)
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    files = world.act("alice").request("GET", f"/repos/{REPO}/pulls/{story.pull_number}/files")
    assert [f["filename"] for f in files] == [path]
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE
    merged = world.house.workshop.mirror(story.repository).read(world.tale(number).merged_sha, path)
    assert gone not in merged.decode()
    assert story.model_calls == []
    assert "lint: ruff check --no-fix . (settings for ruff" in world.status_comments(number)[0]


def test_a_bump_that_is_done_already_says_so_and_opens_nothing(world: World) -> None:
    number = world.story("Bump idna to 3.4", "")
    assert world.pulls() == []
    assert world.state(number) is State.FAILED
    assert "there is nothing to do" in world.status_comments(number)[0]
