"""Versions of prompts: what is in use, who put it there, and what is left out for want of room."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from bot.agent.errors import Kind, ModelError
from bot.agent.gateway import Gateway
from bot.agent.prompts import render
from bot.agent.prompts.registry import PromptError, Registry, built_in, front_of, source
from bot.agent.schemas import PURPOSES, Analysis
from bot.agent.untrusted import Secrets
from bot.cli import main
from tests.agent.model_server import Prepared
from tests.agent.test_gateway import GOOD, PACKAGE, server

__all__ = ["server"]
AT = datetime(2026, 1, 2, tzinfo=UTC)
OWN = """{#
version: %d
about: mine
output: %s
reasoning: %s
#}
{%% extends "base.md.j2" %%}
{%% block role %%}analyst{%% endblock %%}
{%% block ask %%}
%s
{%% endblock %%}
"""


def write(home, number=7, ask="Analyse it my way.", output="Analysis", reasoning="direct", name=""):
    folder = home / "prompts" / "analyze"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"v{name or number}.md.j2"
    path.write_text(OWN % (number, output, reasoning, ask))
    return path


def asks(registry: Registry) -> str:
    return render("analyze", PACKAGE, Secrets(), registry).user


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_comes_with_a_prompt_that_says_what_it_is(purpose):
    version = built_in(purpose)
    assert version.front.output
    assert version.front.about
    assert version.label == render(purpose, PACKAGE, Secrets()).version


def test_a_version_is_in_use_from_its_promotion_to_its_rollback(tmp_path):
    registry = Registry(tmp_path)
    write(tmp_path)
    assert "my way" not in asks(registry)
    promoted = registry.promote("analyze", 7, "ann", AT)
    assert "my way" in asks(registry)
    assert render("analyze", PACKAGE, Secrets(), registry).version == promoted.label
    assert promoted.label.startswith("analyze/7+home-")
    registry.rollback("analyze", "bob", AT)
    assert "my way" not in asks(registry)
    with pytest.raises(PromptError) as caught:
        registry.rollback("analyze", "bob", AT)
    assert caught.value.kind == "nothing_before"
    told = [(line["action"], line["who"], line["version"]) for line in registry.history()]
    assert told == [("promote", "ann", 7), ("rollback", "bob", 1)]


def test_rolling_back_goes_one_promotion_back_at_a_time(tmp_path):
    registry = Registry(tmp_path)
    write(tmp_path, 7, "seven")
    write(tmp_path, 8, "eight")
    for number in (7, 8, 1):
        registry.promote("analyze", number, "ann", AT)
    assert registry.active("analyze").origin == "built-in"
    expected = [8, 7, 1]
    for number in expected:
        assert registry.rollback("analyze", "ann", AT).front.version == number
        assert registry.active("analyze").front.version == number


def test_a_file_that_changed_after_its_promotion_is_not_used(tmp_path):
    registry = Registry(tmp_path)
    path = write(tmp_path)
    registry.promote("analyze", 7, "ann", AT)
    path.write_text(path.read_text().replace("my way", "another way, unseen"))
    with pytest.raises(ModelError, match="promote it again") as caught:
        asks(Registry(tmp_path))
    assert caught.value.kind is Kind.CONFIGURATION
    registry.promote("analyze", 7, "ann", AT)
    assert "another way" in asks(Registry(tmp_path))
    path.unlink()
    with pytest.raises(ModelError):
        asks(Registry(tmp_path))
    registry.rollback("analyze", "ann", AT)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front matter", "no front matter"),
        ("{#\n: [\n#}\n", "not YAML"),
        ("{#\nversion: 7\nsurprise: 1\n#}\n", "surprise"),
        (OWN % (7, "Nothing", "direct", ""), "output must be Analysis"),
        (OWN % (7, "Analysis", "deeply", ""), "reasoning"),
        (OWN % (7, "Analysis", "direct", "{% if %}"), "line"),
        ((OWN % (7, "Analysis", "direct", "")).replace("base.md", "/etc/x"), "must extend"),
        (OWN % (7, "Analysis", "direct", '{% include "work.md.j2" %}'), "must extend"),
        (OWN % (8, "Analysis", "direct", ""), "says version 8"),
    ],
)
def test_a_version_that_cannot_work_is_not_promoted(tmp_path, text, says):
    write(tmp_path).write_text(text)
    with pytest.raises(PromptError, match=says):
        Registry(tmp_path).promote("analyze", 7, "ann", AT)
    assert Registry(tmp_path).history() == []


def test_a_template_reaches_nothing_but_its_package(tmp_path):
    registry = Registry(tmp_path)
    write(tmp_path, ask="{{ ''.__class__.__mro__[1].__subclasses__() }}")
    registry.promote("analyze", 7, "ann", AT)
    with pytest.raises(ModelError) as caught:
        asks(registry)
    assert caught.value.kind is Kind.CONFIGURATION


def test_the_reasoning_of_a_version_is_in_its_rules(tmp_path):
    registry = Registry(tmp_path)
    write(tmp_path, reasoning="steps")
    registry.promote("analyze", 7, "ann", AT)
    assert "step by step" in render("analyze", PACKAGE, Secrets(), registry).system
    assert "step by step" not in render("analyze", PACKAGE, Secrets()).system


def test_what_has_no_room_is_left_out_by_priority_and_said_to_be():
    package = {
        **PACKAGE,
        "tree": ["t" * 100] * 100,
        "excerpts": {"e.py": "e" * 9_000},
        "files": {"f.py": "f" * 9_000},
        "spec": {"s": "s" * 2_000},
    }
    whole = render("plan", package, Secrets())
    assert whole.left_out == ()
    assert render("plan", package, Secrets(), room=25_000).left_out == ("tree",)
    small = render("plan", package, Secrets(), room=8_000)
    assert small.left_out == ("tree", "excerpts", "files")
    assert "A title" in small.user
    with pytest.raises(ModelError) as caught:
        render("plan", package, Secrets(), room=2_000)
    assert caught.value.kind is Kind.CONTEXT_FULL


def test_the_required_parts_are_said_where_all_share_them():
    sections = front_of(source("base.md.j2")).sections
    assert sections["story"].required
    assert sections["tree"].priority < sections["excerpts"].priority < sections["files"].priority


def test_the_prompt_of_the_home_is_the_one_that_is_sent(tmp_path, server):
    registry = Registry(tmp_path)
    write(tmp_path)
    registry.promote("analyze", 7, "ann", AT)
    server.answers = [Prepared(arguments=GOOD)]
    gateway = Gateway(f"openai-compatible:m@{server.url}/v1", prompts=registry)
    reply = gateway.call("analyze", PACKAGE, Analysis)
    assert reply.prompt_version.startswith("analyze/7+home-")
    assert "my way" in json.dumps(server.requests[0]["body"])


def test_the_command_line_lists_compares_promotes_and_rolls_back(tmp_path, monkeypatch):
    monkeypatch.setenv("TOWPATH_HOME", str(tmp_path))
    write(tmp_path)
    run = CliRunner()

    def call(*arguments, status=0):
        done = run.invoke(main, ["prompts", *arguments])
        assert done.exit_code == status, done.output
        return done.output

    assert "* analyze  v1    built-in" in call("list")
    assert "my way" in call("show", "analyze", "7")
    assert "+Analyse it my way." in call("diff", "analyze", "7")
    assert "analyze/7+home-" in call("promote", "analyze", "7", "--by", "ann")
    assert "* analyze  v7    home" in call("list")
    rows = [json.loads(line) for line in call("list", "--json").splitlines()]
    assert [r["version"] for r in rows if r["purpose"] == "analyze" and r["active"]] == [7]
    assert "analyze/1-" in call("rollback", "analyze", "--by", "ann")
    assert json.loads(call("list", "--history").splitlines()[0])["who"] == "ann"
    call("rollback", "analyze", status=2)
    call("promote", "analyze", "99", status=2)
    assert "no prompt for the purpose" in call("show", "nonsense", status=2)
