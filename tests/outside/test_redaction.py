"""What is taken out of a text, and what stays in it."""

from __future__ import annotations

import time

import pytest

from bot.known_secrets import remember
from bot.outside.redaction import outgoing, redact

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAbc+/=\n-----END RSA PRIVATE KEY-----"
TOKENS = (
    "ghs_" + "a1B2" * 9,
    "ghs_123_eyJhbGciOi.eyJpc3MiOiI.c2lnbmF0dXJl",
    "github_pat_" + "A1b2" * 8,
    "towpath_0123456789ab_" + "k" * 43,
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl",
    PEM,
)


@pytest.mark.parametrize("token", TOKENS)
def test_no_token_survives_wherever_it_stands(token: str) -> None:
    for text in (token, f"before {token} after", f"a\n`{token}`\nb", f"(https://me:{token}@h/x)"):
        assert token not in redact(text)
        assert token not in str(outgoing({"body": text, "output": {"annotations": [text]}}))


def test_what_the_process_knows_to_be_secret_is_taken_out_by_its_value() -> None:
    remember(["a plain pass/word", "short"])
    assert "plain" not in redact("is it a plain pass/word?")
    assert "plain" not in outgoing("postgresql://me:a%20plain%20pass%2Fword@db")
    assert redact("short of words") == "short of words"


@pytest.mark.parametrize(
    "words",
    [
        "Basic authentication and token expiration, bearer instruments",
        "See https://example.com/a:b and mail me@example.com",
        "the ghs_ prefix, eyJ, towpath_home",
        "<!-- towpath:status key=0123456789abcdef -->",
    ],
)
def test_words_that_people_use_are_sent_as_they_are(words: str) -> None:
    assert outgoing({"body": words}) == {"body": words}


def test_our_marker_outlives_a_key_without_an_end() -> None:
    marker = "<!-- towpath:status key=0123456789abcdef -->"
    said = outgoing(f"{PEM[:50]}\n\n{marker}")
    assert "MIIEow" not in said
    assert said.endswith(marker)


@pytest.mark.parametrize(
    "piece", ["-----BEGIN PRIVATE KEY-----", "https://a:", "ghs_", "eyJaaaaaaaa."]
)
def test_hostile_texts_are_read_in_bounded_time(piece: str) -> None:
    text, began = piece * (60_000 // len(piece)), time.process_time()
    redact(text)
    outgoing(text)
    assert time.process_time() - began < 2
