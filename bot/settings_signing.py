"""The key that Towpath's commits are signed with; a part of `bot.settings.Settings` (S20)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import BaseSettings

from bot.settings_github import text_of
from bot.settings_problems import PREFIX, SettingsError, SettingsProblem

if TYPE_CHECKING:
    from bot.workspace.signing import Signer

FIELD = "SIGNING_KEY_FILE"


class SigningSettings(BaseSettings):
    """Whether, and with what, commits are signed."""

    signing_key_file: Path | None = Field(
        None,
        description="File with an OpenSSH private key (ed25519, no passphrase) that signs "
        "Towpath's commits. Default: they are not signed.",
    )

    def signer(self) -> Signer | None:
        """Who signs, or None. Raises SettingsError when the file holds no key that can."""
        from bot.workspace.signing import Signer, UnusableKey  # the web process needs none of it

        if self.signing_key_file is None:
            return None
        try:
            return Signer(text_of(self.signing_key_file, FIELD))
        except UnusableKey as problem:
            wrong = SettingsProblem(
                f"{PREFIX}{FIELD}",
                f"expected an OpenSSH private key of the kind ed25519, without a passphrase, but "
                f"{problem}",
                "ssh-keygen -t ed25519 -N '' -f FILE makes one.",
            )
            raise SettingsError([wrong]) from None
