"""How a Node project is installed and tested, from its package.json and its lock file.

Promises: the manager that the lock file belongs to; the runner that the test script comes down to.
Never: runs anything, or lets a script of a package run while installing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.workspace.declarations import table, text_of
from bot.workspace.test_scripts import ScriptRunner, runners_in, test_script

Manager = Literal["npm", "pnpm", "yarn"]
NodeRunner = Literal["jest", "vitest", "mocha", "node", "npm"]

LOCKS: tuple[tuple[str, Manager], ...] = (
    ("package-lock.json", "npm"), ("npm-shrinkwrap.json", "npm"), ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
)  # fmt: skip
_DIRECT: tuple[tuple[str, ScriptRunner], ...] = (
    ("vitest", "vitest"), ("jest", "jest"), ("mocha", "mocha"),
)  # fmt: skip
_TEST_FILE = re.compile(r"([^/]+/)*([^/]+[.-]test\.[cm]?js|test/[^/]+\.[cm]?js|test\.[cm]?js)")
_REGISTRY = '--registry "$registry"'
_AS_IT_IS = (
    "--config.manage-package-manager-versions=false", "--config.package-manager-strict=false",
)  # fmt: skip
# Its first version writes that registry into the lock file, and asks no other one.
_ELSEWHERE = (
    'registry="${NPM_CONFIG_REGISTRY:-https://registry.npmjs.org}"; [ ! -f yarn.lock ] || '
    'sed -i "s#https://registry.yarnpkg.com/#${registry%/}/#" yarn.lock;'
)
_YARN = (
    'YARN_HTTP_PROXY="$HTTP_PROXY" YARN_HTTPS_PROXY="$HTTPS_PROXY" YARN_ENABLE_TELEMETRY=0 '
    'YARN_NPM_REGISTRY_SERVER="${NPM_CONFIG_REGISTRY:-https://registry.npmjs.org}" '
    "YARN_NODE_LINKER=node-modules"
)
_NEWEST = {"pnpm": "9", "yarn": "1"}


@dataclass(frozen=True)
class NodeProject:
    """`install`: words after `npm`, never running scripts, () when there is nothing to install.

    `runner`: None when no tests were found. `script`: what to run for it, a line for the shell.
    `reasons`: for the plan. `scripts`: those of package.json.
    """

    manager: Manager
    install: tuple[str, ...]
    runner: NodeRunner | None
    script: str
    reasons: tuple[str, str]
    scripts: Mapping[str, str]
    dependencies: frozenset[str]


def node_project(content: str, names: Iterable[str], folder: str = "") -> NodeProject | None:
    """The project whose package.json in `folder` says `content`; None when it cannot be read."""
    try:
        declared = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(declared, dict):
        declared = {}
    here = f"{folder}/" if folder else ""
    beside = {name[len(here) :] for name in names if name.startswith(here)}
    scripts = {k: v for k, v in table(declared, "scripts").items() if isinstance(v, str)}
    dependencies = frozenset(
        name
        for kind in ("dependencies", "devDependencies", "optionalDependencies")
        for name in table(declared, kind)
    )
    manager, install, why = _manager(declared, beside)
    runner, script, how = _runner(scripts, dependencies, beside)
    needed = bool(dependencies) or bool(declared.get("workspaces"))
    needed |= "pnpm-workspace.yaml" in beside
    return NodeProject(
        manager, install if needed else (), runner, script, (why, how), scripts, dependencies
    )


def _manager(declared: dict[str, Any], beside: set[str]) -> tuple[Manager, tuple[str, ...], str]:
    wanted = re.match(r"(npm|pnpm|yarn)@(\d+)", text_of(declared.get("packageManager")))
    locks = [(file, manager) for file, manager in LOCKS if file in beside]
    if wanted:
        locks.sort(key=lambda lock: lock[1] != wanted[1])
    file, manager = locks[0] if locks else ("", "npm")
    why = f"{manager}, because of {file}" if file else "npm: no lock file"
    if wanted and not locks:
        manager = next(m for _, m in LOCKS if m == wanted[1])
        why = f"{manager}, because of `packageManager` in package.json; no lock file"
    if manager == "npm":
        verb = "ci" if file else "install"
        return manager, (verb, "--ignore-scripts", "--no-audit", "--no-fund"), why
    # npm brings the others along: only npm is on every machine that has node.
    major = wanted[2] if wanted and wanted[1] == manager else _NEWEST[manager]
    if manager == "yarn" and ".yarnrc.yml" in beside and major == "1":
        major = "4"
    frozen = ["--frozen-lockfile"] if file else []
    if manager == "pnpm":
        # Later ones read the same lock file and want a newer node; none may fetch another one.
        major = min(major, "10", key=int)
        words = ["exec", "--yes", f"--package=pnpm@{major}", "--", "pnpm", "install"]
        return manager, (*words, "--ignore-scripts", *frozen, *_AS_IT_IS), why
    # yarn asks a registry of its own, and its later versions no proxy, unless they are told.
    if major == "1":
        line = " ".join(["yarn install --non-interactive --ignore-scripts", *frozen])
        line = f"{_ELSEWHERE} {line} {_REGISTRY}"
        return manager, ("exec", "--yes", "--package=yarn@1", "-c", line), why
    line = f"{_YARN} yarn install --mode=skip-build" + (" --immutable" if file else "")
    return manager, ("exec", "--yes", f"--package=@yarnpkg/cli-dist@{major}", "-c", line), why


def _runner(
    scripts: Mapping[str, str], dependencies: frozenset[str], beside: set[str]
) -> tuple[NodeRunner | None, str, str]:
    declared = scripts.get("test", "")
    if declared and "no test specified" not in declared:
        script = test_script("test", scripts)
        if found := runners_in(script):
            return found[0], script, f"{found[0]}, which the test script runs"
        for name in (n for n in scripts if n.startswith(("test:", "test-"))):
            script = test_script(name, scripts)
            if found := runners_in(script):
                return found[0], script, f"{found[0]}, which the script `{name}` runs"
        return "npm", "npm test --silent", "the test script, which names no tests"
    for package, runner in _DIRECT:
        if package in dependencies:
            return runner, runner, f"{runner}, which is depended on; no test script"
    if any(_TEST_FILE.fullmatch(name) for name in beside):
        return "node", "node --test", "node's own runner: test files, and no test script"
    return None, "", "no tests found: no test script"
