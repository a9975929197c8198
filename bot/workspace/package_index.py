"""Where packages for a project's environment come from, as the operator configured it.

Promises: uv's, pip's and npm's variables, then pip's, uv's and npm's own files of the operator, in
that order; addresses go into the sandbox without their credentials, which stay with the proxy; the
hosts of these addresses are the only ones that a build may reach, with those in
`TOWPATH_PACKAGE_HOSTS`.
Never: shows a credential in a `repr`, an error or a sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.workspace.egress.proxy import Origin, Rules, basic
from bot.workspace.index_files import from_files

_NAMES = {
    "UV_DEFAULT_INDEX": ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
    "UV_INDEX": ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    "UV_FIND_LINKS": ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
    "NPM_CONFIG_REGISTRY": ("NPM_CONFIG_REGISTRY", "npm_config_registry"),
    "GOPROXY": ("GOPROXY",),
}
_PROXIES = {
    "https": ("HTTPS_PROXY", "https_proxy"),
    "http": ("HTTP_PROXY", "http_proxy"),
    "no": ("NO_PROXY", "no_proxy"),
}
# Where the public registries answer, and where what they name lies.
_PUBLIC = {
    "UV_DEFAULT_INDEX": ("https://pypi.org", "https://files.pythonhosted.org"),
    "NPM_CONFIG_REGISTRY": ("https://registry.npmjs.org",),
}
# The same for languages whose builds alone may reach them.
_COMPILED = {
    "go": ("https://proxy.golang.org",),
    "rust": ("https://index.crates.io", "https://static.crates.io"),
}
_ADDRESS = re.compile(r"https?://[^\s,]+")


@dataclass(frozen=True)
class PackageIndex:
    """`env`: for the installer. `folders`: of the host, to be bound read-only at the same path.

    `rules`: what a build may reach, and how.
    """

    env: Mapping[str, str]
    folders: tuple[Path, ...] = ()
    rules: Rules = field(default_factory=lambda: Rules({}))

    def rules_for(self, language: str) -> Rules:
        """What a build of this language may reach."""
        if language == "go" and "GOPROXY" in self.env:
            return self.rules
        more = dict.fromkeys(map(Origin.of, _COMPILED.get(language, ())), "")
        return replace(self.rules, origins={**more, **self.rules.origins})

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> PackageIndex:
        """What `environ` and the files that it points to say; else the public registries."""
        filed, tokens = from_files(environ)
        env: dict[str, str] = {}
        folders: list[Path] = []
        origins: dict[Origin, str] = {}
        for ours, theirs in _NAMES.items():
            value = _first(theirs, environ) or _first(theirs, filed)
            if not value and ours in _PUBLIC:
                origins |= dict.fromkeys(map(Origin.of, _PUBLIC[ours]), "")
            if not value:
                continue
            for address in _ADDRESS.findall(value):
                origins |= _origins(address)
            env[ours] = _ADDRESS.sub(lambda found: _without_credentials(found[0]), value)
            folders += _folders(value) if ours.startswith("UV_") else ()
        for place in re.split(r"[\s,]+", environ.get("TOWPATH_PACKAGE_HOSTS", "")):
            if place:
                origins.setdefault(Origin.of(place if "://" in place else f"https://{place}"), "")
        for origin in origins:
            origins[origin] = origins[origin] or tokens.get(origin.netloc, "")
        upstream = {scheme: _first(names, environ) for scheme, names in _PROXIES.items()}
        return cls(env, tuple(dict.fromkeys(folders)), Rules(origins, upstream))


def _first(names: Sequence[str], said: Mapping[str, str]) -> str:
    return next((said[name] for name in names if said.get(name)), "")


def _origins(address: str) -> dict[Origin, str]:
    parts = urlsplit(address)
    secret = basic(parts.username or "", parts.password or "") if parts.username else ""
    origin = Origin.of(address)
    found = {origin: secret}
    if origin.host == "pypi.org":
        found[Origin.of("https://files.pythonhosted.org")] = ""
    return found


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _folders(value: str) -> Iterator[Path]:
    for place in value.split():
        path = unquote(urlsplit(place).path) if place.startswith("file:") else place
        if path.startswith("/") and Path(path).is_dir():
            # A local index keeps its files beside the pages that name them.
            yield Path(path).parent if Path(path).name == "simple" else Path(path)
