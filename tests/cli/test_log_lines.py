"""What gets into the log, and what does not."""

from __future__ import annotations

import json
import logging

import pytest
from pydantic import SecretStr

from bot.cli.log_lines import LogLine
from bot.known_secrets import remember, secrets_of
from bot.settings import Settings
from tests.canaries import MODEL_KEY

TOKEN = "ghs_" + "a1B2" * 10
SECRETS = ("the webhook's secret",)


def line(as_json: bool, message: str, error: Exception | None = None, **extra: str) -> str:
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("bot.x", logging.ERROR, "x.py", 1, message, None, exc_info)
    vars(record).update(extra)
    remember(SECRETS)
    return LogLine(as_json).format(record)


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_gets_out_in_a_message_a_field_or_a_traceback(as_json: bool) -> None:
    where = f"https://me:{TOKEN}@github.com and {SECRETS[0]}"
    told = line(as_json, where, ValueError(where), why=where)
    assert "ValueError" in told
    assert TOKEN not in told
    assert SECRETS[0] not in told


def test_a_record_is_one_json_object_with_its_error_id() -> None:
    told = json.loads(line(True, "two\nlines", error_id="abc"))
    assert told["message"] == "two\nlines"
    assert told["error_id"] == "abc"
    assert told["level"] == "error"
    assert "\n" not in line(True, "two\nlines", ValueError("x\ny"))


def test_a_message_cannot_pretend_to_be_a_second_record() -> None:
    assert "\n" not in line(False, "one\n2026-01-01 critical bot: forged", delivery="a\nb")


def test_secrets_of_the_settings_are_all_known() -> None:
    settings = Settings(
        webhook_secret=SecretStr("current-secret"),
        webhook_secret_previous=SecretStr("former-secret"),
        private_key=SecretStr("a-private-key"),
        database_url="postgresql+psycopg://me:database-password@db/x",
        redis_url="redis://:queue-password@q:6379/0",
    )
    assert set(secrets_of(settings)) == {
        "current-secret",
        "former-secret",
        "a-private-key",
        "database-password",
        "queue-password",
        MODEL_KEY,
    }
