"""Whom to ask for a review of a pull request (S21).

Promises: pure; at most three, those who own most of the touched paths first; never somebody with
a hand in the change, never a bot. Addresses cannot be asked: GitHub wants logins and teams.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from policies.code_owners import CodeOwnersFile

MOST = 3


def suggest(
    codeowners: str, paths: Iterable[str], never: Collection[str] = (), most: int = MOST
) -> tuple[str, ...]:
    """Logins, and teams as `org/team`, to ask. `codeowners`: text of the file on the base branch.

    `never`: logins of the author, the requester and the bot.
    """
    barred = {login.lower() for login in never}
    counted: Counter[str] = Counter()
    for owners in CodeOwnersFile(codeowners).owned(paths).values():
        counted.update(
            {
                owner.name: 1
                for owner in owners
                if owner.kind != "email"
                and owner.name.lower() not in barred
                and not owner.name.endswith("[bot]")
            }
        )
    return tuple(name for name, _ in counted.most_common(most))
