"""The one way to a model: a purpose and a package in, a checked answer and its cost out.

Promises: what comes back fits the schema; every token spent is in the usage, also that of a first
answer that was refused; failures are `ModelError` and nothing else. Never retries what failed on
the wire (the engine decides that from the journal) and never keeps anything between calls.
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
from bot.agent.prompts import Prompt, render, version
from bot.agent.scripted import Script
from bot.agent.untrusted import Secrets
from bot.story.vocabulary import Usage

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
            task = package.get("task") or {}
            name = task.get("id", "") if isinstance(task, dict) else str(task)
            data = self._script.answer(purpose, name, attempt)
            output, problem = _check(schema, data)
            if output is None:
                raise ModelError(Kind.INVALID_OUTPUT, f"{self.model}, {purpose} {name}: {problem}")
            # The script costs nothing: that price is known.
            return Reply(
                output,
                Usage(cost_usd=0.0),
                self.model,
                SCRIPTED,
                version(purpose),
                self._clock() - began,
            )
        return self._ask(purpose, package, schema, began)

    def _ask(
        self, purpose: str, package: dict[str, Any], schema: type[BaseModel], began: float
    ) -> Reply:
        secrets = Secrets()
        prompt = render(purpose, package, secrets)
        spent: list[Usage] = []
        try:
            output, model = self._valid(prompt, schema, secrets, spent)
        except ModelError as error:
            error.usage = _total(spent) if spent else None
            raise
        return Reply(
            output, _total(spent), model, self.provider, prompt.version, self._clock() - began
        )

    def _valid(
        self, prompt: Prompt, schema: type[BaseModel], secrets: Secrets, spent: list[Usage]
    ) -> tuple[BaseModel, str]:
        """The first answer that fits; one more request says what was wrong with the first (M5)."""
        if self._target is None:
            raise ModelError(Kind.CONFIGURATION, "a scripted provider cannot be asked")
        note, problem = "", ""
        for _ in range(2):
            answer = providers.request(
                self._target,
                prompt,
                schema.model_json_schema(),
                note,
                timeout=self._timeout,
                limit=self._limit,
            )
            spent.append(answer.usage)
            if answer.finish == "content_filter":
                raise ModelError(Kind.REFUSED, f"{self.model} refused to answer")
            if answer.finish == "length":
                raise ModelError(Kind.CUT_OFF, f"{self.model} reached {self._limit} output tokens")
            output, problem = _check(schema, secrets.restore(_arguments(answer.arguments)))
            if output is not None:
                return output, answer.model
            note = (
                "Your last answer could not be used: "
                f"{secrets.hide(problem)}\nAnswer again through the tool `{providers.OUTPUT_TOOL}`."
            )
        raise ModelError(Kind.INVALID_OUTPUT, f"{self.model}, twice: {problem}")


def _arguments(arguments: Any) -> Any:
    """The JSON of an answer; a text that is JSON counts, fenced or not, because it is the same."""
    if not isinstance(arguments, str):
        return arguments
    text = arguments.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
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
