"""Where packages for a project's environment come from, as the operator configured it.

Promises: an explicit list of settings, taken from uv's or pip's variables, goes into the sandbox.
Never: lets an address with credentials in, because what is being installed could read it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAMES = {
    "UV_DEFAULT_INDEX": ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
    "UV_INDEX": ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    "UV_FIND_LINKS": ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
    "NPM_CONFIG_REGISTRY": ("NPM_CONFIG_REGISTRY", "npm_config_registry"),
    "HTTPS_PROXY": ("HTTPS_PROXY", "https_proxy"),
    "HTTP_PROXY": ("HTTP_PROXY", "http_proxy"),
    "NO_PROXY": ("NO_PROXY", "no_proxy"),
}


class IndexRefused(ValueError):
    """A setting carries credentials. `setting`: its name; the value is not repeated."""

    def __init__(self, setting: str) -> None:
        super().__init__(f"{setting} holds credentials, which a sandbox must not see")
        self.setting = setting


@dataclass(frozen=True)
class PackageIndex:
    """`env`: for the installer. `folders`: of the host, to be bound read-only at the same path."""

    env: Mapping[str, str]
    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> PackageIndex:
        """What `environ` says; an empty one means the public registries. IndexRefused."""
        env: dict[str, str] = {}
        folders: list[Path] = []
        for ours, theirs in _NAMES.items():
            said = next((name for name in theirs if environ.get(name)), None)
            if said is None:
                continue
            value = environ[said]
            for place in value.replace(",", " ").split():
                if "@" in urlsplit(place).netloc or (":" in place and "@" in place.split("/")[0]):
                    raise IndexRefused(said)
            env[ours] = value
            folders += _folders(value) if ours.startswith("UV_") else ()
        return cls(env, tuple(dict.fromkeys(folders)))


def _folders(value: str) -> Iterator[Path]:
    for place in value.split():
        path = unquote(urlsplit(place).path) if place.startswith("file:") else place
        if path.startswith("/") and Path(path).is_dir():
            # A local index keeps its files beside the pages that name them.
            yield Path(path).parent if Path(path).name == "simple" else Path(path)
