"""The lock files pin everything that `pyproject.toml` asks for, by hash, and name no index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN, DEV = "requirements.lock", "requirements-dev.lock"
EXTRAS = {RUN: ("embedded", "models"), DEV: ("embedded", "models", "dev")}


def pins(lock: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.M):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_pins_every_dependency_at_a_version_that_is_allowed(lock: str) -> None:
    held = pins(lock)
    asked = list(PROJECT["dependencies"])
    for extra in EXTRAS[lock]:
        asked += PROJECT["optional-dependencies"][extra]
    for requirement in map(Requirement, asked):
        versions = held[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(one) for one in versions), requirement


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_holds_only_pins_and_hashes(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    pin = re.compile(r"[a-z0-9][\w.-]*==[\w.!+-]+( ; [^\\/]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not (pin.fullmatch(line) or digest.fullmatch(line))] == []


def test_tests_run_on_the_very_versions_that_production_runs_on() -> None:
    tested = pins(DEV)
    assert {name: tested[name] for name in pins(RUN)} == pins(RUN)
