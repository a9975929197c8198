"""Which paths a story may change (P2).

Promises: pure; what is restricted stays restricted whatever else is allowed; a path that git itself
would not write in that form is refused, as is any spelling of a restricted one in other case.
Never: it reads no configuration; the caller adds the patterns of the repository's own file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec

from bot.story.vocabulary import Verdict, allow, deny

SECRETS = ("*.pem", "*.key", ".env*", "/secrets/**")
RESTRICTED = (
    "/.github/workflows/**",
    "/.github/towpath.y*ml",
    "/.automation-scope.y*ml",
    "/CODEOWNERS",
    "/.github/CODEOWNERS",
    "/docs/CODEOWNERS",
    ".git",
    *SECRETS,
)


@dataclass(frozen=True)
class Scope:
    """Gitignore patterns. `restricted` adds to RESTRICTED and wins over `allowed`.

    `allowed`: lists of patterns; a path has to be in each of them. None: everything is allowed.
    """

    allowed: tuple[tuple[str, ...], ...] = ()
    restricted: tuple[str, ...] = ()


def decide(paths: Sequence[str], scope: Scope | None = None) -> Verdict:
    """ALLOW when every path may be changed; else DENY naming the first few that may not (P2)."""
    scope = scope or Scope()
    if odd := [path for path in paths if not _is_plain(path)]:
        return deny("odd_path", f"not a plain path inside the repository: {_some(odd)}")
    if refused := restricted(paths, scope):
        return deny(
            "restricted_path", f"only people may change {_some(refused)}; it needs their own commit"
        )
    if outside := [path for path in paths if not _allowed(path, scope)]:
        return deny("outside_scope", f"outside the allowed paths: {_some(outside)}")
    return allow("in_scope")


def _allowed(path: str, scope: Scope) -> bool:
    return all(_matches(patterns, path, folded=False) for patterns in scope.allowed)


def restricted(paths: Sequence[str], scope: Scope | None = None) -> tuple[str, ...]:
    """Those of `paths` that only people may change; a path that is not plain is one of them."""
    own = scope.restricted if scope else ()
    # Two lists, not one: a "!pattern" of the repository's own cannot lift one of ours.
    return tuple(
        path
        for path in paths
        if not _is_plain(path) or _matches(RESTRICTED, path) or _matches(own, path)
    )


def may_be_written(paths: Sequence[str], scope: Scope | None = None) -> Verdict:
    """Like `decide`, but for what only people may change and can be shown: as a patch for them.

    Never what may hold a secret, git's own files, or what is outside the allowed paths.
    """
    shown = [path for path in paths if _is_plain(path) and not _matches((*SECRETS, ".git"), path)]
    theirs = set(restricted(shown, scope))
    return decide([path for path in paths if path not in theirs], scope)


def may_hold_secrets(path: str) -> bool:
    """Whether what is in the file is better not shown."""
    return _matches(SECRETS, path)


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    return (
        bool(path)
        and "\\" not in path
        and not any(part in ("", ".", "..") for part in parts)
        and not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in path)
    )


def _matches(patterns: tuple[str, ...], path: str, folded: bool = True) -> bool:
    """`folded`: case and compatibility forms do not count, as on many file systems."""
    if folded:
        path = unicodedata.normalize("NFKC", path).casefold()
        patterns = tuple(pattern.casefold() for pattern in patterns)
    return _spec(patterns).match_file(path)


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(repr(path[:120]) for path in paths[:3])
    return shown + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
