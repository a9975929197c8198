"""What the attempts may reach: made for them, on the host, and gone afterwards.

Promises: secrets that mean nothing, listeners on loopback only, one process to be hurt, all of it
within reach of the very user that foreign code runs as, so that only the sandbox stands between.
Never: leaves anything running or lying about; puts a real secret at stake.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.workspace import seccomp

_VICTIM = 'trap "" USR1; exec 9<"$1"; while :; do sleep 1; done'
_CALLS = (
    "name_to_handle_at", "open_by_handle_at", "ptrace", "process_vm_readv", "unshare", "mount",
    "clone", "keyctl", "bpf", "finit_module", "userfaultfd", "io_uring_setup", "perf_event_open",
)  # fmt: skip


@dataclass
class Ground:
    """`tree`: the work tree of the attempt. `targets`: the file that tells it where to aim."""

    folder: Path
    tree: Path
    targets: Path
    listeners: list[socket.socket] = field(default_factory=list)

    def connected(self) -> bool:
        """Did anything reach one of our listeners since we last asked?"""
        reached = False
        for listener in self.listeners:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(64)
            except BlockingIOError:
                continue
            reached = True
        return reached

    def planted(self) -> list[str]:
        """Files that appeared outside the tree."""
        return [str(path) for path in self.folder.rglob("planted")]

    def empty_tree(self, owner: tuple[int, int] | None) -> None:
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir()
        if owner:
            os.chown(self.tree, *owner)


@contextmanager
def ground(owner: tuple[int, int] | None, limits: dict[str, float]) -> Iterator[Ground]:
    """`owner`: whom foreign code runs as on the host. `limits`: most_… and after_s, for the aim."""
    nonce, secret, marker = (secrets.token_hex(8) for _ in range(3))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="towpath-escapes-")))
        folder.chmod(0o755)
        home, neighbour, outside = (folder / name for name in ("home", "neighbour", "outside"))
        for place in (home, neighbour, outside):
            place.mkdir()
        file = home / "credentials"
        for path in (file, neighbour / "code.py"):
            path.write_text(secret)
        made = Ground(folder, folder / "tree", folder / "targets.json")
        aims = _listeners(made, stack, str(home / "queue.sock"), nonce)
        for path in (home, *folder.rglob("*")):
            if owner:
                os.chown(path, *owner)
        victim = _victim(stack, owner, file, [marker, secret])
        opened = os.open(file, os.O_RDONLY)
        stack.callback(os.close, opened)
        os.set_inheritable(opened, True)
        aims |= limits | {
            "nonce": nonce, "secret_reversed": secret[::-1], "marker": marker, "victim": victim,
            "secret_file": str(file), "home": str(home), "neighbour": str(neighbour),
            "outside": str(outside), "machine": platform.machine(), "known_name": "pypi.org",
            "calls": {name: seccomp.number(name) for name in _CALLS},
        }  # fmt: skip
        made.targets.write_text(json.dumps(aims))
        made.targets.chmod(0o644)
        before = os.environ.get("TOWPATH_ESCAPE_SECRET")
        os.environ["TOWPATH_ESCAPE_SECRET"] = secret
        try:
            yield made
        finally:
            del os.environ["TOWPATH_ESCAPE_SECRET"]
            if before is not None:
                os.environ["TOWPATH_ESCAPE_SECRET"] = before


def _listeners(made: Ground, stack: ExitStack, path: str, nonce: str) -> dict[str, object]:
    def listen(kind: int, family: int, address: object) -> socket.socket:
        one = stack.enter_context(socket.socket(family, kind))
        one.bind(address)
        if kind == socket.SOCK_STREAM:
            one.listen(16)
        one.setblocking(False)
        made.listeners.append(one)
        return one

    tcp = listen(socket.SOCK_STREAM, socket.AF_INET, ("0.0.0.0", 0))  # noqa: S104 - for the aim
    udp = listen(socket.SOCK_DGRAM, socket.AF_INET, ("127.0.0.1", 0))
    listen(socket.SOCK_STREAM, socket.AF_UNIX, f"\0towpath-{nonce}")
    listen(socket.SOCK_STREAM, socket.AF_UNIX, path)
    return {
        "tcp": tcp.getsockname()[1],
        "udp": udp.getsockname()[1],
        "abstract": f"towpath-{nonce}",
        "unix": path,
        "own_address": _own_address(),
    }


def _own_address() -> str:
    """An address of this machine besides loopback, or "". Nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(asked.getsockname()[0])


def _victim(stack: ExitStack, owner: tuple[int, int] | None, file: Path, words: list[str]) -> int:
    """A process to be seen, killed and read, of the same user as the attempts."""
    argv = ["/bin/sh", "-c", _VICTIM, "sh", str(file), *words]
    uid, gid = owner or (None, None)
    process = subprocess.Popen(
        argv,
        user=uid,
        group=gid,
        extra_groups=[] if owner else None,
        cwd=file.parent,
        env={"SECRET": words[1], "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        process.kill()
        process.wait()

    stack.callback(end)
    return process.pid
