"""Is this sandbox one? Asked from inside, before anything foreign runs. (T5)

Promises: a short probe runs in the sandbox and tries the host's files, processes, network and
privileges; a start of it that fails is a finding too, not an exception.
Never: takes an adapter's word for it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.workspace.sandbox import Finding, Limits

if TYPE_CHECKING:
    from bot.workspace.sandbox import Sandbox

# POSIX shell only, since a host need not have a Python that the sandbox can see.
_PROBE = r"""
say() { if [ "$2" = 0 ]; then printf '%s\tok\n' "$1"; else printf '%s\treached\n' "$1"; fi; }
has() { grep -q "^$1:[[:space:]]*$2\$" /proc/self/status; }
[ ! -e "$SECRET" ]; say host_files $?
! ( : > /usr/towpath-probe ) 2>/dev/null; say system_writable $?
( : > /workspace/probe ) 2>/dev/null; say workspace_writable $?
[ ! -d "/proc/$HOST_PID" ]; say host_processes $?
[ -z "$(sed -n '3,$s/^ *\([^:]*\):.*/\1/p' /proc/net/dev | grep -v '^lo$')" ]; say network $?
! ( : > /proc/sys/kernel/core_pattern ) 2>/dev/null; say kernel_settings $?
has CapEff '0*'; say capabilities $?
has Seccomp 2; say system_calls $?
has NoNewPrivs 1; say privileges $?
"""


def findings(sandbox: Sandbox) -> list[Finding]:
    """One finding for each thing tried; every one must be `ok` before foreign code runs."""
    with tempfile.TemporaryDirectory(prefix="towpath-check-") as folder:
        tree, secret = Path(folder, "tree"), Path(folder, secrets.token_hex(8))
        tree.mkdir()
        secret.write_text("secret")
        if sandbox.owner:
            os.chown(tree, *sandbox.owner)
        env = {"SECRET": str(secret), "HOST_PID": str(os.getpid())}
        try:
            run = sandbox.run(
                ["/bin/sh", "-c", _PROBE], tree=tree, env=env, limits=Limits(wall_s=10, cpu_s=5)
            )
        except OSError as problem:
            return [Finding("start", False, str(problem))]
        probe = tree / "probe"
        rootless = probe.exists() and probe.stat().st_uid != 0
    said = dict(line.split("\t", 1) for line in run.text.splitlines() if "\t" in line)
    if not run.ok or not said:
        return [Finding("start", False, f"exit {run.exit_code}: {run.last(300).strip()}")]
    found = [Finding("host_user", rootless, "ok" if rootless else "root on the host")]
    return found + [Finding(name, word == "ok", word) for name, word in said.items()]
