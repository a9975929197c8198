"""The settings without which a process cannot do its work.

Promises: all that is missing is named at once, each with the next step; a key that is no RSA key is
found here and not at the first call.
"""

from __future__ import annotations

from bot.app_key import problem_of
from bot.settings import Settings, load_settings
from bot.settings_problems import PREFIX, SettingsError, SettingsProblem
from bot.texts import operator as texts


def settings_for(*, door: bool = False, github: bool = False) -> Settings:
    """The settings, for receiving webhooks (`door`) or talking to GitHub. Raises SettingsError."""
    settings = load_settings()
    problems = [
        *(door_problems(settings) if door else ()),
        *(github_problems(settings) if github else ()),
        *(server_problems(settings) if github else ()),
    ]
    if problems:
        raise SettingsError(problems)
    return settings


def door_problems(settings: Settings) -> list[SettingsProblem]:
    """What receiving webhooks lacks."""
    try:
        if settings.webhook_secrets:
            return []
    except SettingsError as error:
        return error.problems
    return [SettingsProblem(f"{PREFIX}WEBHOOK_SECRET", texts.NOT_SET, texts.NEXT_SIGNING)]


def server_problems(settings: Settings) -> list[SettingsProblem]:
    """What is wrong with the file of MCP servers, where one is named."""
    try:
        settings.read_mcp_servers()
    except SettingsError as error:
        return error.problems
    return []


def github_problems(settings: Settings) -> list[SettingsProblem]:
    """What being the app on GitHub lacks."""
    problems = []
    if settings.app_id is None:
        problems.append(SettingsProblem(f"{PREFIX}APP_ID", texts.NOT_SET, texts.NEXT_APP_ID))
    try:
        key = settings.read_private_key()
    except SettingsError as error:
        return problems + error.problems
    variable = f"{PREFIX}PRIVATE_KEY{'_FILE' if settings.private_key is None else ''}"
    if key is None:
        problems.append(SettingsProblem(variable, texts.NOT_SET, texts.NEXT_PRIVATE_KEY))
    elif problem := problem_of(key):
        found, next_ = texts.KEY_PROBLEMS.get(problem, (texts.NO_RSA_KEY, ""))
        problems.append(SettingsProblem(variable, found, next_ or texts.NEXT_PRIVATE_KEY))
    return problems
