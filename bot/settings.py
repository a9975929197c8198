"""What an operator can set, read from the environment (`TOWPATH_…`).

Promises: every setting has a type, a bound and a description; a bad value is answered with the
name of the variable, what was expected and what to do next. Never: a value of a setting in an
error, a secret in a `repr` or a log.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from bot.app_key import pem_of
from bot.credentials import CredentialsProblem
from bot.settings_api import ApiSettings
from bot.settings_github import StoredApp, text_of, unusable, with_both_urls
from bot.settings_jira import JiraSettings
from bot.settings_problems import PREFIX, SettingsError, misspelt, problem
from bot.settings_processes import ProcessSettings
from bot.settings_servers import ServerSettings
from bot.settings_signing import SigningSettings
from policies.budget import Caps
from policies.routing import Models

if TYPE_CHECKING:
    from bot.configuration.in_force import Operator

MODEL_FAMILIES = ("scripted", "replay", "anthropic", "openai", "openai-compatible")
_MODELS = ", or several with a comma between them; the next stands in for one that is away."


class Settings(SigningSettings, ProcessSettings, ApiSettings, JiraSettings, ServerSettings):
    """All settings of one Towpath process (`X1`). Frozen; build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, settings_cls: Any, init_settings: Any, env_settings: Any, **others: Any
    ) -> tuple[Any, ...]:
        return init_settings, env_settings, StoredApp(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _one_url_is_enough(cls, given: Any) -> Any:
        """A GitHub of one's own has one address; the other URL follows from it (W4)."""
        return with_both_urls(given)

    # where things are kept
    home: Path = Field(
        Path(".towpath"),
        description="Folder for everything Towpath keeps: database, mirrors, embedded queue.",
    )
    database_url: str | None = Field(
        None,
        repr=False,  # it may hold a password
        description="SQLAlchemy URL (sqlite or postgresql). Default: a SQLite file in the home.",
    )
    redis_url: str | None = Field(
        None,
        repr=False,
        description="URL of a Redis >= 6.2 or Valkey (redis://, rediss://, unix://). "
        "Default: an embedded server in the home.",
    )

    # GitHub
    github_api_url: str = Field(
        "https://api.github.com",
        description="Base URL of the REST API; GitHub Enterprise Server: https://HOST/api/v3. "
        "Of this and the next one, one is enough.",
    )
    github_web_url: str = Field(
        "https://github.com", description="Base URL of the pages and of git over HTTPS."
    )
    app_id: int | None = Field(None, ge=1, description="Number of the GitHub App.")
    private_key: SecretStr | None = Field(
        None, description="Private key of the GitHub App, PEM text. Or name a file instead."
    )
    private_key_file: Path | None = Field(
        None, description="File that holds the private key of the GitHub App (PEM)."
    )
    webhook_secret: SecretStr | None = Field(
        None, description="Secret of the webhook, as typed into the settings of the GitHub App."
    )
    webhook_secret_previous: SecretStr | None = Field(
        None, description="The secret before the current one; accepted too while you rotate."
    )
    webhook_secret_file: Path | None = Field(
        None,
        description="File with the webhook's secrets instead, one a line; any of them is accepted. "
        "Read again while Towpath runs, as a secret manager changes it.",
    )

    # stories: bounds set by people; a repository's own configuration can only be narrower
    onboarding: bool = Field(
        True, description="Propose a configuration where there is none; rehearse until then."
    )
    mode: Literal["on", "dry_run", "off"] = Field(
        "on",
        description="on; dry_run: say what would be done and do nothing; off. A repository's own "
        "configuration cannot allow more.",
    )
    story_label: str = Field(
        "story", min_length=1, max_length=50, description="Label that turns an issue into a story."
    )
    max_iterations: int = Field(
        10, ge=1, le=100, description="Rounds of writing and testing before a story is handed over."
    )
    task_turns: int = Field(
        40, ge=3, le=1000, description="Turns a model may take for one task of a plan."
    )
    writing_minutes: float = Field(
        60.0,
        gt=0,
        le=1440,
        description="Time of models and sandbox for writing, in one round; over it, what there is "
        "is kept and the story handed over.",
    )
    stage_retries: int = Field(
        5, ge=0, le=20, description="Times a stage is tried again after a technical failure."
    )
    story_budget_usd: float = Field(
        5.0, ge=0, le=10_000, description="Most a story may spend on models, in US dollars."
    )
    story_token_limit: int = Field(
        3_000_000,
        ge=1_000,
        description="Most tokens a story may spend on models whose price is not known.",
    )
    day_budget_usd: float | None = Field(
        None, ge=0, description="Most all stories may spend in a day (UTC). Default: no limit."
    )
    month_budget_usd: float | None = Field(
        None, ge=0, description="Most all stories may spend in a month (UTC). Default: no limit."
    )
    organisation_budget_usd: float | None = Field(
        None,
        ge=0,
        description="Most the stories of one owner of repositories may spend in a month (UTC). "
        "Default: no limit.",
    )
    second_person_required: bool = Field(
        True, description="Whoever asked for or wrote the change cannot approve it."
    )
    quorum: int = Field(1, ge=1, le=10, description="Approvals that it takes to open a gate.")
    wait_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days a story waits for a person before it is handed over; a reminder comes "
        "after half of them.",
    )
    pre_code_gate: bool = Field(False, description="Wait for /approve before code is written.")
    pre_deploy_gate: bool = Field(True, description="Wait for /approve before the merge.")
    merge_method: Literal["merge", "squash", "rebase"] = Field(
        "merge", description="How an approved pull request is merged."
    )
    model: str | None = Field(
        None,
        description="Who proposes code: scripted:FILE, replay:FILE, anthropic:NAME, openai:NAME or "
        "openai-compatible:NAME@URL" + _MODELS + " Default: no model; only the families that need "
        "none.",
    )
    model_cheap: str | None = Field(
        None,
        description="Model for simple stories, and near the end of a budget" + _MODELS,
    )
    model_top: str | None = Field(
        None,
        description="Model for hard stories and the last attempt" + _MODELS,
    )
    model_review: str | None = Field(
        None,
        description="Model that reviews" + _MODELS + " Default: one of another provider than the "
        "author's, where there are two.",
    )
    model_fallbacks: str | None = Field(
        None, description="Models that stand in for all others when they are away" + _MODELS
    )
    model_timeout_seconds: float = Field(
        300.0, ge=1, le=3600, description="Longest that a model may take for one answer."
    )
    record: Path | None = Field(
        None,
        description="File that is appended with what models are asked (digests) and answer; "
        "TOWPATH_MODEL=replay:FILE answers from it.",
    )
    model_output_tokens: int = Field(
        16_000, ge=256, le=200_000, description="Longest answer of a model, in tokens."
    )
    sandbox: Literal["bubblewrap", "container", "gvisor", "unsandboxed"] = Field(
        "bubblewrap",
        description="Where a project's own code runs: bubblewrap, a container of podman or docker, "
        "one with gVisor's runtime. 'unsandboxed' gives it this machine.",
    )

    package_hosts: str = Field(
        "",
        description="Hosts that the installation of a project may reach besides its package "
        "indexes, separated by commas. Read only: GET and HEAD.",
    )

    quality_gates: bool = Field(
        True, description="Look at every change with the quality gates before it is proposed."
    )
    osv_url: str = Field(
        "https://api.osv.dev",
        description="OSV service that is asked about the dependencies a change adds; a mirror will "
        "do.",
    )
    gate_tools: Path | None = Field(
        None,
        description="Folder `bin` that holds the gates' tools. Default: installed on first use, "
        "as requirements-gates.lock pins them.",
    )

    @field_validator("home", mode="after")
    @classmethod
    def _home_is_absolute(cls, value: Path) -> Path:
        return Path(os.path.abspath(value.expanduser()))

    @field_validator("github_api_url", "github_web_url", "osv_url", mode="after")
    @classmethod
    def _base_url(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("expected a URL that starts with https:// or http://")
        return value.rstrip("/")

    @field_validator("database_url", mode="after")
    @classmethod
    def _database_kind(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:", "postgresql:", "postgresql+")):
            raise ValueError("expected a URL that starts with sqlite: or postgresql:")
        return value and re.sub(r"^postgresql:", "postgresql+psycopg:", value)

    @field_validator("package_hosts", mode="after")
    @classmethod
    def _hosts(cls, value: str) -> str:
        for host in value.replace(",", " ").split():
            if not re.fullmatch(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?", host):
                raise ValueError("expected hosts such as files.example.com, separated by commas")
        return value

    @field_validator("redis_url", mode="after")
    @classmethod
    def _redis_kind(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected a URL that starts with redis://, rediss:// or unix://")
        return value

    @field_validator("webhook_secret", "webhook_secret_previous", "private_key", mode="after")
    @classmethod
    def _not_blank(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("expected a value that is not empty, or no such variable")
        return value

    @field_validator(
        "model", "model_cheap", "model_top", "model_review", "model_fallbacks", mode="after"
    )
    @classmethod
    def _model_family(cls, value: str | None) -> str | None:
        for one in _several(value):
            family, _, name = one.partition(":")
            if family not in MODEL_FAMILIES or not name:
                raise ValueError(
                    "expected scripted:FILE, replay:FILE, anthropic:NAME, openai:NAME or "
                    "openai-compatible:NAME@URL"
                )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError(
                f"{PREFIX}LEASE_SECONDS: expected at least twice {PREFIX}HEARTBEAT_SECONDS"
            )
        if self.private_key is not None and self.private_key_file is not None:
            raise ValueError(f"{PREFIX}PRIVATE_KEY_FILE: expected only one of the two keys")
        if self.webhook_secret is not None and self.webhook_secret_file is not None:
            raise ValueError(f"{PREFIX}WEBHOOK_SECRET_FILE: expected only one of the two")
        others = ("model_cheap", "model_top", "model_review", "model_fallbacks")
        if self.model is None and (named := [one for one in others if getattr(self, one)]):
            raise ValueError(f"{PREFIX}MODEL: expected one where {PREFIX}{named[0].upper()} is set")
        return self

    @property
    def models(self) -> Models | None:
        """The models by what they are for; None where there is none."""
        if self.model is None:
            return None
        return Models(
            standard=_several(self.model),
            cheap=_several(self.model_cheap),
            top=_several(self.model_top),
            review=_several(self.model_review),
            fallbacks=_several(self.model_fallbacks),
        )

    @property
    def operator(self) -> Operator:
        """Defaults and bounds for what repositories say about themselves."""
        from bot.configuration.in_force import Operator  # the web process needs none of it
        from bot.configuration.schema import Limits

        return Operator(
            mode=self.mode,
            most=self.mode,
            story_label=self.story_label,
            pre_code=self.pre_code_gate,
            pre_deploy=self.pre_deploy_gate,
            quorum=self.quorum,
            second_person=self.second_person_required,
            merge_method=self.merge_method,
            limits=Limits(
                story_budget_usd=self.story_budget_usd,
                max_iterations=self.max_iterations,
                wait_days=self.wait_days,
            ),
        )

    @property
    def caps(self) -> Caps:
        """What stories may spend."""
        return Caps(
            story_usd=self.story_budget_usd,
            story_tokens=self.story_token_limit,
            day_usd=self.day_budget_usd,
            month_usd=self.month_budget_usd,
            organisation_usd=self.organisation_budget_usd,
        )

    @property
    def effective_database_url(self) -> str:
        """The database URL in use: the one given, else SQLite in the home."""
        return self.database_url or f"sqlite:///{self.home / 'towpath.db'}"

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The secrets a delivery may be signed with (`W1`), the current one first.

        Raises `SettingsError` when their file cannot be read.
        """
        both = (self.webhook_secret, self.webhook_secret_previous)
        given = [one.get_secret_value() for one in both if one is not None]
        if self.webhook_secret_file is not None:
            lines = text_of(self.webhook_secret_file, "WEBHOOK_SECRET_FILE").splitlines()
            given = [line.strip() for line in lines if line.strip()] + given
        return tuple(one.encode() for one in given)

    def read_private_key(self) -> str | None:
        """PEM text of the App's key as it is now, or None when neither variable is set.

        Raises `SettingsError` when the file cannot be read.
        """
        if self.private_key is not None:
            return pem_of(self.private_key.get_secret_value())
        if self.private_key_file is None:
            return None
        return pem_of(text_of(self.private_key_file, "PRIVATE_KEY_FILE"))


def _several(models: str | None) -> tuple[str, ...]:
    """The models of a setting. A comma within a file's name is not foreseen."""
    return tuple(one.strip() for one in (models or "").split(",") if one.strip())


def load_settings(**overrides: Any) -> Settings:
    """Settings from the process environment; `overrides` win over it.

    Raises `SettingsError`; its text and problems hold names of variables, never values.
    """
    fields = Settings.model_fields
    misspelled = [found for name in sorted(os.environ) if (found := misspelt(name, fields))]
    if misspelled:
        raise SettingsError(misspelled)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([problem(one, fields) for one in error.errors()]) from None
    except CredentialsProblem as stored:
        raise SettingsError([unusable(stored)]) from stored
