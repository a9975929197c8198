"""Real repositories in real folders for the tests of this room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.environment import Environment, find_tool
from bot.workspace.interpreter import Interpreter
from bot.workspace.mirror import Mirror, Person
from bot.workspace.sandbox import Sandbox, SandboxUnavailable
from bot.workspace.worktrees import Pool

BOT = Person("Towpath", "towpath@example.com")
THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def shell_git(folder: Path, *args: str) -> str:
    """git as a person runs it, apart from the code under test."""
    done = subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *args],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


class Project:
    """A person's clone, the repository that they push to, and our mirror of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clone, self.url = root / "clone", str(root / "upstream.git")
        self.clone.mkdir()
        shell_git(root, "init", "-q", "--bare", "-b", "main", self.url)
        shell_git(self.clone, "init", "-q", "-b", "main")
        self.mirror = Mirror.open(root / "mirrors", "ann/project")

    def commit(self, files: dict[str, str], message: str = "change", branch: str = "main") -> str:
        """Write, commit and push as a person; the mirror fetches it."""
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self.commit_all(message, branch)

    def commit_all(self, message: str = "change", branch: str = "main") -> str:
        shell_git(self.clone, "add", "-A")
        shell_git(self.clone, "commit", "-q", "-m", message)
        shell_git(self.clone, "push", "-q", self.url, f"HEAD:refs/heads/{branch}")
        self.mirror.fetch(self.url)
        return shell_git(self.clone, "rev-parse", "HEAD")

    def ours(self, parent: str, changes: dict[str, bytes | None], message: str = "feat: x") -> str:
        return self.mirror.commit_files(parent, changes, message, BOT, THEN)

    def pool(self, sandbox: Sandbox | None = None, size: int = 2) -> Pool:
        owner = sandbox.owner if sandbox else None
        return Pool(self.root / "trees", self.mirror, size=size, owner=owner)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    try:
        return choose_sandbox()
    except SandboxUnavailable as problem:
        pytest.skip(f"no sandbox on this machine: {problem}")


@pytest.fixture
def tree(tmp_path: Path, sandbox: Sandbox) -> Path:
    """An empty work tree that the sandbox may write."""
    folder = tmp_path / "tree"
    folder.mkdir()
    if sandbox.owner:
        os.chown(folder, *sandbox.owner)
    return folder


@pytest.fixture(scope="session")
def with_pytest(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment as `prepare` makes them, filled from our own packages instead of an index."""
    folder = tmp_path_factory.mktemp("environment")
    base = Path(sys.base_prefix).resolve()
    version = "{}.{}.{}".format(*sys.version_info[:3])
    own = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    made = [find_tool("uv"), "venv", "--quiet", "--python", own, folder / "venv"]
    subprocess.run(made, check=True)
    target = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    packages = Path(sysconfig.get_path("purelib"))
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        shutil.copytree(packages / name, target / name)
        for information in packages.glob(f"{name}-[0-9]*.dist-info"):
            shutil.copytree(information, target / information.name)
    shutil.copy(packages / "py.py", target)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return Environment("test", folder, "python", Interpreter(own, version, base))
