"""What is said of approvals: what changed since, what was taken back, what came by itself."""

from __future__ import annotations

from collections.abc import Sequence

from bot.story.machine import Story
from bot.story.vocabulary import Gate
from bot.texts.words import code, count, plain, short, who

_MOST = 10
_SIGNS = {"added": "new", "removed": "deleted", "renamed": "renamed"}


def difference(
    old: str,
    new: str,
    address: str,
    commits: Sequence[tuple[str, str, str]],
    files: Sequence[tuple[str, str, int, int]],
) -> str:
    """What lies between the commit that was seen and the one that is there now.

    `commits`: (sha, login, subject). `files`: (path, status, added, deleted).
    """
    parts = [f"Shown then: `{old}`\nNow: `{new}`\n[What changed]({address})"]
    if commits:
        rows = [f"- {short(sha)} by {who(by)}: {plain(what, 120)}" for sha, by, what in commits]
        parts.append(_some(rows, "commit"))
    if files:
        rows = [f"- {code(path)} ({_how(how, plus, minus)})" for path, how, plus, minus in files]
        parts.append(_some(rows, "file"))
    return "\n\n".join(parts)


def plan_difference(old: str, new: str) -> str:
    """A plan has no page of its own to compare."""
    return f"Plan shown then: `{old}`\nPlan now: `{new}` (`/plan` shows it)"


def _how(status: str, plus: int, minus: int) -> str:
    changed = f"+{plus} −{minus}"
    return f"{_SIGNS[status]}, {changed}" if status in _SIGNS else changed


def _some(rows: Sequence[str], what: str) -> str:
    more = [f"- and {count(len(rows) - _MOST, 'more ' + what)}"] if len(rows) > _MOST else []
    return "\n".join([*rows[:_MOST], *more])


def review_refused(reason: str) -> str:
    """Somebody pressed GitHub's own button, and it does not count."""
    return f"This review does not count as an approval: {plain(reason, 500)}"


def given(story: Story) -> str:
    """Who has approved what stands there now; '' where nobody has."""
    waiting = story.waiting
    if waiting is None:
        return ""
    by_plan = waiting.gate is Gate.PRE_CODE
    now = story.plan_digest if by_plan else story.head_sha
    people = [
        each.person.login
        for each in story.approvals
        if each.gate is waiting.gate and (each.plan_digest if by_plan else each.head_sha) == now
    ]
    return f" So far: {', '.join(map(who, people))}." if people else ""


def withdrawn(story: Story) -> str:
    """What was approved in this round and counts no more, with why; '' where nothing."""
    rows = [
        f"- {who(one.login) if one.login else 'the automatic approval'} ({one.at:%H:%M} UTC): "
        f"{plain(one.reason, 300)}"
        for one in story.withdrawals[-_MOST:]
    ]
    return "**Approvals that count no more**\n" + "\n".join(rows) if rows else ""


def automatic(story: Story) -> str:
    """The configuration's own yes to what stands there now; '' where it gave none."""
    given_ = story.auto_approved
    if given_ is None or given_.head_sha != story.head_sha:
        return ""
    within = ", ".join(
        f"{name.replace('_', ' ')} {plain(str(value), 60)}" for name, value in given_.limits.items()
    )
    return f"Approved by the configuration's `auto_approve`, within its limits: {within}."
