"""Which sandbox this machine offers.

Promises: the adapter that the operator named, if its own check passes here, or an exception that
says what was missing. Never: takes another adapter than the named one, or falls back to no sandbox
without being told to by name.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from bot.workspace.bubblewrap import Bubblewrap
from bot.workspace.container import Container
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import Sandbox, SandboxUnavailable
from bot.workspace.seccomp import NoFilter

Named = Literal["bubblewrap", "container", "gvisor", "unsandboxed"]


@cache
def choose_sandbox(named: Named = "bubblewrap") -> Sandbox:
    """The sandbox to use in this process, checked once; SandboxUnavailable.

    "container": podman or docker. "gvisor": the same with the runtime `runsc`. "unsandboxed": the
    operator's own word for running foreign code without one, where bubblewrap does not work.
    """
    try:
        found = _find(named)
        bad = [f"{finding.name}: {finding.detail}" for finding in found.check() if not finding.ok]
    except NoFilter as problem:
        bad = [str(problem)]
    except SandboxUnavailable as problem:
        bad = list(problem.findings)
    else:
        if not bad:
            return found
    if named == "unsandboxed":
        return PlainProcess()
    raise SandboxUnavailable(bad)


def _find(named: Named) -> Bubblewrap | Container:
    if named in ("container", "gvisor"):
        return Container.find("runsc" if named == "gvisor" else "")
    return Bubblewrap.find()
