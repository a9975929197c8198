"""From what an import says to the files it means, by each language's own rules (C1).

Promises: judged from the paths of a repository and a handful of its configuration files; what is
not there resolves to nothing. Never: looks at installed packages, runs a build, or guesses between
languages.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.codebase.facts import Import

Read = Callable[[Iterable[str]], Mapping[str, bytes]]
CONFIGURATIONS = re.compile(
    r"(^|/)(go\.mod|Cargo\.toml|package\.json|[jt]sconfig[\w.-]*\.json|pyproject\.toml|setup\.py)$"
)
_MOST = 300  # configuration files that are read
_SCRIPTS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_AS_WRITTEN = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_ROOTS = ("src", "lib", "python")
_LARGEST = 1_000_000  # bytes of a configuration that a person wrote
# What is not closed ends with the file, so that each character is looked at once.
_JSON_COMMENT = re.compile(
    r'("(?:[^"\\]|\\.)*(?:"|\\?\Z))|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.S
)


class Modules:
    """What the files of one state of a repository are called by others.

    `packages`: Java package of a path, as its file declares it.
    """

    def __init__(
        self, languages: Mapping[str, str | None], read: Read, packages: Mapping[str, str]
    ) -> None:
        self._files = languages
        self._folders: dict[str, list[str]] = {}
        for path in languages:
            self._folders.setdefault(posixpath.dirname(path), []).append(path)
        wanted = [p for p in languages if CONFIGURATIONS.search(p) and "node_modules/" not in p]
        found = read(sorted(wanted, key=lambda p: (p.count("/"), p))[:_MOST])
        said = {path: data for path, data in found.items() if len(data) <= _LARGEST}
        self._projects = {
            posixpath.dirname(p) for p in wanted if p.endswith(("pyproject.toml", "setup.py"))
        }
        self._python = self._python_names()
        self._go = self._go_modules(said)
        self._aliases = _script_aliases(said)
        self._workspaces = _script_packages(said)
        self._crates = _crates(said)
        self._java: dict[str, list[str]] = {}
        for path, package in packages.items():
            self._java.setdefault(package, []).append(path)
        self._headers: dict[str, list[str]] = {}
        for path, language in languages.items():
            if language in ("c", "cpp"):
                self._headers.setdefault(posixpath.basename(path), []).append(path)

    def folder(self, path: str) -> list[str]:
        """The files beside a path."""
        return self._folders.get(posixpath.dirname(path), [])

    def resolve(self, path: str, one: Import) -> tuple[list[str], bool]:
        """(files, whether only those of them count that define what is used)."""
        language = self._files.get(path)
        if language == "python":
            return self._resolve_python(path, one), False
        if language in ("javascript", "typescript", "tsx"):
            return self._resolve_script(path, one.module), False
        if language == "go":
            return self._resolve_go(one.module), True
        if language == "rust":
            return self._resolve_rust(path, one), False
        if language == "java":
            return self._resolve_java(one)
        if language in ("c", "cpp"):
            return self._resolve_include(path, one.module), False
        return [], False

    # -- Python ---------------------------------------------------------------------------------

    def _python_names(self) -> dict[str, list[tuple[str, str]]]:
        """Dotted name → (folder it is counted from, path)."""
        packages = {
            posixpath.dirname(path)
            for path, language in self._files.items()
            if language == "python" and path.rpartition("/")[2] in ("__init__.py", "__init__.pyi")
        }
        names: dict[str, list[tuple[str, str]]] = {}
        for path, language in self._files.items():
            if language != "python":
                continue
            folder = posixpath.dirname(path)
            roots = {"", *(r for r in _ROOTS if path.startswith(f"{r}/"))}
            while folder in packages and folder:
                folder = posixpath.dirname(folder)
            roots.add(folder)
            for root in roots:
                inside = path[len(root) + 1 :] if root else path
                dotted = inside.rpartition(".")[0].replace("/", ".")
                dotted = dotted.removesuffix("__init__").rstrip(".")
                if dotted:
                    names.setdefault(dotted, []).append((root, path))
        return names

    def _module(self, path: str, dotted: str) -> str | None:
        """The file of an absolute module name, as seen from `path`."""
        best: tuple[int, int, str] | None = None
        for root, found in self._python.get(dotted, ()):
            near = not root or path.startswith(f"{root}/")
            if not near and root not in _ROOTS and root not in self._projects:
                continue
            common = len(posixpath.commonprefix([path, found]))
            rank = (-common, len(found), found)
            if found != path and (best is None or rank < best):
                best = rank
        return best[2] if best else None

    def _resolve_python(self, path: str, one: Import) -> list[str]:
        if one.level:
            folder = posixpath.dirname(path)
            for _ in range(one.level - 1):
                folder = posixpath.dirname(folder)
            base = posixpath.join(folder, *one.module.split(".")) if one.module else folder
            here = self._python_file(base)
            subs = {name: self._python_file(posixpath.join(base, name)) for name in one.names}
        else:
            here = self._module(path, one.module)
            subs = {name: self._module(path, f"{one.module}.{name}") for name in one.names}
        found = [sub for sub in subs.values() if sub and sub != path]
        if here and here != path and (not one.names or len(found) < len(one.names)):
            found.append(here)
        return found

    def _python_file(self, base: str) -> str | None:
        for path in (f"{base}.py", f"{base}/__init__.py", f"{base}.pyi", f"{base}/__init__.pyi"):
            path = path.lstrip("/")
            if path in self._files:
                return path
        return None

    # -- TypeScript and JavaScript --------------------------------------------------------------

    def _resolve_script(self, path: str, module: str) -> list[str]:
        module = module.split("?")[0]
        if module.startswith("."):
            found = self._script_file(posixpath.join(posixpath.dirname(path), module))
            return [found] if found else []
        nearest = sorted(
            (one for one in self._aliases if not one[0] or path.startswith(f"{one[0]}/")),
            key=lambda one: -len(one[0]),
        )
        for _, before, after, targets in nearest:
            if module.startswith(before) and module.endswith(after):
                middle = module[len(before) : len(module) - len(after)]
                for target in targets:
                    if found := self._script_file(target.replace("*", middle)):
                        return [found]
        for name, folder in self._workspaces:
            if module == name or module.startswith(f"{name}/"):
                rest = module[len(name) + 1 :]
                for place in (f"{folder}/src/{rest}", f"{folder}/{rest}", f"{folder}/lib/{rest}"):
                    if found := self._script_file(place):
                        return [found]
        return []

    def _script_file(self, base: str) -> str | None:
        base = posixpath.normpath(base).lstrip("/")
        if base in self._files:
            return base
        stem, suffix = posixpath.splitext(base)
        tries = [stem + other for other in _AS_WRITTEN.get(suffix, ())]
        tries += [base + suffix for suffix in _SCRIPTS]
        tries += [posixpath.normpath(f"{base}/index{suffix}") for suffix in _SCRIPTS]
        return next((path for path in tries if path in self._files), None)

    # -- Go -------------------------------------------------------------------------------------

    def _go_modules(self, said: Mapping[str, bytes]) -> list[tuple[str, str]]:
        found = []
        for path, data in said.items():
            if path.endswith("go.mod") and (
                name := re.search(rb"(?m)^module\s+\"?([^\s\"]+)", data)
            ):
                found.append((name[1].decode("utf-8", "replace"), posixpath.dirname(path)))
        return sorted(found, key=lambda one: (-len(one[0]), one))

    def _resolve_go(self, module: str) -> list[str]:
        for name, folder in self._go:
            if module == name or module.startswith(f"{name}/"):
                place = posixpath.join(folder, module[len(name) + 1 :]).rstrip("/")
                return [
                    path
                    for path in self._folders.get(place, ())
                    if self._files[path] == "go" and not path.endswith("_test.go")
                ]
        return []

    # -- Rust -----------------------------------------------------------------------------------

    def _resolve_rust(self, path: str, one: Import) -> list[str]:
        source, inside = self._crate_of(path)
        parts = [part for part in one.module.split("::") if part]
        if not parts:
            return []
        if parts[0] in self._crates:
            source, inside = f"{self._crates[parts[0]]}/src".lstrip("/"), []
            parts = parts[1:]
        elif parts[0] == "crate":
            inside, parts = [], parts[1:]
        elif parts[0] == "self":
            parts = parts[1:]
        elif parts[0] == "super":
            while parts and parts[0] == "super":
                inside, parts = inside[:-1], parts[1:]
        found = []
        for name in one.names or ("",):
            whole = [*inside, *parts, *([name] if name and name != "*" else [])]
            for length in range(len(whole), -1, -1):
                if file := self._rust_file(source, whole[:length]):
                    if file != path and (length or parts or not inside):
                        found.append(file)
                    break
        return found

    def _crate_of(self, path: str) -> tuple[str, list[str]]:
        """(source folder of its crate, the module that the file is)."""
        before, mark, after = path.rpartition("src/")
        source = before + "src" if mark else posixpath.dirname(path)
        inside = (after if mark else posixpath.basename(path)).removesuffix(".rs").split("/")
        if inside[-1] in ("mod", "lib", "main"):
            inside = inside[:-1]
        return source, inside

    def _rust_file(self, source: str, inside: list[str]) -> str | None:
        base = posixpath.join(source, *inside).lstrip("/")
        tries = (
            [f"{base}.rs", f"{base}/mod.rs"] if inside else [f"{base}/lib.rs", f"{base}/main.rs"]
        )
        return next((path for path in tries if path in self._files), None)

    # -- Java, C and C++ ------------------------------------------------------------------------

    def _resolve_java(self, one: Import) -> tuple[list[str], bool]:
        if one.names == ("package",):
            return [], False
        if one.names == ("*",) and one.module in self._java:
            return self._java[one.module], True
        parts = one.module.split(".")
        for length in range(len(parts), 1, -1):
            package, stem = ".".join(parts[: length - 1]), parts[length - 1]
            for path in self._java.get(package, ()):
                if posixpath.basename(path) == f"{stem}.java":
                    return [path], False
        return [], False

    def _resolve_include(self, path: str, module: str) -> list[str]:
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
        if beside in self._files:
            return [beside]
        tail = "/" + posixpath.normpath(module).lstrip("./")
        named = [
            p for p in self._headers.get(posixpath.basename(module), ()) if f"/{p}".endswith(tail)
        ]
        if not named:
            return []
        near = min(named, key=lambda p: (-len(posixpath.commonprefix([p, path])), len(p), p))
        return [near] if near != path else []


def _script_aliases(said: Mapping[str, bytes]) -> list[tuple[str, str, str, list[str]]]:
    """(folder of the configuration, before `*`, after `*`, targets) of `paths` and `baseUrl`."""
    found = []
    for path, data in sorted(said.items()):
        if not re.search(r"[jt]sconfig[\w.-]*\.json$", path):
            continue
        options = _lenient_json(data).get("compilerOptions")
        if not isinstance(options, dict):
            continue
        folder = posixpath.dirname(path)
        base = posixpath.join(folder, str(options.get("baseUrl", ".")))
        paths = options.get("paths")
        for alias, targets in sorted(paths.items()) if isinstance(paths, dict) else ():
            before, _, after = str(alias).partition("*")
            if isinstance(targets, list):
                places = [posixpath.join(base, str(target)) for target in targets]
                found.append((folder, before, after, places))
        if "baseUrl" in options:
            found.append((folder, "", "", [posixpath.join(base, "*")]))
    return found


def _script_packages(said: Mapping[str, bytes]) -> list[tuple[str, str]]:
    found = []
    for path, data in said.items():
        if path.endswith("package.json"):
            name = _lenient_json(data).get("name")
            if isinstance(name, str) and name:
                found.append((name, posixpath.dirname(path) or "."))
    return sorted(found, key=lambda one: (-len(one[0]), one))


def _lenient_json(data: bytes) -> dict[str, Any]:
    """An object of JSON with comments; empty for anything else."""
    text = _JSON_COMMENT.sub(lambda m: m[1] or "", data.decode("utf-8", "replace"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _crates(said: Mapping[str, bytes]) -> dict[str, str]:
    found = {}
    for path, data in sorted(said.items(), reverse=True):
        if path.endswith("Cargo.toml"):
            try:
                package = tomllib.loads(data.decode("utf-8", "replace")).get("package")
            except (tomllib.TOMLDecodeError, RecursionError):
                continue
            if isinstance(package, dict) and isinstance(package.get("name"), str):
                found[package["name"].replace("-", "_")] = posixpath.dirname(path)
    return found
