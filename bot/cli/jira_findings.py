"""What `towpath doctor` says of Jira: whether it answers, and takes the account (B8).

Promises: one read; where no Jira is set, nothing is said. Never: shows the token.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.cli.findings import Finding
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import Account, JiraHttp
from bot.outside.jira.reads import Jira
from bot.settings import Settings, SettingsError
from bot.texts import tickets as texts

NAME = "Jira"


def jira(settings: Settings) -> Iterator[Finding]:
    """Findings, if a Jira is set."""
    if settings.jira_url is None:
        return
    try:
        settings.read_jira_token()
    except SettingsError as error:
        for one in error.problems:
            yield Finding(one.variable, "missing", one.expected, one.next)
        return
    account = Account(settings.jira_user or "", settings.read_jira_token)
    http = JiraHttp(
        settings.jira_url,
        account,
        lambda: datetime.now(UTC),
        cloud=settings.is_jira_cloud,
        timeout=5,
    )
    try:
        us = Jira(http).us()
    except JiraError as error:
        hint = texts.DOCTOR_ACCOUNT if error.kind in ("unauthorized", "forbidden") else texts.DOCTOR
        yield Finding(NAME, "missing", str(error), hint)
        return
    yield Finding(NAME, "ok", texts.answers_as(settings.is_jira_cloud, us))
    if not settings.jira_webhook_secrets:
        yield Finding(f"{NAME} webhook", "warning", texts.DOCTOR_ASKED, texts.DOCTOR_NO_WEBHOOK)
    if not settings.jira_projects:
        yield Finding(f"{NAME} projects", "warning", texts.DOCTOR_ANY, texts.DOCTOR_PROJECTS)
