"""Whether GitHub takes the app's credentials, told apart by what is wrong with them (W4).

Promises: one read; a GitHub that is away or busy is no problem of the credentials.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.outside.errors import GitHubError, NotFound, Unauthorized
from bot.outside.github_http import AppKey, GitHubHttp
from bot.settings import Settings
from bot.settings_problems import PREFIX, SettingsError, SettingsProblem
from bot.texts import operator as texts


def connection(settings: Settings) -> GitHubHttp:
    """GitHub, as the app of the settings."""
    key = AppKey(str(settings.app_id), lambda: settings.read_private_key() or "")
    return GitHubHttp(settings.github_api_url, key, lambda: datetime.now(UTC), timeout=5)


def ask_app(settings: Settings, http: GitHubHttp) -> dict[str, Any]:
    """What GitHub says of the app. SettingsError: it does not take the credentials."""
    try:
        return dict(http.get("/app", None))
    except (Unauthorized, NotFound) as error:
        raise SettingsError([_problem(settings, error)]) from None


def _problem(settings: Settings, error: GitHubError) -> SettingsProblem:
    said = str(error)
    if isinstance(error, NotFound) or "Integration not found" in said:
        unknown = texts.unknown_app(settings.app_id, settings.github_api_url)
        return SettingsProblem(f"{PREFIX}APP_ID", unknown, texts.UNKNOWN_APP)
    if "'exp'" in said or "'iat'" in said:
        return SettingsProblem("clock", texts.WRONG_CLOCK, texts.NEXT_CLOCK)
    variable = f"{PREFIX}PRIVATE_KEY{'_FILE' if settings.private_key is None else ''}"
    return SettingsProblem(variable, texts.OTHER_KEY, texts.NEXT_PRIVATE_KEY)
