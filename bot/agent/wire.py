"""Our messages in the words of the providers' library, and its answers in ours.

Promises: what is sent is a function of the request alone, and a longer conversation starts with the
very bytes of the shorter one; whatever a model says becomes a `Said`. Never sends anything itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic_ai import exceptions as e
from pydantic_ai.messages import (
    CachePoint,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from bot.agent.capabilities import Capabilities
from bot.agent.errors import Kind, ModelError
from bot.agent.messages import Exchange, Reasoning, Said, ToolCall
from bot.agent.prices import priced
from bot.agent.providers import OUTPUT_TOOL, RawAnswer, Request, Target
from bot.story.vocabulary import Usage

MAX_TEXT = 100_000  # characters of a text, or of arguments that are no JSON object, that are kept
NOTHING = "(no answer)"  # no provider takes an empty turn back
_FINISH = {"length": "length", "content_filter": "refused"}


def messages(asked: Request, target: Target) -> list[ModelMessage]:
    """The conversation as the library has it; cache marks are dropped for who wants none."""
    user = asked.user if not asked.note else f"{asked.user}\n\n{asked.note}"
    parts: list[str | CachePoint] = [user]
    if asked.output is None:
        # Others begin like this one. The end of the conversation has a mark by the settings, and
        # with those of the tools and the instructions there may be no more.
        at = asked.stable or len(user)
        parts = [one for one in (user[:at], CachePoint(), user[at:]) if one]
    first = UserPromptPart(parts)
    sent: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(asked.system), first])]
    for exchange in asked.history:
        sent.append(ModelResponse(parts=list(_said(exchange.said, target.provider))))
        sent.append(ModelRequest(parts=list(_told(exchange))))
    return sent


def _said(said: Said, provider: str) -> Iterator[ModelResponsePart]:
    for one in said.reasoning:
        if one.provider == provider:
            yield ThinkingPart(
                one.text,
                id=one.id,
                signature=one.signature,
                provider_name="openai" if provider == "openai-compatible" else provider,
                provider_details=one.details,
            )
    if said.text or not said.calls:
        yield TextPart(said.text or NOTHING)
    for call in said.calls:
        arguments = call.raw if call.arguments is None else call.arguments
        yield ToolCallPart(call.name, arguments, call.id)


def _told(exchange: Exchange) -> Iterator[ModelRequestPart]:
    for call, result in zip(exchange.said.calls, exchange.results, strict=True):
        outcome = "failed" if result.error else "success"
        yield ToolReturnPart(call.name, result.content, result.call_id, outcome=outcome)
    if exchange.note:
        yield UserPromptPart(exchange.note)


def parameters(asked: Request, able: Capabilities) -> ModelRequestParameters:
    """The tools: the output tool and nothing else, or those to choose from."""
    if asked.output is not None:
        tool = ToolDefinition(
            name=OUTPUT_TOOL,
            description="Give the answer.",
            parameters_json_schema=asked.output,
            kind="output",
        )
        # Where no tool can be demanded, a text that is the JSON counts too.
        return ModelRequestParameters(
            output_mode="tool", output_tools=[tool], allow_text_output=not able.forced_tool
        )
    tools = [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=tool.parameters
        )
        for tool in asked.tools
    ]
    return ModelRequestParameters(function_tools=tools, allow_text_output=True)


def settings(asked: Request, target: Target, timeout: float, limit: int) -> ModelSettings:
    """Limits, and what makes the provider keep the beginning of the conversation.

    Nothing that draws lots (temperature and the like) is ever sent: not every family takes it.
    """
    sent: dict[str, Any] = {"max_tokens": limit, "timeout": timeout, "max_retries": 0}
    able = target.capabilities
    if able.cache == "marks":
        sent["anthropic_cache_tool_definitions"] = True
        sent["anthropic_cache_instructions"] = True
        sent["anthropic_cache_messages"] = asked.output is None  # somebody goes on from here
    if able.cache == "prefix":
        sent["openai_store"] = False
        sent["openai_prompt_cache_key"] = asked.conversation
    if not able.completion_limit:  # many servers only know the older name of the limit
        del sent["max_tokens"]
        sent["extra_body"] = {"max_tokens": limit}
    return ModelSettings(**sent)


def answer(target: Target, got: ModelResponse) -> RawAnswer:
    """What was said and what it cost."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    thought: list[Reasoning] = []
    for part in got.parts:
        if isinstance(part, TextPart):
            texts.append(part.content)
        elif isinstance(part, ToolCallPart):
            calls.append(_call(part))
        elif isinstance(part, ThinkingPart):
            thought.append(
                Reasoning(
                    provider=target.provider,
                    text=part.content,
                    id=part.id,
                    signature=part.signature,
                    details=part.provider_details,
                )
            )
    said = Said(
        text="\n".join(texts)[:MAX_TEXT],
        calls=tuple(calls),
        finish=_FINISH.get(got.finish_reason or "", "stop"),
        reasoning=tuple(thought),
    )
    return RawAnswer(said, got.model_name or target.name, _usage(target, got))


def _call(part: ToolCallPart) -> ToolCall:
    given, raw = part.args, ""
    if isinstance(given, str):
        raw = given
        try:
            given = json.loads(given) if given.strip() else {}
        except (ValueError, RecursionError):
            given = None
    if given is None and not raw:
        given = {}
    good = isinstance(given, dict)
    return ToolCall(
        id=part.tool_call_id,
        name=part.tool_name[:200],
        arguments=given if good else None,
        raw="" if good else raw[:MAX_TEXT],
    )


def _usage(target: Target, got: ModelResponse) -> Usage:
    used = got.usage
    # The library's input total includes the cached tokens, whatever the provider's own does.
    usage = Usage(
        input_tokens=max(0, used.input_tokens - used.cache_read_tokens - used.cache_write_tokens),
        cache_read_tokens=used.cache_read_tokens,
        cache_write_tokens=used.cache_write_tokens,
        output_tokens=used.output_tokens,
    )
    return priced(usage, target.provider, got.model_name or target.name)


_KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (e.ModelAuthenticationError, Kind.AUTHENTICATION),
    (e.ModelContextWindowExceededError, Kind.CONTEXT_FULL),
    (e.ModelNotFoundError, Kind.CONFIGURATION),
    (e.ModelRequestRejectedError, Kind.BAD_REQUEST),
    (e.ModelQuotaExceededError, Kind.QUOTA),
    (e.ModelRateLimitError, Kind.RATE_LIMIT),
    (e.ModelUnavailableError, Kind.OVERLOADED),
    (e.ModelServerError, Kind.OVERLOADED),
    (e.ModelTimeoutError, Kind.TIMEOUT),
    (e.ModelConnectionError, Kind.TRANSPORT),
    (e.ContentFilterError, Kind.REFUSED),
    (e.UnexpectedModelBehavior, Kind.TRANSPORT),
    (e.UserError, Kind.BAD_REQUEST),
)


def failure(target: str, error: Exception) -> ModelError:
    """The library's category as one of our kinds; its text stays out (it may quote the prompt)."""
    kind = next((kind for category, kind in _KINDS if isinstance(error, category)), None)
    status = getattr(error, "status_code", None)
    message = f"{target}: {type(error).__name__}" + (f" (HTTP {status})" if status else "")
    return ModelError(
        kind or _by_status(status), message, retry_after=getattr(error, "retry_after", None)
    )


def _by_status(status: int | None) -> Kind:
    """The kind of an answer that the library has no category for."""
    if status == 413:
        return Kind.CONTEXT_FULL
    if status is None or status < 400 or status in (408, 409, 425):
        return Kind.TRANSPORT
    return Kind.BAD_REQUEST if status < 500 else Kind.OVERLOADED
