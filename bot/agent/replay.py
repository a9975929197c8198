"""A recorded trace of requests and answers, and its replay without a provider (M1).

Promises: the same request gets the same answer, in the order of the recording where it was asked
more than once; a request that was not recorded is an error that names the first part of it that
differs; what looks like a secret is not written. The file has one JSON object a line::

    {"digest": …, "parts": {"system": …, "user": …, "tools": …, "output": …, "note": …,
     "history": [one digest an exchange]}, "purpose": …, "answer": {"said": …, "model": …,
     "usage": …}}            (or, for a call that failed, "error": {"kind": …, "message": …})

Never holds a prompt: of what was asked there are only digests.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.agent.errors import Kind, ModelError
from bot.agent.messages import Said
from bot.agent.providers import RawAnswer, Request
from bot.agent.untrusted import Secrets
from bot.story.vocabulary import Usage, digest

if TYPE_CHECKING:
    from bot.agent.sources import Source

_PARTS = ("system", "tools", "output", "user", "note")


def parts_of(asked: Request) -> dict[str, Any]:
    """The digests of a request, part by part. Reasoning is left out: it belongs to a provider."""
    return {
        "system": digest(asked.system),
        "tools": digest([tool.model_dump(mode="json") for tool in asked.tools]),
        "output": digest(asked.output),
        "user": digest(asked.user),
        "note": digest(asked.note),
        "history": [
            digest(e.model_dump(mode="json", exclude={"said": {"reasoning"}}))
            for e in asked.history
        ],
    }


class Replay:
    """A source that answers from a trace."""

    provider = "replay"
    room = None

    def __init__(self, entries: list[dict[str, Any]], path: Path) -> None:
        self.model = f"replay:{path}"
        self._path = path
        self._entries = entries
        self._answers: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(entries):
            self._answers[entry["digest"]].append(number)
        self._used: dict[str, int] = defaultdict(int)

    @classmethod
    def load(cls, path: Path) -> Replay:
        """Read a trace; `ModelError(configuration)` names the line that is wrong."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(Kind.CONFIGURATION, f"cannot read the trace {path}") from error
        entries = []
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                _answer(entry)
                entry["digest"], entry["parts"]["history"]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                message = f"{path}:{number}: not an entry of a trace"
                raise ModelError(Kind.CONFIGURATION, message) from error
            entries.append(entry)
        return cls(entries, path)

    def ask(self, asked: Request) -> RawAnswer:
        parts = parts_of(asked)
        name = digest(parts)
        known = self._answers.get(name)
        if not known:
            raise ModelError(Kind.NO_ANSWER, f"{self._path}: {self._difference(parts)}")
        entry = self._entries[known[min(self._used[name], len(known) - 1)]]
        self._used[name] += 1
        answer = _answer(entry)
        if isinstance(answer, ModelError):
            raise answer
        return answer

    def _difference(self, parts: dict[str, Any]) -> str:
        """What sets `parts` apart from the entry that shares the longest beginning with them."""
        best, reach = "the trace is empty", -1.0
        for number, entry in enumerate(self._entries, 1):
            same, where = _common(parts, entry["parts"])
            if same > reach:
                best, reach = f"nearest is line {number}; it first differs in {where}", same
        return f"this request was not recorded ({best})"


def _common(asked: dict[str, Any], recorded: dict[str, Any]) -> tuple[float, str]:
    for number, part in enumerate(_PARTS):
        if asked[part] != recorded.get(part):
            return number, part
    one, other = asked["history"], recorded["history"]
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return len(_PARTS) + number + 0.5, f"exchange {number + 1} of the history"
    least = min(len(one), len(other))
    return len(_PARTS) + least, f"the length of the history ({len(one)}, recorded {len(other)})"


def _answer(entry: dict[str, Any]) -> RawAnswer | ModelError:
    if "error" in entry:
        told = entry["error"]
        return ModelError(Kind(told["kind"]), told["message"], retry_after=told.get("retry_after"))
    answer = entry["answer"]
    try:
        said = Said.model_validate(answer["said"])
        return RawAnswer(said, str(answer["model"]), Usage.model_validate(answer["usage"]))
    except ValidationError as error:
        raise ValueError("not an answer") from error


class Recorded:
    """A source whose requests and answers are appended to a file."""

    def __init__(self, source: Source, path: Path) -> None:
        self._source, self._path = source, path
        self.model, self.provider, self.room = source.model, source.provider, source.room

    def ask(self, asked: Request) -> RawAnswer:
        try:
            answer = self._source.ask(asked)
        except ModelError as error:
            told = {"kind": error.kind, "message": error.message, "retry_after": error.retry_after}
            self._write(asked, {"error": told})
            raise
        said = answer.said.model_dump(mode="json", exclude={"reasoning"})
        usage = answer.usage.model_dump(mode="json")
        self._write(asked, {"answer": {"said": said, "model": answer.model, "usage": usage}})
        return answer

    def _write(self, asked: Request, outcome: dict[str, Any]) -> None:
        parts = parts_of(asked)
        entry = {"digest": digest(parts), "purpose": asked.purpose, "parts": parts, **outcome}
        line = json.dumps(_hidden(entry), sort_keys=True, ensure_ascii=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # One write to a file opened for appending: processes that record together do not mix.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return Secrets().hide(value)
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else value
