"""How to install and test a repository, worked out from its own files.

Promises: a plan with the reason for each part of it, the same for the same files; "no tests found"
is an answer. Reads declarations only.
Never: runs anything, or executes a setup.py to find out.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.workspace.mirror import Mirror
from bot.workspace.reading import SYMLINK
from bot.workspace.sandbox import WORKSPACE

Runner = Literal["pytest", "unittest", "npm"]

_TEST_NAMES = ("test", "tests", "testing")
_DEV_NAMES = ("dev", "develop", "development")
_REQUIREMENTS = re.compile(
    r"((tests?|requirements)/)?(requirements|reqs?|tests?|dev|testing)"
    r"([-_.](tests?|testing|dev|txt))*\.(txt|in)|(tests?|dev|testing)[-_]requirements\.txt"
)
_TEST_FILE = re.compile(r"(.*/)?(test_[^/]*|[^/]*_test)\.py")
_TEST_FOLDER = re.compile(r"(.*/)?tests?/([^/]+/)*[^/]+\.py|(.*/)?tests\.py")
_DECIDING = (
    "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "PKG-INFO", "package.json",
    "package-lock.json", "Pipfile",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One part of an installation. `required`: without it there is no environment."""

    name: str
    arguments: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class ProjectPlan:
    """`steps`: arguments for the installer of `language`. `runner`: None when no tests were found.

    `decided_by`: (path, blob id) of the files that the plan and the environment depend on.
    """

    language: Literal["python", "node", "none"]
    steps: tuple[Step, ...]
    runner: Runner | None
    requires_python: str
    reasons: tuple[str, ...]
    decided_by: tuple[tuple[str, str], ...]


def plan_for(mirror: Mirror, commit: str) -> ProjectPlan:
    """The plan for the repository as it is at `commit`."""
    entries = {e.path: e for e in mirror.ls(commit) if e.mode != SYMLINK and e.path.isprintable()}
    deciding = [p for p in entries if p in _DECIDING or _REQUIREMENTS.fullmatch(p)]
    files = mirror.read_many(commit, deciding, limit=2_000_000)
    decided_by = tuple((path, entries[path].sha) for path in sorted(files))
    return plan(sorted(entries), files, decided_by)


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
    return ProjectPlan("none", (), None, "", ("no Python and no package.json",), decided_by)


class _Python:
    """Reads one Python project's declarations."""

    def __init__(self, names: Sequence[str], text: Mapping[str, str]) -> None:
        self.names, self.text = names, text
        self.reasons: list[str] = []
        self.pyproject = self._toml("pyproject.toml")
        self.setup_cfg = self._ini("setup.cfg")

    def plan(self, decided_by: tuple[tuple[str, str], ...]) -> ProjectPlan:
        runner = self._runner()
        steps = []
        project = self._project()
        if project:
            steps.append(Step("project", project))
        steps += self._for_tests(bool(project))
        if runner == "pytest":
            steps.append(Step("pytest", ("pytest",)))
        requires = _text(_table(self.pyproject, "project").get("requires-python"))
        requires = requires or self.setup_cfg.get("options", "python_requires", fallback="")
        return ProjectPlan(
            "python", tuple(steps), runner, requires, tuple(self.reasons), decided_by
        )

    def _runner(self) -> Runner | None:
        found = next((n for n in self.names if _TEST_FILE.fullmatch(n)), None)
        if found:
            self.reasons.append(f"pytest: test files such as {found}")
            return "pytest"
        found = next((n for n in self.names if _TEST_FOLDER.fullmatch(n)), None)
        if found:
            self.reasons.append(f"unittest: {found}, and nothing that pytest would collect")
            return "unittest"
        self.reasons.append("no tests found")
        return None

    def _project(self) -> tuple[str, ...]:
        buildable = "project" in self.pyproject or "build-system" in self.pyproject
        poetry = _table(self.pyproject, "tool", "poetry")
        buildable |= bool(poetry) or "setup.py" in self.names
        buildable |= self.setup_cfg.has_option("metadata", "name")
        if buildable and poetry.get("package-mode") is not False:
            self.reasons.append("installed as an editable package")
            return ("--editable", WORKSPACE)
        if "requirements.txt" in self.text:
            self.reasons.append("not a package: requirements.txt installed")
            return ("--requirement", f"{WORKSPACE}/requirements.txt")
        return ()

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
        name = _chosen(_table(self.pyproject, "dependency-groups"))
        if not name:
            return None
        where = f"{WORKSPACE}/pyproject.toml:{name}"
        return Step(f"dependency group {name}", ("--group", where), required=False)

    def _extras(self) -> Step | None:
        declared = dict(_table(self.pyproject, "project", "optional-dependencies"))
        declared |= dict(_table(self.pyproject, "tool", "poetry", "extras"))
        if self.setup_cfg.has_section("options.extras_require"):
            declared |= dict(self.setup_cfg.items("options.extras_require"))
        name = _chosen(declared)
        if not name:
            return None
        return Step(f"extra {name}", ("--editable", f"{WORKSPACE}[{name}]"), required=False)

    def _requirement_files(self) -> Step | None:
        listed = sorted(p for p in self.text if _REQUIREMENTS.fullmatch(p))
        pinned = {p.removesuffix(".txt") for p in listed if p.endswith(".txt")}
        listed = [p for p in listed if p.endswith(".txt") or p.removesuffix(".in") not in pinned]
        found = [p for p in listed if "test" in p] or [p for p in listed if "dev" in p]
        if not found:
            return None
        arguments = [x for p in found for x in ("--requirement", f"{WORKSPACE}/{p}")]
        return Step(", ".join(found), tuple(arguments), required=False)

    def _tool_tables(self) -> Step | None:
        """Development dependencies as poetry, pdm and hatch write them."""
        wanted: list[str] = []
        poetry = _table(self.pyproject, "tool", "poetry")
        groups = {
            name: _table(group, "dependencies") for name, group in _table(poetry, "group").items()
        }
        if poetry.get("dev-dependencies"):
            groups.setdefault("dev", _table(poetry, "dev-dependencies"))
        for name in (*_TEST_NAMES, *_DEV_NAMES):
            wanted += [_from_poetry(*item) for item in groups.get(name, {}).items()]
        pdm = _table(self.pyproject, "tool", "pdm", "dev-dependencies")
        hatch = _table(self.pyproject, "tool", "hatch", "envs")
        lists = [pdm.get(_chosen(pdm) or "")]
        lists += [_table(hatch, name).get("dependencies") for name in ("default", *_TEST_NAMES)]
        for listed in lists:
            wanted += [w for w in listed if isinstance(w, str)] if isinstance(listed, list) else []
        wanted = sorted({w for w in wanted if _is_requirement(w)})
        return Step("the build tool's tables", tuple(wanted), required=False) if wanted else None

    def _tox(self) -> Step | None:
        listed = self._ini("tox.ini").get("testenv", "deps", fallback="", raw=True)
        arguments: list[str] = []
        for line in (line.split(" #")[0].strip() for line in listed.splitlines()):
            file = re.fullmatch(r"-r\s*(?:\{toxinidir\}/)?([\w./-]+)", line)
            if file and file[1] in self.text:
                arguments += ["--requirement", f"{WORKSPACE}/{file[1]}"]
            elif _is_requirement(line):
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
    try:
        declared = json.loads(text["package.json"])
    except ValueError:
        return ProjectPlan("none", (), None, "", ("package.json cannot be read",), decided_by)
    script = _text(_table(declared, "scripts").get("test")) if isinstance(declared, dict) else ""
    runs = bool(script) and "no test specified" not in script
    verb = "ci" if "package-lock.json" in names else "install"
    steps: tuple[Step, ...] = ()
    if isinstance(declared, dict) and (
        declared.get("dependencies") or declared.get("devDependencies")
    ):
        steps = (Step("packages", (verb, "--ignore-scripts", "--no-audit", "--no-fund")),)
    reasons = (f"npm {verb}", "npm test" if runs else "no tests found: no test script")
    return ProjectPlan("node", steps, "npm" if runs else None, "", reasons, decided_by)


def _table(value: Any, *path: str) -> dict[str, Any]:
    """The table at `path`, or an empty one when anything on the way is something else."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _chosen(declared: Mapping[str, Any]) -> str | None:
    """The name that speaks of tests, else of development."""
    lowered = {name.lower(): name for name in declared if re.fullmatch(r"[\w.-]+", name)}
    return next((lowered[n] for n in (*_TEST_NAMES, *_DEV_NAMES) if n in lowered), None)


def _is_requirement(text: str) -> bool:
    """A named requirement, never an option, a path or an address."""
    return bool(re.fullmatch(r"[A-Za-z0-9][\w.-]*(\[[\w,. -]+\])?[\s\w.,<>=!~;*'\"()]*", text))


def _from_poetry(name: str, declared: Any) -> str:
    """A poetry constraint as a lower bound: near enough to run tests.

    "" for one from a path or an address, whose name on an index may be somebody else's.
    """
    version = _text(declared.get("version") if isinstance(declared, dict) else declared)
    if not version:
        return ""
    bound = re.match(r"[~^>=]*\s*(\d[\w.]*)", version)
    exact = re.fullmatch(r"=*\s*(\d[\w.]*)", version)
    if exact:
        return f"{name}=={exact[1]}"
    return f"{name}>={bound[1]}" if bound else name
