from __future__ import annotations

import time

import pytest

from bot.codebase.question import ask

PYTHON = """Crash on save

Traceback (most recent call last):
  File "/home/me/.venv/lib/site-packages/shop/mail/sender.py", line 3, in deliver
    self.smtp.send(letter)
  File "C:\\\\work\\\\shop\\\\money.py", line 2, in rounded
TypeError: no
"""


def test_the_title_weighs_more_than_the_body_and_code_less() -> None:
    words = ask("alpha\n\nbeta\n\n```\ngamma\n```\n").words
    assert words["alpha"] > words["beta"] > words["gamma"] > 0


def test_a_python_traceback_gives_its_files_innermost_last() -> None:
    frames = ask(PYTHON).frames
    assert frames[0].endswith("site-packages/shop/mail/sender.py")
    assert frames[-1].endswith("shop/money.py")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("src/shop/money.py:12: in rounded", "src/shop/money.py"),
        ("~/lib/shop/money.py in rounded(amount)", "lib/shop/money.py"),
        ("    at deliver (/app/src/mail/sender.ts:10:5)", "app/src/mail/sender.ts"),
        ("    at /app/src/mail/sender.js:10:5", "app/src/mail/sender.js"),
        ("\t/build/pkg/mail/sender.go:88 +0x1d", "build/pkg/mail/sender.go"),
    ],
)
def test_other_tools_tracebacks_are_read(line: str, path: str) -> None:
    assert ask(f"Crash\n\n{line}\n").frames == (path,)


def test_a_path_in_a_link_is_a_path() -> None:
    text = "See https://github.com/o/shop/blob/main/src/shop/money.py#L3"
    assert any(path.endswith("src/shop/money.py") for path in ask(text).paths)


def test_quoted_and_called_names_weigh_more_than_plain_words() -> None:
    spelled = ask("Fix it\n\nThe `basket` of deliver() has items").spelled
    assert spelled["basket"] == spelled["deliver"] > spelled["items"]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "```", "\0\1\2", "\ud800 lone surrogate", "the and of"]
)
def test_texts_without_content_give_an_empty_question_not_an_error(text: str) -> None:
    question = ask(text)
    assert question.paths == ()
    assert question.frames == ()


@pytest.mark.parametrize(
    "hostile",
    [
        "a/" * 30_000, "." * 60_000, "at (" * 15_000, 'File "' * 10_000, "```\n" * 15_000,
        "~" * 60_000, "a." * 30_000, "`" * 60_000, "_" * 60_000, "aB" * 30_000, " \n\tat " * 9_000,
        "    at x (" + "y" * 50_000, "http://" * 8_000, "A_" * 30_000,
    ],
)  # fmt: skip
def test_no_text_takes_long_to_read(hostile: str) -> None:
    started = time.process_time()
    ask("Title\n" + hostile)
    assert time.process_time() - started < 2
