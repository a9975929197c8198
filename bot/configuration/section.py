"""What every section of the configuration is: frozen, strict, and described.

Promises: what pydantic accepts is what the JSON Schema made of it accepts; a key that is not there
is an error. Never: reads a file or a setting.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from bot.configuration.patterns import checked

END = r"(?![\s\S])"  # the end of the text; Python's "$" would let a line feed pass
# What `checked` refuses, as JSON Schema can say it.
PATH_PATTERN = (
    r"^(?![\s\S]*[\u0000-\u001f\u007f\\])(?![!# ])(?![\s\S]* " + END + ")"
    r"(?!(?:[\s\S]*/)?\.\.(?:/|" + END + r"))(?!(?:[^*]*\*){9})[\s\S]+" + END
)


class Section(BaseModel):
    """A part of the configuration. Python's regular expressions: the schema's have look-aheads."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", regex_engine="python-re", allow_inf_nan=False
    )


Pattern = Annotated[
    str, StringConstraints(max_length=200, pattern=PATH_PATTERN), AfterValidator(checked)
]
"""A gitignore pattern without `!`: of paths from the root of the repository."""

TEAM_PATTERN = r"^@?[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_.-]{1,100}" + END
Team = Annotated[str, StringConstraints(pattern=TEAM_PATTERN, max_length=202)]
"""`org/team`, with or without an @ before it."""
