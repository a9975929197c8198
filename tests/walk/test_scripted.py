"""A story that needs a model, with a model whose answers were written beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.stages.story_text import parse_file
from bot.story.vocabulary import State
from tests.world import REPO, ROOT, World

SAMPLES = ROOT / "bot" / "cli" / "samples"


def project() -> dict[str, str]:
    root = SAMPLES / "project"
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_sample_story_is_written_repaired_reviewed_and_merged(
    new_world: Callable[..., World],
) -> None:
    world = new_world(model=f"scripted:{SAMPLES / 'answers.yaml'}")
    world.repository(project())
    title, body = parse_file(Path(SAMPLES / "story.md").read_text())
    number = world.story(title, body)
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert story.iteration > 1, "the first attempt fails, the repair passes"
    assert not story.tests["red"].summary.ok, "the new tests fail without the change"
    report = world.pull(story.pull_number)["body"]
    assert "scripted" in report
    assert "## Iteration report" in report
    commits = world.act("alice").request("GET", f"/repos/{REPO}/pulls/{story.pull_number}/commits")
    assert len(commits) == len(story.commits) > 1
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE
    assert len(world.comments(number)) == 1


def test_a_model_without_an_answer_hands_the_story_over(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("answers: []\n")
    world = new_world(model=f"scripted:{answers}")
    world.repository()
    number = world.story("Add a discount", "total() should take a discount in percent.")
    assert world.state(number) is State.FAILED
    assert world.pulls() == []
    assert "analyze" in world.status_comments(number)[0]


NEVER = """
answers:
  - purpose: analyze
    output: {description: d, story_type: feature, complexity: 2, criteria: [{text: it works}]}
  - purpose: plan
    output: {tasks: [{id: T1, action: modify_file, description: do it, targets: [shop.py]}]}
  - purpose: test
    output:
      subject: "test: discounts"
      edits:
        - path: tests/test_discount.py
          kind: write
          content: |
            import unittest
            import shop


            class Discount(unittest.TestCase):
                def test_discount(self):
                    self.assertEqual(shop.total([10], 10), 9)
  - purpose: code
    output:
      subject: "feat: discounts"
      edits: [{path: shop.py, kind: replace, search: "sum(prices)", replace: "sum(prices) - 0"}]
  - purpose: review
    output: {findings: []}
  - purpose: repair
    output:
      edits: [{path: shop.py, kind: write, content: "def total(prices, off=0):\\n    return 0\\n"}]
"""
QUESTION = """
answers:
  - purpose: analyze
    output:
      description: d
      story_type: feature
      complexity: 2
      questions: ["Does it round up or down?"]
"""


def test_a_story_whose_tests_never_pass_is_handed_over_in_time(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    (tmp_path / "answers.yaml").write_text(NEVER)
    world = new_world(model=f"scripted:{tmp_path / 'answers.yaml'}")
    world.repository()
    number = world.story("Add a discount", "total() should take a discount in percent.")
    story = world.tale(number)
    assert story.state is State.FAILED
    assert 2 <= len(story.failures) <= 4, "it stops before the limit when it goes in circles"
    assert world.pulls() == []
    assert world.branches() == ["main"]
    said = world.status_comments(number)[0]
    assert "**Tried**" in said
    assert "test_discount" in said
    assert len(world.comments(number)) == 1


def test_a_models_question_waits_and_the_answer_reaches_it(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    (tmp_path / "answers.yaml").write_text(QUESTION)
    world = new_world(model=f"scripted:{tmp_path / 'answers.yaml'}")
    world.repository()
    number = world.story("Add a discount", "total() should take a discount in percent.")
    assert world.state(number) is State.WAITING
    assert any("Does it round up or down?" in c for c in world.comments(number))
    refused = world.say("rita", number, "/answer down")
    assert "confused" in world.reactions(refused), "a reader did not write the story"
    world.say("alice", number, "/answer down")
    assert [a.text for a in world.tale(number).answers] == ["down"]
    assert world.tale(number).round == 2
