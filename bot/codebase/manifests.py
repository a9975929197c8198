"""A project's configuration files, read as data.

Promises: a file that cannot be parsed counts as empty; only plain values come out. Never: runs or
imports anything of the project.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

Read = Callable[[str], str | None]
MAX_CONFIG = 400_000  # characters of a configuration file that is looked at


@dataclass(frozen=True)
class Manifests:
    """The configuration at the root of a project. `known`: every path of it."""

    known: frozenset[str]
    read: Read

    def text(self, path: str) -> str:
        """The text of a root file; '' when it is not there or too long."""
        found = self.read(path) if path in self.known else None
        return found if found and len(found) <= MAX_CONFIG else ""

    def toml(self, path: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def json(self, path: str) -> dict[str, Any]:
        try:
            found = json.loads(self.text(path) or "{}")
        except (json.JSONDecodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def ini(self, path: str) -> dict[str, dict[str, str]]:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(self.text(path))
        except configparser.Error:
            return {}
        return {section: dict(parser.items(section)) for section in parser.sections()}

    def yaml(self, path: str) -> dict[str, Any]:
        try:
            found = yaml.safe_load(self.text(path))
        except (yaml.YAMLError, RecursionError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        return self.toml("pyproject.toml")

    @cached_property
    def package_json(self) -> dict[str, Any]:
        return self.json("package.json")

    def tool(self, *names: str) -> dict[str, Any]:
        """A table below `[tool]` of pyproject.toml."""
        found: Any = self.pyproject.get("tool", {})
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def declared(self) -> dict[str, str]:
        """Dependency, lower case → the file that declares it."""
        found: dict[str, str] = {}
        python = self.pyproject.get("project", {})
        lists = [python.get("dependencies")] if isinstance(python, dict) else []
        for extras in (
            python.get("optional-dependencies") if isinstance(python, dict) else None,
            self.pyproject.get("dependency-groups"),
        ):
            lists += list(extras.values()) if isinstance(extras, dict) else []
        named = [one for part in lists if isinstance(part, list) for one in part]
        named += [*self.tool("poetry", "dependencies")]
        named += [*self.tool("poetry", "group", "dev", "dependencies")]
        found.update({_name(one): "pyproject.toml" for one in named if isinstance(one, str)})
        for path in ("setup.cfg", "setup.py", "tox.ini", "noxfile.py"):
            for name in re.findall(r"[\w.-]+", self.text(path)):
                found.setdefault(_name(name), path)
        for path in sorted(
            p for p in self.known if re.fullmatch(r"[\w-]*requirements[\w-]*\.txt", p)
        ):
            for line in self.text(path).splitlines():
                found.setdefault(_name(line), path)
        for part in ("dependencies", "devDependencies", "peerDependencies"):
            names = self.package_json.get(part)
            found.update(dict.fromkeys(names if isinstance(names, dict) else (), "package.json"))
        for path, pattern in (
            ("go.mod", r"github\.com/([\w.-]+/[\w.-]+)"),
            ("Cargo.toml", r"^([\w-]+)\s*="),
            ("pom.xml", r"<artifactId>([\w.-]+)"),
            ("build.gradle", r"['\"][\w.-]+:([\w.-]+):"),
            ("build.gradle.kts", r"['\"][\w.-]+:([\w.-]+):"),
        ):
            for name in re.findall(pattern, self.text(path), re.MULTILINE):
                found.setdefault(name.lower(), path)
        return found

    @cached_property
    def own_name(self) -> str:
        """The project's own name, which is not a framework that it uses."""
        project = self.pyproject.get("project", {})
        name = project.get("name") if isinstance(project, dict) else None
        name = name or self.tool("poetry").get("name") or self.package_json.get("name")
        name = name or self.ini("setup.cfg").get("metadata", {}).get("name")
        module = re.search(r"^module\s+github\.com/(\S+)", self.text("go.mod"), re.MULTILINE)
        setup = re.search(r"\bname\s*=\s*['\"]([\w.-]+)", self.text("setup.py"))
        name = name or (module and module[1]) or (setup and setup[1]) or ""
        return name.lower() if isinstance(name, str) else ""


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][\w.-]*", requirement)
    return match[0].lower().replace("_", "-") if match else ""
