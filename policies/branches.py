"""How branches and commits are named (S20).

Promises: pure; whatever a title holds, the branch is a valid, short, ASCII ref in our own folder
and the commit's first line is one line of at most 72 characters.
"""

from __future__ import annotations

import re
import unicodedata

SLUG = 40  # characters
HEADER = 72
_COMMIT_TYPES = {"feature": "feat", "bugfix": "fix", "refactor": "refactor", "infra": "chore"}
_TYPES = frozenset(  # of Conventional Commits
    {"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"}
)

# In this order: what one of them takes away must not make another's.
_REFERENCES = (
    (re.compile(r"(?:\b[a-z][a-z0-9+.-]*)?://", re.IGNORECASE), " "),
    (re.compile(r"\bwww\.", re.IGNORECASE), "www "),
    (re.compile(r"(?<!\w)@"), ""),
    (re.compile(r"#(?=\d)"), ""),
    (re.compile(r"\bGH-(?=\d)", re.IGNORECASE), "GH "),
)


def slug(title: str) -> str:
    """A title as lower-case ASCII words with hyphens, at most SLUG characters, never empty."""
    folded = unicodedata.normalize("NFKD", title[:400]).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", folded.lower())
    cut = ""
    for word in words:
        longer = f"{cut}-{word}" if cut else word[:SLUG]
        if len(longer) > SLUG:
            break
        cut = longer
    return cut or "story"


def branch_name(issue: int, title: str, story_type: str) -> str:
    """`feature/STORY-n/slug`, or `fix/…` for a bug fix (S20)."""
    folder = "fix" if story_type == "bugfix" else "feature"
    return f"{folder}/STORY-{issue}/{slug(title)}"


def issue_of_branch(branch: str) -> int | None:
    """The issue whose story a branch is named after, None where it is no branch of ours."""
    named = re.fullmatch(r"(?:feature|fix)/STORY-([1-9]\d{0,9})/[a-z0-9-]+", branch, re.ASCII)
    return int(named[1]) if named else None


def commit_message(
    summary: str, issue: int, task: str, story_type: str = "feature", commit_type: str = ""
) -> str:
    """A Conventional Commit with the trailer `Story: STORY-n | Task: task` (S20).

    `commit_type` wins over the one that `story_type` stands for; it is for families such as a
    dependency bump (`build`).
    """
    kind = commit_type if commit_type in _TYPES else _COMMIT_TYPES.get(story_type, "chore")
    line = _one_line(summary).rstrip(".") or "work on the story"
    room = HEADER - len(kind) - 2
    if len(line) > room:
        cut = line[: room - 1]
        words = cut if line[room - 1] == " " else cut.rpartition(" ")[0]
        line = (words if len(words) > room // 2 else cut).rstrip() + "…"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", task)[:40] or "task"
    return f"{kind}: {line}\n\nStory: STORY-{issue} | Task: {name}\n"


def _one_line(text: str) -> str:
    """No line ends and no control or direction characters: nothing can pass for a trailer."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text[:1000])
    return " ".join(unreferred("".join(kept)).split())


def unreferred(text: str) -> str:
    """`text` in which GitHub sees no link, no mention and no issue that a merge would close."""
    for pattern, instead in _REFERENCES:
        text = pattern.sub(instead, text)
    return text
