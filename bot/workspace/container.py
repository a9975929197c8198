"""A sandbox made by a container engine, podman or docker, optionally with gVisor's runtime. (T5)

Promises: no network, a read-only system, no capability, no new privileges, our own system call
filter, a user that is not root, limits on memory, processes, files and time; the container is gone
when the run ends, and ends by itself at the wall clock should the worker die.
Never: pulls an image. The system inside is this machine's own `/usr`, read-only, as for
bubblewrap: what a project's environment was made with is there in every adapter.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.workspace import seccomp
from bot.workspace.capture import capture, disk_used
from bot.workspace.sandbox import WORKSPACE, Finding, Limits, Run, SandboxUnavailable
from bot.workspace.sandbox_check import findings

ENGINES = ("podman", "docker")
_UNPRIVILEGED = 65534
# By exit code. SIGKILL: in there, only the kernel sends it for want of memory.
_KILLED_BY = {128 + 9: "memory", 128 + 24: "cpu"}
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "mime.types")
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp/home",  # noqa: S108 - the container's own
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "USER": "towpath",
}
# What the engine's client itself may see of our environment.
_CLIENT = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST", "CONTAINERS_CONF")
_START = 'mkdir -p /tmp/home && exec timeout -s KILL "$0" "$@"'


@dataclass(frozen=True)
class Container:
    """`engine`: the client's path. `runtime`: "" for the engine's own, or "runsc", "runc"."""

    engine: str
    runtime: str = ""

    fixed_paths = True

    @classmethod
    def find(cls, runtime: str = "") -> Container:
        """The first engine here that answers; SandboxUnavailable."""
        missing = []
        for name in ENGINES:
            path = shutil.which(name)
            if path is None:
                missing.append(f"no {name} on PATH")
                continue
            found = cls(path, runtime)
            problem = found.problem()
            if not problem:
                return found
            missing.append(f"{name}: {problem}")
        raise SandboxUnavailable(missing)

    @property
    def name(self) -> str:
        return "+".join(part for part in (Path(self.engine).name, self.runtime) if part)

    @property
    def owner(self) -> tuple[int, int] | None:
        return (_UNPRIVILEGED, _UNPRIVILEGED) if os.geteuid() == 0 else None

    @property
    def user(self) -> tuple[int, int]:
        return self.owner or (os.geteuid(), os.getegid())

    def problem(self) -> str:
        """Why the engine cannot be used; "" if it can."""
        seccomp.profile()
        try:
            done = self._ask("info")
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return "" if done.returncode == 0 else _last_line(done.stderr)

    def run(
        self,
        argv: Sequence[str],
        *,
        tree: Path | None = None,
        writable: Mapping[str, Path] | None = None,
        readonly: Mapping[str, Path] | None = None,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        cwd: str | None = None,
    ) -> Run:
        limits = limits or Limits()
        places = dict(writable or {}) | ({WORKSPACE: tree} if tree else {})
        name = f"towpath-{uuid.uuid4().hex}"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as filter_file:
            json.dump(seccomp.profile(), filter_file)
            filter_file.flush()
            command = self.command(
                argv,
                image=self._image,
                name=name,
                filter_file=filter_file.name,
                writable=places,
                readonly=readonly or {},
                env={**_ENVIRONMENT, **(env or {})},
                limits=limits,
                cwd=cwd or (WORKSPACE if tree else "/tmp"),  # noqa: S108
            )
            try:
                captured = capture(
                    command,
                    env=self._environment,
                    wall_s=limits.wall_s,
                    output=limits.output,
                    watch=lambda: "disk" if disk_used(places.values()) > limits.disk else None,
                    watch_every_s=2,
                )
                if captured.ended:
                    self._ask("kill", "--signal", "KILL", name)
                killed_by = captured.ended or _KILLED_BY.get(captured.status or 0)
            finally:
                self._ask("rm", "--force", "--volumes", name)
        return Run(
            argv=tuple(argv),
            exit_code=captured.status,
            head=captured.head,
            tail=captured.tail,
            duration_s=captured.duration_s,
            killed_by=killed_by,
            output_truncated=captured.total > len(captured.head) + len(captured.tail),
            adapter=self.name,
        )

    def command(
        self,
        argv: Sequence[str],
        *,
        image: str,
        name: str,
        filter_file: str,
        writable: Mapping[str, Path],
        readonly: Mapping[str, Path],
        env: Mapping[str, str],
        limits: Limits,
        cwd: str,
    ) -> list[str]:
        """The engine's whole command line for one run."""
        uid, gid = self.user
        size = limits.temporary
        made = [
            *(self.engine, "run", "--name", name, "--pull", "never", "--log-driver", "none"),
            *("--network", "none", "--read-only", "--cap-drop", "ALL", "--ipc", "private"),
            *("--security-opt", "no-new-privileges", "--security-opt", f"seccomp={filter_file}"),
            *("--user", f"{uid}:{gid}", "--hostname", "sandbox", "--workdir", cwd),
            *("--memory", str(limits.memory), "--memory-swap", str(limits.memory)),
            *("--pids-limit", str(limits.processes), "--shm-size", str(size)),
            *("--tmpfs", f"/tmp:rw,nosuid,nodev,exec,mode=1777,size={size}"),  # noqa: S108
            *("--ulimit", f"cpu={limits.cpu_s}:{limits.cpu_s + 5}"),
            *("--ulimit", f"fsize={limits.file}:{limits.file}", "--ulimit", "core=0:0"),
            *("--ulimit", f"nofile={limits.files}:{limits.files}"),
            # Counted for the user on the whole machine: --pids-limit is what bounds a run.
            *("--ulimit", "nproc=4096:4096"),
        ]
        if self.runtime:
            made += ["--runtime", self.runtime]
        if Path(self.engine).name == "podman":
            # Its own temporary places would be without a limit; its proxy settings may be secret.
            made += ["--read-only-tmpfs=false", "--http-proxy=false"]
            if os.geteuid() != 0:
                made += ["--userns", "keep-id"]
        for to, source, mode in _binds(writable, readonly):
            made += ["--mount", f"type=bind,source={source},target={to}{mode}"]
        for item in env.items():
            made += ["--env", "=".join(item)]
        return [*made, image, "sh", "-c", _START, f"{limits.wall_s + 10:g}", *argv]

    def check(self) -> list[Finding]:
        """What a program inside can reach, tried for real; see `sandbox_check`."""
        found = findings(self)
        if self.runtime == "runsc":
            # gVisor answers system calls itself: the host's filter is around it, not inside.
            return [f for f in found if f.name != "system_calls"]
        return found

    @cached_property
    def _image(self) -> str:
        """The image's name, once the engine has it; SandboxUnavailable."""
        content = self._content()
        name = f"localhost/towpath-base:{hashlib.sha256(content).hexdigest()[:16]}"
        if self._ask("image", "inspect", name).returncode != 0:
            done = self._ask("import", "-", name, stdin=content)
            if done.returncode != 0:
                raise SandboxUnavailable([f"{self.name}: {_last_line(done.stderr)}"])
        return name

    def _content(self) -> bytes:
        """An image that holds mount points, this machine's top links and one user."""
        uid, gid = self.user
        files = {
            "etc/passwd": f"towpath:x:{uid}:{gid}::/tmp/home:/bin/sh\n",
            "etc/group": f"towpath:x:{gid}:\n",
            "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
        }
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as tar:
            for folder in ("usr", "etc", "proc", "dev", "sys", "tmp", "workspace"):
                about = tarfile.TarInfo(folder)
                about.type = tarfile.DIRTYPE
                about.mode = 0o1777 if folder == "tmp" else 0o755
                tar.addfile(about)
            for link in _LINKS:
                if Path("/", link).is_symlink():
                    about = tarfile.TarInfo(link)
                    about.type, about.linkname = tarfile.SYMTYPE, os.readlink(f"/{link}")
                    tar.addfile(about)
            for path, text in files.items():
                about = tarfile.TarInfo(path)
                about.size, about.mode = len(text), 0o644
                tar.addfile(about, io.BytesIO(text.encode()))
        return made.getvalue()

    @property
    def _environment(self) -> dict[str, str]:
        env = {name: os.environ[name] for name in _CLIENT if name in os.environ}
        if Path(self.engine).name == "docker":
            # Its own settings may put a proxy's password into every container.
            env["DOCKER_CONFIG"] = "/nonexistent"
        return env

    def _ask(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.engine, *args],
            input=stdin,
            capture_output=True,
            env=self._environment,
            timeout=60,
            check=False,
        )


def _binds(
    writable: Mapping[str, Path], readonly: Mapping[str, Path]
) -> list[tuple[str, str, str]]:
    """(path inside, source, options), outer ones first. ValueError for a path no engine takes."""
    system = {"/usr": Path("/usr")} | {f"/etc/{name}": Path("/etc", name) for name in _ETC}
    system |= {f"/{link}": Path("/", link) for link in _LINKS if not Path("/", link).is_symlink()}
    found = {to: path for to, path in system.items() if path.exists()} | dict(readonly)
    made = []
    for to, source in sorted({**found, **writable}.items()):
        place = str(source.resolve(strict=True))
        if "," in place + to or '"' in place + to:
            raise ValueError("a path with a comma or a quote cannot be bound by an engine")
        made.append((to, place, "" if to in writable else ",readonly"))
    return made


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-300:] if lines else "it says nothing"
