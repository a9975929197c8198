"""How to install and test a repository, worked out from its own files.

Promises: a plan with the reason for each part of it, the same for the same files; "no tests found"
is an answer. Reads declarations only.
Never: runs anything, or executes a setup.py to find out.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.workspace import project_tests
from bot.workspace.declarations import (
    DEV_NAMES,
    TEST_NAMES,
    chosen,
    from_poetry,
    from_setup_py,
    is_requirement,
    table,
    text_of,
)
from bot.workspace.mirror import Mirror
from bot.workspace.node_project import LOCKS, node_project
from bot.workspace.reading import SYMLINK
from bot.workspace.sandbox import WORKSPACE

Runner = Literal["pytest", "unittest", "jest", "vitest", "mocha", "node", "npm", "go", "cargo"]

_REQUIREMENTS = re.compile(
    r"((tests?|requirements|reqs|deps|ci|tools|etc|\.ci|\.github)/)*"
    r"((requirements|reqs?|deps|dependencies|tests?|dev|develop|development|testing|ci)"
    r"([-_.](requirements|reqs?|deps|tests?|testing|dev|develop|development|ci|txt))*)\.(txt|in)"
)
_FOR_TESTS = re.compile(r"(?<![a-z])(tests?|testing)(?![a-z])")
_FOR_DEVELOPMENT = re.compile(r"(?<![a-z])(dev|develop|development|ci)(?![a-z])")
# Anything that a file above may include, or a setup.py may read: another text, another environment.
_INCLUDED = re.compile(
    r"(.*/)?([^/]*(requirements|constraints|reqs|deps)[^/]*|(requirements|reqs|deps)/.*)"
    r"\.(txt|in|pip)",
    re.IGNORECASE,
)
_RUNTIME = re.compile(
    r"(requirements|reqs|deps)/(base|common|main|prod|production|default|requirements|app|install)"
    r"\.txt|requirements[-_.](base|common|main|prod|production)\.txt|([\w.-]+/)?requirements\.txt"
)
_DECIDING = (
    "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "PKG-INFO", "Pipfile",
    "package.json", ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml", *(file for file, _ in LOCKS),
    "go.mod", "go.sum", "go.work", "Cargo.toml", "Cargo.lock", "uv.lock", "poetry.lock", "pdm.lock",
)  # fmt: skip
_PACKAGES = re.compile(
    r"([\w@.-]+/){1,3}(package\.json|Cargo\.toml|go\.(mod|sum))"
)  # of a workspace
_LOCKED_PYTEST = re.compile(r'^name = "pytest"\s*\nversion = "([\w.]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One part of an installation. `required`: without it there is no environment.

    `otherwise`: what to install instead where this fails.
    """

    name: str
    arguments: tuple[str, ...]
    required: bool = True
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProjectPlan:
    """`steps`: arguments for the installer of `language`. `runner`: None when no tests were found.

    `decided_by`: (path, blob id) of the files that the plan and the environment depend on.
    `collect`: arguments for the runner, so that it finds tests of unusual names. `script`: what a
    Node project's tests are run with, a line for the shell.
    """

    language: Literal["python", "node", "go", "rust", "none"]
    steps: tuple[Step, ...]
    runner: Runner | None
    requires_python: str
    reasons: tuple[str, ...]
    decided_by: tuple[tuple[str, str], ...]
    collect: tuple[str, ...] = ()
    script: str = ""


def plan_for(mirror: Mirror, commit: str) -> ProjectPlan:
    """The plan for the repository as it is at `commit`."""
    entries = {e.path: e for e in mirror.ls(commit) if e.mode != SYMLINK and e.path.isprintable()}
    deciding = [
        p for p in entries if p in _DECIDING or _REQUIREMENTS.fullmatch(p) or _INCLUDED.fullmatch(p)
    ]
    if not entries.keys().isdisjoint({"package.json", "Cargo.toml", "go.work"}):
        deciding += [p for p in entries if _PACKAGES.fullmatch(p) and "node_modules/" not in p]
    # A lock file may be larger than what is worth reading; it decides all the same.
    decided_by = tuple((path, entries[path].sha) for path in sorted(deciding))
    files = mirror.read_many(commit, deciding, limit=2_000_000)
    read = mirror.read_many(commit, project_tests.worth_reading(sorted(entries)), limit=500_000)
    return plan(sorted(entries), {**read, **files}, decided_by)


def plan(
    names: Sequence[str],
    files: Mapping[str, bytes],
    decided_by: tuple[tuple[str, str], ...] = (),
) -> ProjectPlan:
    """The plan for a repository with files `names`, where `files` holds the declarations."""
    text = {path: content.decode("utf-8", "replace") for path, content in files.items()}
    if any(name.endswith(".py") for name in names) or "pyproject.toml" in files:
        return _Python(names, text).plan(decided_by)
    if "package.json" in files:
        return _node(names, text, decided_by)
    if "go.mod" in files or "go.work" in files:
        return _go(names, decided_by)
    if "Cargo.toml" in files:
        locked = ("--locked",) if "Cargo.lock" in names else ()
        fetch = Step("crates", ("fetch", *locked))
        return ProjectPlan("rust", (fetch,), "cargo", "", ("a Cargo package",), decided_by)
    nothing = "no Python, no package.json, no go.mod and no Cargo.toml"
    return ProjectPlan("none", (), None, "", (nothing,), decided_by)


class _Python:
    """Reads one Python project's declarations."""

    def __init__(self, names: Sequence[str], text: Mapping[str, str]) -> None:
        self.names, self.text = names, text
        self.reasons: list[str] = []
        self.pyproject = self._toml("pyproject.toml")
        self.setup_cfg = self._ini("setup.cfg")
        self.setup_py = from_setup_py(text.get("setup.py", ""))

    def plan(self, decided_by: tuple[tuple[str, str], ...]) -> ProjectPlan:
        settings = self._pytest_settings()
        found = project_tests.find(self.names, settings)
        self.reasons.append(f"{found.runner}: {found.reason}" if found.runner else found.reason)
        steps = self._project()
        steps += self._for_tests(any(step.name == "project" for step in steps))
        if found.runner == "pytest":
            steps = self._with_pytest(steps)
            steps += self._tools(settings)
        requires = text_of(table(self.pyproject, "project").get("requires-python"))
        requires = requires or self.setup_cfg.get("options", "python_requires", fallback="")
        return ProjectPlan(
            "python",
            tuple(steps),
            found.runner,
            requires,
            tuple(self.reasons),
            decided_by,
            found.collect,
        )

    def _with_pytest(self, steps: list[Step]) -> list[Step]:
        """With pytest, of the version that the project's own lock file names, where one does."""
        for name in ("uv.lock", "poetry.lock", "pdm.lock"):
            if found := _LOCKED_PYTEST.search(self.text.get(name, "")):
                pinned = f"pytest=={found[1]}"
                self.reasons.append(f"{pinned}, as {name} says")
                for_tests = [
                    replace(step, arguments=(*step.arguments, pinned))
                    if step.name.startswith(("dependency group", "extra"))
                    else step
                    for step in steps
                ]
                steps = [*for_tests, Step(pinned, (pinned,), required=False)]
        return [*steps, Step("pytest", ("pytest",))]

    def _pytest_settings(self) -> dict[str, Any]:
        """pytest's own settings, from the first place where it looks for them."""
        for path, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest")):
            if (ini := self._ini(path)).has_section(section):
                return dict(ini.items(section))
            if path == "pytest.ini" and path in self.text:
                return {}
            if path == "pytest.ini":
                tool = table(self.pyproject, "tool", "pytest")
                if tool:
                    return table(tool, "ini_options") or tool
        if self.setup_cfg.has_section("tool:pytest"):
            return dict(self.setup_cfg.items("tool:pytest"))
        return {}

    def _tools(self, settings: Mapping[str, Any]) -> list[Step]:
        """Well-known test tools that the tests use; most are here already, and stay as they are."""
        own = {part for name in self.names for part in name.removesuffix(".py").split("/")}
        texts = [text for name, text in self.text.items() if name.endswith(".py")]
        return [
            Step(f"test tool {package}", (package,), required=False)
            for package in project_tests.tools(texts, settings, own)
        ]

    def _project(self) -> list[Step]:
        buildable = "project" in self.pyproject or "build-system" in self.pyproject
        poetry = table(self.pyproject, "tool", "poetry")
        buildable |= bool(poetry) or "setup.py" in self.names
        buildable |= self.setup_cfg.has_option("metadata", "name")
        buildable &= poetry.get("package-mode") is not False
        listed = ("--requirement", f"{WORKSPACE}/requirements.txt")
        if buildable:
            self.reasons.append("installed as an editable package")
            # A folder that no build tool can pack may still be tested where it lies.
            named = "project" in self.pyproject or "requirements.txt" in self.text
            instead = ("--requirement", f"{WORKSPACE}/pyproject.toml")
            if "project" not in self.pyproject:
                instead = listed if named else ()
            steps = [Step("project", ("--editable", WORKSPACE), otherwise=instead)]
            if "requirements.txt" in self.text:
                steps.append(Step("requirements.txt", listed, required=False))
            return steps
        found = ["requirements.txt"] if "requirements.txt" in self.text else []
        found = found or [p for p in sorted(self.text) if _RUNTIME.fullmatch(p)][:1]
        if found:
            self.reasons.append(f"not a package: {found[0]} installed")
            return [Step(found[0], ("--requirement", f"{WORKSPACE}/{found[0]}"))]
        if wanted := self._declared():
            self.reasons.append("not a package: its declared dependencies installed")
            return [Step("dependencies", tuple(wanted))]
        return []

    def _declared(self) -> list[str]:
        """Dependencies of a poetry project that is no package, and those of a Pipfile."""
        tables = [
            table(self.pyproject, "tool", "poetry", "dependencies"),
            *(table(self._toml("Pipfile"), name) for name in ("packages", "dev-packages")),
        ]
        wanted = {
            from_poetry(*item) for table in tables for item in table.items() if item[0] != "python"
        }
        return sorted(w for w in wanted if is_requirement(w))

    def _for_tests(self, project: bool) -> list[Step]:
        """What the tests need besides the project, from every place that says so."""
        steps = []
        for step in (
            self._groups(), self._extras() if project else None, self._requirement_files(),
            self._tool_tables(), self._tox(),
        ):  # fmt: skip
            if step is not None:
                self.reasons.append(f"for tests: {step.name}")
                steps.append(step)
        return steps

    def _groups(self) -> Step | None:
        name = chosen(table(self.pyproject, "dependency-groups"))
        if not name:
            return None
        where = f"{WORKSPACE}/pyproject.toml:{name}"
        return Step(f"dependency group {name}", ("--group", where), required=False)

    def _extras(self) -> Step | None:
        declared = dict(table(self.pyproject, "project", "optional-dependencies"))
        declared |= dict(table(self.pyproject, "tool", "poetry", "extras"))
        declared |= self.setup_py[1]
        if self.setup_cfg.has_section("options.extras_require"):
            declared |= dict(self.setup_cfg.items("options.extras_require"))
        name = chosen(declared)
        if not name:
            return None
        return Step(f"extra {name}", ("--editable", f"{WORKSPACE}[{name}]"), required=False)

    def _requirement_files(self) -> Step | None:
        listed = sorted(p for p in self.text if _REQUIREMENTS.fullmatch(p))
        pinned = {p.removesuffix(".txt") for p in listed if p.endswith(".txt")}
        listed = [p for p in listed if p.endswith(".txt") or p.removesuffix(".in") not in pinned]
        found = [p for p in listed if _FOR_TESTS.search(p)]
        found = found or [p for p in listed if _FOR_DEVELOPMENT.search(p)]
        if not found:
            return None
        arguments = [x for p in found for x in ("--requirement", f"{WORKSPACE}/{p}")]
        return Step(", ".join(found), tuple(arguments), required=False)

    def _tool_tables(self) -> Step | None:
        """Development dependencies as poetry, pdm, hatch and old setuptools write them."""
        wanted = list(self.setup_py[0])
        wanted += self.setup_cfg.get("options", "tests_require", fallback="").splitlines()
        poetry = table(self.pyproject, "tool", "poetry")
        groups = {
            name: table(group, "dependencies") for name, group in table(poetry, "group").items()
        }
        if poetry.get("dev-dependencies"):
            groups.setdefault("dev", table(poetry, "dev-dependencies"))
        for name in (*TEST_NAMES, *DEV_NAMES):
            wanted += [from_poetry(*item) for item in groups.get(name, {}).items()]
        pdm = table(self.pyproject, "tool", "pdm", "dev-dependencies")
        hatch = table(self.pyproject, "tool", "hatch", "envs")
        lists = [pdm.get(chosen(pdm) or "")]
        lists += [table(hatch, name).get("dependencies") for name in ("default", *TEST_NAMES)]
        for listed in lists:
            wanted += [w for w in listed if isinstance(w, str)] if isinstance(listed, list) else []
        wanted = sorted({w.strip() for w in wanted if is_requirement(w.strip())})
        return Step("the build tool's tables", tuple(wanted), required=False) if wanted else None

    def _tox(self) -> Step | None:
        listed = self._ini("tox.ini").get("testenv", "deps", fallback="", raw=True)
        arguments: list[str] = []
        for line in (line.split(" #")[0].strip() for line in listed.splitlines()):
            file = re.fullmatch(r"-r\s*(?:\{toxinidir\}/)?([\w./-]+)", line)
            if file and file[1] in self.text:
                arguments += ["--requirement", f"{WORKSPACE}/{file[1]}"]
            elif is_requirement(line):
                arguments.append(line)
        return Step("tox.ini", tuple(arguments), required=False) if arguments else None

    def _toml(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text.get(name, ""))
        except tomllib.TOMLDecodeError as problem:
            self.reasons.append(f"{name} cannot be read: {problem}")
            return {}

    def _ini(self, name: str) -> configparser.ConfigParser:
        parsed = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parsed.read_string(self.text.get(name, ""))
        except configparser.Error as problem:
            self.reasons.append(f"{name} cannot be read: {type(problem).__name__}")
            return configparser.ConfigParser()
        return parsed


def _node(
    names: Sequence[str], text: Mapping[str, str], decided_by: tuple[tuple[str, str], ...]
) -> ProjectPlan:
    found = node_project(text["package.json"], names)
    if found is None:
        return ProjectPlan("none", (), None, "", ("package.json cannot be read",), decided_by)
    install = Step("packages", found.install)
    return ProjectPlan(
        "node",
        (install,) if found.install else (),
        found.runner,
        "",
        found.reasons,
        decided_by,
        script=found.script,
    )


def _go(names: Sequence[str], decided_by: tuple[tuple[str, str], ...]) -> ProjectPlan:
    """Modules are fetched where anything is depended on; tests are files of Go's own naming."""
    steps = [Step("modules", ("mod", "download"))] if "go.sum" in names else []
    # Compiles without running anything: the standard library is most of a first test run.
    every = ("list", "-export", "-test", "-deps", "-e", "-f", "", "./...")
    steps.append(Step("packages", every, required=False))
    found = next((name for name in names if name.endswith("_test.go")), "")
    how = f"go test: test files such as {found}" if found else "no tests found"
    return ProjectPlan("go", steps, "go" if found else None, "", ("a Go module", how), decided_by)
