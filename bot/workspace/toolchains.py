"""Go and Rust, as they are installed on this machine, for use inside the sandbox.

Promises: the toolchain that the operator's PATH names, bound read-only; modules and crates come
from the environment that was prepared, never from the network while tests run.
Never: downloads a toolchain, or takes the one that a project asks for by name.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Compiled = Literal["go", "rust"]

BUILT = "/tmp/built"  # noqa: S108 - inside the sandbox, where /tmp is its own
_PLACE = "/tools/toolchain"
_SYSTEM = "/usr/local/bin:/usr/bin:/bin"
_ASK: dict[Compiled, tuple[str, ...]] = {
    "go": ("go", "env", "GOROOT"),
    "rust": ("rustc", "--print", "sysroot"),
}


@dataclass(frozen=True)
class Toolchain:
    """`root`: its folder on the host, with `bin`."""

    language: Compiled
    root: Path
    version: str

    @property
    def readonly(self) -> dict[str, Path]:
        return {_PLACE: self.root}

    def env(self, packages: str, *, network: bool) -> Mapping[str, str]:
        """Its variables inside; `packages`: where modules and crates lie."""
        path = f"{_PLACE}/bin:{_SYSTEM}"
        if self.language == "go":
            return {
                "PATH": path, "GOROOT": _PLACE, "GOMODCACHE": f"{packages}/modules",
                # What was compiled at set-up is read-only later, and Go wants to write there.
                "GOCACHE": f"{packages}/built" if network else BUILT,
                "GOPATH": "/tmp/go", "GOTOOLCHAIN": "local",  # noqa: S108
                # go.sum is checked all the same; the public database is one more host to reach.
                "GOSUMDB": "off", "GOFLAGS": "-modcacherw",
                **({} if network else {"GOPROXY": "off"}),
            }  # fmt: skip
        offline = {} if network else {"CARGO_NET_OFFLINE": "true"}
        return {"PATH": path, "CARGO_HOME": f"{packages}/cargo", "RUST_BACKTRACE": "0", **offline}


@cache
def toolchain(language: Compiled) -> Toolchain | None:
    """The one on our PATH, or None."""
    words = _ASK[language]
    program = shutil.which(words[0])
    root = Path(_said(program, *words[1:])).resolve() if program else Path()
    if program is None or not (root / "bin").is_dir():
        return None
    version = _said(program, "version" if language == "go" else "--version")
    return Toolchain(language, root, version) if version else None


def _said(*argv: str) -> str:
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip()
