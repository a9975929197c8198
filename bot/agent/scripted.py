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

The most specific answer wins (task and attempt, then task, then attempt, then neither); among
equals the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.agent.errors import Kind, ModelError
from bot.agent.schemas import PURPOSES


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    output: dict[str, Any]
    task: str | None = None
    attempt: int | None = Field(default=None, ge=1)

    @field_validator("purpose")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in PURPOSES:
            raise ValueError(f"unknown purpose {value!r}; one of {', '.join(PURPOSES)}")
        return value


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: tuple[_Answer, ...]


class Script:
    """The answers of one file."""

    def __init__(self, answers: tuple[_Answer, ...], source: Path) -> None:
        self._answers = answers
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
            return cls(_File.model_validate(data).answers, path)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            line = _line(node, first["loc"])
            message = f"{path}:{line}: {where}: {first['msg']}"
            raise ModelError(Kind.CONFIGURATION, message) from error

    def answer(self, purpose: str, task: str, attempt: int) -> dict[str, Any]:
        """The output written for this call; `ModelError(no_answer)` if there is none."""
        fitting = [
            a
            for a in self._answers
            if a.purpose == purpose and a.task in (None, task) and a.attempt in (None, attempt)
        ]
        if not fitting:
            wanted = f"{purpose}, task {task or '-'}, attempt {attempt}"
            raise ModelError(Kind.NO_ANSWER, f"{self._source} has no answer for {wanted}")
        best = max(fitting, key=lambda a: (a.task is not None, a.attempt is not None))
        return best.output


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
