"""Real models behind one function; the only importer of a provider library.

Promises: one request, no retry of the library's own, a time limit; every failure becomes a
`ModelError`; token counts are in disjoint buckets and an unknown price is None. Never logs a key,
a prompt or an answer. The libraries are imported when the first request is made, because they cost
a second and are not installed everywhere.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.agent.errors import Kind, ModelError
from bot.agent.prompts import Prompt
from bot.story.vocabulary import Usage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models import Model

OUTPUT_TOOL = "answer"
# provider → (environment variable of its key, whether a request without a key makes sense)
KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY", False),
    "openai": ("OPENAI_API_KEY", False),
    "openai-compatible": ("OPENAI_COMPATIBLE_API_KEY", True),
}


@dataclass(frozen=True)
class Target:
    """A parsed provider string: `anthropic:NAME`, `openai:NAME`, `openai-compatible:NAME@URL`."""

    provider: str
    name: str
    url: str = ""

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}" + (f"@{self.url}" if self.url else "")


@dataclass(frozen=True)
class RawAnswer:
    """An answer before its check: the arguments of the output tool, or a text, or neither."""

    arguments: Any  # dict, or str where the provider's JSON was broken
    model: str
    usage: Usage
    finish: str  # stop | length | content_filter | …


def parse(text: str) -> Target:
    """Raises `ModelError(configuration)` for a string that names no provider we know."""
    provider, _, rest = text.partition(":")
    name, _, url = rest.partition("@") if provider == "openai-compatible" else (rest, "", "")
    if provider not in KEYS or not name:
        known = "scripted:FILE, anthropic:NAME, openai:NAME, openai-compatible:NAME@URL"
        raise ModelError(Kind.CONFIGURATION, f"unknown model {text!r}; one of {known}")
    if provider == "openai-compatible" and not url.startswith(("http://", "https://")):
        raise ModelError(Kind.CONFIGURATION, f"{text!r} needs the server's address after an @")
    return Target(provider, name, url)


def request(
    target: Target, prompt: Prompt, schema: dict[str, Any], note: str, *, timeout: float, limit: int
) -> RawAnswer:
    """One request. `note` is an extra line for a second try; `limit` is in output tokens."""
    variable, optional = KEYS[target.provider]
    key = os.environ.get(variable, "")
    if not key and not optional:
        raise ModelError(Kind.AUTHENTICATION, f"{variable} is not set")
    try:
        import pydantic_ai  # noqa: F401
    except ImportError as error:
        message = "the extra `models` is not installed (pip install 'towpath[models]')"
        raise ModelError(Kind.CONFIGURATION, message) from error
    return asyncio.run(_request(target, key, prompt, schema, note, timeout, limit))


async def _request(
    target: Target,
    key: str,
    prompt: Prompt,
    schema: dict[str, Any],
    note: str,
    timeout: float,
    limit: int,
) -> RawAnswer:
    from pydantic_ai.direct import model_request
    from pydantic_ai.exceptions import AgentRunError, UserError
    from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.tools import ToolDefinition

    user = prompt.user if not note else f"{prompt.user}\n\n{note}"
    messages = [ModelRequest(parts=[SystemPromptPart(prompt.system), UserPromptPart(user)])]
    tool = ToolDefinition(
        name=OUTPUT_TOOL,
        description="Give the answer.",
        parameters_json_schema=schema,
        kind="output",
    )
    parameters = ModelRequestParameters(
        output_mode="tool", output_tools=[tool], allow_text_output=False
    )
    settings = ModelSettings(max_tokens=limit, timeout=timeout, max_retries=0)
    try:
        async with asyncio.timeout(timeout + 5):
            answer = await model_request(
                _model(target, key),
                messages,
                model_settings=settings,
                model_request_parameters=parameters,
            )
    except TimeoutError as error:
        raise ModelError(Kind.TIMEOUT, f"{target} gave no answer in {timeout:.0f} s") from error
    except (AgentRunError, UserError) as error:
        raise _error(target, error) from error
    except ImportError as error:
        message = f"the library of {target.provider} is not installed"
        raise ModelError(Kind.CONFIGURATION, message) from error
    return _raw(target, answer)


def _model(target: Target, key: str) -> Model:
    if target.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicModel(target.name, provider=AnthropicProvider(api_key=key))
    from pydantic_ai.providers.openai import OpenAIProvider

    if target.provider == "openai":
        from pydantic_ai.models.openai import OpenAIResponsesModel

        return OpenAIResponsesModel(target.name, provider=OpenAIProvider(api_key=key))
    from pydantic_ai.models.openai import OpenAIChatModel

    # A server that wants no key still gets a header, because the library insists on one.
    provider = OpenAIProvider(base_url=target.url, api_key=key or "none")
    return OpenAIChatModel(target.name, provider=provider)


def _error(target: Target, error: Exception) -> ModelError:
    """The library's category as one of our kinds; its text stays out (it may quote the prompt)."""
    from pydantic_ai import exceptions as e

    kinds: tuple[tuple[type[Exception], Kind], ...] = (
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
    kind = next((kind for category, kind in kinds if isinstance(error, category)), None)
    status = getattr(error, "status_code", None)
    message = f"{target}: {type(error).__name__}" + (f" (HTTP {status})" if status else "")
    return ModelError(
        kind or Kind.TRANSPORT, message, retry_after=getattr(error, "retry_after", None)
    )


def _raw(target: Target, answer: ModelResponse) -> RawAnswer:
    from pydantic_ai.messages import TextPart, ToolCallPart

    calls = [p for p in answer.parts if isinstance(p, ToolCallPart) and p.tool_name == OUTPUT_TOOL]
    texts = [p.content for p in answer.parts if isinstance(p, TextPart)]
    arguments: Any = calls[0].args if calls else "\n".join(texts)
    return RawAnswer(
        arguments=arguments,
        model=answer.model_name or target.name,
        usage=_usage(target, answer),
        finish=answer.finish_reason or "",
    )


def _usage(target: Target, answer: ModelResponse) -> Usage:
    used = answer.usage
    # The library's input total includes the cached tokens, whatever the provider's own does.
    fresh = max(0, used.input_tokens - used.cache_read_tokens - used.cache_write_tokens)
    return Usage(
        input_tokens=fresh,
        cache_read_tokens=used.cache_read_tokens,
        cache_write_tokens=used.cache_write_tokens,
        output_tokens=used.output_tokens,
        cost_usd=_cost(target, answer),
    )


def _cost(target: Target, answer: ModelResponse) -> float | None:
    from genai_prices import calc_price

    if target.provider == "openai-compatible" or not answer.usage.output_tokens:
        return None  # whoever runs that server sets its price; no usage means no cost known
    try:
        price = calc_price(
            answer.usage, answer.model_name or target.name, provider_id=target.provider
        )
    except (LookupError, ValueError):
        return None
    return float(price.total_price)
