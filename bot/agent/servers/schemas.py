"""A foreign JSON Schema as we use it: a small, finite part of it, built anew.

Promises: what comes out is bounded, without references, regular expressions and unknown keywords,
and texts in it hold no sign that a person cannot see; arguments that it refuses are said in short.
Never: fetches anything; passes a schema through that it did not build.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from bot.agent.untrusted import Secrets, visible

MOST = 12_000  # characters of a schema
_DEEP = 8
_NODES = 1_000
_PROPERTIES = 60
_CHOICES = 100
_TEXT = 400
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_EITHER = ("anyOf", "oneOf", "allOf")


class Unusable(ValueError):
    """A schema that cannot be shown to a model; the text is one word of a rule."""


def harmless(schema: Any) -> dict[str, Any]:
    """The schema of a tool's arguments, built anew. Raises Unusable."""
    if not isinstance(schema, dict):
        raise Unusable("schema")
    if "$ref" not in schema and schema.get("type") not in (None, "object"):
        raise Unusable("schema")
    made = _Building(schema).built(schema, 0)
    made["type"] = "object"
    made.setdefault("properties", {})
    if len(json.dumps(made)) > MOST:
        raise Unusable("schema_size")
    return made


def plain(text: Any, most: int) -> str:
    """A text of theirs in one line, cut, without hidden signs and what looks like a secret."""
    told = text if isinstance(text, str) else ""
    return " ".join(Secrets().hide(visible(told[: 4 * most])).split())[:most]


def faults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Why the arguments do not fit a schema of `harmless`; '' where they do."""
    try:
        found = list(Draft202012Validator(schema).iter_errors(arguments))[:6]
    except RecursionError:
        return "too deep"
    return "; ".join(_fault(one) for one in found)


def _fault(error: ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path))[:80] or "arguments"
    return f"{where}: {error.message[:160]}"


class _Building:
    """Builds a schema of bounded size: references may make much of little."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root, self._left = root, _NODES

    def built(self, one: Any, depth: int) -> dict[str, Any]:
        self._left -= 1
        if depth > _DEEP or self._left < 0:
            raise Unusable("schema_depth" if self._left >= 0 else "schema_size")
        if one is True or one == {}:
            return {}
        if not isinstance(one, dict):
            raise Unusable("schema")
        if "$ref" in one:
            beside = {key: told for key, told in one.items() if key != "$ref"}
            return self.built({**_referred(one["$ref"], self._root), **beside}, depth + 1)
        made: dict[str, Any] = {}
        if told := plain(one.get("description"), _TEXT):
            made["description"] = told
        _types(one, made)
        _values(one, made)
        for name in _EITHER:
            if isinstance(one.get(name), list) and one[name]:
                made[name] = [self.built(each, depth + 1) for each in _few(one[name])]
        self._inside(one, made, depth)
        return made

    def _inside(self, one: dict[str, Any], made: dict[str, Any], depth: int) -> None:
        inner = one.get("properties")
        if isinstance(inner, dict):
            names = list(inner)
            if len(names) > _PROPERTIES or not all(map(_a_name, names)):
                raise Unusable("schema_names")
            made["properties"] = {name: self.built(inner[name], depth + 1) for name in names}
        required = one.get("required")
        if isinstance(required, list):
            known = made.get("properties", {})
            if any(not isinstance(name, str) or name not in known for name in required):
                raise Unusable("schema_names")
            made["required"] = list(dict.fromkeys(required))
        if isinstance(one.get("items"), dict):
            made["items"] = self.built(one["items"], depth + 1)
        if isinstance(one.get("additionalProperties"), bool):
            made["additionalProperties"] = one["additionalProperties"]
        elif isinstance(one.get("additionalProperties"), dict):
            made["additionalProperties"] = self.built(one["additionalProperties"], depth + 1)


def _types(one: dict[str, Any], made: dict[str, Any]) -> None:
    told = one.get("type")
    types = told if isinstance(told, list) else [told]
    if told is not None:
        if not types or not all(isinstance(each, str) and each in _TYPES for each in types):
            raise Unusable("schema")
        made["type"] = sorted(set(types)) if isinstance(told, list) else told


def _values(one: dict[str, Any], made: dict[str, Any]) -> None:
    for name in (*_NUMBERS, *_COUNTS):
        bound = one.get(name)
        if type(bound) is int or (type(bound) is float and math.isfinite(bound)):
            made[name] = bound if name in _NUMBERS else max(0, int(bound))
    if isinstance(one.get("enum"), list) and one["enum"]:
        made["enum"] = [_value(each) for each in _few(one["enum"])]
    for name in ("const", "default"):
        if name in one:
            made[name] = _value(one[name])


def _value(told: Any) -> Any:
    """A constant: what would be shown otherwise than it is meant cannot be used."""
    if isinstance(told, str):
        if len(told) > _TEXT or visible(told) != told or Secrets().hide(told) != told:
            raise Unusable("schema_value")
        return told
    if told is None or isinstance(told, int) or (isinstance(told, float) and math.isfinite(told)):
        return told
    if told in ([], {}):
        return told
    raise Unusable("schema_value")


def _a_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 64 and name.isascii() and name.isprintable()


def _few(told: list[Any]) -> list[Any]:
    if len(told) > _CHOICES:
        raise Unusable("schema_size")
    return told


def _referred(name: Any, root: dict[str, Any]) -> dict[str, Any]:
    """What a reference within the schema names; one that leaves it is not followed."""
    kind, _, own = name.removeprefix("#/").partition("/") if isinstance(name, str) else ("", "", "")
    shelf = root.get(kind) if kind in ("$defs", "definitions") else None
    found = shelf.get(own) if isinstance(shelf, dict) else None
    if not isinstance(found, dict):
        raise Unusable("schema_reference")
    return found
