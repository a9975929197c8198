"""`python -m bot.localhub`: the server as a process of its own, for the demo.

Promises one JSON line with the address when it answers (--print-ready) and a clean end at SIGTERM
or SIGINT.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import click
import yaml

from bot.localhub.hub import LocalHub
from bot.localhub.serving import serve


def plant(hub: LocalHub, seed: dict[str, Any]) -> None:
    """Fill a server from a seed: users, orgs, repositories (path or files), collaborators.

    {"users": ["alice"], "orgs": [{"login": "o", "admins": ["alice"]}],
     "repos": [{"repo": "alice/shop", "path": "/some/git", "collaborators": {"bob": "write"}}]}
    """
    for login in seed.get("users", []):
        hub.add_user(login)
    for one in seed.get("orgs", []):
        hub.add_org(one["login"], admins=tuple(one.get("admins", ())))
    for one in seed.get("repos", []):
        source = one.get("path") or one.get("files")
        hub.create_repository(
            one["repo"],
            source,
            private=bool(one.get("private")),
            description=one.get("description"),
        )
        for login, permission in one.get("collaborators", {}).items():
            hub.add_collaborator(one["repo"], login, permission)


@click.command()
@click.option("--root", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes a free one.")
@click.option("--seed", type=click.Path(path_type=Path, exists=True), help="YAML or JSON.")
@click.option("--long-tokens", is_flag=True, help="Installation tokens of 520 characters.")
@click.option("--print-ready", is_flag=True, help="One JSON line with the url when it answers.")
def main(
    root: Path, host: str, port: int, seed: Path | None, long_tokens: bool, print_ready: bool
) -> None:
    """A GitHub-compatible server for loopback."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    hub = LocalHub(root, long_tokens=long_tokens)
    if seed is not None:
        plant(hub, yaml.safe_load(seed.read_text()) or {})
    with serve(hub, host, port) as server:
        if print_ready:
            sys.stdout.write(json.dumps({"url": server.url}) + "\n")
            sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
