"""The grammar of commands (W7): what counts, what never counts, and what is said about mistakes."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.story.commands import (
    MAX_COMMANDS,
    MAX_COMMENT,
    Argument,
    BadArgument,
    CommandSpec,
    CommentTooLong,
    Kind,
    MissingArgument,
    Parsed,
    TooManyCommands,
    UnknownCommand,
    Wrong,
    parse,
)

GATES = ("pre_code", "pre_deploy", "pre_production")
SPECS = (
    CommandSpec(
        "approve", (Argument("gate", Kind.CHOICE, choices=GATES), Argument("sha", Kind.SHA))
    ),
    CommandSpec("reject", (Argument("reason", Kind.TEXT),)),
    CommandSpec("answer", (Argument("text", Kind.BLOCK, required=True),), example="/answer 42"),
    CommandSpec("budget", (Argument("usd", Kind.MONEY, required=True),), example="/budget +5"),
    CommandSpec("priority", (Argument("level", Kind.CHOICE, True, ("low", "high")),)),
    CommandSpec(
        "wsjf",
        (Argument("inputs", Kind.PAIRS, required=True, choices=("value", "time", "size")),),
        example="/wsjf value=8",
    ),
    CommandSpec("status"),
    CommandSpec("cancel"),
)
SHA = "0123456789abcdef0123456789abcdef01234567"


def said(text: str) -> list[tuple[str, dict]]:
    return [(p.name, dict(p.values)) for p in parse(text, SPECS) if isinstance(p, Parsed)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/approve", [("approve", {})]),
        ("/Approve", [("approve", {})]),
        ("  /status  ", [("status", {})]),
        ("Looks good.\n/approve pre_deploy", [("approve", {"gate": "pre_deploy"})]),
        (f"/approve {SHA.upper()}", [("approve", {"sha": SHA})]),
        (f"/approve pre_deploy {SHA}", [("approve", {"gate": "pre_deploy", "sha": SHA})]),
        ("/budget +2.50", [("budget", {"usd": Decimal("2.50")})]),
        ("/budget +$5", [("budget", {"usd": Decimal("5")})]),
        ("/reject", [("reject", {})]),
        ("/wsjf value=8 SIZE=2.5", [("wsjf", {"value": Decimal(8), "size": Decimal("2.5")})]),
        ("It costs $$ now\n\n/status", [("status", {})]),
        ("about ~5 lines\n/status", [("status", {})]),
        ("a[^1]\n/status\n\n[^1]: a note", [("status", {})]),
        ("/reject because `x` > **y**", [("reject", {"reason": "because `x` > **y**"})]),
        ("a\r\n/status\r/cancel", [("status", {}), ("cancel", {})]),
        ("Use the <name> of it\n\n/status", [("status", {})]),
        ("<!-- a note -->\n\n/status", [("status", {})]),
        ("<details>\n\nlog\n\n</details>\n\n/status", [("status", {})]),
    ],
)
def test_a_command_at_the_start_of_a_plain_line_counts(text: str, expected: list) -> None:
    assert said(text) == expected


def test_several_commands_come_in_their_order_with_their_lines() -> None:
    found = parse("hello\n/status\n\nand\n/cancel", SPECS)
    assert [(p.name, p.line) for p in found] == [("status", 2), ("cancel", 5)]


def test_an_answer_takes_everything_up_to_the_next_command() -> None:
    text = "/answer first\n\n> quoted\n\n```\n/cancel\n```\nlast\n/status"
    (_, answer), (name, _) = said(text)
    assert answer["text"] == "first\n\n> quoted\n\n```\n/cancel\n```\nlast"
    assert name == "status"


@pytest.mark.parametrize(
    "text",
    [
        "> /approve",
        "> quoted\n/approve",  # still the quote, by Markdown's lazy continuation
        "`/approve`",
        "a `code\n/approve` span",
        "```\n/approve\n```",
        "~~~\n/approve",
        "    /approve",
        "\t/approve",
        "- /approve",
        "1. /approve",
        "- item\n  /approve",
        "# /approve",
        "/approve\n---",
        "| a |\n|---|\n| /approve |",
        "/approve | x\n--- | ---",
        "[a\n/approve](https://x.example)",
        "[a]: /approve",
        "[a]:\n/approve",
        "**a\n/approve\nb**",
        "~~a\n/approve\nb~~",
        "<del>\n/approve\n</del>",
        "<!--\n/approve\n-->",
        "a <!--\n/approve\n--> b",
        "<details>\n\n/approve\n\n</details>",
        "<blockquote>\n\n/approve\n\n</blockquote>",
        "<pre>\n/approve\n</pre>",
        "<code>\n\n/approve\n\n</code>",
        "- item\n/approve",  # lazy, too
        "1. a\n   - b\n\n     /approve",
        "/approve\n===",
        "[^1]: a note\n/approve",
        "text[^1]\n[^1]: a note\n/approve",
        "[^1]: a note\n\n    /approve",
        "$$\n/approve\n$$",
        "~a\n/approve\nb~",
        "[a\n/approve][b]\n\n[b]: https://x.example",
        "![a\n/approve](https://x.example/y.png)",
        "<details><summary>\n/approve\n</summary></details>",
        "> [!NOTE]\n> /approve",
        "please /approve",
        "\\/approve",
        "&#47;approve",
        "/ approve",
        "//approve",
        "\u200b/approve",
        "",
        "/",
    ],
)
def test_quotes_code_and_everything_that_is_not_plain_text_never_command(text: str) -> None:
    assert parse(text, SPECS) == []


@pytest.mark.parametrize(
    "text",
    [
        "/usr/bin/env",
        "/etc",
        "/tmp",
        "/home",
        "/approve/it",
        "/lgtm",
        "/assign @me",
        "/dev/null",
        "/1",
    ],
)
def test_paths_and_words_of_other_bots_are_met_with_silence(text: str) -> None:
    assert parse(text, SPECS) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [("/aprove", "approve"), ("/cancle", "cancel"), ("/approve.", "approve"), ("/stat", "status")],
)
def test_a_near_miss_is_told_what_was_probably_meant(text: str, meant: str) -> None:
    assert parse(text, SPECS) == [UnknownCommand(text[1:], meant, 1)]


def test_a_short_sha_is_refused_and_the_reason_is_that() -> None:
    (problem,) = parse("/approve 0123456", SPECS)
    assert isinstance(problem, BadArgument)
    assert problem.wrong is Wrong.SHORT_SHA
    assert problem.expected == (*GATES, "<40-hex sha>")


@pytest.mark.parametrize("word", ["but", "pre-deploy", "later", "no", SHA + "0"])
def test_an_approval_with_other_words_behind_it_is_no_approval(word: str) -> None:
    (problem,) = parse(f"/approve {word} not now", SPECS)
    assert isinstance(problem, BadArgument)
    assert problem.given == word


@pytest.mark.parametrize("text", [f"/approve {SHA} {SHA}", "/status now", "/budget +5 +5"])
def test_words_too_many_are_refused(text: str) -> None:
    (problem,) = parse(text, SPECS)
    assert isinstance(problem, BadArgument)
    assert problem.wrong is Wrong.UNEXPECTED


@pytest.mark.parametrize("amount", ["5", "+0", "-5", "+1e3", "+nan", "+99999", "+٥", "+5,5"])
def test_a_budget_is_raised_by_a_plain_positive_amount_only(amount: str) -> None:
    (problem,) = parse(f"/budget {amount}", SPECS)
    assert isinstance(problem, BadArgument)
    assert problem.wrong is Wrong.NOT_MONEY


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("/wsjf value", Wrong.NOT_PAIR),
        ("/wsjf value=", Wrong.NOT_PAIR),
        ("/wsjf value=-1", Wrong.NOT_PAIR),
        ("/wsjf value=1e3", Wrong.NOT_PAIR),
        ("/wsjf value=٥", Wrong.NOT_PAIR),
        ("/wsjf worth=5", Wrong.NOT_PAIR),
        ("/wsjf value = 5", Wrong.NOT_PAIR),
        ("/wsjf value=5 value=6", Wrong.TWICE),
    ],
)
def test_inputs_are_numbers_of_known_names_each_once(text: str, wrong: Wrong) -> None:
    (problem,) = parse(text, SPECS)
    assert isinstance(problem, BadArgument)
    assert problem.wrong is wrong
    assert problem.expected == ("value=…", "time=…", "size=…")


@pytest.mark.parametrize(
    "text", ["/wsjf", "/budget", "/answer", "/priority", "/answer   \n/status"]
)
def test_a_missing_argument_is_named(text: str) -> None:
    problem = parse(text, SPECS)[0]
    assert isinstance(problem, MissingArgument)
    assert problem.argument in ("usd", "text", "level", "inputs")


def test_a_comment_with_too_many_commands_commands_nothing() -> None:
    assert len(parse("/status\n" * MAX_COMMANDS, SPECS)) == MAX_COMMANDS
    assert parse("/status\n" * (MAX_COMMANDS + 1), SPECS) == [TooManyCommands()]


def test_a_comment_too_long_commands_nothing_and_without_a_command_says_nothing() -> None:
    assert parse("/status\n" + "x" * MAX_COMMENT, SPECS) == [CommentTooLong()]
    assert parse("x" * (MAX_COMMENT + 1), SPECS) == []


HOSTILE = {
    "quotes": ">",
    "brackets": "[",
    "closed brackets": "[]",
    "images": "![[",
    "emphasis": "*a_ ",
    "strong": "**_",
    "links": "[a](",
    "comments": "<!--",
    "tags": "<details ",
    "open tags": "\n\n<details>",
    "lines": "/x\n",
    "lists": "- ",
    "references": "[a]: /b\n",
    "entities": "&",
    "backslashes": "\\",
    "near misses": "/aprov ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_comments_are_read_in_bounded_time(piece: str) -> None:
    longest = ("/status\n" + piece * MAX_COMMENT)[:MAX_COMMENT]
    megabyte = ("/status\n" + piece * 1_000_000)[:1_000_000]
    started = time.process_time()
    parse(longest, SPECS)
    parse(megabyte, SPECS)
    assert time.process_time() - started < 5


_MARKDOWN = ("> ", "`", "```\n", "    ", "- ", "<!--", "-->", "[", "](x)", "**", "~~", "|", "#")
_OTHER = ("/approve", "/status", "/aprove x", " ", "\n", "\n\n", "\r", "\t", "\x00", "é")
_PIECES = st.sampled_from((*_MARKDOWN, *_OTHER, "<details>", "</details>"))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=30).map("".join)))
def test_no_text_makes_the_grammar_raise_and_results_are_where_they_say(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in parse(text, SPECS):
        if isinstance(found, Parsed | UnknownCommand | MissingArgument | BadArgument):
            assert lines[found.line - 1].strip().lower().startswith(f"/{found.name.lower()}")


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_no_text_commands_from_inside_a_quote_or_a_fence(text: str) -> None:
    quoted = "\n".join("> " + line for line in text.replace("\r", "\n").split("\n"))
    assert parse(quoted, SPECS) == []
    fenced = "~~~~~~~~\n" + text.replace("\r", "\n") + "\n~~~~~~~~"
    assert parse(fenced, SPECS) == []
