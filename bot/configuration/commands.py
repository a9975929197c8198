"""How the project is worked on, where its own files do not say it well enough."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from bot.configuration.section import Section

_MOST, _LONGEST = 20, 1_000
_Line = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST)]
_LINE = {"type": "string", "minLength": 1, "maxLength": _LONGEST}


def _several(value: Any) -> Any:
    """One command by itself is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Lines = Annotated[
    tuple[_Line, ...],
    Field(max_length=_MOST),
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [_LINE, {"type": "array", "items": _LINE, "maxItems": _MOST}]}),
]


class Commands(Section):
    """A command, or a list of them, for each purpose; () where the project's own files say it."""

    install: Lines = Field((), description="Installs what the project needs.")
    build: Lines = Field((), description="Builds it.")
    test: Lines = Field((), description="Runs its tests.")
    lint: Lines = Field((), description="Runs its linters.")
    format: Lines = Field((), description="Checks its format.")
    types: Lines = Field((), description="Checks its types.")
