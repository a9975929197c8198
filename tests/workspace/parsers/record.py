"""Makes the fixtures again: runs the real tools on the samples and keeps what they print.

    python -m tests.workspace.parsers.record [--only TEXT]

Wants uv and npm with their registries. Tools of recordings.toml that are not here (Go, Cargo,
Docker with a static BUSYBOX to copy) are left as they are. Paths of the machine are replaced: the
sample lies at /workspace, a home at /home.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SAMPLES, FIXTURES = HERE / "samples", HERE / "fixtures"
# What a machine's own settings of npm and pip make them say.
_OF_THIS_MACHINE = re.compile(
    r"^(?:npm warn Unknown user config |Looking in (?:indexes|links): |WARNING: Location 'file:)"
    r"[^\n]*\n",
    re.MULTILINE,
)
_VERSION = {
    "node": "node --version", "go": "go version", "cargo": "cargo --version",
    "docker": "docker version --format {{.Client.Version}}",
}  # fmt: skip
_ENV = {
    "NO_COLOR": "1", "CI": "1", "COLUMNS": "100", "BUILDKIT_PROGRESS": "plain",
    "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "RUST_BACKTRACE": "0",
}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """One run. `keep`: a file that the tool writes, recorded instead of what it prints."""

    tool: str
    version: str
    name: str
    sample: str
    argv: tuple[str, ...]
    keep: str
    install: str = ""
    env: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> str:
        return f"{self.tool}/{self.version}-{self.name}.txt"


def recordings() -> Iterator[Recording]:
    """Everything in recordings.toml that can be run here."""
    for name, about in tomllib.loads((HERE / "recordings.toml").read_text()).items():
        by, tool = about["by"], about.get("tool", name)
        package = about.get("package", name)
        for version in about.get("versions") or here(by):
            install = f"{package}@{version}" if by == "npm" else ""
            for run, said in about["runs"].items():
                sample, _, command = said.partition(": ")
                command, _, keep = command.partition(" => ")
                argv = shlex.split(command.replace("{version}", version))
                if by == "uv":
                    argv = [*uvx(package, version, about), *argv]
                made = Recording(
                    tool, version, run, sample, tuple(argv), keep, install, env(tool, version)
                )
                yield from kinds(made) if by == "docker" else [made]


def uvx(package: str, version: str, about: dict[str, Any]) -> list[str]:
    more = [word for wanted in about.get("with", ()) for word in ("--with", wanted)]
    return ["uvx", "-q", "--python", "3.11", "--from", f"{package}=={version}", *more]


def env(tool: str, version: str) -> tuple[tuple[str, str], ...]:
    return (("ESLINT_USE_FLAT_CONFIG", str(not version.startswith("8")).lower()),) * (
        tool == "eslint"
    )


def kinds(made: Recording) -> Iterator[Recording]:
    """Both builders: the classic one and BuildKit."""
    for kind, switch in (("classic", "0"), ("buildkit", "1")):
        yield Recording(
            made.tool, made.version, f"{kind}-{made.name}", made.sample, made.argv, made.keep,
            env=(("DOCKER_BUILDKIT", switch),),
        )  # fmt: skip


def here(by: str) -> list[str]:
    """The version of a tool on this machine's PATH, or none."""
    try:
        asked = subprocess.run(
            shlex.split(_VERSION[by]), capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return []
    found = re.search(r"\d+\.\d+(\.\d+)?", asked.stdout)
    return [found[0]] if found else []


def record(what: Recording, place: Path) -> dict[str, object]:
    """Run it in `place`, write the fixture, and say how it ended."""
    environment = {**os.environ, **_ENV, **dict(what.env)}
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "FORCE_COLOR"):
        environment.pop(name, None)
    if not place.exists():
        prepare(what, place, environment)
    ran = subprocess.run(
        what.argv, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=300, check=False,
    )  # fmt: skip
    said = (place / what.keep).read_bytes() if what.keep else ran.stdout
    if b"buildx component is missing" in said:
        raise FileNotFoundError("no BuildKit here")
    target = FIXTURES / what.file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(scrubbed(said.decode("utf-8", "replace"), place))
    # A coverage file says nothing about the tests that ran beside it.
    code = None if what.tool == "coverage" else ran.returncode
    return {"tool": what.tool, "version": what.version, "argv": what.argv, "exit_code": code}


def prepare(what: Recording, place: Path, environment: dict[str, str]) -> None:
    for path in (SAMPLES / what.sample).rglob("*.sample"):
        target = place / path.relative_to(SAMPLES / what.sample).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    if what.tool == "docker":
        shutil.copy(os.environ["BUSYBOX"], place / "busybox")
    if what.install:
        argv = ["npm", "install", "--no-audit", "--no-fund", "--silent", what.install]
        subprocess.run(argv, cwd=place, env=environment, check=True, timeout=300)


def scrubbed(text: str, place: Path) -> str:
    """`text` without anything of this machine."""
    text = text.replace(str(place), "/workspace").replace(str(Path.home()), "/home")
    text = re.sub(r"/home/\.\w+/[^\s:\"']*/", "/usr/lib/", text)
    text = re.sub(r'hostname="[^"]*"', 'hostname="host"', text)
    text = _OF_THIS_MACHINE.sub("", text)
    return re.sub(r"/tmp/[\w.-]+", "/tmp/x", text)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", default="", help="files whose name contains this")
    only = asked.parse_args().only
    index = FIXTURES / "index.json"
    with tempfile.TemporaryDirectory(prefix="record-") as temporary:
        for what in (made for made in recordings() if only in made.file):
            # Packages of npm are installed into a sample once a version.
            shared = f"{what.install}-{what.sample}".replace("/", "-")
            place = Path(temporary, shared if what.install else what.file)
            try:
                made = record(what, place)
            except (OSError, subprocess.SubprocessError) as problem:
                print(what.file, "NOT RECORDED:", problem, flush=True)
                continue
            known = json.loads(index.read_text()) if index.exists() else {}
            known[what.file] = made
            index.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
            print(what.file, made["exit_code"], flush=True)


if __name__ == "__main__":
    main()
