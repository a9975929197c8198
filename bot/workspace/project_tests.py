"""How a Python project's tests are found, and which test tools they use without saying so.

Promises: reads names, settings and the text of test files only; the same files give the same
answer. Never: runs anything; names a package that is not a well-known tool for tests, so that an
import in a test cannot choose what is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

_PYTEST_FILE = re.compile(r"(.*/)?(test_[^/]*|[^/]*_test)\.py")
_OTHER_FILE = re.compile(r"(.*/)?test[^/]*\.py")  # as unittest looks for them
_IN_FOLDER = re.compile(r"(.*/)?tests?/([^/]+/)*[^/]+\.py")
_MAX_READ = 600  # test files whose imports are looked at

# Modules that tests import, fixtures that they take, marks that they set: the package of each.
_MODULES = {
    "hypothesis": "hypothesis", "mock": "mock", "freezegun": "freezegun", "six": "six",
    "time_machine": "time-machine", "responses": "responses", "requests_mock": "requests-mock",
    "parameterized": "parameterized", "ddt": "ddt", "faker": "faker", "factory": "factory-boy",
    "pretend": "pretend", "testfixtures": "testfixtures", "pyfakefs": "pyfakefs",
    "trustme": "trustme", "httpretty": "httpretty", "vcr": "vcrpy", "flaky": "flaky",
    "pexpect": "pexpect", "testtools": "testtools", "sybil": "sybil", "respx": "respx",
    "dirty_equals": "dirty-equals", "inline_snapshot": "inline-snapshot", "syrupy": "syrupy",
    "polyfactory": "polyfactory", "pytest_httpserver": "pytest-httpserver", "psutil": "psutil",
    "pytest_asyncio": "pytest-asyncio", "pytest_mock": "pytest-mock", "coverage": "coverage",
    "pytest_benchmark": "pytest-benchmark", "pytest_subtests": "pytest-subtests",
    "pytest_cases": "pytest-cases", "pytest_lazy_fixtures": "pytest-lazy-fixtures",
    "assertpy": "assertpy", "hamcrest": "pyhamcrest", "sure": "sure", "expects": "expects",
    "moto": "moto", "aioresponses": "aioresponses", "mongomock": "mongomock", "schemathesis":
    "schemathesis", "fakeredis": "fakeredis", "pytest_check": "pytest-check",
}  # fmt: skip
_FIXTURES = {
    "mocker": "pytest-mock", "benchmark": "pytest-benchmark", "requests_mock": "requests-mock",
    "httpserver": "pytest-httpserver", "subtests": "pytest-subtests", "freezer":
    "pytest-freezer", "faker": "faker", "snapshot": "syrupy", "fs": "pyfakefs",
    "datadir": "pytest-datadir", "shared_datadir": "pytest-datadir", "httpx_mock": "pytest-httpx",
}  # fmt: skip
_MARKS = {
    "asyncio": "pytest-asyncio", "anyio": "anyio", "timeout": "pytest-timeout",
    "trio": "pytest-trio", "django_db": "pytest-django", "freeze_time": "pytest-freezer",
    "order": "pytest-order", "dependency": "pytest-dependency", "flaky": "pytest-rerunfailures",
    "repeat": "pytest-repeat", "vcr": "pytest-recording",
}  # fmt: skip
# What only a plug-in understands in pytest's settings: an option's beginning, or a key.
_OPTIONS = {
    "--cov": "pytest-cov", "--no-cov": "pytest-cov", "--numprocesses": "pytest-xdist",
    "--dist": "pytest-xdist", "--benchmark": "pytest-benchmark", "--timeout": "pytest-timeout",
    "--asyncio": "pytest-asyncio", "--randomly": "pytest-randomly", "--random-order":
    "pytest-random-order", "--reruns": "pytest-rerunfailures", "--doctest-plus":
    "pytest-doctestplus", "--hypothesis": "hypothesis", "--html": "pytest-html",
    "--disable-socket": "pytest-socket", "--allow-hosts": "pytest-socket", "--snapshot": "syrupy",
    "--ds": "pytest-django", "--reuse-db": "pytest-django", "--nomigrations": "pytest-django",
    "--no-migrations": "pytest-django", "--instafail": "pytest-instafail", "--count":
    "pytest-repeat", "--json-report": "pytest-json-report", "--record-mode": "pytest-recording",
}  # fmt: skip
_KEYS = {
    "asyncio_mode": "pytest-asyncio", "timeout": "pytest-timeout", "env": "pytest-env",
    "DJANGO_SETTINGS_MODULE": "pytest-django", "mock_use_standalone_module": "pytest-mock",
    "timeout_method": "pytest-timeout",
}  # fmt: skip
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_TAKES = re.compile(r"\bdef \w+\(([^()]{1,400})\)")
_MARK = re.compile(r"\bpytest\.mark\.([a-z_]+)")

_PLUGIN = re.compile(r"pytest-[\w-]+([<>=!~]=?[\w.*,<>=!~]+)?")


@dataclass(frozen=True)
class Found:
    """`collect`: arguments that make pytest collect files which it would not by itself."""

    runner: Literal["pytest", "unittest"] | None
    reason: str
    collect: tuple[str, ...] = ()


def find(names: Sequence[str], settings: Mapping[str, Any]) -> Found:
    """How the tests among the files `names` are run, given pytest's own `settings`."""
    if found := next((n for n in names if _PYTEST_FILE.fullmatch(n)), None):
        return Found("pytest", f"test files such as {found}")
    others = [n for n in names if n.endswith(".py")]
    if "python_files" in settings and (tests := _fitting(others, settings["python_files"])):
        return Found("pytest", f"its own settings collect files such as {tests}")
    if found := next((n for n in others if _OTHER_FILE.fullmatch(n)), None):
        return Found("pytest", f"test files such as {found}", ("-o", "python_files=test*.py"))
    if found := next((n for n in others if _IN_FOLDER.fullmatch(n)), None):
        return Found("unittest", f"{found}, and nothing that pytest would collect")
    return Found(None, "no tests found")


def _fitting(names: Iterable[str], patterns: Any) -> str | None:
    listed = patterns.split() if isinstance(patterns, str) else patterns
    wanted = [p for p in listed if isinstance(p, str)] if isinstance(listed, list) else []
    return next((n for n in names if any(PurePosixPath(n).match(p) for p in wanted)), None)


def worth_reading(names: Iterable[str]) -> list[str]:
    """The files whose text says which test tools are used."""
    wanted = [n for n in names if n.rpartition("/")[2] == "conftest.py"]
    wanted += [
        n for n in names if n not in wanted and n.endswith(".py")
        and (_OTHER_FILE.fullmatch(n) or _PYTEST_FILE.fullmatch(n) or _IN_FOLDER.fullmatch(n))
    ]  # fmt: skip
    return wanted[:_MAX_READ]


def tools(texts: Iterable[str], settings: Mapping[str, Any], own: Iterable[str]) -> list[str]:
    """Packages of test tools that tests use or settings name, but for modules of the project."""
    found: set[str] = set()
    mine = set(own)
    for text in texts:
        imported = set(_IMPORT.findall(text)) - mine
        found |= {_MODULES[name] for name in imported & _MODULES.keys()}
        found |= {_MARKS[name] for name in set(_MARK.findall(text)) & _MARKS.keys()}
        for taken in _TAKES.findall(text):
            found |= {_FIXTURES[n] for n in re.findall(r"\w+", taken) if n in _FIXTURES}
    return sorted(found | set(_plugins(settings)))


def _plugins(settings: Mapping[str, Any]) -> Iterable[str]:
    said = settings.get("addopts", "")
    words = said.split() if isinstance(said, str) else [w for w in said if isinstance(w, str)]
    for word in words:
        if re.match(r"-n(\d|$|auto|logical|=)", word):
            yield "pytest-xdist"
        yield from (package for start, package in _OPTIONS.items() if word.startswith(start))
    yield from (package for key, package in _KEYS.items() if key in settings)
    needed = settings.get("required_plugins", "")
    listed = needed.split() if isinstance(needed, str) else needed
    for plugin in listed if isinstance(listed, list) else ():
        if isinstance(plugin, str) and re.fullmatch(
            r"pytest-[\w-]+([<>=!~]=?[\w.*,<>=!~]+)?", plugin
        ):
            yield plugin
