"""What only people may change is left to them with the exact patch; the rest goes on (B12)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.walk.test_scripted import NEVER
from tests.world import FILES, REPO, World

WORKFLOW = ".github/workflows/ci.yml"
BEFORE = "on: push\njobs: {}\n"
ANSWERS = NEVER.replace(
    'edits: [{path: shop.py, kind: replace, search: "sum(prices)", replace: "sum(prices) - 0"}]',
    """edits:
        - path: shop.py
          kind: write
          content: "def total(prices, off=0):\\n    return sum(prices) * (100 - off) / 100\\n"
        - {path: .github/workflows/ci.yml, kind: write, content: "on: [push]\\njobs: {}\\n"}""",
).replace("targets: [shop.py]", f"targets: [shop.py, {WORKFLOW}]")


def test_a_workflow_is_left_to_people_and_the_rest_of_the_change_is_proposed(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text(ANSWERS)
    world = new_world(model=f"scripted:{answers}")
    world.repository({**FILES, WORKFLOW: BEFORE})
    number = world.story("Add a discount", "total() should take a discount in percent.")
    story = world.tale(number)
    assert story.pull_number, (story.failure_reason, story.waiting)
    told = world.act("alice").request("GET", f"/repos/{REPO}/pulls/{story.pull_number}/files")
    assert WORKFLOW not in {one["filename"] for one in told}
    body = world.pull(story.pull_number)["body"]
    assert "## For people" in body
    patch = re.search(r"```diff\n(.*?\n)```", body, re.DOTALL)
    assert patch
    tree = tmp_path / "tree"
    (tree / WORKFLOW).parent.mkdir(parents=True)
    (tree / WORKFLOW).write_text(BEFORE)
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    subprocess.run(["git", "apply"], cwd=tree, input=patch[1].encode(), check=True)
    assert (tree / WORKFLOW).read_text() == "on: [push]\njobs: {}\n"
