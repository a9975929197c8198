"""What gates share while they look at one change: trees, the environment, tools, a budget.

Promises: what two gates need is made once, by whoever comes first; no more programs run at a time
than there are places; a tree that gates share is bound read-only.
Never: shows a gate the repository itself: trees are exports of commits.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.gates.change import Change
from bot.gates.gate import CannotLook
from bot.gates.toolbox import Toolbox
from bot.workspace.egress.way_out import WayOut
from bot.workspace.environment import INSIDE, Environment, EnvironmentFailed, Environments
from bot.workspace.erase import erase
from bot.workspace.project import ProjectPlan, Step, plan_for
from bot.workspace.sandbox import WORKSPACE, Limits, Run, Sandbox
from bot.workspace.worktrees import Pool

T = TypeVar("T")
TOOL_LIMITS = Limits(cpu_s=240, wall_s=300, processes=256, files=4096)


@dataclass(frozen=True)
class Choices:
    """What people chose. `coverage`: share of new lines; `advisories`: URL of an OSV service."""

    coverage: float = 0.8
    complexity: int = 15
    nesting: int = 4
    size: int = 200
    largest_binary: int = 1_000_000
    advisories: str = "https://api.osv.dev"
    offline: bool = False
    test_limits: Limits = field(default_factory=lambda: Limits(cpu_s=600, wall_s=900))


class Workbench:
    """Use as a context manager; the trees go back at its end."""

    def __init__(
        self,
        change: Change,
        *,
        sandbox: Sandbox,
        toolbox: Toolbox,
        pool: Pool,
        environments: Environments,
        caches: Path,
        choices: Choices | None = None,
        places: int | None = None,
    ) -> None:
        self.change, self.sandbox, self.toolbox = change, sandbox, toolbox
        self.choices = choices or Choices()
        self.pool, self._environments, self._caches = pool, environments, caches
        self._places = threading.BoundedSemaphore(places or max(2, os.cpu_count() or 1))
        self._made: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._open = ExitStack()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made by the first who asks; its exception is everybody's."""
        with self._lock:
            mine = name not in self._made
            future = self._made.setdefault(name, Future())
        if mine:
            try:
                future.set_result(make())
            except BaseException as problem:  # noqa: BLE001 - raised by all who ask
                future.set_exception(problem)
        return cast(T, future.result())

    # -- trees ----------------------------------------------------------------------------------

    def head_tree(self) -> Path:
        """An export of the head, shared: bind it read-only."""
        return self.once("head tree", lambda: self._export(self.change.head))

    def base_tree(self) -> Path:
        return self.once("base tree", lambda: self._export(self.change.base))

    def _export(self, commit: str) -> Path:
        with self._lock:
            return self._open.enter_context(self.pool.checkout(commit)).path

    def folder(self) -> Path:
        """An empty folder that the sandbox may write to, gone at the end."""
        path = Path(tempfile.mkdtemp(prefix="towpath-gate-"))
        path.chmod(0o755)
        if self.sandbox.owner:
            os.chown(path, *self.sandbox.owner)
        with self._lock:
            self._open.callback(erase, path)
        return path

    def cache(self, name: str) -> Path:
        """A folder that outlives the run, for what a tool remembers of this repository."""
        path = self._caches / name
        path.mkdir(parents=True, exist_ok=True)
        if self.sandbox.owner:
            os.chown(path, *self.sandbox.owner)
        return path

    # -- the project ----------------------------------------------------------------------------

    @cached_property
    def plan(self) -> ProjectPlan:
        return self.once("plan", lambda: self._plan(self.change.head))

    def plan_of_base(self) -> ProjectPlan:
        return self.once("base plan", lambda: self._plan(self.change.base))

    def _plan(self, commit: str) -> ProjectPlan:
        plan = plan_for(self.change.mirror, commit)
        if plan.language != "python" or plan.runner is None:
            return plan
        return replace(plan, steps=(*plan.steps, Step("coverage", ("coverage>=7.4",), False)))

    def environment(self) -> Environment | None:
        """The project's own, built if nobody did before; None where it needs none. CannotLook."""
        return self.once("environment", lambda: self._environment(self.plan, self.change.head))

    def environment_of_base(self) -> Environment | None:
        return self.once(
            "base environment",
            lambda: self._environment(self.plan_of_base(), self.change.base),
        )

    def _environment(self, plan: ProjectPlan, commit: str) -> Environment | None:
        if plan.language == "none" or (plan.language == "node" and not plan.steps):
            return None
        try:
            return self._environments.prepare(plan, commit)
        except EnvironmentFailed as problem:
            raise CannotLook("the project's installation", str(problem)) from problem

    def own_program(self, name: str) -> tuple[str, Environment] | None:
        """The project's own version of a tool, where its environment holds one."""
        if self.plan.runner is None or self.plan.language != "python":
            return None
        try:
            environment = self.environment()
        except CannotLook:
            return None
        if environment is None or not (environment.folder / "venv" / "bin" / name).exists():
            return None
        return f"{INSIDE}/venv/bin/{name}", environment

    def way_out(self) -> WayOut:
        """To package hosts and nothing else, for what asks them about a requirement."""
        return self._environments.way_out()

    # -- programs -------------------------------------------------------------------------------

    def run(
        self,
        argv: Sequence[str],
        *,
        tree: Path | None = None,
        readonly: Mapping[str, Path] | None = None,
        writable: Mapping[str, Path] | None = None,
        env: Mapping[str, str] | None = None,
        environment: Environment | None = None,
        limits: Limits = TOOL_LIMITS,
        cwd: str | None = None,
    ) -> Run:
        """Run a program in the sandbox, without network, when there is a place for it.

        `tree`: bound read-only at the work tree's place. CannotLook where it was ended by a limit.
        """
        seen = {**(environment.readonly if environment else {}), **(readonly or {})}
        if tree is not None:
            seen = {WORKSPACE: tree, **seen}
        with self._places:
            run = self.sandbox.run(
                list(argv),
                readonly=seen,
                writable=writable or {},
                env={**_QUIET, **(environment.env if environment else {}), **(env or {})},
                limits=limits,
                cwd=cwd or (WORKSPACE if tree else None),
            )
        if run.killed_by:
            raise CannotLook(Path(argv[0]).name, f"ended by the limit on {run.killed_by}")
        return run

    def run_on_copy(self, commit: str, argv: Sequence[str], environment: Environment | None) -> Run:
        """Run a program that may write on a tree of its own. CannotLook, as `run`."""
        with self._places, self.pool.checkout(commit) as tree:
            run = self.sandbox.run(
                list(environment.wrapped(tuple(argv)) if environment else argv),
                tree=tree.path,
                readonly=environment.readonly if environment else {},
                env={**_QUIET, **(environment.env if environment else {})},
                limits=TOOL_LIMITS,
            )
        if run.killed_by:
            raise CannotLook(Path(argv[0]).name, f"ended by the limit on {run.killed_by}")
        return run

    def in_turn(self, work: Callable[[], T]) -> T:
        """Do `work` when there is a place for another program."""
        with self._places:
            return work()


_QUIET = {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "TERM": "dumb"}
