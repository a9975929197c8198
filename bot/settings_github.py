"""Which GitHub, and which app on it, where the environment does not say all of it (W4).

Promises: a host that is set to nothing is not set; of the two addresses of a GitHub one is enough;
the app that `/setup` registered is used only where the environment names none, and only on the
GitHub that it was registered on. Never: mixes two apps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from bot import credentials
from bot.settings_problems import PREFIX, SettingsError, SettingsProblem

_URLS = ("github_api_url", "github_web_url")


def with_both_urls(given: Any) -> Any:
    """The settings as given, with the address of GitHub that follows from the other one."""
    given = {n: v for n, v in given.items() if n not in _URLS or str(v).strip()}
    api, web = (str(given.get(name) or "").strip().rstrip("/") for name in _URLS)
    if "://" in web and not api:
        given["github_api_url"] = api_of(web)
    if "://" in api and not web:
        given["github_web_url"] = web_of(api)
    return given


def api_of(web: str) -> str:
    """The REST API of the GitHub at `web`."""
    scheme, _, host = web.partition("://")
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"{scheme}://api.{host}"
    return f"{scheme}://{host}/api/v3"


def web_of(api: str) -> str:
    """The pages of the GitHub whose REST API is at `api`."""
    scheme, _, host = api.partition("://")
    if host == "api.github.com" or host.endswith(".ghe.com"):
        host = host.removeprefix("api.")
    return f"{scheme}://{host.removesuffix('/api/v3')}"


class StoredApp(PydanticBaseSettingsSource):
    """The credentials in the home, as the last source of settings. Raises CredentialsProblem."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        given = with_both_urls(self.current_state)
        if {"app_id", "private_key", "private_key_file"} & set(given):
            return {}
        fields = self.settings_cls.model_fields
        home = Path(given.get("home") or fields["home"].default)
        api_url = str(given.get("github_api_url") or fields["github_api_url"].default)
        found = credentials.read(home.expanduser())
        if found is None or found.api_url != api_url.rstrip("/"):
            return {}
        kept: dict[str, Any] = {"app_id": found.app_id, "private_key": found.private_key}
        if not {"webhook_secret", "webhook_secret_file"} & set(given):
            kept["webhook_secret"] = found.webhook_secret
        return kept


def text_of(path: Path, field: str) -> str:
    """The text of a file that a setting names. Raises SettingsError."""
    try:
        return path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        wrong = SettingsProblem(
            f"{PREFIX}{field}",
            f"expected a readable text file ({type(error).__name__})",
            "Check the path and the permissions of the file.",
        )
        raise SettingsError([wrong]) from error


def unusable(problem: credentials.CredentialsProblem) -> SettingsProblem:
    """What to do about a file of credentials that cannot be used."""
    expected, next_ = {
        "open": ("expected a file that only its owner can read", "chmod 600 it"),
        "unreadable": ("expected a file that this user can read", "Check its owner"),
        "damaged": ("expected the credentials of an app", "Bring it back from a backup"),
    }[problem.kind]
    return SettingsProblem(str(problem.path), expected, f"{next_}, or move it away.")
