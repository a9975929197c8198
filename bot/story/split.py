"""A story that is too large, and the stories that it could be instead (S9).

Promises: values only; a yes is bound to the digest of exactly these parts.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Value, digest


class SmallerStory(Value):
    """A part of a story that is too large. `after`: numbers of the parts before it, from 1."""

    title: str
    description: str = ""
    criteria: tuple[str, ...] = ()
    after: tuple[int, ...] = ()


class SplitProposed(Value):
    """The story is too large to be planned as one; what it could be instead, in order (S9)."""

    kind: Literal["split_proposed"] = "split_proposed"
    parts: tuple[SmallerStory, ...]
    why: str

    @property
    def digest(self) -> str:
        """What a yes to it is bound to."""
        return digest(self.model_dump(mode="json"))
