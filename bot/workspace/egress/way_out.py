"""Runs the commands of a set-up phase so that they reach package hosts and nothing else. (T4)

Promises: no command has a network of its own; each finds the proxy at a fixed address inside; what
was refused, and to which command, can be asked afterwards; nothing is left when the phase ends.
Never: gives the proxy to a command of another phase.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.workspace.egress import forwarder
from bot.workspace.egress.artifacts import Artifacts
from bot.workspace.egress.certificates import Authority
from bot.workspace.egress.proxy import Proxy, Rules
from bot.workspace.interpreter import available
from bot.workspace.sandbox import Limits, Run, Sandbox

_INSIDE = "/egress"
_TRUSTED = f"{_INSIDE}/authority.pem"
_SCRIPT = "/tools/forwarder.py"
_ADDRESS = f"http://127.0.0.1:{forwarder.PORT}"
_ENV = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _ADDRESS),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    **dict.fromkeys(
        ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
         "NODE_EXTRA_CA_CERTS", "npm_config_cafile", "CARGO_HTTP_CAINFO"),
        _TRUSTED,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """`host`: what was not let through, as host:port or with a method. `command`: for whom."""

    host: str
    command: str


class WayOut(AbstractContextManager["WayOut"]):
    """Opened for one phase: `with WayOut(sandbox, rules) as way: way.run(…)`."""

    def __init__(self, sandbox: Sandbox, rules: Rules, artifacts: Artifacts | None = None) -> None:
        self._sandbox, self._rules, self._artifacts = sandbox, rules, artifacts
        self._stack = ExitStack()

    def __enter__(self) -> WayOut:
        with ExitStack() as stack:
            private = stack.enter_context(tempfile.TemporaryDirectory(prefix="towpath-egress-"))
            self._shown = Path(private, "shown")
            self._shown.mkdir()
            self._shown.chmod(0o755)  # whatever the umask: commands run as somebody else
            authority = Authority(Path(private))
            trusted = self._shown / "authority.pem"
            trusted.write_bytes(authority.pem)
            trusted.chmod(0o644)
            socket = self._shown / "proxy"
            self._proxy = Proxy(socket, self._rules, authority, self._artifacts)
            stack.callback(self._proxy.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._artifacts:
            self._artifacts.tidy()

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Each once, in the order in which they came."""
        return tuple(Refusal(*found) for found in self._proxy.refused)

    def trust(self, pem: str) -> None:
        """Believe hosts whose certificates come from this authority, too."""
        self._proxy.trusted.load_verify_locations(cadata=pem)

    def run(
        self,
        argv: Sequence[str],
        *,
        tree: Path | None = None,
        writable: Mapping[str, Path] | None = None,
        readonly: Mapping[str, Path] | None = None,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Run:
        """`Sandbox.run`, with the proxy in reach."""
        python = available()[0]
        self._proxy.command = " ".join(map(os.path.basename, argv[:1])) + _brief(argv[1:])
        begin = (str(python.path), "-I", "-S", "-B", _SCRIPT, f"{_INSIDE}/proxy")
        return self._sandbox.run(
            [*begin, *argv],
            tree=tree,
            writable=writable,
            readonly={
                **python.readonly,
                **(readonly or {}),
                _INSIDE: self._shown,
                _SCRIPT: Path(forwarder.__file__),
            },
            env={**_ENV, **(env or {})},
            limits=limits,
        )


def _brief(words: Sequence[str]) -> str:
    """The arguments that say what a command is about: not its options, not for ever."""
    said = [word for word in words if not word.startswith("-") and "://" not in word]
    return "".join(f" {word}" for word in said)[:150]
