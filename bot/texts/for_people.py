"""What a story leaves to people, with the patch for them (B12)."""

from __future__ import annotations

import re

from bot.story.machine import Story
from bot.texts.words import code

_MOST = 20_000  # characters of all patches together: a comment holds 65,536


def section(story: Story) -> str:
    """The files that only people may change, each with its patch; '' where there is none."""
    if not story.left_to_people:
        return ""
    parts, room = [], _MOST
    for path, patch in story.left_to_people.items():
        if patch and len(patch) <= room:
            room -= len(patch)
            parts.append(f"{code(path)}:\n\n{_diff(patch)}")
        elif patch:
            parts.append(f"{code(path)}: the patch is too long to be shown here.")
        else:
            parts.append(f"{code(path)}: not shown, because such a file may hold a secret.")
    return (
        "## For people\n\nOnly people may change these files, so they were left out. This is what "
        "the change would be (`git apply` takes it):\n\n" + "\n\n".join(parts)
    )


def _diff(patch: str) -> str:
    """The patch to the byte, in a fence that it cannot close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", patch)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}diff\n{patch.rstrip(chr(10))}\n{fence}"
