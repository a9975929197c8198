"""An environment that was installed, and how a command in the sandbox uses it.

Never: builds or changes one (see environment.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.workspace.egress.way_out import Refusal
from bot.workspace.interpreter import Interpreter
from bot.workspace.sandbox import WORKSPACE
from bot.workspace.toolchains import Toolchain

INSIDE = "/environment"
PYTHON = f"{INSIDE}/venv/bin/python"
# Folders of node_modules that runners write to.
SCRATCH = (".cache", ".vite", ".vite-temp")


@dataclass(frozen=True)
class Environment:
    """An installed one. `notes`: parts that were not installed, and why (they were not required).

    `overlay`: it holds files that the installation generated inside the work tree. `refused`: what
    its build wanted to reach and must not.
    """

    key: str
    folder: Path
    language: str
    interpreter: Interpreter | None
    notes: tuple[str, ...] = ()
    overlay: bool = False
    refused: tuple[Refusal, ...] = ()
    toolchain: Toolchain | None = None

    @property
    def readonly(self) -> dict[str, Path]:
        """What to bind, by path inside."""
        bound = {INSIDE: self.folder}
        if (self.folder / "node_modules").is_dir():
            bound[f"{WORKSPACE}/node_modules"] = self.folder / "node_modules"
        if self.toolchain:
            bound |= self.toolchain.readonly
        return bound | (self.interpreter.readonly if self.interpreter else {})

    @property
    def scratch(self) -> tuple[str, ...]:
        """Paths inside, of folders that are there to be bound writable."""
        there = (self.folder / "node_modules" / SCRATCH[0]).is_dir()
        return tuple(f"{WORKSPACE}/node_modules/{name}" for name in SCRATCH) if there else ()

    @property
    def env(self) -> dict[str, str]:
        """What a command needs in its environment to use it."""
        if self.toolchain:
            return dict(self.toolchain.env(INSIDE, network=False))
        if self.language != "python":
            return {}
        return {
            "VIRTUAL_ENV": f"{INSIDE}/venv",
            "PATH": f"{INSIDE}/venv/bin:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def wrapped(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """`argv`, after what the installation generated was put back into the work tree."""
        if not self.overlay:
            return argv
        script = f'tar -C {WORKSPACE} --skip-old-files -xf {INSIDE}/generated.tar && exec "$@"'
        return ("sh", "-c", script, "sh", *argv)
