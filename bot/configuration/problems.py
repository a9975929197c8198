"""What is wrong with a configuration file, and where."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """One thing wrong. `line` and `column` from 1; `key`: where in the file, with dots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    line: int
    column: int
    message: str
    key: str = ""


class Unreadable(Exception):
    """A file that cannot be obeyed; `problems` says all that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{p.path}:{p.line}: {p.message}" for p in problems[:3]))
        self.problems = problems
