"""Which sandbox this machine offers.

Promises: the first adapter whose own check passes, or an exception that says what was missing.
Never: falls back to no sandbox without being told to by name.
"""

from __future__ import annotations

from functools import cache

from bot.workspace.bubblewrap import Bubblewrap
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import Sandbox, SandboxUnavailable
from bot.workspace.seccomp import NoFilter


@cache
def choose_sandbox(allow_unsandboxed: bool = False) -> Sandbox:
    """The sandbox to use in this process, checked once; SandboxUnavailable.

    `allow_unsandboxed`: the operator's own words for running foreign code without one.
    """
    try:
        found = Bubblewrap.find()
        bad = [f"{finding.name}: {finding.detail}" for finding in found.check() if not finding.ok]
    except NoFilter as problem:
        bad = [str(problem)]
    except SandboxUnavailable as problem:
        bad = list(problem.findings)
    else:
        if not bad:
            return found
    if allow_unsandboxed:
        return PlainProcess()
    raise SandboxUnavailable(bad)
