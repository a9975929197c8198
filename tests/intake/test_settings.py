"""Settings: readable refusals, and secrets that stay secret."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, SettingsError, load_settings


@pytest.fixture
def settings_from(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings as a process with exactly these variables reads them."""
    for name in [name for name in os.environ if name.startswith("TOWPATH_")]:
        monkeypatch.delenv(name)

    def read(variables: dict[str, str]) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return read


def test_nothing_set_gives_the_documented_defaults(
    tmp_path: Path, monkeypatch, settings_from: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_from({})
    assert settings.home == tmp_path / ".towpath"
    assert settings.effective_database_url == f"sqlite:///{tmp_path}/.towpath/towpath.db"
    assert (settings.lease_seconds, settings.heartbeat_seconds) == (30, 10)
    assert (settings.max_iterations, settings.stage_retries) == (10, 5)
    assert settings.second_person_required
    assert settings.pre_deploy_gate
    assert not settings.pre_code_gate
    assert settings.webhook_secrets == ()


def test_every_setting_says_what_it_is_for(settings_from: Any) -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_two_secrets_are_valid_while_they_are_rotated(settings_from: Any) -> None:
    settings = settings_from(
        {"TOWPATH_WEBHOOK_SECRET": "new", "TOWPATH_WEBHOOK_SECRET_PREVIOUS": "old"}
    )
    assert settings.webhook_secrets == (b"new", b"old")


def test_secrets_are_not_in_the_words_a_settings_object_says_about_itself(
    settings_from: Any,
) -> None:
    settings = settings_from(
        {
            "TOWPATH_WEBHOOK_SECRET": "hush-1",
            "TOWPATH_PRIVATE_KEY": "hush-2",
            "TOWPATH_REDIS_URL": "redis://:hush-3@h",
        }
    )
    assert "hush" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TOWPATH_BIND_PORT", "seventy", "integer"),
        ("TOWPATH_BIND_PORT", "70000", "65535"),
        ("TOWPATH_MERGE_METHOD", "octopus", "squash"),
        ("TOWPATH_SANDBOX", "none", "unsandboxed"),
        ("TOWPATH_MODEL", "gpt", "scripted:FILE"),
        ("TOWPATH_REDIS_URL", "localhost:6379", "redis://"),
        ("TOWPATH_DATABASE_URL", "mysql://x", "postgresql"),
        ("TOWPATH_GITHUB_API_URL", "api.github.com", "https://"),
        ("TOWPATH_LEASE_SECONDS", "15", "twice"),
        ("TOWPATH_WEBHOOK_SECRET", "  ", "not empty"),
    ],
)
def test_a_bad_value_is_answered_with_its_variable_and_what_is_expected(
    variable: str, value: str, expected: str, settings_from: Any
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({variable: value})
    (problem,) = refused.value.problems
    assert problem.variable == variable
    assert expected in problem.expected
    assert problem.next


def test_an_error_never_repeats_the_value_it_refuses(settings_from: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"TOWPATH_REDIS_URL": "http://:hunter2@cache", "TOWPATH_APP_ID": "hunter3"})
    assert "hunter" not in str(refused.value)
    assert len(refused.value.problems) == 2


def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(settings_from: Any) -> None:
    with pytest.raises(SettingsError, match="TOWPATH_WEBHOOK_SECRET"):
        settings_from({"TOWPATH_WEBHOK_SECRET": "x"})


def test_a_private_key_is_read_from_its_file_and_a_missing_file_is_named(
    tmp_path: Path, settings_from: Any
) -> None:
    (tmp_path / "key.pem").write_text("PEM")
    assert (
        settings_from({"TOWPATH_PRIVATE_KEY_FILE": str(tmp_path / "key.pem")}).read_private_key()
        == "PEM"
    )
    missing = settings_from({"TOWPATH_PRIVATE_KEY_FILE": str(tmp_path / "none.pem")})
    with pytest.raises(SettingsError, match="TOWPATH_PRIVATE_KEY_FILE"):
        missing.read_private_key()


def test_an_empty_variable_counts_as_not_set(settings_from: Any) -> None:
    assert settings_from({"TOWPATH_WEBHOOK_SECRET": ""}).webhook_secrets == ()


def test_what_a_caller_hands_in_wins_over_the_environment(settings_from: Any) -> None:
    settings_from({"TOWPATH_BIND_PORT": "9000"})
    assert load_settings(bind_port=9001).bind_port == 9001
