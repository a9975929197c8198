"""What a changed manifest asks for, tried against the index."""

from __future__ import annotations

import os

import pytest

from bot.workspace.asked import Asking
from bot.workspace.environment import Environments
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import plan_for
from bot.workspace.sandbox import Sandbox
from tests.workspace.conftest import Project

pytestmark = pytest.mark.network
BEFORE = {
    "test_x.py": "def test_x():\n    pass\n",
    "requirements.txt": "idna==3.4\n",
    "docs/requirements.txt": "requests==2.25.1\nidna==2.10\n",
    "old/requirements.txt": "requests==2.25.1\nidna==3.4\n",
}


def test_versions_that_cannot_be_had_are_told_and_old_conflicts_are_not(
    project: Project, sandbox: Sandbox
) -> None:
    project.commit(BEFORE)
    commit = project.commit({
        "requirements.txt": "idna==3.7\n",
        "docs/requirements.txt": "requests==2.25.1\nidna==3.7\n",
        "old/requirements.txt": "requests==2.25.1\nidna==3.7\n",
    })  # fmt: skip
    pool, index = project.pool(sandbox), PackageIndex.of(os.environ)
    environments = Environments(project.root / "environments", project.mirror, pool, sandbox, index)
    environment = environments.prepare(plan_for(project.mirror, commit), commit)
    cache = project.root / "cache"
    cache.mkdir()

    def unmet(path: str, requirement: str) -> str:
        with environments.way_out() as way:
            asking = Asking(project.mirror, pool, sandbox, index, way, cache)
            return asking.unmet(environment, commit, [(path, requirement)])

    assert unmet("requirements.txt", "idna==3.7") == ""
    assert "3.999" in unmet("requirements.txt", "idna==3.999")
    assert "requests==2.25.1" in unmet("docs/requirements.txt", "idna==3.7")
    assert unmet("old/requirements.txt", "idna==3.7") == ""
    assert unmet("setup.cfg", "idna>=3.10") == "the environment holds idna 3.7, not >=3.10"
    assert "cannot be resolved" in unmet("setup.cfg", "no-such-project-of-anybody==1.0")
