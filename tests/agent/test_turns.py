"""Conversations with tools against the real libraries and a loopback server."""

import itertools
import json
import re
import textwrap
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agent.errors import Kind, ModelError
from bot.agent.gateway import Gateway
from bot.agent.messages import Exchange, Said, ToolCall, ToolResult, ToolSpec
from bot.agent.outgoing import check
from tests.agent.model_server import ModelServer, Prepared
from tests.agent.test_gateway import PACKAGE, PROVIDERS, gateway, server

__all__ = ["server"]

VIEW = ToolSpec(
    name="view",
    description="Show a file.",
    parameters={
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
)
FINISH = ToolSpec(
    name="finish", description="End.", parameters={"type": "object", "properties": {}}
)
TOOLS = (VIEW, FINISH)
SECRET = "ghp_" + "a1B2" * 9


def told(said: Said, *contents: str, note: str = "") -> Exchange:
    results = tuple(
        ToolResult(call_id=call.id, content=content)
        for call, content in zip(said.calls, contents, strict=True)
    )
    return Exchange(said=said, results=results, note=note)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_conversation_goes_on_and_starts_with_the_same_bytes(server, provider):
    server.answers = [
        Prepared(arguments={"path": f"{n}.py"}, tool="view", text="Let me see.") for n in range(4)
    ]
    model, history = gateway(server, provider), ()
    for n in range(4):
        turn = model.turn("code", PACKAGE, history, TOOLS)
        assert turn.said.calls[0].name == "view"
        assert turn.said.calls[0].arguments == {"path": f"{n}.py"}
        history += (told(turn.said, f"content {n}"),)
    assert len({e.said.calls[0].id for e in history}) == 4
    sent = [_without_marks(r["body"]) for r in server.requests]
    for shorter, longer in itertools.pairwise(sent):
        assert longer["head"] == shorter["head"]
        assert longer["messages"][: len(shorter["messages"])] == shorter["messages"]
        assert len(longer["messages"]) > len(shorter["messages"])
    assert "content 2" in json.dumps(sent[-1])


def _without_marks(body):
    """A body without the marks of a cache, which are no part of what is cached."""

    def strip(value):
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k != "cache_control"}
        return [strip(v) for v in value] if isinstance(value, list) else value

    name = "messages" if "messages" in body else "input"
    head = {key: value for key, value in body.items() if key != name}
    return {"head": json.dumps(strip(head)), "messages": [json.dumps(strip(m)) for m in body[name]]}


def test_anthropic_is_asked_to_keep_tools_rules_story_and_the_last_exchange(server):
    server.answers = [Prepared(arguments={"path": "a"}, tool="view")] * 2
    model = gateway(server, "anthropic")
    said = model.turn("code", PACKAGE, (), TOOLS).said
    model.turn("code", PACKAGE, (told(said, "text"),), TOOLS)
    body = server.requests[1]["body"]
    assert "cache_control" in body["tools"][-1]
    assert "cache_control" in body["system"][-1]
    assert "cache_control" in body["messages"][0]["content"][0], "what all work on a story shares"
    assert "cache_control" in body["messages"][-1]["content"][-1]
    assert json.dumps(body).count("cache_control") == 4


def test_openai_gets_one_key_a_conversation_and_keeps_nothing(server):
    server.answers = [Prepared(arguments={"path": "a"}, tool="view")] * 3
    model = gateway(server, "openai")
    said = model.turn("code", PACKAGE, (), TOOLS).said
    model.turn("code", PACKAGE, (told(said, "text"),), TOOLS)
    model.turn("code", {**PACKAGE, "answers": ["other"]}, (), TOOLS)
    first, second, third = (r["body"] for r in server.requests)
    assert first["prompt_cache_key"] == second["prompt_cache_key"] != third["prompt_cache_key"]
    assert first["store"] is False


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "prepared",
    [
        Prepared(arguments={"path": 5}, tool="view"),
        Prepared(arguments={"path": "a"}, tool="rm -rf / \N{SKULL}"),
        Prepared(arguments={"a": "x" * 200_000}, tool="view"),
        Prepared(text="y" * 200_000),
        Prepared(text=""),
        Prepared(text="I had only begun", stop="max_tokens"),
        Prepared(arguments={"path": "a"}, tool="view", stop="max_tokens"),
    ],
    ids=["wrong type", "unknown tool", "200 KB", "text", "empty", "cut text", "cut call"],
)
def test_whatever_a_model_says_the_conversation_can_go_on(server, provider, prepared):
    if provider == "openai" and prepared.text and not prepared.text.startswith("I had"):
        prepared = Prepared(text="")
    server.answers = [prepared, Prepared(arguments={}, tool="finish")]
    model = gateway(server, provider)
    said = model.turn("code", PACKAGE, (), TOOLS).said
    answered = told(said, *["no"] * len(said.calls), note="" if said.calls else "Call a tool.")
    assert model.turn("code", PACKAGE, (answered,), TOOLS).said.calls[0].name == "finish"


@pytest.mark.parametrize("provider", ["openai", "openai-compatible"])
@pytest.mark.parametrize("raw", ['{"path": "a', "[1]", "null", '"text"', "[" * 5000, "x" * 200_000])
def test_arguments_that_are_no_object_are_kept_as_they_came(server, provider, raw):
    server.answers = [
        Prepared(arguments=raw, tool="view"),
        Prepared(arguments={}, tool="finish"),
    ]
    model = gateway(server, provider)
    said = model.turn("code", PACKAGE, (), TOOLS).said
    assert said.calls[0].arguments is None
    assert raw.startswith(said.calls[0].raw)
    assert model.turn("code", PACKAGE, (told(said, "no"),), TOOLS).said.calls


def test_two_calls_under_one_id_get_ids_of_their_own(server):
    server.answers = [Prepared(arguments={"path": "a"}, tool="view")] * 3
    model, history = gateway(server, "anthropic"), ()
    for _ in range(3):
        said = model.turn("code", PACKAGE, history, TOOLS).said
        history += (told(said, "text"),)
    assert [e.said.calls[0].id for e in history] == ["t1", "t1-2", "t1-3"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_secret_in_a_result_is_not_sent_and_comes_back_in_a_call(server, provider):
    server.answers = [
        Prepared(arguments={"path": ".env"}, tool="view"),
        Prepared(arguments={}, tool="finish"),
        Prepared(arguments={}, tool="finish"),
    ]
    model = gateway(server, provider)
    said = model.turn("code", PACKAGE, (), TOOLS).said
    history = (told(said, f"TOKEN={SECRET}\u200b\U000e0041", note=f"mind {SECRET}"),)
    model.turn("code", PACKAGE, history, TOOLS)
    sent = json.dumps(server.requests[1]["body"], ensure_ascii=False)
    assert SECRET not in sent
    assert "\u200b" not in sent
    assert "\U000e0041" not in sent
    assert "<<<DATA result of view" in sent
    name = re.search(r"HIDDEN_[0-9a-f]{16}", sent)[0]
    server.answers = [Prepared(arguments={"path": f"a {name}"}, tool="view")]
    said = model.turn("code", PACKAGE, history, TOOLS).said
    assert said.calls[0].arguments == {"path": f"a {SECRET}"}


def test_reasoning_goes_back_to_who_thought_it_and_to_nobody_else(server):
    thought = {
        "id": "m", "type": "message", "role": "assistant", "model": "claude-opus-4-5",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "SIGNED"},
            {"type": "tool_use", "id": "t1", "name": "view", "input": {"path": "a"}},
        ],
        "stop_reason": "tool_use", "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    server.answers = [
        Prepared(raw=json.dumps(thought).encode()),
        Prepared(arguments={}, tool="finish"),
        Prepared(arguments={}, tool="finish"),
    ]
    said = gateway(server, "anthropic").turn("code", PACKAGE, (), TOOLS).said
    said = Said.model_validate_json(said.model_dump_json())  # as the journal gives it back
    history = (told(said, "text"),)
    gateway(server, "anthropic").turn("code", PACKAGE, history, TOOLS)
    gateway(server, "openai").turn("code", PACKAGE, history, TOOLS)
    assert "SIGNED" in json.dumps(server.requests[1]["body"])
    assert "Hm." not in json.dumps(server.requests[2]["body"])


CALL = ToolCall(id="c1", name="view", arguments={})
RESULT = ToolResult(call_id="c1", content="x")


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange.model_construct(said=Said(calls=(CALL,)), results=(), note="n"),
        Exchange.model_construct(said=Said(), results=(RESULT,), note=""),
        Exchange.model_construct(said=Said(calls=(CALL, CALL)), results=(RESULT, RESULT), note=""),
        Exchange(said=Said(text="a text and nothing said to it")),
        Exchange(
            said=Said(calls=(CALL.model_copy(update={"id": ""}),)),
            results=(RESULT.model_copy(update={"call_id": ""}),),
        ),
    ],
)
def test_a_history_that_is_not_whole_is_not_sent(server, exchange):
    with pytest.raises(ModelError) as caught:
        gateway(server, "anthropic").turn("code", PACKAGE, (exchange,), TOOLS)
    assert caught.value.kind is Kind.MALFORMED_HISTORY
    assert not caught.value.retryable
    assert server.requests == []


_ids = st.sampled_from(["a", "b", "c", "d", ""])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.lists(_ids, max_size=3), st.lists(_ids, max_size=3)), max_size=3))
def test_only_whole_histories_pass(drawn):
    history = tuple(
        Exchange.model_construct(
            said=Said(calls=tuple(ToolCall(id=i, name="view", arguments={}) for i in called)),
            results=tuple(ToolResult(call_id=i, content="") for i in answered),
            note="n",
        )
        for called, answered in drawn
    )
    every = [i for called, _ in drawn for i in called]
    whole = (
        all(called == answered for called, answered in drawn)
        and len(set(every)) == len(every)
        and "" not in every
    )
    with nullcontext() if whole else pytest.raises(ModelError, match="exchange"):
        check(history)


SCRIPT = """
answers:
  - purpose: code
    output:
      subject: "feat: more"
      edits:
        - {path: a.py, kind: replace, search: x, replace: y}
        - {path: b.py, kind: write, content: "1"}
        - {path: c.py, kind: delete}
turns:
  - purpose: code
    task: T1
    say:
      - calls: [{tool: view, arguments: {path: a.py}}]
      - {text: "Cut", calls: [{tool: finish, raw: '{"sub'}], finish: length}
"""


@pytest.fixture
def scripted(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(textwrap.dedent(SCRIPT))
    return Gateway(f"scripted:{path}")


def test_a_script_says_one_thing_a_turn_and_then_nothing(scripted):
    package = {**PACKAGE, "task": {"id": "T1"}}
    first = scripted.turn("code", package, (), TOOLS)
    assert first.said.calls[0].arguments == {"path": "a.py"}
    assert (first.provider, first.usage.cost_usd) == ("scripted", 0.0)
    history = (told(first.said, "x"),)
    second = scripted.turn("code", package, history, TOOLS)
    assert second.said.finish == "length"
    assert (second.said.calls[0].arguments, second.said.calls[0].raw) == (None, '{"sub')
    history += (told(second.said, "no"),)
    check(history)
    with pytest.raises(ModelError) as caught:
        scripted.turn("code", package, history, TOOLS)
    assert caught.value.kind is Kind.NO_ANSWER
    assert "turn 3" in str(caught.value)


def test_scripted_edits_are_calls_of_the_tools_that_make_them(scripted):
    tools = tuple(
        ToolSpec(name=name, description="", parameters={})
        for name in ("str_replace", "create", "delete", "finish")
    )
    said = scripted.turn("code", {**PACKAGE, "task": {"id": "T2"}}, (), tools).said
    assert [call.name for call in said.calls] == ["str_replace", "create", "delete", "finish"]
    assert said.calls[0].arguments == {"path": "a.py", "old": "x", "new": "y"}
    with pytest.raises(ModelError):
        scripted.turn("code", PACKAGE, (), TOOLS)


def test_connections_are_kept_between_turns(server):
    """A library's client that is used from a second event loop dies with the first one's."""
    with ModelServer(keep_alive=True) as kept:
        kept.answers = [Prepared(arguments={"path": "a"}, tool="view") for _ in range(3)]
        model = gateway(kept, "openai-compatible")
        for _ in range(3):
            model.turn("code", PACKAGE, (), TOOLS)
        assert len(kept.peers) == 1
