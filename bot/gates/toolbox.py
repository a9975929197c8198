"""The programs that gates use, in an environment of their own.

Promises: exactly what the lock file pins, by hash, wheels only, installed on first use and once
however many ask; visible inside a sandbox at the path that it has outside.
Never: shares a package with Towpath itself or with a project; is changed after it was made.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.gates.gate import CannotLook
from bot.workspace.environment import find_tool
from bot.workspace.erase import erase
from bot.workspace.interpreter import Interpreter, NoInterpreter, choose_interpreter
from bot.workspace.locks import Busy, locked

LOCK = Path(__file__).parents[2] / "requirements-gates.lock"
_WAIT_S = 900


@dataclass(frozen=True)
class Program:
    """`path`: inside and outside. `readonly`: what a sandbox must see for it."""

    path: str
    readonly: Mapping[str, Path]


class Toolbox:
    """The tools, below `root`, or in the `bin` folder `given`. `offline`: install nothing."""

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str] = os.environ,
        *,
        given: Path | None = None,
        offline: bool = False,
    ) -> None:
        self._root, self._environ, self._offline = root, dict(environ), offline
        self._given = given

    def program(self, name: str) -> Program:
        """`name` ready to be run; CannotLook."""
        path = self.bin / name
        if not path.exists():
            raise CannotLook(name, f"there is no {name} in {self.bin}")
        return Program(str(path), self.readonly)

    @property
    def readonly(self) -> dict[str, Path]:
        place = self.bin.parent
        return {str(place): place, **self._interpreter.readonly}

    @property
    def certificates(self) -> str:
        """A file of trusted certificates, for programs that do not start without one."""
        found = self.bin.parent.glob("lib/python*/site-packages/certifi/cacert.pem")
        return str(next(found, ""))

    @cached_property
    def version(self) -> str:
        """A digest of what is in it."""
        given = str(self._given or "").encode()
        return hashlib.sha256(LOCK.read_bytes() + given).hexdigest()[:16]

    @cached_property
    def bin(self) -> Path:
        if self._given:
            return self._given.resolve()
        folder = self._root / f"{self.version}-{self._interpreter.version}"
        if not (folder / "ready").exists():
            self._install(folder)
        return folder / "venv" / "bin"

    @cached_property
    def _interpreter(self) -> Interpreter:
        try:
            return choose_interpreter(">=3.10")
        except NoInterpreter as problem:
            raise CannotLook("gate tools", str(problem)) from problem

    def _install(self, folder: Path) -> None:
        if self._offline:
            raise CannotLook("gate tools", "not installed yet, and offline")
        try:
            with locked(folder.with_name(f"{folder.name}.lock"), wait_s=_WAIT_S):
                if (folder / "ready").exists():
                    return
                erase(folder)  # what was begun and not finished
                folder.mkdir(parents=True)
                venv = folder / "venv"
                self._uv("venv", "--no-project", "--python", str(self._interpreter.path), str(venv))
                self._uv("pip", "sync", "--require-hashes", "--no-build", "--compile-bytecode",
                         "--python", str(venv / "bin" / "python"), str(LOCK))  # fmt: skip
                (folder / "ready").write_text(self.version)
        except Busy as problem:
            raise CannotLook("gate tools", f"somebody else is installing them: {problem}") from None

    def _uv(self, *arguments: str) -> None:
        hidden = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON"}
        env = {key: value for key, value in self._environ.items() if key not in hidden}
        links = {"UV_LINK_MODE": "copy"} if os.geteuid() == 0 else {}
        try:
            subprocess.run(
                [str(find_tool("uv")), "--quiet", *arguments],
                env=env | links | {"UV_PYTHON_DOWNLOADS": "never"},
                capture_output=True, timeout=_WAIT_S, check=True, text=True,
            )  # fmt: skip
        except subprocess.CalledProcessError as problem:
            said = " ".join(problem.stderr.split())[-600:]
            raise CannotLook("gate tools", f"cannot be installed: {said}") from None
        except (OSError, subprocess.SubprocessError) as problem:
            raise CannotLook("gate tools", f"cannot be installed: {problem}") from None
