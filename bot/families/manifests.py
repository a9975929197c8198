"""Where a project writes down what it depends on: every requirement, with its exact place.

Promises: a walker shows each requirement of a file once and puts back what the visitor returns,
every other byte stays. Never resolves, installs or runs anything (a setup.py is parsed, not run).
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import tomlkit
import tomlkit.exceptions
from packaging.utils import canonicalize_name

from bot.families import other_manifests
from bot.families.version_rules import declared
from bot.families.workflow_uses import is_workflow, uses


@dataclass(frozen=True)
class Entry:
    """One requirement in a manifest.

    `style`: pep508 (`text` is the whole requirement), poetry or npm (`text` is the constraint),
    action (`text` is the version, as exact as the tag is).
    """

    path: str
    line: int
    style: str
    name: str
    text: str
    hashed: bool = False


Visit = Callable[[Entry], str | None]  # the new text, or None to leave it
Walker = Callable[[str, str, Visit], str]


class Unreadable(Exception):
    """A manifest that its own format's parser refuses."""


_REQUIREMENTS = re.compile(
    r"(^|/)([\w.-]*(requirements|constraints)[\w.-]*\.(txt|in|pip)|(requirements|reqs)/[\w./-]+\.(txt|in))$",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(r"(^|/)[\w.-]*(environment|conda)[\w.-]*\.ya?ml$", re.IGNORECASE)
_SKIPPED = re.compile(
    r"(^|/)(\.git|\.venv|venv|\.tox|\.nox|node_modules|site-packages|vendor|_vendor|vendored"
    r"|third_party|fixtures|testdata)(/|$)"
)


def walker(path: str) -> Walker | None:
    """The walker of a manifest, or None if the path is none."""
    if _SKIPPED.search(path):
        return None
    by_name: dict[str, Walker] = {
        "pyproject.toml": _walk_toml,
        "Pipfile": _walk_toml,
        "setup.cfg": _walk_ini,
        "tox.ini": _walk_ini,
        "setup.py": _walk_python,
        "noxfile.py": _walk_python,
        "package.json": _walk_npm,
        ".pre-commit-config.yaml": _walk_environment,
    }
    if found := by_name.get(PurePosixPath(path).name):
        return found
    if is_workflow(path):
        return _walk_workflow
    if other_manifests.is_one(path):
        return _walk_other
    if _REQUIREMENTS.search(path):
        return _walk_lines
    return _walk_environment if _ENVIRONMENT.search(path) else None


def _pep508(path: str, number: int, text: str, visit: Visit, hashed: bool = False) -> str:
    found = declared(text)
    if found is None:
        return text
    return visit(Entry(path, number, "pep508", found.name, text, hashed)) or text


_COMMENT = re.compile(r"(^|\s)#.*$", re.DOTALL)
_PIP_OPTION = re.compile(r"\s+--\w.*$", re.DOTALL)


def _walk_lines(path: str, content: str, visit: Visit) -> str:
    """A requirements or constraints file: one requirement a (continued) line."""
    out: list[str] = []
    lines = content.splitlines(keepends=True)
    number = 0
    while number < len(lines):
        start = number
        while lines[number].rstrip("\r\n").endswith("\\") and number + 1 < len(lines):
            number += 1
        number += 1
        whole = "".join(lines[start:number])
        out.append(_requirement_line(path, start + 1, whole, visit))
    return "".join(out)


def _requirement_line(path: str, number: int, whole: str, visit: Visit) -> str:
    if whole.lstrip().startswith(("#", "-")):
        return whole
    found = _COMMENT.search(whole.splitlines()[0]) if whole.strip() else None
    body = whole.splitlines()[0][: found.start()] if found else whole.rstrip("\r\n")
    hashed = "--hash" in whole
    text = _PIP_OPTION.sub("", body.replace("\\\r\n", "").split("\\\n")[0]).rstrip(" \t\\\r\n")
    if not text.strip():
        return whole
    return _pep508(path, number, text, visit, hashed) + whole[len(text) :]


_YAML_ITEM = re.compile(r"^(\s*-\s*[\"']?)([^\"'#\n]+?)([\"']?\s*(?:#.*)?)$")
_CONDA = re.compile(r"^([\w.-]+)\s*=\s*(\d[\w.]*)$")


def _walk_environment(path: str, content: str, visit: Visit) -> str:
    """A conda environment: `name=1.2` of conda itself, `name==1.2` of its pip part."""
    out = []
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        body = line.rstrip("\r\n")
        found = _YAML_ITEM.match(body)
        if not found:
            out.append(line)
            continue
        item = found[2]
        if conda := _CONDA.match(item):
            name = str(canonicalize_name(conda[1]))
            new = visit(Entry(path, number, "poetry", name, conda[2]))
            item = item[: conda.start(2)] + (new or conda[2])
        else:
            item = _pep508(path, number, item, visit)
        out.append(found[1] + item + found[3] + line[len(body) :])
    return "".join(out)


_INI_KEYS = {"install_requires", "setup_requires", "tests_require", "deps", "requires"}
_INI_PREFIX = re.compile(r"^(\s*(?:[\w{},.!-]+\s*:\s+)?)(.*?)(\s*)$")


def _walk_ini(path: str, content: str, visit: Visit) -> str:
    """setup.cfg and tox.ini: the lists of requirements in them, line by line."""
    out, section, wanted = [], "", False
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        body = line.rstrip("\r\n")
        start = 0
        if header := re.match(r"\[([^\]]+)\]", body):
            section, wanted = header[1].strip(), False
        elif key := re.match(r"([\w.-]+)\s*[=:]\s*", body):
            extras = section == "options.extras_require"
            wanted, start = key[1].lower() in _INI_KEYS or extras, key.end()
        elif body.strip() and not body[:1].isspace() and not body.startswith(("#", ";")):
            wanted = False
        if wanted and not body.lstrip().startswith(("#", ";", "-", "[")):
            comment = _COMMENT.search(body, start)
            end = comment.start() if comment else len(body)
            parts = _INI_PREFIX.match(body[start:end])
            if parts and parts[2]:
                new = _pep508(path, number, parts[2], visit)
                body_new = body[:start] + parts[1] + new + parts[3] + body[end:]
                out.append(body_new + line[len(body) :])
                continue
        out.append(line)
    return "".join(out)


def _walk_python(path: str, content: str, visit: Visit) -> str:
    """setup.py and noxfile.py: string literals that are requirements."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{path} is not Python: {type(error).__name__}") from error
    lines = content.encode().split(b"\n")  # as Python counts lines; columns are in bytes
    strings = [
        (node, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    # From the end, so that the places before stay right.
    for node, value in sorted(strings, key=lambda s: (-s[0].lineno, -s[0].col_offset)):
        if node.lineno != node.end_lineno or len(value) > 300:
            continue
        if (found := declared(value)) is None or not (found.spec or found.direct):
            continue  # a bare word in Python is seldom a requirement
        new = _pep508(path, node.lineno, value, visit)
        line = lines[node.lineno - 1]
        literal = line[node.col_offset : node.end_col_offset]
        if new != value and literal.count(value.encode()) == 1:
            literal = literal.replace(value.encode(), new.encode())
            lines[node.lineno - 1] = line[: node.col_offset] + literal + line[node.end_col_offset :]
    return b"\n".join(lines).decode()


_LISTS = re.compile(r"(^|-)(dependencies|requires|deps|constraints|require)$")
_GROUPS = {"optional-dependencies", "dependency-groups", "extras", "dev-dependencies"}


def _lists(node: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """The requirement strings of a TOML document, in lists that hold requirements."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _lists(value, (*keys, key))
    elif isinstance(node, list) and (
        _LISTS.search(keys[-1]) or any(key in _GROUPS for key in keys)
    ):
        yield from (item for item in node if isinstance(item, str))


def _table(node: Any, *keys: str) -> Any:
    """The table at a place of a document; an empty one where there is something else."""
    for key in keys:
        node = node.get(key, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def _poetry_tables(document: Any, path: str) -> Iterator[Any]:
    """Tables of `name = constraint`."""
    if PurePosixPath(path).name == "Pipfile":
        for key in document:
            if key not in {"source", "requires", "pipenv", "scripts"}:
                yield _table(document, key)
        return
    poetry = _table(document, "tool", "poetry")
    yield _table(poetry, "dependencies")
    yield _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group"):
        yield _table(poetry, "group", group, "dependencies")


def _walk_toml(path: str, content: str, visit: Visit) -> str:
    """pyproject.toml and Pipfile: lists of PEP 508 texts, and Poetry's and Pipenv's tables."""
    try:
        plain = tomllib.loads(content)
        content = _toml_lists(path, content, plain, visit)
        document = tomlkit.parse(content)
    except (tomllib.TOMLDecodeError, tomlkit.exceptions.TOMLKitError, RecursionError) as error:
        raise Unreadable(f"{path} is not TOML: {error}") from error
    changed = False
    for table in _poetry_tables(document, path):
        for key, value in list(table.items()):
            if str(key).lower() == "python":
                continue
            changed |= _table_entry(path, content, table, str(key), value, visit)
    return tomlkit.dumps(document) if changed else content


def _table_entry(path: str, content: str, table: Any, key: str, value: Any, visit: Visit) -> bool:
    owner, slot = (value, "version") if isinstance(value, dict) else (table, key)
    old = owner.get(slot)
    if not isinstance(old, str):
        return False
    line = next(
        (
            n
            for n, text in enumerate(content.splitlines(), 1)
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", text)
        ),
        1,
    )
    new = visit(Entry(path, line, "poetry", str(canonicalize_name(key)), str(old)))
    if not new or new == old:
        return False
    literal = isinstance(old, tomlkit.items.String) and old.as_string().startswith("'")
    owner[slot] = tomlkit.string(new, literal=literal)
    return True


def _toml_lists(path: str, content: str, plain: dict[str, Any], visit: Visit) -> str:
    for text in dict.fromkeys(_lists(plain, ())):
        if declared(text) is None:
            continue
        quoted = re.compile(rf"(?P<q>[\"']){re.escape(text)}(?P=q)")
        escaped = re.compile(re.escape(f'"{text.replace(chr(34), chr(92) + chr(34))}"'))
        place = quoted.search(content) or escaped.search(content)
        if not place:
            continue
        line = content.count("\n", 0, place.start()) + 1
        new = _pep508(path, line, text, visit)
        if new != text:
            mark = place[0][0]
            old, fresh = place[0][1:-1], new
            if old != text:
                fresh = new.replace('"', '\\"')
            content = content.replace(f"{mark}{old}{mark}", f"{mark}{fresh}{mark}")
    return content


_NPM_TABLE = re.compile(
    r"\"(?:dependencies|devDependencies|optionalDependencies)\"\s*:\s*\{([^{}]*)\}"
)
_NPM_ENTRY = re.compile(r"\"([^\"\\]+)\"(\s*:\s*)\"([^\"\\]*)\"")


def _walk_npm(path: str, content: str, visit: Visit) -> str:
    """package.json: the exact, caret and tilde constraints of its dependency tables."""

    def table(found: re.Match[str]) -> str:
        base = found.start(1)

        def entry(pair: re.Match[str]) -> str:
            line = content.count("\n", 0, base + pair.start()) + 1
            new = visit(Entry(path, line, "npm", str(canonicalize_name(pair[1])), pair[3]))
            return f'"{pair[1]}"{pair[2]}"{new or pair[3]}"'

        inside = _NPM_ENTRY.sub(entry, found[1])
        return found[0].replace(found[1], inside) if found[1] else found[0]

    return _NPM_TABLE.sub(table, content)


def _walk_other(path: str, content: str, visit: Visit) -> str:
    """Manifests of other languages: plain versions and the operators before them."""
    return other_manifests.walk(
        path,
        content,
        lambda line, name, text: visit(Entry(path, line, "poetry", name, text)),
    )


def _walk_workflow(path: str, content: str, visit: Visit) -> str:
    """A workflow of GitHub Actions: the versions of the actions that it uses."""
    return uses(
        content,
        lambda line, name, version, by_commit: visit(
            Entry(path, line, "action", str(canonicalize_name(name)), version, hashed=by_commit)
        ),
    )
