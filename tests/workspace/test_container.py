"""The command line that an engine gets; what it does with it is tried in `tests/escapes`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bot.workspace import seccomp
from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.container import Container
from bot.workspace.sandbox import MIB, Limits, SandboxUnavailable

# An engine that writes down what it was asked and does nothing: docker has no daemon here.
RECORDER = f"""#!{sys.executable}
import json, os, sys
asked = sys.argv[1:]
profile = next((a.split("=", 1)[1] for a in asked if a.startswith("seccomp=")), None)
with open(os.path.join(os.path.dirname(__file__), "asked"), "a") as file:
    held = json.load(open(profile)) if profile else None
    print(json.dumps({{"asked": asked, "env": sorted(os.environ), "profile": held}}), file=file)
if asked[:2] == ["image", "inspect"]:
    sys.exit(1)
if asked[0] == "run":
    print("ran")
"""


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    path = tmp_path / "docker"
    path.write_text(RECORDER)
    path.chmod(0o755)
    return path


def asked(docker: Path) -> list[dict]:
    return [json.loads(line) for line in (docker.parent / "asked").read_text().splitlines()]


def test_docker_is_asked_for_everything_that_holds(
    docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy")
    tree, tool = tmp_path / "tree", tmp_path / "tool"
    tree.mkdir()
    tool.touch()
    container = Container(str(docker), "runsc")
    limits = Limits(cpu_s=5, memory=64 * MIB, processes=9, files=10, file=7, temporary=8 * MIB)
    run = container.run(
        ["prog", "a b"], tree=tree, readonly={"/tools/t": tool}, env={"X": "y=z"}, limits=limits
    )
    assert (run.text, run.exit_code, run.adapter) == ("ran\n", 0, "docker+runsc")
    inspected, imported, ran, removed = asked(docker)
    image = inspected["asked"][2]
    assert imported["asked"] == ["import", "-", image]
    line = " ".join(ran["asked"])
    uid, gid = container.user
    for part in (
        "run --name towpath-", "--pull never", "--network none", "--read-only", "--cap-drop ALL",
        "--security-opt no-new-privileges", "--security-opt seccomp=", "--runtime runsc",
        f"--user {uid}:{gid}", "--memory 67108864 --memory-swap 67108864", "--pids-limit 9",
        "--ulimit cpu=5:10", "--ulimit fsize=7:7", "--ulimit nofile=10:10", "--ulimit core=0:0",
        f"--mount type=bind,source={tree},target=/workspace ", "--workdir /workspace",
        f"--mount type=bind,source={tool},target=/tools/t,readonly", "--env X=y=z",
        "--mount type=bind,source=/usr,target=/usr,readonly", "size=8388608",
    ):  # fmt: skip
        assert part in line
    assert uid != 0
    assert "privileged" not in line
    assert ran["asked"][-2:] == ["prog", "a b"]
    assert ran["asked"][ran["asked"].index(image) + 1 :][:2] == ["sh", "-c"]
    assert ran["profile"] == seccomp.profile()
    assert "HTTPS_PROXY" not in ran["env"]
    assert removed["asked"] == ["rm", "--force", "--volumes", ran["asked"][2]]


def test_an_engine_that_does_not_hold_what_it_is_given_is_not_used(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(docker.parent))
    assert Container.find().engine == str(docker)
    choose_sandbox.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable):
            choose_sandbox("container")
    finally:
        choose_sandbox.cache_clear()


def test_no_engine_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=r"no podman on PATH; no docker on PATH"):
        Container.find()


def test_a_path_that_would_change_the_meaning_of_a_mount_is_refused(
    docker: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "a,readonly=false"
    odd.mkdir()
    with pytest.raises(ValueError, match="comma"):
        Container(str(docker)).run(["true"], tree=odd)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_engines_profile_holds_the_rules_of_the_filter(machine: str) -> None:
    profile = seccomp.profile(machine)
    denied = {name for rule in profile["syscalls"] for name in rule["names"] if not rule["args"]}
    assert {"ptrace", "keyctl", "bpf", "mount", "unshare", "clone3", "io_uring_setup"} <= denied
    families = {
        (arg["op"], arg["value"])
        for rule in profile["syscalls"] if rule["names"] == ["socket"] for arg in rule["args"]
    }  # fmt: skip
    assert not {("SCMP_CMP_EQ", family) for family in (1, 2, 10)} & families
    assert ("SCMP_CMP_GT", 10) in families
