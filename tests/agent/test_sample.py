"""The demo's sample: its project is green, and its scripted story fails first and then passes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.agent.edits import replaced
from bot.agent.gateway import Gateway
from bot.agent.schemas import SCHEMA_OF, execution_plan, story_spec
from bot.agent.tool_arguments import TOOLS, StrReplace, arguments_of
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


def carry_out(project: Path, purpose: str, task: str = "") -> None:
    gateway = Gateway(f"scripted:{SAMPLES / 'answers.yaml'}")
    *edits, end = gateway.turn(purpose, {"task": {"id": task}}, (), TOOLS).said.calls
    assert end.name == "finish"
    for asked in map(arguments_of, edits):
        path = project / asked.path
        if isinstance(asked, StrReplace):
            path.write_text(replaced(asked.path, path.read_text(), asked.old, asked.new))
        else:
            path.write_text(asked.content)


def test_the_scripted_story_goes_red_red_green(project):
    assert passes(project)
    carry_out(project, "test")
    assert not passes(project)
    carry_out(project, "code", "T1")
    carry_out(project, "code", "T2")
    assert not passes(project)
    carry_out(project, "repair")
    assert passes(project)


def test_the_analysis_and_the_plan_fit_the_story_and_the_project(project):
    story = story_text.read(*story_text.parse_file((SAMPLES / "story.md").read_text()))
    spec = story_spec(answer("analyze"), story.title, story.criteria)
    assert len(spec.criteria) == 5
    plan = execution_plan(answer("plan"), lambda path: (project / path).is_file())
    assert [task.id for task in plan.tasks] == ["T1", "T2"]
    served = {name for task in plan.tasks for name in task.criteria}
    assert served == {criterion.id for criterion in spec.criteria}
