"""Tries to break out of a sandbox, and shows that each try would work where nothing holds it. (T5)

Promises: every attempt runs in the sandbox and, as its control, on the bare host; "stopped" means
that the control got through and the sandbox did not let it; an attempt whose control fails here
proves nothing and is called not applicable. What counts is what is seen on the host (a connection,
a file, a survivor) as well as what the attempt says.
Never: takes a sandbox that could not start for one that holds.
"""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bot.workspace.capture import capture
from bot.workspace.erase import erase
from bot.workspace.escapes.attempts import ATTEMPTS
from bot.workspace.escapes.ground import Ground, ground
from bot.workspace.interpreter import Interpreter, choose_interpreter
from bot.workspace.sandbox import MIB, Limits, Sandbox

Verdict = Literal["stopped", "escaped", "not applicable", "error"]

_FOLDER = Path(__file__).with_name("attempts")
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import attempts; attempts.main(*sys.argv[2:])"
)
_OPTIONS = ("-I", "-S", "-B", "-c", _START)
_AFTER_S = 1.0
_LIMITS = Limits(
    cpu_s=20, wall_s=20, memory=256 * MIB, processes=48, disk=1024 * MIB, temporary=8 * MIB,
    output=8 * MIB,
)  # fmt: skip
# Only where the limit itself is what is tried.
_OWN_LIMITS = {
    "memory_bomb": replace(_LIMITS, memory=64 * MIB),
    "memory_bomb_of_many": replace(_LIMITS, memory=64 * MIB),
    "one_huge_file": replace(_LIMITS, file=4 * MIB),
    "many_files": replace(_LIMITS, disk=16 * MIB),
    "outstay_the_clock": replace(_LIMITS, wall_s=1),
}
_AIMS = {"most_processes": 48, "most_memory": 64 * MIB, "most_seconds": 1, "after_s": _AFTER_S}
_PROOFS = ("outstayed", "printed-all", "alive")  # files that an attempt writes as its last act


@dataclass(frozen=True)
class Result:
    """`said`: what the attempt said in the sandbox; `control`: what it said on the bare host."""

    attempt: str
    verdict: Verdict
    said: str
    control: str


def battery(
    sandbox: Sandbox, names: Sequence[str] = tuple(ATTEMPTS), *, controls: bool = True
) -> Iterator[Result]:
    """Every attempt in `names` against `sandbox`. NoInterpreter where there is no Python.

    `controls`: False where another battery ran them on this machine just now.
    """
    python = choose_interpreter()
    with ground(sandbox.owner, _AIMS) as field:
        for name in names:
            yield _judged(name, sandbox, python, field, controls)


def _judged(
    name: str, sandbox: Sandbox, python: Interpreter, field: Ground, controls: bool
) -> Result:
    field.empty_tree(sandbox.owner)
    escaped, said = _inside(name, sandbox, python, field)
    if escaped is None:
        return Result(name, "error", said, "")
    if escaped:
        return Result(name, "escaped", said, "")
    if not controls:
        return Result(name, "stopped", said, "not tried")
    field.empty_tree(None)
    could, control = _outside(name, python, field)
    return Result(name, "stopped" if could else "not applicable", said, control)


def _inside(
    name: str, sandbox: Sandbox, python: Interpreter, field: Ground
) -> tuple[bool | None, str]:
    """(did it get through, what it said); None: it did not run."""
    run = sandbox.run(
        [str(python.path), *_OPTIONS, "/tools/attempts/..", name, "/tools/targets.json"],
        tree=field.tree,
        readonly={
            "/tools/attempts": _FOLDER,
            "/tools/targets.json": field.targets,
            **python.readonly,
        },
        limits=_OWN_LIMITS.get(name, _LIMITS),
    )
    said = run.last(300).strip()
    seen = _seen(name, field)
    if seen or "reached: " in said:
        return True, f"{said} {seen}".strip()
    if run.killed_by:
        return False, f"ended: {run.killed_by}"
    if "stopped: " in said:
        return False, said[-120:]
    return None, f"exit {run.exit_code}: {said}"


def _outside(name: str, python: Interpreter, field: Ground) -> tuple[bool, str]:
    """The same on the bare host, with everything a careless start would hand over."""
    argv = [str(python.path), *_OPTIONS, str(_FOLDER.parent), name, str(field.targets)]
    opened = [int(fd) for fd in os.listdir("/proc/self/fd") if _inheritable(int(fd))]
    if name == "standard_input":
        argv = ["/bin/sh", "-c", 'echo typed | "$@"', "sh", *argv]
    if name == "terminal" and shutil.which("script"):
        argv = ["script", "-qec", shlex.join(argv), "/dev/null"]
    done = capture(
        argv,
        env=dict(os.environ),
        wall_s=20,
        output=128 * MIB,
        cwd=str(field.tree),
        pass_fds=opened,
    )
    said = (done.head + done.tail).decode("utf-8", "replace")[-300:].strip()
    seen = _seen(name, field)
    return bool(seen) or "reached: " in said, f"{said[-120:]} {seen}".strip()


def _seen(name: str, field: Ground) -> str:
    """What the host itself noticed."""
    if name == "live_on_after_the_end":
        time.sleep(_AFTER_S + 1.5)
    found = [f"wrote {path}" for path in field.planted()]
    found += [f"wrote {proof}" for proof in _PROOFS if (field.tree / proof).exists()]
    if field.connected():
        found.append("connected")
    for path in field.planted():
        erase(Path(path))
    return ", ".join(found)


def _inheritable(descriptor: int) -> bool:
    try:
        return descriptor > 2 and os.get_inheritable(descriptor)
    except OSError:
        return False
