"""What a known family says about a story that it does not simply take (S19).

Promises: values only; the sentence for people is made of `kind` and `details` in `bot.texts`,
`message` is the plain technical one.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.story.vocabulary import Value


class NotThis(Value):
    """The story belongs to somebody else: another family, or a model."""

    reason: str


class Question(Value):
    """The story is of this family, but a person must decide something first.

    Kinds of a bump: which_version, not_found, downgrade, ambiguous_pins, locked, hashed,
    direct_reference, excluded, unsupported_manifest, unparsable. Kinds of an autofix: which_rule,
    not_fixable, no_such_path.
    """

    kind: str
    message: str
    details: dict[str, Any] = Field(default={})


class Already(Value):
    """There is nothing to do: what the story asks for is so. `evidence` says where."""

    message: str
    evidence: tuple[str, ...] = ()
