"""What a model may call while it works on a task, and with what arguments (T2).

Promises: one list of tools, in one order and to the letter the same for every task, so that
providers can keep it cached; arguments are checked on arrival, and what does not fit is told back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.agent.edits import LARGEST
from bot.agent.messages import ToolCall, ToolSpec
from bot.agent.schemas import shape

Path = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
Text = Annotated[str, StringConstraints(max_length=LARGEST)]
Words = Annotated[str, StringConstraints(max_length=4_000)]
PATH = "Relative to the root of the repository."


class Arguments(BaseModel):
    """Unknown fields are dropped; its docstring is the tool's description."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class View(Arguments):
    """Show a file, or some of its lines, with line numbers (which are not part of the file)."""

    path: Path = Field(description=PATH)
    start: int = Field(default=1, ge=1, description="First line, from 1.")
    end: int = Field(default=0, ge=0, description="Last line; 0: as many as fit.")


class Search(Arguments):
    """Find lines in the repository's files as they are now. Gives `path:line: text`."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=400)] = Field(
        description="What the line contains, to the letter."
    )
    regex: bool = Field(default=False, description="`text` is an extended regular expression.")
    path: Path = Field(default="", description="Only below this folder, or in this file.")


class List(Arguments):
    """List files and folders below a folder."""

    path: Path = Field(default="", description="A folder; default: the root.")


class Create(Arguments):
    """Write a new file, whole."""

    path: Path = Field(description=PATH)
    content: Text = Field(description="All of the file.")
    overwrite: bool = Field(default=False, description="Replace the file if it is there.")


class StrReplace(Arguments):
    """Replace a text that occurs exactly once in a file."""

    path: Path = Field(description=PATH)
    old: Text = Field(description="To the letter, with indentation, without line numbers.")
    new: Text = Field(description="What stands there instead; empty removes it.")


class Insert(Arguments):
    """Insert lines into a file."""

    path: Path = Field(description=PATH)
    line: int = Field(
        ge=-1, description="After this line; 0: at the beginning, -1: at the end of the file."
    )
    text: Text


class Delete(Arguments):
    """Delete a file."""

    path: Path = Field(description=PATH)


class Run(Arguments):
    """Run tests, or one command, on the files as they are now, in a sandbox without network.

    What a command writes is not kept: change files with the other tools.
    """

    tests: list[Annotated[str, StringConstraints(min_length=1, max_length=400)]] = Field(
        default=[], max_length=40, description="Test files or ids; empty, without command: all."
    )
    command: Words = Field(
        default="",
        description="A program with arguments (no shell), such as `python -c '...'`.",
    )


class Replied(Arguments):
    """What is said to one remark."""

    remark: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)]
    outcome: Literal["fixed", "answered", "declined"]
    text: Words


class Finish(Arguments):
    """End the task, after the other calls of the turn; not if one of them failed, or ran red.

    What counts is what the repository shows then.
    """

    outcome: Literal["changed", "no_change", "tests_wrong", "cannot"] = Field(
        description="changed: done. no_change: the task needs none. tests_wrong: a test "
        "contradicts the story; what was changed is kept. cannot: it cannot be done as planned."
    )
    subject: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field(
        default="", description="Conventional Commits subject of the change, imperative, <= 72."
    )
    evidence: Words = Field(
        default="", description="What shows it: tests that were run, places in the code."
    )
    replies: list[Replied] = Field(
        default=[], max_length=100, description="Only for a task with remarks: one for each."
    )


_TOOLS: dict[str, type[Arguments]] = {
    "view": View,
    "search": Search,
    "list": List,
    "create": Create,
    "str_replace": StrReplace,
    "insert": Insert,
    "delete": Delete,
    "run": Run,
    "finish": Finish,
}


def _spec(name: str, arguments: type[Arguments]) -> ToolSpec:
    schema = shape(arguments)
    schema.pop("description", None)
    description = " ".join((arguments.__doc__ or "").split())
    return ToolSpec(name=name, description=description, parameters=schema)


TOOLS: tuple[ToolSpec, ...] = tuple(_spec(name, kind) for name, kind in _TOOLS.items())


class BadCall(ValueError):
    """A call that is none of our tools', or whose arguments do not fit; told to the model."""


def arguments_of(call: ToolCall, others: Iterable[str] = ()) -> Arguments:
    """The checked arguments; BadCall. `others`: names of tools that are none of ours."""
    kind = _TOOLS.get(call.name)
    if kind is None:
        raise BadCall(
            f"there is no tool {call.name[:60]!r}; there are {', '.join((*_TOOLS, *others))}"
        )
    if call.arguments is None:
        raise BadCall("the arguments are not a JSON object, or were cut off: call it again, whole")
    try:
        return kind.model_validate(call.arguments)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)[:6]
        ]
        raise BadCall("; ".join(wrong)) from error
