"""Small published projects that the planted faults go into, as git repositories.

Promises: sources come from the package index, pinned, and are kept only below the given folder.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bot.workspace.environment import find_tool

IDENTITY = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]


@dataclass(frozen=True)
class Project:
    """`package`: the folder of the import package. `tests`: the folder new tests go to.

    `weaken`: a test file with plain assertions. `formats`: a formatter is configured. `breaks`:
    a file, a text in it that tests depend on, and what breaks them.
    """

    name: str
    version: str
    package: str
    tests: str
    weaken: str
    formats: bool = False
    breaks: tuple[str, str, str] | None = None

    @property
    def module(self) -> str:
        """The name that the package is imported by."""
        return self.package.rpartition("/")[2]


PROJECTS = (
    Project("cachetools", "8.0.1", "src/cachetools", "tests", "tests/test_keys.py", True,
            ("src/cachetools/keys.py", "tuple(map(type, args))", "()")),
    Project("blinker", "1.9.0", "src/blinker", "tests", "tests/test_signals.py", False,
            ("src/blinker/_utilities.py", "return self.name", "return self.name.upper()")),
    Project("isodate", "0.7.2", "src/isodate", "tests", "tests/test_duration.py", True,
            ("src/isodate/duration.py", "return 29", "return 28")),
    Project("pathspec", "1.1.1", "pathspec", "tests", "tests/test_03_gitignore_basic.py", False,
            ("pathspec/util.py", "return None, None", "return True, 0")),
    Project("python-slugify", "9.2.0", "slugify", "tests", "tests/test_legacy.py"),
    Project("parse", "1.22.4", "parse", "tests", "tests/test_parse.py"),
)  # fmt: skip


def prepare(project: Project, folder: Path) -> Path:
    """The repository of `project` below `folder`, with one commit on `main`."""
    place = folder / f"{project.name}-{project.version}"
    if (place / ".git").exists():
        return place
    archive = _downloaded(project, folder / "archives")
    unpacked = folder / f"{place.name}.unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    next(path for path in unpacked.iterdir() if path.is_dir()).rename(place)
    unpacked.rmdir()
    (place / ".gitignore").write_text("__pycache__/\n*.pyc\n*.egg-info/\n.coverage\n")
    git(place, "init", "-q", "-b", "main")
    commit(place, "published sources")
    return place


def commit(repository: Path, message: str) -> str:
    """Commit everything; the new revision."""
    git(repository, "add", "-A", "-f")
    git(repository, *IDENTITY, "commit", "-q", "--allow-empty", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        check=True, capture_output=True, text=True, timeout=60,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    return done.stdout.strip()


def _downloaded(project: Project, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{project.name.replace('-', '_')}-{project.version}.tar.gz"
    if not (folder / stem).exists():
        subprocess.run(
            [str(find_tool("uv")), "tool", "run", "pip", "download", "--quiet", "--no-deps",
             "--no-binary", ":all:", "--dest", str(folder), f"{project.name}=={project.version}"],
            check=True, timeout=300,
        )  # fmt: skip
    return folder / stem
