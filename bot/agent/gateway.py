"""The one way to a model: a purpose and a package in, a checked answer and its cost out.

Promises: what `call` gives fits the schema, what `turn` gives is a `Said`, whatever the model made
of it; every token spent is in the usage, also that of a first answer that was refused; failures are
`ModelError` and nothing else. Never retries what failed on the wire (the engine decides that from
the journal) and never keeps anything between calls but what is cheaper not to compute again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.agent import providers
from bot.agent.errors import Kind, ModelError
from bot.agent.messages import History, Said, ToolSpec
from bot.agent.outgoing import Outgoing
from bot.agent.prompts import version
from bot.agent.scripted import Script
from bot.story.vocabulary import Usage, digest

SCRIPTED = "scripted"


@dataclass(frozen=True)
class Reply:
    """A checked answer. `provider` is `scripted` where no model was asked."""

    output: BaseModel
    usage: Usage
    model: str
    provider: str
    prompt_version: str
    seconds: float


@dataclass(frozen=True)
class Turn:
    """What a model said next in a conversation; the rest as in `Reply`."""

    said: Said
    usage: Usage
    model: str
    provider: str
    prompt_version: str
    seconds: float


class Gateway:
    """Calls to the model that `model` names (M1).

    `model` is `scripted:FILE.yaml`, `anthropic:NAME`, `openai:NAME` or
    `openai-compatible:NAME@URL`. Keys come from ANTHROPIC_API_KEY, OPENAI_API_KEY and
    OPENAI_COMPATIBLE_API_KEY, addresses of the first two from the variables of their libraries
    (ANTHROPIC_BASE_URL, OPENAI_BASE_URL). Raises `ModelError(configuration)` for anything else.
    """

    def __init__(
        self,
        model: str,
        *,
        timeout: float = 300.0,
        output_limit: int = 16_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._timeout = timeout
        self._limit = output_limit
        self._clock = clock
        self._last: tuple[str, Outgoing] | None = None
        self._script: Script | None = None
        self._target: providers.Target | None = None
        if model.startswith(f"{SCRIPTED}:"):
            self._script = Script.load(Path(model.removeprefix(f"{SCRIPTED}:")))
        else:
            self._target = providers.parse(model)

    @property
    def provider(self) -> str:
        """`scripted`, `anthropic`, `openai` or `openai-compatible`."""
        return self._target.provider if self._target else SCRIPTED

    def call(
        self, purpose: str, package: dict[str, Any], schema: type[BaseModel], attempt: int = 1
    ) -> Reply:
        """One bounded step (idea 4). `package`: see `bot.agent.prompts`; raises `ModelError`."""
        began = self._clock()
        if self._script is not None:
            name = _task(package)
            data = self._script.answer(purpose, name, attempt)
            output, problem = _check(schema, data)
            if output is None:
                raise ModelError(Kind.INVALID_OUTPUT, f"{self.model}, {purpose} {name}: {problem}")
            # The script costs nothing: that price is known.
            used, label, model = Usage(cost_usd=0.0), version(purpose), self.model
        else:
            outgoing = self._outgoing(purpose, package)
            output, model, used = self._valid(outgoing, schema)
            label = outgoing.prompt.version
        return Reply(output, used, model, self.provider, label, self._clock() - began)

    def turn(
        self,
        purpose: str,
        package: dict[str, Any],
        history: History,
        tools: tuple[ToolSpec, ...],
        *,
        attempt: int = 1,
    ) -> Turn:
        """What the model says after `history`, with `tools` to call; raises `ModelError`.

        The prompt made of `purpose` and `package` is the same in all turns of a conversation.
        Unknown tools and arguments that are no JSON object are in the answer as they came: the
        conversation goes on with an error result.
        """
        began = self._clock()
        if self._script is not None:
            said = self._script.said(purpose, _task(package), attempt, history, tools)
            used, label, model = Usage(cost_usd=0.0), version(purpose), self.model
        else:
            outgoing = self._outgoing(purpose, package)
            answer = self._request(outgoing, history=outgoing.history(history), tools=tools)
            said = outgoing.back(answer.said, history)
            used, label, model = answer.usage, outgoing.prompt.version, answer.model
        return Turn(said, used, model, self.provider, label, self._clock() - began)

    def _outgoing(self, purpose: str, package: dict[str, Any]) -> Outgoing:
        """The same one while the conversation is the same."""
        key = digest([purpose, package])
        if self._last is None or self._last[0] != key:
            self._last = (key, Outgoing(purpose, package))
        return self._last[1]

    def _request(self, outgoing: Outgoing, **more: Any) -> providers.RawAnswer:
        if self._target is None:
            raise ModelError(Kind.CONFIGURATION, "a scripted provider cannot be asked")
        prompt = outgoing.prompt
        asked = providers.Request(
            prompt.system, prompt.user, conversation=digest([prompt.system, prompt.user]), **more
        )
        return providers.request(self._target, asked, timeout=self._timeout, limit=self._limit)

    def _valid(self, outgoing: Outgoing, schema: type[BaseModel]) -> tuple[BaseModel, str, Usage]:
        """The first answer that fits; one more request says what was wrong with the first (M5)."""
        wanted, note, problem = schema.model_json_schema(), "", ""
        spent: list[Usage] = []
        try:
            for _ in range(2):
                answer = self._request(outgoing, output=wanted, note=note)
                spent.append(answer.usage)
                output, problem = _check(schema, outgoing.restored(self._arguments(answer.said)))
                if output is not None:
                    return output, answer.model, _total(spent)
                note = (
                    "Your last answer could not be used: "
                    f"{outgoing.hide(problem)}\n"
                    f"Answer again through the tool `{providers.OUTPUT_TOOL}`."
                )
        except ModelError as error:
            error.usage = _total(spent) if spent else None
            raise
        failed = ModelError(Kind.INVALID_OUTPUT, f"{self.model}, twice: {problem}")
        failed.usage = _total(spent)
        raise failed

    def _arguments(self, said: Said) -> Any:
        """What the output tool was called with, or a text that is the same; None if neither."""
        if said.finish == "refused":
            raise ModelError(Kind.REFUSED, f"{self.model} refused to answer")
        if said.finish == "length":
            raise ModelError(Kind.CUT_OFF, f"{self.model} reached {self._limit} output tokens")
        calls = [call for call in said.calls if call.name == providers.OUTPUT_TOOL]
        if calls and calls[0].arguments is not None:
            return calls[0].arguments
        return _json(calls[0].raw if calls else said.text)


def _task(package: dict[str, Any]) -> str:
    task = package.get("task") or {}
    return str(task.get("id", "")) if isinstance(task, dict) else str(task)


def _json(text: str) -> Any:
    """The JSON that a text is, fenced or not; None if it is none."""
    text = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _check(schema: type[BaseModel], data: Any) -> tuple[BaseModel | None, str]:
    """The validated answer, or None and what is wrong (places and rules, no values)."""
    if not isinstance(data, dict):
        return None, "not a JSON object through the output tool"
    try:
        return schema.model_validate(data), ""
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_input=False)[:8]
        ]
        return None, "; ".join(wrong)


def _total(parts: list[Usage]) -> Usage:
    """The sum; a cost is known only if each part's is."""
    costs = [part.cost_usd for part in parts]
    known = [cost for cost in costs if cost is not None]
    return Usage(
        input_tokens=sum(p.input_tokens for p in parts),
        cache_read_tokens=sum(p.cache_read_tokens for p in parts),
        cache_write_tokens=sum(p.cache_write_tokens for p in parts),
        output_tokens=sum(p.output_tokens for p in parts),
        cost_usd=sum(known) if len(known) == len(costs) else None,
    )
