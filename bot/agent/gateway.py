"""The one way to a model: a purpose and a package in, a checked answer and its cost out.

Promises: what `call` gives fits the schema, what `turn` gives is a `Said`, whatever the model made
of it; every token spent is in the usage, also that of a first answer that was refused; failures are
`ModelError` and nothing else. Which model is asked is decided by `policies.routing`, who stands in
for one that is away by `bot.agent.chain`. Never asks the same model again after a failure on the
wire: the engine decides that from the journal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.agent.chain import Answered, Chain, Skipped
from bot.agent.errors import Kind, ModelError
from bot.agent.messages import History, Said, ToolSpec
from bot.agent.outgoing import Outgoing
from bot.agent.prompts import BUILT_IN, Registry
from bot.agent.providers import OUTPUT_TOOL, Request
from bot.agent.schemas import shape
from bot.agent.sources import source
from bot.story.vocabulary import Usage
from policies import routing
from policies.routing import Models, Route, Situation


@dataclass(frozen=True)
class Asked:
    """How a call went. `provider` is `scripted` or `replay` where no model was asked.

    `skipped`: the models that were meant before the one that answered, and why they did not.
    `left_out`: parts of the package for which there was no room. `requests`: how many it took.
    """

    usage: Usage
    model: str
    provider: str
    prompt_version: str
    seconds: float
    grade: str
    rule: str
    skipped: tuple[Skipped, ...]
    left_out: tuple[str, ...]
    requests: int = 1


@dataclass(frozen=True, kw_only=True)
class Reply(Asked):
    """A checked answer."""

    output: BaseModel


@dataclass(frozen=True, kw_only=True)
class Turn(Asked):
    """What a model said next in a conversation."""

    said: Said


class Gateway:
    """Calls to the models that `models` names (M1); a string stands for one that does everything.

    A model is `scripted:FILE.yaml`, `replay:FILE.jsonl`, `anthropic:NAME`, `openai:NAME` or
    `openai-compatible:NAME@URL`. Keys come from ANTHROPIC_API_KEY, OPENAI_API_KEY and
    OPENAI_COMPATIBLE_API_KEY, addresses of the first two from the variables of their libraries
    (ANTHROPIC_BASE_URL, OPENAI_BASE_URL). Raises `ModelError(configuration)` for anything else.
    """

    def __init__(
        self,
        models: str | Models,
        *,
        timeout: float = 300.0,
        output_limit: int = 16_000,
        prompts: Registry = BUILT_IN,
        record: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.models = Models((models,)) if isinstance(models, str) else models
        self._sources = {
            one: source(one, timeout=timeout, limit=output_limit, record=record)
            for one in self.models.all
        }
        self._limit = output_limit
        self._prompts = prompts
        self._clock = clock
        self._chain = Chain(clock)
        self._last: tuple[str, dict[str, Any], Outgoing] | None = None

    def call(
        self,
        purpose: str,
        package: dict[str, Any],
        schema: type[BaseModel],
        attempt: int = 1,
        *,
        situation: Situation | None = None,
    ) -> Reply:
        """One bounded step (idea 4). `package`: see `bot.agent.prompts`; raises `ModelError`.

        `situation` decides which model is asked; without one, that of `purpose` and `attempt`.
        """
        began = self._clock()
        route = self._route(purpose, attempt, situation)
        outgoing = self._outgoing(purpose, package, route)
        got: list[Answered] = []
        try:
            output, answered = self._valid(outgoing, schema, route, got, purpose, attempt)
        except ModelError as error:
            error.usage = _total(_usages(got)) if got else None
            raise
        how = self._how(answered, _total(_usages(got)), outgoing, route, began)
        return Reply(**how, output=output, requests=_requests(got))

    def turn(
        self,
        purpose: str,
        package: dict[str, Any],
        history: History,
        tools: tuple[ToolSpec, ...],
        *,
        attempt: int = 1,
        situation: Situation | None = None,
    ) -> Turn:
        """What the model says after `history`, with `tools` to call; raises `ModelError`.

        The prompt made of `purpose` and `package` is the same in all turns of a conversation.
        Unknown tools and arguments that are no JSON object are in the answer as they came: the
        conversation goes on with an error result.
        """
        began = self._clock()
        route = self._route(purpose, attempt, situation)
        outgoing = self._outgoing(purpose, package, route)
        sent = outgoing.history(history)
        answered = self._ask(outgoing, route, purpose, attempt, history=sent, tools=tools)
        said = outgoing.back(answered.answer.said, history)
        how = self._how(answered, answered.answer.usage, outgoing, route, began)
        return Turn(**how, said=said, requests=answered.requests)

    def _route(self, purpose: str, attempt: int, situation: Situation | None) -> Route:
        return routing.route(situation or Situation(purpose, attempt=attempt), self.models)

    def _how(
        self, answered: Answered, usage: Usage, outgoing: Outgoing, route: Route, began: float
    ) -> dict[str, Any]:
        return {
            "usage": usage,
            "model": answered.answer.model,
            "provider": answered.source.provider,
            "prompt_version": outgoing.prompt.version,
            "seconds": self._clock() - began,
            "grade": route.grade.value,
            "rule": route.rule,
            "skipped": answered.skipped,
            "left_out": outgoing.prompt.left_out,
        }

    def _outgoing(self, purpose: str, package: dict[str, Any], route: Route) -> Outgoing:
        """The same one while the conversation is the same."""
        last = self._last
        if last is None or last[0] != purpose or last[1] is not package:
            room = self._sources[route.models[0]].room
            last = self._last = (purpose, package, Outgoing(purpose, package, self._prompts, room))
        return last[2]

    def _ask(
        self, outgoing: Outgoing, route: Route, purpose: str, attempt: int, **more: Any
    ) -> Answered:
        prompt = outgoing.prompt
        asked = Request(
            purpose,
            prompt.system,
            prompt.user,
            task=outgoing.task,
            attempt=attempt,
            conversation=prompt.digest,
            stable=prompt.stable,
            **more,
        )
        return self._chain.ask([self._sources[one] for one in route.models], asked)

    def _valid(
        self,
        outgoing: Outgoing,
        schema: type[BaseModel],
        route: Route,
        got: list[Answered],
        purpose: str,
        attempt: int,
    ) -> tuple[BaseModel, Answered]:
        """The first answer that fits; one more request says what was wrong with the first (M5)."""
        wanted, note, problem = shape(schema), "", ""
        for _ in range(2):
            try:
                answered = self._ask(outgoing, route, purpose, attempt, output=wanted, note=note)
            except ModelError as error:
                error.requests += _requests(got)
                raise
            got.append(answered)
            given = self._arguments(got)
            output, problem = _check(schema, outgoing.restored(given))
            if output is not None:
                return output, answered
            note = (
                "Your last answer could not be used: "
                f"{outgoing.hide(problem)}\nAnswer again through the tool `{OUTPUT_TOOL}`."
            )
        where = f"{answered.source.model}, {purpose} {outgoing.task}".strip()
        raise _failed(got, Kind.INVALID_OUTPUT, f"{where}, twice: {problem}")

    def _arguments(self, got: list[Answered]) -> Any:
        """What the output tool was called with, or a text that is the same; None if neither."""
        said, model = got[-1].answer.said, got[-1].source.model
        if said.finish == "refused":
            raise _failed(got, Kind.REFUSED, f"{model} refused to answer")
        if said.finish == "length":
            raise _failed(got, Kind.CUT_OFF, f"{model} reached {self._limit} output tokens")
        calls = [call for call in said.calls if call.name == OUTPUT_TOOL]
        if calls and calls[0].arguments is not None:
            return calls[0].arguments
        return _json(calls[0].raw if calls else said.text)


def _failed(got: list[Answered], kind: Kind, message: str) -> ModelError:
    error = ModelError(kind, message)
    error.requests = _requests(got)
    return error


def _requests(got: list[Answered]) -> int:
    return sum(one.requests for one in got)


def _usages(got: list[Answered]) -> list[Usage]:
    return [one.answer.usage for one in got]


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
