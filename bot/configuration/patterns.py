"""What people mean by a pattern of paths, in gitignore's words (P2).

Promises: pure; `./` is the whole repository, `docs/` is a folder and all that is in it, `./src` is
`/src`. An allowed pattern means the least, a restricted one the most that its writer can have
meant. Never: lets a pattern take another one back (`!`).
"""

from __future__ import annotations

MOST_STARS = 8  # more make matching slow, and nobody writes them
EVERYTHING = "**"
_ALL = frozenset({"", ".", "*", "**", "**/*", "**/**"})


def checked(pattern: str) -> str:
    """The pattern; ValueError where it is none that can be obeyed."""
    if not pattern or pattern != pattern.strip(" "):
        raise ValueError("a pattern that is not empty and has no spaces around it")
    if pattern[0] in "!#":
        raise ValueError(f"a pattern that does not begin with {pattern[0]!r}")
    if "\\" in pattern or any(ord(char) < 32 or ord(char) == 127 for char in pattern):
        raise ValueError("a pattern without backslashes and control characters")
    if ".." in pattern.split("/"):
        raise ValueError("a path inside the repository, without '..'")
    if pattern.count("*") > MOST_STARS:
        raise ValueError(f"a pattern with at most {MOST_STARS} stars")
    return pattern


def allowed(pattern: str) -> str:
    """As an allowed pattern: a plain name is the one at the root, never one somewhere below."""
    bare = _bare(pattern)
    if bare in _ALL:
        return EVERYTHING
    if "*" in bare or "?" in bare or "[" in bare:
        return bare if "/" not in bare.rstrip("/") else f"/{bare.lstrip('/')}"
    return f"/{bare.lstrip('/')}"


def restricted(pattern: str) -> str:
    """As a restricted pattern: a plain name is restricted wherever it is."""
    bare = _bare(pattern)
    if bare in _ALL:
        return EVERYTHING
    return bare


def _bare(pattern: str) -> str:
    """Without the `./` that says "from here"; `/` and `./` are the root itself."""
    rooted = pattern.startswith(("./", "/"))
    bare = pattern
    while bare.startswith(("./", "/")):
        bare = bare.removeprefix("./") if bare.startswith("./") else bare.removeprefix("/")
    if bare in ("", "."):
        return ""
    # gitignore: without a slash before its end, a pattern is of any depth.
    return f"/{bare}" if rooted and bare not in _ALL else bare
