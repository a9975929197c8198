"""The credentials that `/setup` got from GitHub, in one file of the home (W4).

Promises: the file is readable by its owner only from its first byte on, is there whole or not at
all, and is never replaced by another app's. Never: in the database, in a repr or in a log.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

FILE = "github-app.json"


class CredentialsProblem(Exception):
    """The file cannot be used; `kind`: unreadable | damaged | open (others may read it)."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(f"{path}: {kind}")
        self.path, self.kind = path, kind


class AppCredentials(BaseModel):
    """What the owner of a registered app holds, and of which GitHub (`api_url`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_url: str
    app_id: int = Field(ge=1)
    slug: str
    html_url: str
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    webhook_secret: SecretStr = Field(min_length=1)
    private_key: SecretStr = Field(min_length=1)


def path_in(home: Path) -> Path:
    """Where the credentials of a home are."""
    return home / FILE


def read(home: Path) -> AppCredentials | None:
    """The stored credentials; None where there are none. Raises CredentialsProblem."""
    path = path_in(home)
    try:
        if path.stat().st_mode & 0o077:
            raise CredentialsProblem(path, "open")
        return AppCredentials.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsProblem(path, "unreadable") from error
    except ValidationError:
        raise CredentialsProblem(path, "damaged") from None  # its text would quote the file


def store(home: Path, made: AppCredentials) -> bool:
    """Keep `made`. False where credentials are there already: those stay."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    fields = made.model_dump()
    for name, value in fields.items():
        if isinstance(value, SecretStr):
            fields[name] = value.get_secret_value()
    draft = home / f".{FILE}.{secrets.token_hex(8)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(fields, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path_in(home))  # fails where a file is, unlike a rename
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    folder = os.open(home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
