"""Can what a changed manifest asks for be had, and does the environment hold it? (S19)

Promises: resolved by the installer itself, inside the sandbox, which reaches package hosts and has
no secret; a manifest that could not be resolved before the change either is not held against it.
Never: installs anything, or changes an environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from bot.workspace.egress.way_out import WayOut
from bot.workspace.environment import INSIDE, PYTHON, Environment, find_tool
from bot.workspace.mirror import Mirror
from bot.workspace.package_index import PackageIndex
from bot.workspace.reading import NotFound
from bot.workspace.sandbox import WORKSPACE, Limits, Run, Sandbox
from bot.workspace.worktrees import Pool

_UV = "/tools/uv"
_LIMITS = Limits(cpu_s=300, wall_s=300, processes=512, files=4096)
_ALONE = 'printf "%s\\n" "$@" > /tmp/asked.txt && exec /tools/uv pip compile --quiet --no-header'
_VERSION_OF = (
    "import importlib.metadata as m, sys\n"
    "try: print(m.version(sys.argv[1]))\nexcept m.PackageNotFoundError: pass\n"
)


@dataclass(frozen=True)
class Asking:
    """One repository's. `way`: to package hosts; `cache`: an empty folder, for this asking only."""

    mirror: Mirror
    pool: Pool
    sandbox: Sandbox
    index: PackageIndex
    way: WayOut
    cache: Path

    def unmet(self, environment: Environment, commit: str, asked: Sequence[tuple[str, str]]) -> str:
        """Why (path, requirement) pairs that `commit` changed cannot be met; "" if they can."""
        wanted = {requirement for _, requirement in asked}
        alone = self._resolve(environment, commit, (), sorted(wanted))
        if not alone.ok:
            return _why(alone, ", ".join(sorted(wanted)))
        for path in sorted({path for path, _ in asked if path.endswith((".txt", ".in", ".pip"))}):
            found = self._resolve(environment, commit, (path,), ())
            if not found.ok and self._resolved_before(environment, commit, path):
                return _why(found, path)
        held = (self._held(environment, requirement) for requirement in sorted(wanted))
        return next(filter(None, held), "")

    def _resolved_before(self, environment: Environment, commit: str, path: str) -> bool:
        try:
            parent = self.mirror.resolve(f"{commit}^")
        except NotFound:
            return False
        return self._resolve(environment, parent, (path,), ()).ok

    def _resolve(
        self,
        environment: Environment,
        commit: str,
        paths: Sequence[str],
        requirements: Sequence[str],
    ) -> Run:
        options = "--system-certs", "--python", PYTHON
        files = [f"{WORKSPACE}/{path}" for path in paths]
        argv = [_UV, "pip", "compile", "--quiet", "--no-header", *options, *files]
        if requirements:
            script = f"{_ALONE} {' '.join(options)} /tmp/asked.txt"
            argv = ["sh", "-c", script, "sh", *requirements]
        if self.sandbox.owner:
            os.chown(self.cache, *self.sandbox.owner)
        folders = {str(place): place for place in self.index.folders}
        with self.pool.checkout(commit) as tree:
            return self.way.run(
                argv,
                tree=tree.path,
                writable={"/cache": self.cache},
                readonly={**folders, **environment.readonly, _UV: find_tool("uv")},
                env={
                    **self.index.env,
                    "UV_CACHE_DIR": "/cache/uv",
                    "UV_PYTHON_DOWNLOADS": "never",
                    "NO_COLOR": "1",
                },
                limits=_LIMITS,
            )

    def _held(self, environment: Environment, requirement: str) -> str:
        """What speaks against `requirement` in the environment; "" if it holds it, or nothing."""
        try:
            wanted = Requirement(requirement)
        except InvalidRequirement:
            return ""
        run = self.sandbox.run(
            [PYTHON, "-I", "-c", _VERSION_OF, wanted.name],
            readonly=environment.readonly,
            cwd=INSIDE,
            limits=Limits(wall_s=60),
        )
        try:
            installed = Version(run.text.strip())
        except InvalidVersion:
            return ""
        floors = [
            Version(clause.version.removesuffix(".*"))
            for clause in wanted.specifier
            if clause.operator in {"==", ">=", "~="}
        ]
        if not any(installed < floor for floor in floors):
            return ""
        return f"the environment holds {wanted.name} {installed}, not {wanted.specifier}"


def _why(run: Run, what: str) -> str:
    said = re.sub(r"\s+", " ", run.last(3000)).strip()
    ended = f" (ended by the limit on {run.killed_by})" if run.killed_by else ""
    return f"{what} cannot be resolved{ended}: {said[:1500]}"
