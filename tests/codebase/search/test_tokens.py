from __future__ import annotations

import pytest

from bot.codebase.tokens import count_terms, identifiers, parts, stem, terms


@pytest.mark.parametrize("name", ["getUserName", "get_user_name", "GetUserName", "GET_USER_NAME"])
def test_every_way_to_write_a_name_gives_the_same_words(name: str) -> None:
    assert terms(name) == terms("get_user_name")


def test_a_compound_name_is_also_kept_whole() -> None:
    assert "=httpserver2" in terms("HTTPServer2")
    assert set(parts("HTTPServer2")) < set(terms("HTTPServer2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caching", "cached"), ("queries", "query"), ("validators", "validation"),
        ("deprecate", "deprecation"), ("configuration", "config"), ("parser", "parsing"),
        ("stopped", "stop"), ("directories", "dir"), ("params", "parameter"),
    ],
)  # fmt: skip
def test_forms_and_abbreviations_of_a_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("class", "clasp"), ("status", "state"), ("use", "user_id")]
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert set(terms(one)) != set(terms(other))


def test_encoded_data_gives_no_words() -> None:
    assert count_terms(identifiers("A" * 5000)) == {}


def test_text_in_other_scripts_and_broken_bytes_give_no_error() -> None:
    text = b"\xff\xfe caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac parse_date".decode("utf-8", "replace")
    assert "=parsedate" in count_terms(identifiers(text))
