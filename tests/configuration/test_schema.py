"""The published schema and the reader are one: what either takes the other takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from bot.configuration import published, reader, scope_file
from bot.configuration.commands import Commands
from bot.configuration.problems import Unreadable
from bot.configuration.schema import Quality
from bot.door.app import create_app
from bot.gates.runner import NAMES as GATES
from bot.settings import Settings
from bot.workspace.detect.command import PURPOSES
from tests.cli.call import towpath

VALIDATORS = {
    name: jsonschema_rs.Draft202012Validator(published.schema(name)) for name in published.NAMES
}
READERS: dict[str, Callable[[str], Any]] = {
    "towpath": reader.read,
    "automation-scope": scope_file.read,
}


@pytest.mark.parametrize("name", published.NAMES)
def test_a_schema_is_one_by_its_own_rules_and_describes_every_key(name: str) -> None:
    schema = published.schema(name)
    jsonschema_rs.meta.validate(schema)
    for part in (schema, *schema["$defs"].values()):
        assert part.get("additionalProperties") is False
        for key, about in part["properties"].items():
            assert about.get("description") or about.get("$ref"), key


def test_each_quality_gate_has_its_key() -> None:
    assert set(Quality.model_fields) == set(GATES)


def test_each_purpose_of_a_command_has_its_key() -> None:
    assert set(Commands.model_fields) == set(PURPOSES)


def yaml_of(value: Any) -> str:
    """JSON whose texts are written with YAML's own escapes."""
    match value:
        case dict():
            inner = ", ".join(f"{yaml_of(key)}: {yaml_of(one)}" for key, one in value.items())
            return "{" + inner + "}"
        case list():
            return "[" + ", ".join(map(yaml_of, value)) + "]"
        case str():
            plain = (
                char if char.isascii() and char.isalnum() else f"\\U{ord(char):08x}"
                for char in value
            )
            return '"' + "".join(plain) + '"'
    return json.dumps(value)


KEYS = sorted(
    {
        key
        for schema in map(published.schema, published.NAMES)
        for part in (schema, *schema["$defs"].values())
        for key in part["properties"]
    }
)
WORDS = st.sampled_from(
    [
        "on", "off", "dry_run", "merge", "block", "advise", "a/b", "@a/b", "./", "src/**", "!x",
        "../a", "a/../b", "", " a", "a ", "*" * 9, "*" * 8, "issues", "list", "wsjf", "story",
        "towpath:x", "a\n", "a\u00a0", "#x", "a\\b",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.3, 2.0, 80, 100, 101, 1.5]),
    WORDS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)


def _part(schema: dict[str, Any], part: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Mostly what fits, so that both sides are often content."""
    keys = {}
    for key, about in part["properties"].items():
        named = _named(about)
        if named and depth:
            keys[key] = _part(schema, schema["$defs"][named], depth - 1) | SCALARS
        else:
            keys[key] = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.just(about["default"]))
    odd = st.dictionaries(st.sampled_from(KEYS) | st.text("ab_", max_size=4), SCALARS, max_size=1)
    fitting = st.fixed_dictionaries({}, optional=keys)
    return st.one_of(fitting, st.tuples(fitting, odd).map(lambda two: {**two[0], **two[1]}))


def _named(about: dict[str, Any]) -> str:
    for one in (about, *about.get("anyOf", ()), *about.get("allOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return ""


def _documents(name: str) -> st.SearchStrategy[Any]:
    schema = published.schema(name)
    whole = _part(schema, schema, 3)
    # One key at a time reaches far more than all of them at once.
    few = whole.flatmap(
        lambda made: st.sampled_from([{key: made[key]} for key in made]) if made else st.just({})
    )
    return few | whole


def agree(name: str, document: Any) -> None:
    try:
        READERS[name](yaml_of(document))
        taken = True
    except Unreadable:
        taken = False
    assert VALIDATORS[name].is_valid(document) is taken


@given(_documents("towpath"))
@settings(max_examples=300, deadline=None)
@example({"approvals": {"gates": {"pre_code": {"quorum": None}}}})
@example({"auto_approve": None})
@example({"limits": {"max_iterations": 2.0}})
@example({"gates": {"pre_production": False}})
@example({"backlog": None})
@example({"paths": {"allowed": ["a\u2028"], "restricted": ["é"]}})
@example({"story_label": "towpath:done"})
@example({"story_label": "x" * 51})
@example({"version": True})
@example({"commands": {"test": "pytest -q", "lint": ["ruff check .", "eslint src"]}})
@example({"commands": {"test": 1}})
@example({"commands": {"test": [1]}})
@example({"commands": {"test": [""]}})
@example({"commands": {"test": None}})
@example({"version": 1.0})
@example({"gates": {"pre_production": 1}})
@example({"gates": {"pre_code": 1}})
def test_the_schema_of_towpath_yml_takes_what_its_reader_takes(document: Any) -> None:
    agree("towpath", document)


@given(_documents("automation-scope"))
@settings(max_examples=150, deadline=None)
def test_the_schema_of_the_scope_file_takes_what_its_reader_takes(document: Any) -> None:
    agree("automation-scope", document)


def test_the_web_process_publishes_both(tmp_path: Any, queue_url: str) -> None:
    settings_ = Settings(home=tmp_path, webhook_secret="s", redis_url=queue_url)
    door = Client(create_app(settings_, redis_url=queue_url))
    for name in published.NAMES:
        assert door.get(f"/schema/{name}.json").get_json() == published.schema(name)
    assert door.get("/schema/else.json").status_code == 404


def test_the_command_line_prints_the_schema() -> None:
    assert json.loads(towpath("config", "schema").stdout) == published.schema("towpath")
