"""No sandbox: a bounded process, for an operator who said in so many words that this is wanted.

Promises: the limits on time, output, files and processes; an environment from nothing; a label in
every `Run`.
Never: is chosen by itself; hides host files or the network from what it runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.workspace.capture import capture, disk_used
from bot.workspace.sandbox import WORKSPACE, Finding, Limits, Run


class PlainProcess:
    """Paths inside become the host's, in arguments and in the environment."""

    name = "none (unsandboxed)"
    fixed_paths = False
    owner: tuple[int, int] | None = None

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
        places = {**(readonly or {}), **writable}

        longest_first = sorted(places, key=len, reverse=True)
        known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

        def outside(text: str) -> str:
            # In one pass: what takes a path's place may itself hold the name of another.
            return known.sub(lambda found: str(places[found[0]].resolve()), text)

        caps = [
            f"--cpu={limits.cpu_s}:{limits.cpu_s + 5}",
            f"--fsize={limits.file}",
            f"--nofile={limits.files}",
            "--core=0",
            f"--as={limits.memory}",
        ]
        found = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **(env or {})}
        captured = capture(
            ["prlimit", *caps, "--", *map(outside, argv)],
            env={key: outside(value) for key, value in found.items()},
            wall_s=limits.wall_s,
            output=limits.output,
            cwd=outside(cwd or (WORKSPACE if tree else "/")),
            watch=lambda: "disk" if disk_used(writable.values()) > limits.disk else None,
            watch_every_s=2,
        )
        return Run(
            argv=tuple(argv),
            exit_code=captured.status,
            head=captured.head,
            tail=captured.tail,
            duration_s=captured.duration_s,
            killed_by=captured.ended or ("cpu" if captured.status == -24 else None),
            output_truncated=captured.total > len(captured.head) + len(captured.tail),
            adapter=self.name,
        )

    def check(self) -> list[Finding]:
        return [Finding("isolation", False, "none: the operator allowed it")]
