"""What a project's tests need, installed once and shared by every story that needs the same.

Promises: built inside the sandbox, in a phase of its own that reaches package hosts through a
proxy and in which no secret exists; never changed afterwards (bound read-only); keyed by what it
was made from, so that another set of dependencies is another environment. A build that fails says
which step and why; what the proxy refused is told with it.
Never: reuses a half-built one; lets one build leave anything for another, but what package hosts
themselves sent.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from bot.workspace.egress.artifacts import Artifacts
from bot.workspace.egress.way_out import Refusal, WayOut
from bot.workspace.erase import erase
from bot.workspace.git import GitFailed
from bot.workspace.git import run as run_git
from bot.workspace.interpreter import Interpreter, NoInterpreter, choose_interpreter
from bot.workspace.locks import locked
from bot.workspace.mirror import Mirror
from bot.workspace.package_index import PackageIndex
from bot.workspace.prepared import INSIDE, PYTHON, SCRATCH, Environment
from bot.workspace.project import ProjectPlan, Step, plan_for
from bot.workspace.reading import NotFound
from bot.workspace.sandbox import MIB, WORKSPACE, Limits, Run, Sandbox
from bot.workspace.toolchains import Toolchain, toolchain
from bot.workspace.worktrees import Pool, Tree

_UV = "/tools/uv"
_FORMAT = "5"  # part of the key: raise it when what is built changes
_GENERATED_LIMIT = 200 * MIB
_SETUP = Limits(cpu_s=900, wall_s=900, processes=512, files=4096, temporary=2048 * MIB)
_NOT_NEEDED = re.compile(
    r"(^|/)(__pycache__|\.[a-z_]+_cache|[^/]+\.egg-info|\.eggs|\.git)(/|$)|\.pyc$|^(build|dist)/"
)
# Build tools that do not know what to pack: such a folder may still be tested where it lies.
_NO_PACKAGE = re.compile(
    r"flat-layout|Unable to determine which files to ship|No file/folder found for package"
    r"|on purpose, you should not rely on automatic discovery"
)

# What the installer says when it takes the project out again, to put in what its index has.
_REPLACED = re.compile(r"^ - \S+ \(from file://", re.MULTILINE)


class EnvironmentFailed(RuntimeError):
    """`step`: which part of the plan; `tail`: the end of what the installer said.

    `refused`: what the build wanted to reach and must not.
    """

    def __init__(self, step: str, tail: str, run: Run | None = None) -> None:
        super().__init__(f"{step}: {tail.strip()[-300:]}")
        self.step, self.tail, self.run = step, tail, run
        self.refused: tuple[Refusal, ...] = ()


class Environments:
    """The environments of one repository, below `root`. `branch`: the project's own, by name."""

    def __init__(
        self,
        root: Path,
        mirror: Mirror,
        pool: Pool,
        sandbox: Sandbox,
        index: PackageIndex | None = None,
        *,
        branch: str = "",
        keep: int = 6,
        limits: Limits = _SETUP,
    ) -> None:
        self._root = root / mirror.path.stem
        self._mirror, self._pool, self._sandbox = mirror, pool, sandbox
        self._index = index or PackageIndex({})
        self._artifacts = Artifacts(root / "artifacts")
        self._branch, self._keep, self._limits = branch, keep, limits

    def way_out(self, language: str = "") -> WayOut:
        """To package hosts, for what asks them about this repository's requirements."""
        return WayOut(self._sandbox, self._index.rules_for(language), self._artifacts)

    def prepare(self, plan: ProjectPlan, commit: str) -> Environment:
        """The environment for `plan` at `commit`, built if nobody did before.

        Raises EnvironmentFailed, Busy.
        """
        interpreter = None
        if plan.language == "python":
            try:
                interpreter = choose_interpreter(plan.requires_python)
            except NoInterpreter as problem:
                raise EnvironmentFailed("interpreter", str(problem)) from problem
        compiler = toolchain(plan.language) if plan.language in ("go", "rust") else None
        if compiler is None and plan.language in ("go", "rust"):
            raise EnvironmentFailed("toolchain", f"there is no {plan.language} on this machine")
        with self._pool.checkout(commit) as tree:
            version = self._version(commit)
            key = self._key(plan, interpreter, compiler, version, tree)
            folder = self._root / key
            with locked(self._root / f"{key}.lock", wait_s=self._limits.wall_s * 2):
                if not (folder / "ready.json").exists():
                    tree.reset(self._agreed(plan, version, commit))
                    self._build(folder, plan, interpreter or compiler, version, tree)
            os.utime(folder)
        self._drop_unused(key)
        about = json.loads((folder / "ready.json").read_text())
        refused = tuple(Refusal(*found) for found in about["refused"])
        notes = tuple(about["notes"])
        return Environment(
            key, folder, plan.language, interpreter, notes, about["overlay"], refused, compiler
        )

    def _agreed(self, plan: ProjectPlan, version: str, commit: str) -> str:
        """Where the environment is built from: the commit of the project's own branch that `commit`
        began at, if that one has the same environment. What a story changed does not run then in
        the making of something that other stories use.
        """
        try:
            base = self._mirror.merge_base(f"refs/heads/{self._branch}", commit)
        except GitFailed:
            return commit
        if not base or self._version(base) != version:
            return commit
        there = plan_for(self._mirror, base)
        same = (there.steps, there.decided_by) == (plan.steps, plan.decided_by)
        return base if same else commit

    def _key(
        self,
        plan: ProjectPlan,
        interpreter: Interpreter | None,
        compiler: Toolchain | None,
        version: str,
        tree: Tree,
    ) -> str:
        made_from = {
            "format": _FORMAT,
            "steps": [asdict(step) for step in plan.steps],
            "files": plan.decided_by,
            "language": plan.language,
            "interpreter": [str(interpreter.path), interpreter.version] if interpreter else None,
            "version": version,
            "toolchain": compiler.version if compiler else "",
            "index": sorted(self._index.env.items()),
            "place": "" if self._sandbox.fixed_paths else str(tree.path),
        }
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:24]

    def _build(
        self,
        folder: Path,
        plan: ProjectPlan,
        language: Interpreter | Toolchain | None,
        version: str,
        tree: Tree,
    ) -> None:
        cache = folder.with_suffix(".cache")  # of this build alone: what it holds, code wrote
        for place in (folder, cache):  # of a build that was killed
            erase(place)
            place.mkdir(parents=True)
            if self._sandbox.owner:
                os.chown(place, *self._sandbox.owner)
        with self.way_out(plan.language) as way:
            build = _Build(self._sandbox, way, self._index, self._limits, folder, cache, tree)
            try:
                if isinstance(language, Interpreter):
                    notes = build.python(plan.steps, language, version)
                elif isinstance(language, Toolchain):
                    notes = build.compiled(plan.steps, language)
                else:
                    notes = build.node(plan.steps)
                overlay = build.keep_generated()
            except EnvironmentFailed as failed:
                failed.refused = way.refusals
                raise
            finally:
                tree.reset()
                erase(cache)
            about = {
                "notes": notes,
                "overlay": overlay,
                "refused": [(one.host, one.command) for one in way.refusals],
            }
        if self._sandbox.owner:
            os.chown(folder, os.geteuid(), os.getegid())
            folder.chmod(0o755)  # whatever the umask: who uses it is somebody else
        ready = folder / "ready.json"
        ready.with_suffix(".new").write_text(json.dumps(about))
        ready.with_suffix(".new").rename(ready)

    def _version(self, commit: str) -> str:
        """The version to give a project that would ask git for it: there is no git inside."""
        try:
            about = self._mirror.read(commit, "PKG-INFO", limit=2_000_000).decode(
                "utf-8", "replace"
            )
        except NotFound:
            about = ""
        said = re.search(r"^Version: (\S+)$", about, re.M)
        described = run_git(
            self._mirror.path, "describe", "--tags", "--abbrev=0", commit, ok=(0, 128)
        )[1].decode("utf-8", "replace")
        tag = re.search(r"\d[\w.!+-]*", described)
        for candidate in (said and said[1], tag and tag[0]):
            try:
                return str(Version(candidate or ""))
            except InvalidVersion:
                continue
        return "0.0.0"

    def _drop_unused(self, current: str) -> None:
        """Only what nobody asked for in a day, and only beyond the number to keep."""
        made = [p.parent for p in self._root.glob("*/ready.json") if p.parent.name != current]
        made.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        for folder in made[max(self._keep - 1, 0) :]:
            if time.time() - folder.stat().st_mtime > 86_400:
                (folder / "ready.json").unlink(missing_ok=True)
                erase(folder)


@dataclass(frozen=True)
class _Build:
    """One build: every command in it runs in the sandbox."""

    sandbox: Sandbox
    way: WayOut
    index: PackageIndex
    limits: Limits
    folder: Path
    cache: Path
    tree: Tree

    def python(self, steps: tuple[Step, ...], interpreter: Interpreter, version: str) -> list[str]:
        uv = find_tool("uv")
        env = {
            **dict.fromkeys(
                ("SETUPTOOLS_SCM_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION", "PBR_VERSION",
                 "UV_DYNAMIC_VERSIONING_BYPASS", "POETRY_DYNAMIC_VERSIONING_BYPASS",
                 "VERSIONINGIT_DEFAULT_VERSION"),
                version,
            ),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_LINK_MODE": "copy",
            "UV_COMPILE_BYTECODE": "1",
        }  # fmt: skip
        readonly = {_UV: uv, **interpreter.readonly}
        made = ("venv", "--quiet", "--no-project", "--python", str(interpreter.path))
        self._run("virtual environment", (_UV, *made, f"{INSIDE}/venv"), env, readonly)
        notes = []
        into = ("pip", "install", "--system-certs", "--python", PYTHON)
        for step in steps:
            install = (*into, *step.arguments)
            try:
                run = self._run(step.name, (_UV, *install), env, readonly)
                if _REPLACED.search(run.text):
                    # A test tool needs this very project in another version: what is tested is
                    # the work tree all the same.
                    again = (*into, "--no-deps", "--editable", WORKSPACE)
                    self._run("project", (_UV, *again), env, readonly)
                    notes.append(f"{step.name} needs another version of this project")
            except EnvironmentFailed as problem:
                packs = not _NO_PACKAGE.search(problem.tail)
                if step.required and (packs or not step.otherwise):
                    raise
                notes.append(f"{step.name} not installed: {problem.tail.strip()[-500:]}")
                if step.otherwise and not packs:
                    instead = (*install[: -len(step.arguments)], *step.otherwise)
                    self._run(f"{step.name}'s dependencies", (_UV, *instead), env, readonly)
        return notes

    def node(self, steps: tuple[Step, ...]) -> list[str]:
        for step in steps:
            self._run(step.name, ("npm", *step.arguments), {"npm_config_cache": "/cache/npm"}, {})
            scratch = " ".join(f"{INSIDE}/node_modules/{name}" for name in SCRATCH)
            script = f"cp -a node_modules {INSIDE}/ && rm -rf node_modules && mkdir -p {scratch}"
            moved = ("sh", "-c", script)
            self._run(step.name, moved, {}, {})
        return []

    def compiled(self, steps: tuple[Step, ...], compiler: Toolchain) -> list[str]:
        program = "go" if compiler.language == "go" else "cargo"
        env = compiler.env(INSIDE, network=True)
        notes = []
        for step in steps:
            try:
                self._run(step.name, (program, *step.arguments), env, compiler.readonly)
            except EnvironmentFailed as problem:
                if step.required:
                    raise
                notes.append(f"{step.name} not compiled: {problem.tail.strip()[-500:]}")
        return notes

    def keep_generated(self) -> bool:
        """Keep what the installation wrote into the work tree (a version file, an extension)."""
        wanted = [path for path in self.tree.untracked() if not _NOT_NEEDED.search(path)]
        if not wanted:
            return False
        listed = self.folder / "generated.list"
        listed.write_bytes(b"\0".join(os.fsencode(path) for path in wanted))
        listed.chmod(0o644)
        keep = (
            "tar", "-C", WORKSPACE, "--null", "--no-recursion", "--verbatim-files-from",
            "-T", f"{INSIDE}/generated.list", "-cf", f"{INSIDE}/generated.tar",
        )  # fmt: skip
        limits = Limits(file=_GENERATED_LIMIT, wall_s=120)
        self._checked("generated files", self.sandbox.run(keep, limits=limits, **self._bound({})))
        return True

    def _run(
        self,
        step: str,
        argv: tuple[str, ...],
        env: Mapping[str, str],
        readonly: Mapping[str, Path],
    ) -> Run:
        folders = {str(place): place for place in self.index.folders}
        run = self.way.run(
            argv,
            env={**self.index.env, "UV_CACHE_DIR": "/cache/uv", "NO_COLOR": "1", **env},
            limits=self.limits,
            **self._bound({**folders, **readonly}),
        )
        self._checked(step, run)
        return run

    def _bound(self, readonly: Mapping[str, Path]) -> dict[str, Any]:
        writable = {INSIDE: self.folder, "/cache": self.cache}
        return {"tree": self.tree.path, "writable": writable, "readonly": readonly}

    def _checked(self, step: str, run: Run) -> None:
        if not run.ok:
            why = f"ended by the limit on {run.killed_by}\n" if run.killed_by else ""
            raise EnvironmentFailed(step, why + run.last(3000), run)


def find_tool(name: str) -> Path:
    """A program that is installed beside us (`uv`, `ruff`); FileNotFoundError."""
    path = Path(sysconfig.get_path("scripts"), name)
    found = str(path) if path.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is not installed")
    return Path(found).resolve()
