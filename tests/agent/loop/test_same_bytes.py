"""What is sent for a story is the same, to the byte, on every day and in every process."""

import json
import os
import subprocess
import sys

from bot.agent.prompts import render
from bot.agent.untrusted import Secrets

PACKAGE = {
    "story": {"title": "Add a discount", "body": "total() takes `off`."},
    "answers": ["down"],
    "conventions": "quotes: double",
    "instructions": [["AGENTS.md", "Be short."]],
    "tree": ["a.py", "b.py"],
    "spec": {"criteria": [{"id": "C1"}], "b": 1, "a": 2},
    "plan": {"tasks": [{"id": "T1"}]},
    "files": {"b.py": "b = 1\n", "a.py": "a = 1\n"},
    "excerpts": {"z.py": "z\n", "c.py": "c\n"},
}
WORK = ("test", "code", "repair")
CODE = """
import json, sys, hashlib
from bot.agent.prompts import render
from bot.agent.tool_arguments import TOOLS
from bot.agent.untrusted import Secrets
made = [render(purpose, json.loads(sys.argv[1]), Secrets()) for purpose in ("test", "code")]
tools = [tool.model_dump_json() for tool in TOOLS]
print(hashlib.sha256(repr([(p.system, p.user) for p in made] + tools).encode()).hexdigest())
"""


def test_all_work_on_a_story_begins_with_the_same_bytes():
    tasks = ({"id": "tests"}, {"id": "T1"}, {"id": "repair-1"})
    made = [
        render(purpose, {**PACKAGE, "task": task, "diff": task["id"]}, Secrets())
        for purpose, task in zip(WORK, tasks, strict=True)
    ]
    assert len({one.system for one in made}) == 1
    assert len({one.user[: one.stable] for one in made}) == 1
    assert len({one.digest for one in made}) == 1
    assert len({one.user for one in made}) == 3
    assert "b = 1" in made[0].user[: made[0].stable]
    assert "repair-1" not in made[2].user[: made[2].stable]


def test_the_bytes_do_not_depend_on_the_seed_of_hashes():
    seen = {
        subprocess.run(
            [sys.executable, "-c", CODE, json.dumps(PACKAGE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(seen) == 1
