"""Whom to ask for a review of a pull request (S21).

Promises: pure; at most three, those who own most of the touched paths first; never somebody with
a hand in the change. Addresses cannot be asked (GitHub wants logins and teams), nor can bots: a
line with one is no valid line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from policies.codeowners import read

MOST = 3


def reviewers_for(
    codeowners: str, paths: Iterable[str], barred: Collection[str] = (), most: int = MOST
) -> tuple[str, ...]:
    """Logins, and teams as `org/team`, to ask. `codeowners`: text of the file on the base branch.

    `barred`: logins of the author, the requester and the bot.
    """
    never = {login.lower() for login in barred}
    counted: Counter[str] = Counter()
    for owners in read(codeowners).owned(paths).values():
        counted.update({owner.name: 1 for owner in owners if owner.kind != "email"})
    wanted = [name for name, _ in counted.most_common() if name.lower() not in never]
    return tuple(wanted[:most])
