"""The settings without which a process cannot do its work.

Promises: all that is missing is named at once, each with the next step; a key that is no RSA key is
found here and not at the first call.
"""

from __future__ import annotations

from bot.settings import PREFIX, Settings, SettingsError, SettingsProblem, load_settings
from bot.texts import operator as texts


def settings_for(*, door: bool = False, github: bool = False) -> Settings:
    """The settings, for receiving webhooks (`door`) or talking to GitHub. Raises SettingsError."""
    settings = load_settings()
    problems = [
        *(door_problems(settings) if door else ()),
        *(github_problems(settings) if github else ()),
    ]
    if problems:
        raise SettingsError(problems)
    return settings


def door_problems(settings: Settings) -> list[SettingsProblem]:
    """What receiving webhooks lacks."""
    if settings.webhook_secrets:
        return []
    return [SettingsProblem(f"{PREFIX}WEBHOOK_SECRET", texts.NOT_SET, texts.NEXT_SIGNING)]


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
    elif not _is_rsa(key):
        problems.append(SettingsProblem(variable, texts.NO_RSA_KEY, texts.NEXT_PRIVATE_KEY))
    return problems


def _is_rsa(pem: str) -> bool:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return isinstance(load_pem_private_key(pem.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError):  # no PEM, damaged, or with a passphrase
        return False
