"""YAML as plain values with the place of each, read strictly and in bounded time.

Promises: YAML 1.2's scalars (`on` and `yes` are texts), one document, no tags, no merge keys, no
key twice; size, depth and what aliases grow to are bounded. Raises `Unreadable`.
Never: makes anything but None, bool, int, float, str, list and dict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.configuration.problems import Problem, Unreadable

MOST_BYTES = 64 * 1024
_MOST_NODES = 20_000  # with aliases written out
_MOST_DEPTH = 20
Path = tuple[str | int, ...]


@dataclass
class Tree:
    """`value`: the document. `keys`, `values`: line and column (from 1) by the path to them."""

    value: Any = None
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: Path, of_key: bool = False) -> tuple[int, int]:
        """Where `path` is, or the nearest thing around it."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, (1, 1))


class _Loader(yaml.SafeLoader):
    """Composes nodes; resolves plain scalars by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {_MOST_DEPTH} deep", problem_mark=mark
            )
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _compiled = re.compile(rf"^(?:{_pattern})\Z")
    _letters: list[str | None] = [*_first] if _tag != "null" else [*_first, ""]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _compiled, _letters)


def read(text: bytes | str, path: str) -> Tree:
    """The tree of a file's text. Raises `Unreadable`."""
    return _Reading(path).tree(text)


class _Reading:
    def __init__(self, path: str) -> None:
        self._path, self._nodes, self._tree = path, 0, Tree()
        self._problems: list[Problem] = []

    def tree(self, text: bytes | str) -> Tree:
        loader = None
        try:
            loader = _Loader(self._decoded(text))
            root = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise self._stop(_said(error), *place) from None
        except yaml.reader.ReaderError as error:
            raise self._stop(
                f"a character that YAML does not allow: {_shown(error.character)}",
                *_line_of(text, error.position),
            ) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise self._stop(f"not YAML ({type(error).__name__})") from None
        finally:
            if loader is not None:
                loader.dispose()
        if root is not None:
            self._tree.value = self._build(root, (), ())
        if self._problems:
            raise Unreadable(tuple(self._problems))
        return self._tree

    def _decoded(self, text: bytes | str) -> str:
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if len(raw) > MOST_BYTES:
            raise self._stop(f"{len(raw)} bytes; {MOST_BYTES} are the most that is read")
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise self._stop("not UTF-8", line) from None

    def _stop(self, message: str, line: int = 1, column: int = 1) -> Unreadable:
        return Unreadable((self._problem(message, line, column),))

    def _problem(self, message: str, line: int, column: int, path: Path = ()) -> Problem:
        key = ".".join(map(str, path))
        return Problem(path=self._path, line=line, column=column, message=message, key=key[:200])

    def _build(self, node: Any, path: Path, above: tuple[int, ...]) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(above) > _MOST_DEPTH:
            raise self._stop("more than fits: aliases (*) grow too large here", *place)
        if id(node) in above:
            raise self._stop("an alias (*) that contains itself", *place)
        self._tree.values[path] = place
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, place, path)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                inner = (*above, id(node))
                return [self._build(one, (*path, n), inner) for n, one in enumerate(node.value)]
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, path, (*above, id(node)))
        self._problems.append(self._problem(f"tags are not supported: {_short(node.tag)}", *place))
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path, above: tuple[int, ...]) -> dict:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problems.append(self._problem("a key has to be a word", *place))
                continue
            key = key_node.value
            if key == "<<" and key_node.style is None:
                message = "merge keys (<<) are not supported: write the keys out"
                self._problems.append(self._problem(message, *place, path))
                continue
            if key in built:
                first = self._tree.keys[*path, key][0]
                message = f"{_shown(key)} is here twice; the first is on line {first}"
                self._problems.append(self._problem(message, *place, (*path, key)))
                continue
            self._tree.keys[*path, key] = place
            built[key] = self._build(value_node, (*path, key), above)
        return built

    def _scalar(self, node: yaml.ScalarNode, place: tuple[int, int], path: Path) -> Any:
        text = node.value
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                if len(text) > 25:
                    self._problems.append(self._problem("a number too long", *place, path))
                    return 0
                base = {"0o": 8, "0x": 16}.get(text[:2], 10)
                return int(text[2:] if base != 10 else text, base)
            case "float":
                bare = text.lower()
                return float(bare.replace(".", "") if bare[-3:] in ("inf", "nan") else bare)
            case "str":
                return text
        self._problems.append(
            self._problem(f"tags are not supported: {_short(node.tag)}", *place, path)
        )
        return None


def _said(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not YAML"
    if "cannot start any token" in problem and "'\\t'" in problem:
        return "a tab: indent with spaces"
    if "expected a single document" in (error.context or ""):
        return "more than one document (---): keep one"
    return problem[:300]


def _line_of(text: bytes | str, position: int) -> tuple[int, int]:
    told = text if isinstance(text, str) else text.decode("utf-8-sig", "replace")
    before = told[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _short(tag: str) -> str:
    return repr(tag.replace("tag:yaml.org,2002:", "!!")[:60])


def _shown(text: Any) -> str:
    return repr(text if isinstance(text, int) else str(text)[:60])
