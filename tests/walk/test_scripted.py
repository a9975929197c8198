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
