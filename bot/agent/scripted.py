"""The scripted provider: answers that were written beforehand, from one YAML file.

Promises: the same purpose, task and attempt get the same answer; what is missing or malformed is
a `ModelError` that names the place. Never reaches a network and never pretends to be a model:
its replies carry the provider `scripted`.

The file::

    answers:
      - purpose: analyze            # analyze | plan | test | code | review | repair
        output: {...}               # as the schema of the purpose says
      - purpose: code
        task: T1                    # optional: only for this task of the plan
        attempt: 1                  # optional: only for this attempt
        output:
          subject: "feat: …"
          edits: [...]

    turns:
      - purpose: code
        task: T1                    # task and attempt as above
        say:                        # one entry a turn of the conversation
          - calls:
              - {tool: view, arguments: {path: src/a.py}}
          - text: "That was the cause."
            calls:
              - {tool: finish, raw: '{"cut off'}    # not JSON, as models do
            finish: length          # stop (the default) | length | refused

The most specific answer wins (task and attempt, then task, then attempt, then neither); among
equals the first. A conversation without turns of its own is answered with the edits of `answers`,
as calls of the tools that make them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.agent.errors import Kind, ModelError
from bot.agent.messages import History, Said, ToolCall, ToolSpec
from bot.agent.providers import OUTPUT_TOOL, RawAnswer, Request
from bot.agent.schemas import PURPOSES
from bot.story.vocabulary import Usage


class _Place(BaseModel):
    """Which calls an entry is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    task: str | None = None
    attempt: int | None = Field(default=None, ge=1)

    @field_validator("purpose")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in PURPOSES:
            raise ValueError(f"unknown purpose {value!r}; one of {', '.join(PURPOSES)}")
        return value


class _Answer(_Place):
    output: dict[str, Any]


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str
    arguments: dict[str, Any] = {}
    raw: str | None = None


class _Say(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = ""
    calls: tuple[_Call, ...] = ()
    finish: Literal["stop", "length", "refused"] = "stop"


class _Turns(_Place):
    say: tuple[_Say, ...] = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: tuple[_Answer, ...] = ()
    turns: tuple[_Turns, ...] = ()


_P = TypeVar("_P", bound=_Place)


class Script:
    """The answers of one file."""

    provider = "scripted"
    room = None

    def __init__(self, file: _File, source: Path) -> None:
        self.model = f"scripted:{source}"
        self._file = file
        self._source = source

    @classmethod
    def load(cls, path: Path) -> Script:
        """Read and check a script; `ModelError(configuration)` names the line that is wrong."""
        try:
            text = path.read_text(encoding="utf-8")
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            data = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(Kind.CONFIGURATION, f"cannot read the script {path}") from error
        except (yaml.YAMLError, RecursionError) as error:
            raise ModelError(Kind.CONFIGURATION, f"{path} is not YAML: {error}") from error
        try:
            return cls(_File.model_validate(data), path)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            line = _line(node, first["loc"])
            message = f"{path}:{line}: {where}: {first['msg']}"
            raise ModelError(Kind.CONFIGURATION, message) from error

    def ask(self, asked: Request) -> RawAnswer:
        """What is written for the request; `ModelError(no_answer)` if nothing is."""
        if asked.output is None:
            said = self.said(asked.purpose, asked.task, asked.attempt, asked.history, asked.tools)
        else:
            output = self.answer(asked.purpose, asked.task, asked.attempt)
            said = Said(calls=(ToolCall(id="scripted", name=OUTPUT_TOOL, arguments=output),))
        # The script costs nothing: that price is known.
        return RawAnswer(said, self.model, Usage(cost_usd=0.0))

    def answer(self, purpose: str, task: str, attempt: int) -> dict[str, Any]:
        """The output written for this call; `ModelError(no_answer)` if there is none."""
        best = _best(self._file.answers, purpose, task, attempt)
        if best is None:
            raise self._missing(purpose, task, attempt)
        return best.output

    def said(
        self, purpose: str, task: str, attempt: int, history: History, tools: tuple[ToolSpec, ...]
    ) -> Said:
        """What is written for the turn after `history`; `ModelError(no_answer)` if nothing is."""
        turn = len(history)
        best = _best(self._file.turns, purpose, task, attempt)
        if best is not None:
            if turn >= len(best.say):
                raise self._missing(purpose, task, attempt, turn)
            said = best.say[turn]
            calls = tuple(_call(turn, n, one) for n, one in enumerate(said.calls))
            return Said(text=said.text, calls=calls, finish=said.finish)
        edits = _best(self._file.answers, purpose, task, attempt)
        if edits is None or turn:
            raise self._missing(purpose, task, attempt, turn)
        made = [_Call(tool=name, arguments=given) for name, given in _edit_calls(edits.output)]
        if unknown := {one.tool for one in made} - {tool.name for tool in tools}:
            names = ", ".join(sorted(unknown))
            raise ModelError(Kind.NO_ANSWER, f"{self._source}: edits need the tools {names}")
        return Said(calls=tuple(_call(turn, n, one) for n, one in enumerate(made)))

    def _missing(self, purpose: str, task: str, attempt: int, turn: int = 0) -> ModelError:
        wanted = f"{purpose}, task {task or '-'}, attempt {attempt}"
        wanted += f", turn {turn + 1}" if turn else ""
        return ModelError(Kind.NO_ANSWER, f"{self._source} has no answer for {wanted}")


def _best(entries: tuple[_P, ...], purpose: str, task: str, attempt: int) -> _P | None:
    fitting = [
        a
        for a in entries
        if a.purpose == purpose and a.task in (None, task) and a.attempt in (None, attempt)
    ]
    return max(fitting, key=lambda a: (a.task is not None, a.attempt is not None), default=None)


def _call(turn: int, number: int, call: _Call) -> ToolCall:
    name = f"scripted-{turn + 1}-{number + 1}"
    if call.raw is not None:
        return ToolCall(id=name, name=call.tool, arguments=None, raw=call.raw)
    return ToolCall(id=name, name=call.tool, arguments=call.arguments)


def _edit_calls(output: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Edits (see `bot.agent.schemas.Edits`) as calls of the tools that make them, and the end."""
    made: list[tuple[str, dict[str, Any]]] = []
    for edit in output.get("edits") or ():
        path = edit.get("path")
        if edit.get("kind") == "replace":
            change = {"path": path, "old": edit.get("search"), "new": edit.get("replace")}
            made.append(("str_replace", change))
        elif edit.get("kind") == "delete":
            made.append(("delete", {"path": path}))
        else:
            whole = {"path": path, "content": edit.get("content"), "overwrite": True}
            made.append(("create", whole))
    end = {"subject": output.get("subject", ""), "outcome": "changed", "evidence": ""}
    return [*made, ("finish", end)]


def _line(node: yaml.Node | None, place: tuple[int | str, ...]) -> int:
    """The 1-based line of the deepest part of `place` that exists in the document."""
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == part]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
