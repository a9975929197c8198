"""The demo's sample: its project is green, and its scripted story fails first and then passes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.agent.edits import apply_edits
from bot.agent.gateway import Gateway
from bot.agent.schemas import SCHEMA_OF, Edits, execution_plan, story_spec
from bot.stages import story_text

SAMPLES = Path("bot/cli/samples")


@pytest.fixture
def project(tmp_path):
    shutil.copytree(SAMPLES / "project", tmp_path / "p")
    return tmp_path / "p"


def passes(project: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return not subprocess.run(command, cwd=project, capture_output=True, timeout=60).returncode


def answer(purpose: str, task: str = "", attempt: int = 1):
    gateway = Gateway(f"scripted:{SAMPLES / 'answers.yaml'}")
    reply = gateway.call(purpose, {"task": {"id": task}}, SCHEMA_OF[purpose], attempt)
    assert reply.provider == "scripted"
    return reply.output


def carry_out(project: Path, output: Edits) -> None:
    def read(path: str) -> str | None:
        return (project / path).read_text() if (project / path).is_file() else None

    for change in apply_edits(read, output.edits):
        (project / change.path).write_text(change.content)


def test_the_scripted_story_goes_red_red_green(project):
    assert passes(project)
    carry_out(project, answer("test"))
    assert not passes(project)
    carry_out(project, answer("code", "T1"))
    carry_out(project, answer("code", "T2"))
    assert not passes(project)
    carry_out(project, answer("repair"))
    assert passes(project)


def test_the_analysis_and_the_plan_fit_the_story_and_the_project(project):
    story = story_text.read(*story_text.parse_file((SAMPLES / "story.md").read_text()))
    spec = story_spec(answer("analyze"), story.title, story.criteria)
    assert len(spec.criteria) == 5
    plan = execution_plan(answer("plan"), lambda path: (project / path).is_file())
    assert [task.id for task in plan.tasks] == ["T1", "T2"]
    served = {name for task in plan.tasks for name in task.criteria}
    assert served == {criterion.id for criterion in spec.criteria}
