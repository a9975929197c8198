"""Texts of Jira Data Center."""

from __future__ import annotations

import time

import pytest

from bot.outside.jira import wiki


@pytest.mark.parametrize("kind", ["code", "noformat"])
def test_blocks_that_nobody_closes_cost_no_more_than_their_text(kind: str) -> None:
    began = time.process_time()
    wiki.markdown_of(f"{{{kind}:a}}" * 10_000)
    assert time.process_time() - began < 0.5


def test_a_block_of_code_ends_at_its_own_kind() -> None:
    told = "{code:java}\na {noformat} b\n{code}\nc {noformat}*d*{noformat} {code} e"
    shown = "```java\na {noformat} b\n```\n\nc \n```\n*d*\n```\n {code} e"
    assert wiki.markdown_of(told) == shown
