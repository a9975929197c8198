"""Reads `.github/towpath.yml`: a `RepositoryConfig`, or all that is wrong and where.

Promises: accepts exactly what the published JSON Schema accepts; an unknown key is an error that
names the nearest known one. Pure. Never: fills in for a file that is wrong.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bot.configuration import yaml_tree
from bot.configuration.patterns import checked
from bot.configuration.problems import Problem, Unreadable
from bot.configuration.schema import LABEL_PATTERN, RepositoryConfig
from bot.configuration.section import PATH_PATTERN, TEAM_PATTERN
from bot.configuration.yaml_tree import MOST_BYTES

__all__ = ["MOST_BYTES", "read", "read_as"]

Model = TypeVar("Model", bound=BaseModel)
_EXACT = 2**53  # above, a float is no whole number any more


def read(text: bytes | str, path: str = ".github/towpath.yml") -> RepositoryConfig:
    """The configuration of a file's text. Raises `Unreadable`."""
    return read_as(RepositoryConfig, text, path)


def read_as(model: type[Model], text: bytes | str, path: str) -> Model:
    """The text as a `model`, strictly; an empty file says nothing. Raises `Unreadable`."""
    tree = yaml_tree.read(text, path)
    value = {} if tree.value is None else tree.value
    if not isinstance(value, dict):
        found = _kind(value)
        raise Unreadable((_at(tree, path, (), f"expected keys with values, found {found}"),))
    return _validated(model, value, tree, path)


def _validated(model: type[Model], value: Any, tree: yaml_tree.Tree, path: str) -> Model:
    try:
        return model.model_validate_json(json.dumps(_whole(value)), strict=True)
    except ValidationError as error:
        problems = [_problem(one, model, value, tree, path) for one in error.errors()]
        raise Unreadable(tuple(sorted(problems, key=lambda p: (p.line, p.column)))) from None


def _whole(value: Any) -> Any:
    """2.0 is 2, as JSON Schema has it."""
    match value:
        case dict():
            return {key: _whole(one) for key, one in value.items()}
        case list():
            return [_whole(one) for one in value]
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
    return value


def _problem(
    error: Any, model: type[BaseModel], value: Any, tree: yaml_tree.Tree, path: str
) -> Problem:
    where: yaml_tree.Path = tuple(error["loc"])
    unknown = error["type"] == "extra_forbidden"
    message = (
        _unknown(where, model, _kind_of_parent(value, where))
        if unknown
        else _expected(error, _found(value, where))
    )
    return _at(tree, path, where, message, of_key=unknown)


def _at(
    tree: yaml_tree.Tree, path: str, where: yaml_tree.Path, message: str, of_key: bool = False
) -> Problem:
    line, column = tree.place(where, of_key)
    key = ".".join(str(part) for part in where)[:200]
    return Problem(path=path, line=line, column=column, message=message, key=key)


def _unknown(where: yaml_tree.Path, model: type[BaseModel], siblings: Sequence[str]) -> str:
    name = str(where[-1])
    known = [*_model_at(model, where[:-1]).model_fields]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, 1, 0.6)
    shown = repr(name[:60])
    if near:
        return f"there is no {shown}; did you mean {near[0]!r}?"
    elsewhere = _elsewhere(name, model)
    if elsewhere:
        return f"there is no {shown} here; did you mean {elsewhere!r}?"
    return f"there is no {shown}; known here: {', '.join(known)}"


def _elsewhere(name: str, model: type[BaseModel], before: str = "") -> str:
    """The dotted place of a key of this very name in another section; '' where there is none."""
    for field, info in model.model_fields.items():
        if before and field == name:
            return before + field
        for inner in _models_in(info.annotation):
            if found := _elsewhere(name, inner, f"{before}{field}."):
                return found
    return ""


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    found = [annotation, *get_args(annotation)]
    return [one for one in found if isinstance(one, type) and issubclass(one, BaseModel)]


def _model_at(model: type[BaseModel], where: yaml_tree.Path) -> type[BaseModel]:
    for part in where:
        if isinstance(part, int):  # an entry of a list, which is what the list is of
            continue
        info = model.model_fields.get(str(part))
        inner = _models_in(info.annotation) if info else []
        if not inner:
            return model
        model = inner[0]
    return model


def _kind_of_parent(value: Any, where: yaml_tree.Path) -> list[str]:
    parent = _found(value, where[:-1])
    return [*parent] if isinstance(parent, Mapping) else []


def _found(value: Any, where: yaml_tree.Path) -> Any:
    for part in where:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


_PLAIN = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "keys with values",
    "dict_type": "keys with values",
}


def _expected(error: Any, found: Any) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    saw = _kind(found)
    match kind:
        case "literal_error":
            return f"expected {context['expected']}, found {saw}"
        case "greater_than_equal":
            return f"expected at least {context['ge']}, found {saw}"
        case "greater_than":
            return f"expected more than {context['gt']}, found {saw}"
        case "less_than_equal":
            return f"expected at most {context['le']}, found {saw}"
        case "too_long":
            return f"expected at most {context['max_length']} entries"
        case "string_too_long":
            return f"expected at most {context['max_length']} characters"
        case "string_pattern_mismatch":
            return f"{_form(context['pattern'], found)}, found {saw}"
        case "value_error":
            return f"expected {context['error']}, found {saw}"
        case _ if kind in _PLAIN:
            return f"expected {_PLAIN[kind]}, found {saw}{_hint(kind, found)}"
    return f"{error['msg']}, found {saw}"[:300]


def _form(pattern: str, found: Any) -> str:
    """What a text has to look like."""
    if pattern == TEAM_PATTERN:
        return "expected a team as org/team"
    if pattern == LABEL_PATTERN:
        return "expected the name of a label (up to 50 characters, none of Towpath's own)"
    try:
        checked(str(found))
    except ValueError as error:
        if pattern == PATH_PATTERN:
            return f"expected {error}"
    return "not a text that is possible here"


def _hint(kind: str, found: Any) -> str:
    said = str(found).lower()
    if kind == "bool_type" and said in ("yes", "on", "y", "true"):
        return ": write true"
    if kind == "bool_type" and said in ("no", "off", "n", "false"):
        return ": write false"
    if kind == "tuple_type" and isinstance(found, str):
        return f": write [{found[:40]}]"
    return ""


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)[:30]
        case str():
            return repr(value[:60])
        case list():
            return "a list"
    return "keys with values"
