"""A `.github/towpath.yml` that explains itself, made from the schema: it cannot drift (B12).

Promises: every key that there is, with its description and its default, as a comment; only what is
`set` counts. Taking the `#` off the lines of keys gives a file that the reader takes, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.configuration.schema import RepositoryConfig


def commented(head: str, values: Mapping[str, Any]) -> str:
    """The file. `head`: what its first lines say; `values`: top-level keys that are set."""
    lines = [f"## {line}".rstrip() for line in head.splitlines()]
    for name, field in RepositoryConfig.model_fields.items():
        lines.append("")
        if name in values:
            lines += [f"## {field.description}", f"{name}: {_leaf(values[name])}"]
        else:
            lines += _field(name, field, "")
    return "\n".join(lines) + "\n"


def _field(name: str, field: FieldInfo, indent: str) -> Iterator[str]:
    yield f"{indent}## {field.description}"
    section = _section(field)
    if section is None:
        yield f"{indent}# {name}: {_leaf(_default(field))}"
        return
    yield f"{indent}# {name}:"
    for each, inner in section.model_fields.items():
        yield from _field(each, inner, f"{indent}  ")


def _section(field: FieldInfo) -> type[BaseModel] | None:
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            holds_one = kind is field.annotation or type(None) in get_args(field.annotation)
            return kind if holds_one else None
    return None


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple | frozenset | set) else value


def _leaf(value: Any) -> str:
    """JSON is YAML; plain words stay plain, but for those that YAML takes for something else."""
    if isinstance(value, str) and value.isidentifier() and value not in ("on", "off", "yes", "no"):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
