"""Nobody's words become commands, mentions, links or closing keywords through ours."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

import handlers
from bot.story.commands import parse
from bot.texts import answers, reasons
from bot.texts.words import block, code, plain, who
from policies.branches import commit_message

SPECS = [command.spec for command in handlers.COMMANDS.values()]
NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("/approve", "/cancel", "\n", "\r\n", "\r", "\u2028", "\x0b", "\x85", " ", "\t"),
                *("`", "```", "~~~", "<!--", "-->", "<details>", "</sub>", "> ", "- ", "# "),
                *("@bob", "@acme/team", "#1", "GH-1", "closes #2", "acme/shop#3", "|", "\\"),
                *("https://github.com/acme/shop/issues/4", "www.evil.test", "\u202e", "\u200b"),
                *("\ufeff", "\ud800", "\x00", "![x](http://e.test)", "[a](/b)", "**", "__"),
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=12,
).map("".join)

EVERY = [
    lambda t: answers.questions([t, t]),
    lambda t: answers.may_not_start(t, t, t),
    lambda t: answers.line(t, t),
    lambda t: answers.line("approve", t),
    lambda t: answers.plan_text([(t, t, (t, t))]),
    lambda t: answers.line("approve", answers.not_now(t)),
    lambda t: answers.line("approve", answers.wrong_state_for_approval(t)),
    lambda t: answers.handler_failed(t),
    lambda t: plain(reasons.conflict([t, t])),
    lambda t: plain(reasons.merge_refused(t)),
    lambda t: f"{plain(t)}\n",
    lambda t: f"{code(t)}\n",
    lambda t: f"{who(t)}\n",
    lambda t: f"{block(t)}\n",
]


@settings(max_examples=250, deadline=None)
@given(NASTY)
def test_no_text_of_ours_parses_as_a_command(text: str) -> None:
    for say in EVERY:
        assert parse(say(text), SPECS) == [], (say(text),)


@settings(max_examples=250, deadline=None)
@given(NASTY, st.integers(min_value=1, max_value=80))
def test_a_plain_line_mentions_links_and_closes_nothing(text: str, limit: int) -> None:
    said = plain(text, limit)
    assert len(said.splitlines()) <= 1
    outside = re.sub(r"`[^`]*`", "", said)  # GitHub leaves code spans alone
    assert not re.search(r"[@<>`]|#\d|://|www\.|\bGH-\d", outside), said
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\ud800-\udfff]", said)
    said.encode()


@settings(max_examples=250, deadline=None)
@given(NASTY)
def test_a_value_in_a_code_span_stays_in_it(text: str) -> None:
    said = code(text)
    assert said.count("`") == 2
    assert said[0] == said[-1] == "`"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\n\r]", said)
    said.encode()


@settings(max_examples=250, deadline=None)
@given(NASTY)
def test_a_commit_closes_no_issue_and_mentions_nobody(text: str) -> None:
    said = commit_message(text, 7, text)
    subject = said.splitlines()[0]
    assert not re.search(r"(?:^|[^\w])@\w|#\d|\bGH-\d|://", subject), subject
    assert said.count("\n") == 3
    assert re.fullmatch(r"Story: STORY-7 \| Task: [A-Za-z0-9_.-]+", said.splitlines()[2])
