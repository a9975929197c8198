"""The content of a commit, byte for byte.

Promises: the same arguments give the same id, on every machine.
Never: takes an identity or a time from its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.workspace.objects import Object
from bot.workspace.signing import Signer


@dataclass(frozen=True)
class Person:
    """Author and committer of a commit."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for part in (self.name, self.email):
            if not part or part != part.strip() or re.search(r"[<>\x00-\x1f\x7f]", part):
                raise ValueError("a name and an address without control characters, < or >")


def commit_object(
    parents: Sequence[str],
    tree: str,
    message: str,
    author: Person,
    at: datetime,
    signer: Signer | None = None,
) -> Object:
    """A commit of `tree` on `parents` (full ids) by `author` at `at` (which needs its zone)."""
    if at.tzinfo is None:
        raise ValueError("a commit needs a time with its zone")
    who = f"{author.name} <{author.email}> {int(at.timestamp())} {at.strftime('%z')[:5]}"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}"]
    text = ["", message.replace("\0", "").strip("\n"), ""]
    content = "\n".join([*lines, *text]).encode("utf-8", "replace")
    if signer is not None:  # a header of several lines: each after the first begins with a space
        lines.append("gpgsig " + signer.sign(content).replace("\n", "\n "))
        content = "\n".join([*lines, *text]).encode("utf-8", "replace")
    return Object("commit", content)
