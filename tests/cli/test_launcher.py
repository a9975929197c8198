"""The launcher: what it installs, and what it says when it cannot."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("towpath", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "app.yml")
HERE = {"TOWPATH_VENV": sys.prefix}


def clone(folder: Path) -> Path:
    """What the launcher needs of a clone, and no environment."""
    folder.mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, folder / name)
    for name in ("bot", "handlers", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def environ(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOWPATH_")}
    return {**kept, "PYTHONPATH": "", **more}


def call(
    folder: Path, *arguments: str, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "towpath"), *arguments],
        env=environ(**more),
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def launcher() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("launcher", str(ROOT / "towpath"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_a_python_that_is_too_old_can_read_the_launcher_and_so_say_so() -> None:
    ast.parse((ROOT / "towpath").read_text(), feature_version=(3, 6))


def test_an_environment_that_was_named_is_used_as_it_is() -> None:
    ran = call(ROOT, "--help", **HERE)
    assert ran.returncode == 0
    assert "demo" in ran.stdout
    assert ran.stderr == ""


def test_an_environment_that_is_not_there_is_answered_with_a_sentence(tmp_path: Path) -> None:
    ran = call(ROOT, "--help", TOWPATH_VENV=str(tmp_path / "none"))
    assert ran.returncode == 69
    assert ran.stderr.startswith("towpath: TOWPATH_VENV names no environment")


def test_a_machine_without_git_is_told_so(tmp_path: Path) -> None:
    ran = call(ROOT, "--help", PATH=str(tmp_path), **HERE)
    assert ran.returncode == 69
    assert "git" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_nothing_is_imported_from_the_folder_it_is_called_in(tmp_path: Path) -> None:
    for name in ("click", "yaml", "bot"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger was here')\n")
    ran = call(ROOT, "audit", "--help", cwd=tmp_path, **HERE)
    assert ran.returncode == 0, ran.stderr


def test_an_index_that_cannot_be_reached_is_answered_without_its_credentials(
    tmp_path: Path,
) -> None:
    folder = clone(tmp_path / "clone")
    ran = call(
        folder,
        "--help",
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://reader:hunter2@127.0.0.1:9/simple",
        PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="",
        PIP_RETRIES="0",
        UV_CACHE_DIR=str(tmp_path / "cache"),
        UV_DEFAULT_INDEX="http://reader:hunter2@127.0.0.1:9/simple",
        UV_HTTP_RETRIES="0",
    )
    assert ran.returncode == 69
    assert "could not be installed" in ran.stderr
    assert "PIP_INDEX_URL" in ran.stderr
    assert "hunter2" not in ran.stderr
    assert "Traceback" not in ran.stderr
    assert call(folder, "--help", **HERE).returncode == 0, (
        "a failed start leaves nothing in the way"
    )


def test_an_environment_that_somebody_else_made_is_left_alone(tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "mine").write_text("precious")
    ran = call(folder, "--help")
    assert ran.returncode == 69
    assert "TOWPATH_VENV" in ran.stderr
    assert (folder / ".venv" / "mine").read_text() == "precious"


def test_settings_of_pip_are_handed_to_uv(launcher: ModuleType, tmp_path: Path) -> None:
    pip = tmp_path / "pip.py"
    pip.write_text(
        r"""print(r'''global.index-url='https://one/simple'
global.extra-index-url='https://two/simple\nhttps://three/simple'
install.find-links='/a /b'
:env:.index-url='https://four/simple'
global.no-index='false'
global.progress-bar='off'
freeze.timeout='10'
''')"""
    )
    said = launcher.as_uv_says([sys.executable, str(pip)], {"UV_FIND_LINKS": "mine"})
    assert said == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://four/simple",
        "UV_INDEX": "https://two/simple https://three/simple",
    }


def test_uv_itself_is_installed_by_hash(launcher: ModuleType) -> None:
    pin = launcher.pin_of("uv", "requirements.lock").splitlines()
    assert pin[0].startswith("uv==")
    assert len(pin) > 1
    assert all(line.startswith("    --hash=sha256:") for line in pin[1:])
    assert not pin[-1].endswith("\\")


@pytest.mark.network
def test_two_first_starts_a_killed_one_and_a_moved_clone_all_end_well(tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone")
    command = [sys.executable, str(folder / "towpath"), "--help"]
    first = subprocess.Popen(
        command,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not (folder / ".venv" / "bin" / "uv").exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)  # half-way
    first.communicate()
    assert list((folder / ".venv" / "towpath").iterdir()) == []

    both = [
        subprocess.Popen(command, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [one.communicate(timeout=240) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert sum(b"installing" in errors for _, errors in told) == 1

    again = call(folder, "--help")
    assert (again.returncode, again.stderr) == (0, "")

    moved = folder.rename(tmp_path / "moved")
    after = call(moved, "--help")
    assert after.returncode == 0
    assert "installing" in after.stderr
