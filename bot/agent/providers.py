"""Real models behind one function: one request, one answer.

Promises: no retry of the library's own, a time limit; every failure becomes a `ModelError`; token
counts are in disjoint buckets and an unknown price is None. Never logs a key, a prompt or an
answer. The libraries are imported when the first request is made, because they cost a second and
are not installed everywhere.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.agent import capabilities, event_loop
from bot.agent.capabilities import Capabilities
from bot.agent.errors import Kind, ModelError
from bot.agent.messages import History, Said, ToolSpec
from bot.story.vocabulary import Usage

if TYPE_CHECKING:
    from pydantic_ai.models import Model

OUTPUT_TOOL = "answer"
# provider → (environment variable of its key, whether a request without a key makes sense)
KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY", False),
    "openai": ("OPENAI_API_KEY", False),
    "openai-compatible": ("OPENAI_COMPATIBLE_API_KEY", True),
}
_ADDRESSES = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL"}


@dataclass(frozen=True)
class Request:
    """What is sent, in our words: the prompt, what was said since, and what may be called.

    `output`: JSON Schema of the one answer that is wanted; None where the tools are for the model
    to choose from. `note`: an extra line for a second try. `conversation`: the same for all
    requests that begin alike, `stable`: how many characters of `user` they have in common.
    `purpose`, `task` and `attempt` are for answers written beforehand; no provider is told of them.
    """

    purpose: str
    system: str
    user: str
    task: str = ""
    attempt: int = 1
    history: History = ()
    tools: tuple[ToolSpec, ...] = ()
    output: dict[str, Any] | None = None
    note: str = ""
    conversation: str = ""
    stable: int = 0


@dataclass(frozen=True)
class RawAnswer:
    """An answer before its check."""

    said: Said
    model: str
    usage: Usage


@dataclass(frozen=True)
class Target:
    """A parsed provider string: `anthropic:NAME`, `openai:NAME`, `openai-compatible:NAME@URL`."""

    provider: str
    name: str
    url: str = ""

    @property
    def capabilities(self) -> Capabilities:
        """What the table says of this model."""
        return capabilities.of(self.provider, self.name)

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}" + (f"@{self.url}" if self.url else "")


def parse(text: str) -> Target:
    """Raises `ModelError(configuration)` for a string that names no provider we know."""
    provider, _, rest = text.partition(":")
    name, _, url = rest.partition("@") if provider == "openai-compatible" else (rest, "", "")
    if provider not in KEYS or not name:
        known = (
            "scripted:FILE, replay:FILE, anthropic:NAME, openai:NAME, openai-compatible:NAME@URL"
        )
        raise ModelError(Kind.CONFIGURATION, f"unknown model {text!r}; one of {known}")
    if provider == "openai-compatible" and not url.startswith(("http://", "https://")):
        raise ModelError(Kind.CONFIGURATION, f"{text!r} needs the server's address after an @")
    return Target(provider, name, url)


def request(target: Target, asked: Request, *, timeout: float, limit: int) -> RawAnswer:
    """One request, at most `timeout` seconds, at most `limit` tokens of answer."""
    able = target.capabilities
    if asked.tools and not able.tools:
        raise ModelError(Kind.CONFIGURATION, f"{target} cannot call tools")
    if able.context and _least_tokens(asked) > able.context:
        raise ModelError(Kind.CONTEXT_FULL, f"{target} has room for {able.context} tokens")
    limit = min(limit, able.output or limit)
    variable, optional = KEYS[target.provider]
    key = os.environ.get(variable, "")
    if not key and not optional:
        raise ModelError(Kind.AUTHENTICATION, f"{variable} is not set")
    try:
        import pydantic_ai  # noqa: F401
    except ImportError as error:
        message = "the extra `models` is not installed (pip install 'towpath[models]')"
        raise ModelError(Kind.CONFIGURATION, message) from error
    address = target.url or os.environ.get(_ADDRESSES[target.provider], "")
    return event_loop.run(_request(target, key, address, asked, timeout, limit))


def _least_tokens(asked: Request) -> int:
    """So many at least: no tokenizer makes tokens of more than some eight letters on average."""
    texts = len(asked.system) + len(asked.user)
    for exchange in asked.history:
        texts += len(exchange.said.text) + sum(len(r.content) for r in exchange.results)
    return texts // 8


async def _request(
    target: Target, key: str, address: str, asked: Request, timeout: float, limit: int
) -> RawAnswer:
    from pydantic_ai.direct import model_request
    from pydantic_ai.exceptions import AgentRunError, UserError

    from bot.agent import wire

    sent = wire.messages(asked, target)
    how = wire.settings(asked, target, timeout, limit)
    tools = wire.parameters(asked, target.capabilities)
    try:
        model = _model(target, key, address)  # loads a library: not on the model's time
        async with asyncio.timeout(timeout + 0.5):
            answer = await model_request(
                model,
                sent,
                model_settings=how,
                model_request_parameters=tools,
            )
        return wire.answer(target, answer)
    except TimeoutError as error:
        raise ModelError(Kind.TIMEOUT, f"{target} gave no answer in {timeout:.0f} s") from error
    except (AgentRunError, UserError) as error:
        raise wire.failure(str(target), error) from error
    except ImportError as error:
        message = f"the library of {target.provider} is not installed"
        raise ModelError(Kind.CONFIGURATION, message) from error
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        # The libraries trust a body that is JSON; that of a broken server makes them stumble.
        what = f"{target} answered what is not its protocol ({type(error).__name__})"
        raise ModelError(Kind.TRANSPORT, what) from error


@lru_cache(maxsize=16)
def _model(target: Target, key: str, address: str) -> Model:
    """The library's model; kept, because it holds the connections."""
    if target.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        provider = AnthropicProvider(api_key=key, base_url=address or None)
        return AnthropicModel(target.name, provider=provider)
    from pydantic_ai.providers.openai import OpenAIProvider

    # A server that wants no key still gets a header, because the library insists on one.
    open_ai = OpenAIProvider(base_url=address or None, api_key=key or "none")
    if target.provider == "openai":
        from pydantic_ai.models.openai import OpenAIResponsesModel

        return OpenAIResponsesModel(target.name, provider=open_ai)
    from pydantic_ai.models.openai import OpenAIChatModel

    return OpenAIChatModel(target.name, provider=open_ai)


# The connections of a forked process are its parent's.
os.register_at_fork(after_in_child=_model.cache_clear)
