"""What goes wrong on the wire, with the real libraries against a loopback server."""

import json
import os
import socket
import time

import pytest
from genai_prices.data_snapshot import get_snapshot

from bot.agent.capabilities import DEFAULTS, TABLE, of
from bot.agent.errors import Kind, ModelError
from bot.agent.gateway import Gateway
from bot.agent.prices import dated, priced
from bot.agent.schemas import Analysis
from bot.story.vocabulary import Usage
from policies.routing import Models
from tests.agent.model_server import ModelServer, Prepared
from tests.agent.test_gateway import GOOD, PACKAGE, PROVIDERS, gateway, server
from tests.agent.test_turns import TOOLS

__all__ = ["server"]
SAYS = {"error": {"type": "x", "message": "SECRET-IN-A-MESSAGE", "code": "x"}}


def failing(server, provider, prepared, timeout=10.0) -> ModelError:
    server.answers = [prepared, Prepared(arguments=GOOD)]
    with pytest.raises(ModelError) as caught:
        gateway(server, provider, timeout).call("analyze", PACKAGE, Analysis)
    assert "SECRET-IN-A-MESSAGE" not in str(caught.value)
    assert len(str(caught.value)) < 300
    return caught.value


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (400, False), (401, False), (402, False), (403, False), (404, False), (405, False),
        (409, None), (413, False), (418, False), (422, False), (429, True), (500, True),
        (502, True), (503, True), (504, True), (529, True), (599, True),
    ],
)  # fmt: skip
def test_every_status_is_one_kind_with_one_request(server, provider, status, retryable):
    error = failing(server, provider, Prepared(status=status, error=SAYS))
    assert len(server.requests) == 1
    assert retryable is None or error.retryable is retryable
    assert error.remedy


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "prepared",
    [
        Prepared(reset=True),
        Prepared(raw=b""),
        Prepared(raw=b"null"),
        Prepared(raw=b"[]"),
        Prepared(raw=b"{}"),
        Prepared(raw=b'{"content": 5, "choices": "x", "output": 5}'),
        Prepared(raw=b"\xff\xfe\x00"),
        Prepared(raw=b"data: {}\n\n"),
        Prepared(status=204, raw=b""),
        Prepared(status=302, raw=b"", headers={"Location": "/elsewhere"}),
    ],
    ids=["reset", "nothing", "null", "list", "object", "types", "bytes", "stream", "204", "302"],
)
def test_a_body_that_is_not_the_protocol_is_a_failure_and_no_crash(server, provider, prepared):
    error = failing(server, provider, prepared)
    assert error.kind in (Kind.TRANSPORT, Kind.BAD_REQUEST, Kind.INVALID_OUTPUT, Kind.CONFIGURATION)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_that_trickles_in_is_cut_off_at_the_time_limit(server, provider):
    began = time.monotonic()
    error = failing(server, provider, Prepared(arguments=GOOD, trickle=0.05), timeout=0.5)
    assert error.kind is Kind.TIMEOUT
    assert time.monotonic() - began < 5


def test_a_server_that_does_not_exist_is_no_connection():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError) as caught:
        Gateway(f"openai-compatible:m@http://127.0.0.1:{port}/v1").turn("code", PACKAGE, (), TOOLS)
    assert caught.value.kind is Kind.TRANSPORT


def test_overload_goes_to_the_other_provider_and_back(server):
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    clock = Clock()
    models = Models(("anthropic:claude-opus-4-5",), fallbacks=("openai:gpt-5",))
    both = Gateway(models, clock=clock)
    overloaded = Prepared(status=529, error=SAYS)
    server.answers = [overloaded, *[Prepared(arguments=GOOD)] * 3]
    first = both.call("analyze", PACKAGE, Analysis)
    assert (first.provider, first.skipped[0].kind) == ("openai", Kind.OVERLOADED)
    assert both.call("analyze", PACKAGE, Analysis).provider == "openai"
    clock.now = 20.0
    assert both.call("analyze", PACKAGE, Analysis).provider == "anthropic"
    paths = [r["path"] for r in server.requests]
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        "messages", "responses", "responses", "messages",
    ]  # fmt: skip


def test_a_conversation_goes_on_with_another_provider(server):
    models = Models(("anthropic:claude-opus-4-5",), fallbacks=("openai:gpt-5",))
    both = Gateway(models)
    server.answers = [
        Prepared(arguments={"path": "a"}, tool="view", text="Hm."),
        Prepared(status=529, error=SAYS),
        Prepared(arguments={}, tool="finish"),
    ]
    from tests.agent.test_turns import told

    said = both.turn("code", PACKAGE, (), TOOLS).said
    turn = both.turn("code", PACKAGE, (told(said, "seen"),), TOOLS)
    assert (turn.provider, turn.said.calls[0].name) == ("openai", "finish")
    assert "seen" in json.dumps(server.requests[-1]["body"]["input"])


def test_a_forked_process_has_connections_of_its_own():
    """A worker's child inherits neither the thread nor the sockets of its parent."""
    with ModelServer(keep_alive=True) as peer:
        peer.answers = [Prepared(arguments=GOOD) for _ in range(2)]
        model = Gateway(f"openai-compatible:m@{peer.url}/v1", timeout=5)
        model.call("analyze", PACKAGE, Analysis)
        child = os.fork()
        if not child:
            status = 1
            try:
                model.call("analyze", PACKAGE, Analysis)
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert len(peer.peers) == 2


@pytest.mark.parametrize("provider", TABLE)
def test_each_row_is_reached_by_its_prefix_and_nothing_by_its_middle(provider):
    for prefix, row in TABLE[provider].items():
        assert of(provider, f"{prefix}-x").output == of(provider, prefix).output == row.output
        assert of(provider, f"my-{prefix}").output == DEFAULTS[provider].output
    assert of(provider, "never heard of") == DEFAULTS[provider]


def test_the_longest_prefix_decides():
    assert of("openai", "gpt-5-chat-latest").output < of("openai", "gpt-5.5").output
    assert of("openai", "o1").tools
    assert not of("openai", "o1-mini-2024-09-12").tools


def test_what_the_installed_libraries_know_is_not_kept_by_heart():
    """The size of every context that the price data has, for every name that is a chat model's."""
    for provider in ("anthropic", "openai"):
        known = {
            model.id: model.context_window
            for model in get_snapshot().find_provider(None, provider, None).models
            if model.context_window and not model.id.startswith("ft:")
        }
        assert len(known) > 20
        assert {name: of(provider, name).context for name in known} == known
    assert of("anthropic", "claude-sonnet-4-5").output == 64_000
    assert of("anthropic", "claude-opus-4-1").output == 32_000
    assert of("anthropic", "claude-sonnet-4-5").forced_tool
    assert not of("anthropic", "claude-sonnet-5-5").forced_tool


def test_what_cannot_fit_is_not_sent(server):
    package = {"story": {"title": "t", "body": "word " * 2}, "feedback": "x" * 230_000}
    package |= {"failure": "y" * 230_000, "answers": ["z" * 230_000] * 8}
    with pytest.raises(ModelError) as caught:
        Gateway("openai:gpt-4o").call("code", package, Analysis)
    assert caught.value.kind is Kind.CONTEXT_FULL
    assert server.requests == []


def test_a_price_is_a_sum_or_unknown_and_never_nothing():
    used = Usage(input_tokens=1000, cache_read_tokens=9000, output_tokens=10)
    known = priced(used, "anthropic", "claude-opus-4-5").cost_usd
    assert known == pytest.approx((1000 * 5 + 9000 * 0.5 + 10 * 25) / 1e6)
    for provider, name in (("anthropic", "no-such-model"), ("openai-compatible", "gpt-5")):
        assert priced(used, provider, name).cost_usd is None
    assert priced(Usage(input_tokens=5), "anthropic", "claude-opus-4-5").cost_usd is None
    assert dated().startswith("genai-prices ")
