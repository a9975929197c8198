"""What is wrong with the environment, in words that never hold a value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

PREFIX = "TOWPATH_"
Fields = Mapping[str, FieldInfo]


@dataclass(frozen=True)
class SettingsProblem:
    """One wrong variable: its name, what it takes, and what to do next."""

    variable: str
    expected: str
    next: str


class SettingsError(ValueError):
    """The environment cannot be read as settings; `problems` holds one entry for each variable."""

    def __init__(self, problems: list[SettingsProblem]) -> None:
        self.problems = problems
        lines = [f"{one.variable}: {one.expected}. {one.next}" for one in problems]
        super().__init__("\n".join(lines))


def misspelt(variable: str, fields: Fields) -> SettingsProblem | None:
    """A variable that is nearly one of ours would be ignored in silence; say so instead."""
    field = variable.removeprefix(PREFIX).lower()
    if not variable.startswith(PREFIX) or field in fields:
        return None
    close = difflib.get_close_matches(field, fields, n=1, cutoff=0.8)
    if not close:
        return None
    meant = f"Did you mean {PREFIX}{close[0].upper()}?"
    return SettingsProblem(variable, "this is not a setting", meant)


def problem(error: Any, fields: Fields) -> SettingsProblem:
    """A validation error as a problem of a variable."""
    message = str(error["msg"]).removeprefix("Value error, ")
    variable = PREFIX + "_".join(str(part) for part in error["loc"]).upper()
    if not error["loc"]:  # a rule over several settings names its variable itself
        variable, _, message = message.partition(": ")
    field = fields.get(variable.removeprefix(PREFIX).lower())
    about = f" ({field.description})" if field is not None and field.description else ""
    return SettingsProblem(
        variable,
        message[:1].lower() + message[1:],
        f"Correct or unset it{about}",
    )
