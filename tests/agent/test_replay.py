"""Recording what a provider said, and replaying it without one."""

import json

import pytest

from bot.agent.errors import Kind, ModelError
from bot.agent.gateway import Gateway
from bot.agent.schemas import Analysis
from tests.agent.model_server import Prepared
from tests.agent.test_gateway import GOOD, PACKAGE, PROVIDERS, gateway, server
from tests.agent.test_turns import SECRET, TOOLS, told

__all__ = ["server"]


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "a" / "trace.jsonl"


def conversation(model: Gateway):
    history = ()
    for _ in range(3):
        turn = model.turn("code", PACKAGE, history, TOOLS)
        history += (told(turn.said, *["seen"] * len(turn.said.calls)),)
    return history


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_recorded_is_answered_again_without_a_provider(server, provider, trace):
    server.answers = [Prepared(arguments={"path": f"{n}.py"}, tool="view") for n in range(3)] + [
        Prepared(arguments={"complexity": 0}),
        Prepared(arguments=GOOD),
    ]
    live = gateway(server, provider, record=trace)
    first = conversation(live)
    reply = live.call("analyze", PACKAGE, Analysis)
    replayed = Gateway(f"replay:{trace}")
    assert conversation(replayed) == first
    again = replayed.call("analyze", PACKAGE, Analysis)
    assert (again.output, again.usage, again.model) == (reply.output, reply.usage, reply.model)
    assert again.provider == "replay"
    assert len(server.requests) == 5
    assert conversation(replayed) == first, "a second time the last answer is given again"


def test_a_recorded_failure_fails_again(server, trace):
    server.answers = [
        Prepared(status=429, error={"error": {"type": "rate_limit_error", "message": "m"}},
                 headers={"retry-after": "9"}),
    ]  # fmt: skip
    with pytest.raises(ModelError):
        gateway(server, "anthropic", record=trace).call("analyze", PACKAGE, Analysis)
    with pytest.raises(ModelError) as caught:
        Gateway(f"replay:{trace}").call("analyze", PACKAGE, Analysis)
    assert (caught.value.kind, caught.value.retry_after) == (Kind.RATE_LIMIT, 9)


def test_neither_a_prompt_nor_a_secret_is_in_the_trace(server, trace):
    server.answers = [Prepared(arguments={"path": f"it is {SECRET}"}, tool="view")]
    package = {"story": {"title": "Unmistakable", "body": f"mind {SECRET}"}}
    gateway(server, "anthropic", record=trace).turn("code", package, (), TOOLS)
    written = trace.read_text()
    assert SECRET not in written
    assert "Unmistakable" not in written
    assert trace.stat().st_mode & 0o077 == 0
    assert "HIDDEN_" in written


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"story": {"title": "Another", "body": "b"}}, "differs in user"),
        ({}, "differs in exchange 2 of the history"),
    ],
)
def test_a_request_that_was_not_recorded_says_where_it_differs(server, trace, change, where):
    server.answers = [Prepared(arguments={"path": "a"}, tool="view") for _ in range(3)]
    history = conversation(gateway(server, "anthropic", record=trace))
    replayed = Gateway(f"replay:{trace}")
    other = (history[0], told(history[1].said, "something else"))
    with pytest.raises(ModelError, match=where) as caught:
        replayed.turn("code", {**PACKAGE, **change}, other, TOOLS)
    assert caught.value.kind is Kind.NO_ANSWER
    with pytest.raises(ModelError, match="differs in tools"):
        replayed.turn("code", PACKAGE, (), TOOLS[:1])
    with pytest.raises(ModelError, match="the length of the history"):
        replayed.turn("code", PACKAGE, history, TOOLS)


STRANGE = {"said": {"surprise": 1}, "model": "m", "usage": {}}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '{"digest": "x"}',
        json.dumps({"digest": "d", "parts": {"history": []}, "answer": STRANGE}),
    ],
)
def test_a_broken_trace_is_refused_with_its_line(tmp_path, line):
    (tmp_path / "t.jsonl").write_text(line + "\n")
    with pytest.raises(ModelError, match=r"t\.jsonl:1") as caught:
        Gateway(f"replay:{tmp_path / 't.jsonl'}")
    assert caught.value.kind is Kind.CONFIGURATION
