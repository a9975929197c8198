"""Performs the effects that need a workspace: pushes, environments, tests, commands (P1).

Promises: one mirror, one pool of work trees and one set of environments a repository; results are
JSON-shaped and say what ran. A push is looked up before it is repeated; the rest only reads commits
and may be repeated.
Never: decides whether an effect may be performed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from bot.story.effects import PrepareEnvironment, PushBranch, RunCommand, RunTests
from bot.story.vocabulary import Repository
from bot.workspace.asked import Asking
from bot.workspace.commands import Program, run_on, script, tool
from bot.workspace.egress.way_out import Refusal
from bot.workspace.environment import Environment, EnvironmentFailed, Environments
from bot.workspace.git import GitFailed
from bot.workspace.locks import Busy
from bot.workspace.mirror import Mirror
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import ProjectPlan, plan_for
from bot.workspace.sandbox import Run, Sandbox
from bot.workspace.signing import Signer
from bot.workspace.tests import TestReport, run_tests
from bot.workspace.told import parsed, side_effects
from bot.workspace.worktrees import Pool, UnsafeTree

TAIL = 6000  # characters of output that are kept
NAMED_FAILURES = 2000
DETAILED, DETAIL = 10, 500  # failures whose messages are kept; characters of one message


class WorkspaceError(Exception):
    """Something here failed; `retryable` and `retry_after` (seconds) say whether to come back."""

    def __init__(self, message: str, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable, self.retry_after = retryable, retry_after


@dataclass(frozen=True)
class Places:
    """Folders below the home of the installation."""

    home: Path

    @property
    def mirrors(self) -> Path:
        return self.home / "mirrors"

    @property
    def trees(self) -> Path:
        return self.home / "trees"

    @property
    def environments(self) -> Path:
        return self.home / "environments"


_PLANS = 16  # trees whose plan is kept


class Bench:
    """One repository's mirror, work trees and environments."""

    def __init__(
        self,
        repository: Repository,
        places: Places,
        sandbox: Callable[[], Sandbox],
        signer: Signer | None = None,
    ) -> None:
        self._places, self._sandbox = places, sandbox
        self._branch = repository.default_branch
        self.mirror = Mirror.open(places.mirrors, f"repository-{repository.id}", signer)
        self._plans: dict[str, ProjectPlan] = {}  # of trees, which never change

    @cached_property
    def sandbox(self) -> Sandbox:
        return self._sandbox()

    @cached_property
    def pool(self) -> Pool:
        return Pool(self._places.trees, self.mirror, owner=self.sandbox.owner)

    @cached_property
    def environments(self) -> Environments:
        return Environments(
            self._places.environments, self.mirror, self.pool, self.sandbox, self._index,
            branch=self._branch,
        )  # fmt: skip

    @cached_property
    def _index(self) -> PackageIndex:
        return PackageIndex.of(os.environ)

    def unmet(self, environment: Environment, sha: str, asked: Sequence[tuple[str, str]]) -> str:
        """Why what `sha` asks for cannot be had; "" if it can."""
        way = self.environments.way_out()
        with way, tempfile.TemporaryDirectory(prefix="towpath-asked-") as cache:
            asking = Asking(self.mirror, self.pool, self.sandbox, self._index, way, Path(cache))
            return asking.unmet(environment, sha, asked)

    def environment(self, sha: str) -> tuple[ProjectPlan, Environment | None]:
        """How to test `sha`, and the environment for it (built if missing)."""
        tree = self.mirror.tree_of(sha)
        plan = self._plans.get(tree) or plan_for(self.mirror, sha)
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        self._plans[tree] = plan
        if plan.runner is None:
            return plan, None
        return plan, self.environments.prepare(plan, sha)


class Workshop:
    """The benches of all repositories; made once a process."""

    def __init__(
        self,
        places: Places,
        sandbox: Callable[[], Sandbox],
        authorization: Callable[[Repository], str | None],
        signer: Signer | None = None,
    ) -> None:
        self._signer = signer
        self._places, self._sandbox = places, sandbox
        self.authorization = authorization
        self._benches: dict[int, Bench] = {}

    def bench(self, repository: Repository) -> Bench:
        if repository.id not in self._benches:
            self._benches[repository.id] = Bench(
                repository, self._places, self._sandbox, self._signer
            )
        return self._benches[repository.id]

    def mirror(self, repository: Repository) -> Mirror:
        return self.bench(repository).mirror

    def fetch(self, repository: Repository, branch: str) -> str:
        """Bring `branch` into the mirror; returns its head. WorkspaceError where it is gone."""
        mirror = self.mirror(repository)
        refspec = f"+refs/heads/{branch}:refs/heads/{branch}"
        header = self.authorization(repository)
        with _told(retry=True):
            mirror.fetch(repository.git_url, header, [refspec])
            return mirror.resolve(f"refs/heads/{branch}")


class _told:
    """Turn what git says into an error with `retryable`."""

    def __init__(self, retry: bool) -> None:
        self._retry = retry

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Busy):
            raise WorkspaceError(str(error), True, 5.0) from error
        if isinstance(error, GitFailed):
            raise WorkspaceError(str(error), self._retry) from error


class Push:
    """PushBranch through git, with a lease on what the branch is expected to hold."""

    needs: ClassVar[Mapping[str, Mapping[str, str]]] = {"push_branch": {"contents": "write"}}

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def perform(self, effect: PushBranch) -> dict[str, Any]:
        repository = effect.repository
        mirror = self._workshop.mirror(repository)
        with _told(retry=True):
            pushed = mirror.push(
                repository.git_url,
                self._workshop.authorization(repository),
                effect.branch,
                effect.sha,
                effect.expected or None,
            )
        if pushed.outcome in ("refused", "declined"):
            raise WorkspaceError(
                f"the branch {effect.branch} holds {(pushed.found or 'nothing')[:10]}, which is "
                f"not what was expected; it is not overwritten. {pushed.reason}".strip(),
                retryable=False,
            )
        return {"sha": effect.sha, "outcome": pushed.outcome}

    def look(self, effect: PushBranch) -> dict[str, Any] | None:
        repository = effect.repository
        mirror = self._workshop.mirror(repository)
        header = self._workshop.authorization(repository)
        with _told(retry=True):
            head = mirror.remote_head(repository.git_url, header, effect.branch)
        return {"sha": effect.sha, "outcome": "already_there"} if head == effect.sha else None


class _Repeatable:
    """Effects that only read a commit: they may be done again."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def look(self, effect: Any) -> None:
        return None


class Prepare(_Repeatable):
    """PrepareEnvironment; a project that cannot be installed is a result, not an error."""

    def perform(self, effect: PrepareEnvironment) -> dict[str, Any]:
        bench = self._workshop.bench(effect.repository)
        try:
            with _told(retry=True):
                plan, environment = bench.environment(effect.sha)
                problem = ""
                if effect.asked and environment:
                    problem = bench.unmet(environment, effect.sha, effect.asked)
        except EnvironmentFailed as failed:
            return {"failed": f"{failed}"[-TAIL:], "reasons": [], **_refused(failed.refused)}
        refused = _refused(environment.refused if environment else ())
        if problem:
            return {"failed": problem, "reasons": list(plan.reasons), **refused}
        return {
            "environment": environment.key if environment else "",
            "reasons": list(plan.reasons) + list(environment.notes if environment else ()),
            **refused,
        }


def _refused(found: Sequence[Refusal]) -> dict[str, Any]:
    """What the set-up phase wanted to reach and must not: host and command."""
    return {"refused": [{"host": one.host, "command": one.command} for one in found]}


class Tests(_Repeatable):
    """RunTests: the project's own tests at a commit, without network."""

    __test__ = False

    def perform(self, effect: RunTests) -> dict[str, Any]:
        bench = self._workshop.bench(effect.repository)
        with _told(retry=True):
            plan, environment = bench.environment(effect.sha)
            with bench.pool.checkout(effect.sha) as tree:
                report = run_tests(
                    tree, plan, environment, bench.sandbox, select=list(effect.paths)
                )
        return _summary(effect.sha, plan, report)


def _summary(sha: str, plan: ProjectPlan, report: TestReport) -> dict[str, Any]:
    """A TestSummary as JSON."""
    said = f"{report.problem}\n{report.tail}".strip() if report.problem else report.tail
    return {
        "sha": sha,
        "ran": report.ran,
        "ok": report.ok,
        "passed": report.passed,
        "failed": report.failed + report.errors,
        "skipped": report.skipped,
        "seconds": round(report.duration_s, 2),
        "failures": [failure.id for failure in report.failures][:NAMED_FAILURES],
        "details": [
            {
                "id": one.id,
                "file": one.file,
                "line": one.line,
                "message": one.message[:DETAIL],
                "tail": one.tail[-3 * DETAIL :],
            }
            for one in report.failures[:DETAILED]
        ],
        "tail": said[-TAIL:],
        "command": plan.runner or "",
    }


class Command(_Repeatable):
    """RunCommand: a program of ours on a commit; the result is the tree that it left.

    `scripts` are Python scripts of ours by the name that an effect gives them.
    """

    def __init__(self, workshop: Workshop, scripts: Mapping[str, Path]) -> None:
        super().__init__(workshop)
        self._scripts = scripts

    def perform(self, effect: RunCommand) -> dict[str, Any]:
        bench = self._workshop.bench(effect.repository)
        if effect.in_project:
            return self._in_project(bench, effect)
        program = self._program(effect.argv[0])
        with _told(retry=True):
            left = run_on(
                bench.pool,
                bench.sandbox,
                effect.sha,
                [*program.words, *effect.argv[1:]],
                readonly=program.readonly,
                env=program.env,
            )
        done = side_effects(bench.mirror, effect.sha, left.tree)
        return {**_told_run(left.run), "tree": left.tree, **done}

    def _in_project(self, bench: Bench, effect: RunCommand) -> dict[str, Any]:
        """With the project's own environment; one that cannot be made is a result."""
        try:
            with _told(retry=True):
                _, environment = bench.environment(effect.sha)
                argv = environment.wrapped(effect.argv) if environment else effect.argv
                left = run_on(bench.pool, bench.sandbox, effect.sha, argv, environment=environment)
        except EnvironmentFailed as failed:
            return {"exit_code": None, "output": f"{failed}"[-TAIL:], "seconds": 0.0,
                    "killed_by": "set-up", "tree": "", "changed": []}  # fmt: skip
        except UnsafeTree as unsafe:
            return {"exit_code": None, "output": f"{unsafe}"[-TAIL:], "seconds": 0.0,
                    "killed_by": "unsafe tree", "tree": "", "changed": []}  # fmt: skip
        told = {
            **_told_run(left.run),
            "output": left.run.last(TAIL),
            "parsed": parsed(effect.argv, left.run),
        }
        return {**told, "tree": left.tree, **side_effects(bench.mirror, effect.sha, left.tree)}

    def _program(self, name: str) -> Program:
        if name in self._scripts:
            return script(self._scripts[name])
        inside, readonly = tool(name)
        return Program((inside,), readonly, {})


def _told_run(run: Run) -> dict[str, Any]:
    return {
        "exit_code": run.exit_code,
        "output": run.last(200_000),
        "seconds": round(run.duration_s, 2),
        "killed_by": run.killed_by or "",
        "truncated": run.output_truncated,
        "adapter": run.adapter,
    }
