"""The gateway against the real libraries and a loopback server: answers, refusals, failures."""

import json
import re
from pathlib import Path

import pytest

from bot.agent.errors import Kind, ModelError
from bot.agent.gateway import Gateway
from bot.agent.schemas import PURPOSES, SCHEMA_OF, Analysis, Edits
from tests.agent.model_server import ModelServer, Prepared

GOOD = {"story_type": "feature", "complexity": 3, "criteria": [{"text": "it works"}]}
PACKAGE = {"story": {"title": "A title", "body": "A body"}}
PROVIDERS = ("anthropic", "openai", "openai-compatible")


@pytest.fixture
def server(monkeypatch):
    with ModelServer() as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{running.url}/v1")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-a")
        monkeypatch.setenv("OPENAI_API_KEY", "key-o")
        yield running


def gateway(
    server: ModelServer, provider: str, timeout: float = 60.0, record: Path | None = None
) -> Gateway:
    names = {
        "anthropic": "anthropic:claude-opus-4-5",
        "openai": "openai:gpt-5",
        "openai-compatible": f"openai-compatible:some-model@{server.url}/v1",
    }
    return Gateway(names[provider], timeout=timeout, record=record)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_is_checked_and_its_tokens_are_counted_once(server, provider):
    server.answers = [Prepared(arguments=GOOD)]
    reply = gateway(server, provider).call("analyze", PACKAGE, Analysis)
    assert reply.output == Analysis.model_validate(GOOD)
    assert reply.provider == provider
    assert reply.prompt_version.startswith("analyze/1-")
    used = reply.usage
    total = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
    assert (total, used.cache_read_tokens, used.output_tokens) == (150, 30, 7)
    assert (used.cost_usd is None) == (provider == "openai-compatible")
    assert used.cost_usd != 0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "bad",
    [
        Prepared(arguments={"story_type": "poem", "complexity": 99}),
        Prepared(arguments=GOOD, tool="delete_everything"),
        Prepared(text="Sorry, here is a poem instead."),
        Prepared(arguments={}),
    ],
)
def test_an_answer_that_does_not_fit_is_asked_for_once_more(server, provider, bad):
    server.answers = [bad, Prepared(arguments=GOOD)]
    reply = gateway(server, provider).call("analyze", PACKAGE, Analysis)
    assert reply.output.complexity == 3
    assert (reply.usage.output_tokens, reply.requests) == (14, 2)
    assert "could not be used" in json.dumps(server.requests[1]["body"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_two_answers_that_do_not_fit_are_an_error_that_counts_both(server, provider):
    server.answers = [Prepared(arguments={"complexity": "x" * 200_000})] * 2
    with pytest.raises(ModelError) as caught:
        gateway(server, provider).call("analyze", PACKAGE, Analysis)
    assert caught.value.kind is Kind.INVALID_OUTPUT
    assert (caught.value.usage.output_tokens, caught.value.requests) == (14, 2)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("provider", ["openai", "openai-compatible"])
def test_cut_off_json_without_a_notice_is_asked_for_again(server, provider):
    server.answers = [Prepared(arguments='{"story_type": "fea'), Prepared(arguments=GOOD)]
    assert gateway(server, provider).call("analyze", PACKAGE, Analysis).output.complexity == 3


def test_a_text_that_is_the_json_counts_as_the_answer(server):
    server.answers = [Prepared(text=f"```json\n{json.dumps(GOOD)}\n```")]
    reply = gateway(server, "openai-compatible").call("analyze", PACKAGE, Analysis)
    assert reply.output.complexity == 3


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("prepared", "kind", "retryable"),
    [
        (Prepared(arguments=GOOD, stop="max_tokens"), Kind.CUT_OFF, False),
        (
            Prepared(status=529, error={"error": {"type": "overloaded_error", "message": "m"}}),
            Kind.OVERLOADED,
            True,
        ),
        (
            Prepared(status=500, error={"error": {"type": "api_error", "message": "m"}}),
            Kind.OVERLOADED,
            True,
        ),
        (
            Prepared(
                status=429,
                error={"error": {"type": "rate_limit_error", "message": "m"}},
                headers={"retry-after": "7"},
            ),
            Kind.RATE_LIMIT,
            True,
        ),
        (
            Prepared(status=401, error={"error": {"type": "authentication_error", "message": "m"}}),
            Kind.AUTHENTICATION,
            False,
        ),
        (
            Prepared(
                status=400, error={"error": {"type": "invalid_request_error", "message": "m"}}
            ),
            Kind.BAD_REQUEST,
            False,
        ),
        (
            Prepared(status=404, error={"error": {"type": "not_found_error", "message": "m"}}),
            None,
            False,
        ),
        (Prepared(raw=b'{"half": '), Kind.TRANSPORT, True),
        (Prepared(raw=b"<html>a proxy</html>"), Kind.TRANSPORT, True),
    ],
)
def test_each_failure_has_its_kind_and_is_not_retried_here(
    server, provider, prepared, kind, retryable
):
    server.answers = [prepared, Prepared(arguments=GOOD)]
    with pytest.raises(ModelError) as caught:
        gateway(server, provider).call("analyze", PACKAGE, Analysis)
    assert kind is None or caught.value.kind is kind
    assert caught.value.retryable is retryable
    assert len(server.requests) == 1
    if kind is Kind.RATE_LIMIT:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("provider", ["anthropic", "openai-compatible"])
def test_a_refusal_is_said_to_be_one(server, provider):
    server.answers = [Prepared(text="I will not.", stop="refusal")]
    with pytest.raises(ModelError) as caught:
        gateway(server, provider).call("analyze", PACKAGE, Analysis)
    assert caught.value.kind is Kind.REFUSED


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_silent_server_ends_in_a_timeout(server, provider):
    server.answers = [Prepared(arguments=GOOD, delay=1.5)]
    with pytest.raises(ModelError) as caught:
        gateway(server, provider, timeout=0.4).call("analyze", PACKAGE, Analysis)
    assert caught.value.kind is Kind.TIMEOUT


def test_no_server_is_a_transport_error():
    with pytest.raises(ModelError) as caught:
        Gateway("openai-compatible:m@http://127.0.0.1:9/v1").call("analyze", PACKAGE, Analysis)
    assert caught.value.kind is Kind.TRANSPORT


def test_no_key_is_noticed_before_anything_is_sent(server, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ModelError) as caught:
        gateway(server, "anthropic").call("analyze", PACKAGE, Analysis)
    assert caught.value.kind is Kind.AUTHENTICATION
    assert server.requests == []


@pytest.mark.parametrize(
    "model", ["", "gpt", "unknown:x", "anthropic:", "openai-compatible:m", "scripted:/none.yaml"]
)
def test_a_model_string_that_means_nothing_is_a_configuration_error(model):
    with pytest.raises(ModelError) as caught:
        Gateway(model)
    assert caught.value.kind is Kind.CONFIGURATION


def test_a_secret_is_not_sent_and_comes_back_in_the_edits(server):
    secret = "ghp_" + "a1B2" * 9
    edit = {"path": "a.py", "kind": "replace", "search": "x", "replace": "y"}
    package = {"story": {"title": "t", "body": f"token {secret}"}, "files": {"a.py": secret}}
    probe = gateway(server, "openai-compatible")
    server.answers = [Prepared(arguments={"edits": []})]
    probe.call("code", package, Edits)
    sent = json.dumps(server.requests[0]["body"])
    assert secret not in sent
    name = re.search(r"HIDDEN_[0-9a-f]{16}", sent)[0]
    server.answers = [Prepared(arguments={"edits": [{**edit, "search": f"a {name} b"}]})]
    assert probe.call("code", package, Edits).output.edits[0].search == f"a {secret} b"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_same_package_is_sent_as_the_same_bytes(server, purpose):
    package = {
        **PACKAGE,
        "files": {"b.py": "b", "a.py": "a"},
        "tree": ["a.py", "b.py"],
        "task": {"id": "T1"},
        "spec": {"b": 1, "a": 2},
        "failure": "E",
    }
    server.answers = [Prepared(arguments={})] * 4
    for _ in range(2):
        with pytest.raises(ModelError):
            gateway(server, "anthropic").call(purpose, package, Analysis)
    first, second = server.requests[0], server.requests[2]
    assert first["body"] == second["body"]
    assert SCHEMA_OF[purpose]
