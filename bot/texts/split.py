"""What is said where a story is too large: the proposal, the issues, and how it ends here."""

from __future__ import annotations

from collections.abc import Sequence

from bot.story.split import SmallerStory, SplitProposed
from bot.story.story import Story
from bot.texts.words import plain


def proposal(split: SplitProposed) -> str:
    """The comment that lists the parts."""
    listed = "\n\n".join(_part(number, one) for number, one in enumerate(split.parts, 1))
    return (
        f"This story is too large for one pull request: {plain(split.why, 400)}\n\n"
        f"It could be these {len(split.parts)} stories instead, in this order:\n\n{listed}\n\n"
        "`/approve` opens them as issues; none of them begins before somebody labels it. "
        "`/reject reason`, or an edit of this story, has it looked at again."
    )


def _part(number: int, part: SmallerStory) -> str:
    needs = ", ".join(map(str, part.after))
    after = f" (after {needs})" if needs else ""
    return f"{number}. **{title(part)}**{after}\n{_criteria(part, '   ')}"


def _criteria(part: SmallerStory, indent: str = "") -> str:
    return "\n".join(f"{indent}- [ ] {plain(one, 500)}" for one in part.criteria)


def title(part: SmallerStory) -> str:
    return plain(part.title, 120)


def body(story: Story, part: SmallerStory, after: Sequence[int]) -> str:
    """The text of an issue; `after`: the issues that come before it."""
    needs = f" Comes after {', '.join(f'#{number}' for number in after)}." if after else ""
    said = plain(part.description, 2_000)
    return "\n\n".join(
        one
        for one in (
            said,
            f"## Acceptance criteria\n{_criteria(part)}",
            f"<sub>A part of #{story.issue}.{needs}</sub>",
        )
        if one
    )


def opened(numbers: Sequence[int]) -> str:
    """Why the story ends here."""
    listed = ", ".join(f"#{number}" for number in numbers)
    return f"it was too large and is now {listed}; label them one after the other to begin"


def waits() -> str:
    """What the status comment says meanwhile."""
    return (
        "The story is too large for one plan; a comment proposes smaller stories.\n\n"
        "**Waits for:** `/approve` (or `/reject reason`) from somebody with write access."
    )
