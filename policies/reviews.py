"""Whether what is said in a review starts work, and whether a change meets it (W10).

Promises: pure; a bot starts nothing, nor does somebody without write access; a comment that came
with an approval starts nothing, because a new commit would take that approval away.
Never: reads a remark for what it asks; that is for who does the work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.story.vocabulary import Gate, Person, Remark, Verdict, allow, deny, wait
from policies.who_approves import at_least

_CONTENT = re.compile(
    r"(?:(?:thanks?(?:\s+you)?|thx|ty|ok(?:ay)?|got it|i see|makes sense|lgtm|nice|great|perfect"
    r"|cool|good(?:\s+(?:catch|point|job|work))?|agreed?|resolved|fine|\+1|👍|🎉|❤️|🚀|✅)[\s,.!]*){1,4}",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(r"^\W*(?:nit(?:pick)?|optional|minor|non-?blocking)\b", re.IGNORECASE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class _Story(Protocol):
    @property
    def remarks_open(self) -> Sequence[Remark]: ...
    @property
    def foreign_head(self) -> bool: ...


class HasStory(Protocol):
    """The facts of an effect, as far as reviews go."""

    @property
    def story(self) -> _Story: ...


@dataclass(frozen=True)
class RemarkFacts:
    """Who said it, where, and what the story can do. `permission` as GitHub says it now.

    `approving`: its review approves. `has_author`: a model is there that could change the code.
    """

    person: Person
    permission: str
    approving: bool = False
    has_author: bool = True


def decide(facts: RemarkFacts) -> Verdict:
    """ALLOW where the remark starts work; DENY says by its rule why not."""
    if facts.person.is_bot or facts.person.login.endswith("[bot]"):
        return deny("bots_never", "bots start no work")
    if not at_least(facts.permission, "write"):
        return deny("permission", "only somebody with write access can ask for changes")
    if facts.approving:
        return deny("with_approval", "a change would take back the approval that it came with")
    if not facts.has_author:
        return deny("no_author", "the change was made by rule, without a model")
    return allow("write_access")


def heard(effect: Any, facts: HasStory) -> Verdict | None:
    """A rule for a merge: what reviewers asked for is looked at first.

    Who pushed a commit of their own takes the answer on themselves: then it holds up nothing.
    """
    waiting = facts.story.remarks_open
    if waiting and not facts.story.foreign_head:
        why = f"{waiting[0].person.login} asked for something in a review"
        return wait("review_open", why, Gate.PRE_DEPLOY)
    return None


def content(text: str) -> bool:
    """Whether a text says no more than that its writer is content."""
    return bool(_CONTENT.fullmatch(text.strip())) or not text.strip()


def optional(text: str) -> bool:
    """Whether the writer leaves it to the author (`nit: …`)."""
    return bool(_OPTIONAL.match(text.strip()))


def touched(remark: Remark, diff: str) -> bool:
    """Whether `diff` (unified, from the commit that was remarked on) changes the remark's place.

    The lines of context around a change count as its place. Where no line is known, the file is
    the place; where no file is, the whole change.
    """
    if not remark.path:
        return "@@" in diff
    inside = False
    for line in diff.splitlines():
        if line.startswith("diff --git "):
            inside = line.startswith(f"diff --git a/{remark.path} ") or line.endswith(
                f" b/{remark.path}"
            )
        elif inside and remark.line == 0 and line.startswith(("@@", "deleted", "rename")):
            return True
        elif inside and (found := _HUNK.match(line)):
            first = int(found[1])
            last = first + int(found[2] or 1)
            if first <= remark.line and (remark.start_line or remark.line) <= last:
                return True
    return False
