"""What a model is shown of foreign tools: schemas built anew, names that shadow nothing."""

from __future__ import annotations

import time
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agent.servers.offered import offered, pin_of, shown_name
from bot.agent.servers.schemas import MOST, Unusable, faults, harmless
from bot.agent.tool_arguments import TOOLS
from bot.configuration.problems import Unreadable
from bot.configuration.servers import AllowedTool, Server, read
from bot.configuration.tools import Tools

WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}


# Each part names the next one sixty times.
BOMB = {
    "$ref": "#/$defs/P0",
    "$defs": {
        f"P{n}": {"properties": {f"p{m}": {"$ref": f"#/$defs/P{n + 1}"} for m in range(60)}}
        for n in range(7)
    }
    | {"P7": {}},
}


def tool(name: str, schema: Any = WORD, description: str = "d") -> types.Tool:
    return types.Tool(name=name, description=description, input_schema=schema)


def server(*tools: types.Tool, **fields: Any) -> Server:
    allowed = {one.name: AllowedTool(name=one.name, pin=pin_of(one)) for one in tools}
    told = {"name": "docs", "url": "https://docs.test/mcp", "repositories": ("*/*",)}
    return Server(tools=tuple(allowed.values()), **{**told, **fields})


def test_no_foreign_tool_has_the_name_of_ours_or_of_another() -> None:
    names = [one.name for one in TOOLS]
    tools = [tool(name) for name in (*names, "a.b", "a_b", "x" * 80)]
    usable, withheld = offered(server(*tools), tools)
    shown = [one.shown for one in usable]
    assert not set(shown) & set(names)
    assert len(set(shown)) == len(shown) == len(names) + 1
    assert {(one.name, one.rule) for one in withheld} == {("a_b", "name"), ("x" * 80, "name")}
    assert shown_name("docs", "a/b c") == "docs__a_b_c"
    two = [tool("run"), tool("run", description="other")]
    assert [one.rule for one in offered(server(two[0]), two)[1]] == ["twice"]


def test_words_of_a_tool_are_bounded_and_seen() -> None:
    secret = "ghp_" + "a" * 36
    one = tool("lookup", description=f"Look\u202e up\u200b {secret} " + "x" * 5_000)
    (made,), _ = offered(server(one), [one])
    assert made.description.startswith("Look up HIDDEN_")
    assert len(made.description) <= 1_000


def test_a_schema_is_built_anew_without_what_could_harm() -> None:
    made = harmless(
        {
            "$defs": {"Word": {"type": "string", "pattern": "(a+)+$", "maxLength": 9}},
            "type": "object",
            "title": "T",
            "properties": {"word": {"$ref": "#/$defs/Word"}, "n": {"type": ["integer", "null"]}},
            "required": ["word"],
            "additionalProperties": False,
        }
    )
    assert made == {
        "type": "object",
        "properties": {
            "word": {"type": "string", "maxLength": 9},
            "n": {"type": ["integer", "null"]},
        },
        "required": ["word"],
        "additionalProperties": False,
    }
    begun = time.process_time()
    assert faults(made, {"word": "a" * 9}) == ""
    assert "too long" in faults(made, {"word": "a" * 30})
    assert "required" in faults(made, {"n": 1})
    assert faults(made, {"word": "a", "run": 1})
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "string"},
        {"$ref": "https://evil.test/schema"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"type": "object", "properties": {"x\u202e": {}}},
        {"type": "object", "properties": {f"p{n}": {} for n in range(100)}},
        {"type": "object", "properties": {"x": {"enum": ["ghp_" + "a" * 36]}}},
        {"type": "object", "properties": {"x": {"enum": list(range(1000))}}},
        {"type": "object", "properties": {"x": {"default": float("nan")}}},
        {"type": "object", "properties": {"x": {"type": "file"}}},
        {"type": "object", "required": ["x"]},
        BOMB,
        {
            "type": "object",
            "properties": {f"p{n}": {"description": "x" * 400} for n in range(50)},
        },
    ],
)
def test_a_schema_that_cannot_be_shown_is_refused(schema: Any) -> None:
    with pytest.raises(Unusable):
        harmless(schema)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "$ref", "anyOf", "enum", "x", "required"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(_JSON, st.dictionaries(st.text(max_size=5), _JSON, max_size=3))
def test_no_schema_and_no_arguments_break_anything(schema: Any, arguments: Any) -> None:
    try:
        made = harmless(schema)
    except Unusable:
        return
    assert len(str(made)) < 3 * MOST
    faults(made, arguments)


GOOD = """
servers:
  - name: docs
    url: https://docs.test/mcp
    repositories: [acme/*]
    tools:
      - name: lookup
        writes: false
"""


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("writes: false", "write: false"), 8, "did you mean 'writes'"),
        (("url: https", "url: http"), 3, "private: true"),
        (("https://docs", "https://u:p@docs"), 4, "without a user"),
        (("    url: https://docs.test/mcp\n", ""), 3, "either `url` or `command`"),
        (("[acme/*]", "[acme]"), 5, "not a text that is possible here"),
        (("    repositories: [acme/*]\n", ""), 3, "required"),
        (("name: docs", "name: docs__x"), 3, "not a text"),
        (("lookup", "look up"), 7, "not a text"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(change: tuple[str, str], line: int, says: str) -> None:
    assert read(GOOD, "s.yml").servers[0].serves("ACME/shop")
    assert not read(GOOD, "s.yml").servers[0].serves("other/shop")
    with pytest.raises(Unreadable) as raised:
        read(GOOD.replace(*change), "s.yml")
    problem = raised.value.problems[0]
    assert problem.line == line
    assert says in problem.message


def test_a_repository_chooses_among_servers_and_adds_none() -> None:
    assert Tools().lets("docs", "lookup")
    assert not Tools(servers=()).lets("docs")
    assert Tools(servers=("docs",)).lets("docs", "lookup")
    assert not Tools(servers=("other",)).lets("docs")
    assert not Tools(without=("docs",)).lets("docs", "lookup")
    assert not Tools(without=("docs/lookup",)).lets("docs", "lookup")
    assert Tools(without=("docs/lookup",)).lets("docs", "note")
