"""How Towpath stands with a repository decides before everything else (W5, P2).

Promises: pure; where the app is not installed, suspended or the repository archived, nothing goes
out and work holds still; `off` is the same by the repository's own word; in a dry run everything is
judged, and what would go out is held back and said, but for the status comment.
Never: lets an effect out that needs a permission the installation has not granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.story.vocabulary import Gate, Verdict, wait

GRANTED, SUSPENDED, REMOVED, ARCHIVED = "granted", "suspended", "removed", "archived"
OFF, DRY_RUN, PERMISSION = "off", "dry_run", "permission"
STOPS = (SUSPENDED, REMOVED, ARCHIVED, OFF)  # nothing at all is done
INSIDE = frozenset(
    {
        "prepare_environment",
        "run_tests",
        "run_gates",
        "run_command",
        "call_model",
        "list_server_tools",
    }
)
SAID = frozenset({"react", "set_labels", "post_comment", "reply_to_review", "publish_check"})
_STRENGTH = {"": 0, "read": 1, "write": 2, "admin": 3}
_WHY = {
    SUSPENDED: "the installation of the app is suspended",
    REMOVED: "the app is not installed on this repository any more",
    ARCHIVED: "the repository is archived",
    OFF: "Towpath is switched off for this repository",
}

_OWNER = "an owner of the account that the app is installed on"
_WHOM = {
    SUSPENDED: _OWNER,
    REMOVED: _OWNER,
    ARCHIVED: "an admin of the repository",
    OFF: "whoever may change `mode` in .github/towpath.yml on the default branch",
}


@dataclass(frozen=True)
class Standing:
    """`access`: granted | suspended | removed | archived; `mode`: on | dry_run | off.

    `granted`: permissions of the installation (name → level), None where nobody asked yet;
    `lacks`: what Towpath needs and is not among them, as `name: level`.
    """

    access: str = GRANTED
    mode: str = "on"
    granted: Mapping[str, str] | None = None
    lacks: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def stopped(self) -> str:
        """Why nothing at all may be done; '' where something may."""
        if self.access != GRANTED:
            return self.access
        return OFF if self.mode == OFF else ""

    @property
    def holds(self) -> frozenset[str]:
        """Names of the rules of this file that hold something back now."""
        dry = {DRY_RUN} if self.mode == DRY_RUN else set()
        lacks = {PERMISSION} if self.lacks else set()
        return frozenset({self.stopped} - {""} | dry | lacks)


def before(kind: str, standing: Standing, needs: Mapping[str, str]) -> Verdict | None:
    """The verdict that comes before all rules. `needs`: permissions that the effect takes."""
    if stopped := standing.stopped:
        return wait(stopped, _WHY[stopped], Gate.PAUSED, _WHOM[stopped])
    if standing.granted is not None and (lacks := missing(standing.granted, needs)):
        why = f"the installation has not granted {', '.join(lacks)} yet"
        return wait(PERMISSION, why, Gate.PAUSED, _OWNER)
    return None


def after(effect: Any, standing: Standing, verdict: Verdict) -> Verdict:
    """What a dry run makes of a verdict: what was allowed is said instead of done."""
    kind = effect.kind
    is_read = kind == "call_server_tool" and not effect.writes
    inside = kind in INSIDE or kind == "show_status" or is_read
    if standing.mode != DRY_RUN or not verdict.allowed or inside:
        return verdict
    return wait(DRY_RUN, would(effect), Gate.PAUSED, _WHOM[OFF])


def would(effect: Any) -> str:
    """What the effect would have done, in a line for people."""
    match effect.kind:
        case "push_branch":
            named = ", ".join(effect.files[:5]) + (" …" if len(effect.files) > 5 else "")
            size = f"{len(effect.files)} changed files, {effect.lines} lines"
            return f"push {size} ({named}) to {effect.branch}, and open its pull request"
        case "propose_file":
            return f"propose {effect.path} on {effect.branch}"
        case "open_pull_request":
            return f"open a pull request from {effect.branch} into {effect.base}"
        case "merge_pull_request":
            return f"merge #{effect.number} at {effect.sha[:10]}"
        case "set_labels":
            return f"put the labels {', '.join(effect.add) or 'none'} on #{effect.issue}"
        case "publish_check":
            return f"show the check {effect.check!r} ({effect.conclusion})"
        case "post_comment" | "react" | "close_issue":
            return f"{effect.kind.replace('_', ' ')} on #{effect.issue}"
        case "transition_ticket":
            return f"move {effect.ticket} to {effect.status}"
        case "assign_ticket" | "set_ticket_property" | "comment_ticket" | "link_ticket":
            return f"{effect.kind.replace('_ticket', '').replace('_', ' ')} on {effect.ticket}"
        case "edit_pull_request" | "close_pull_request":
            return f"{effect.kind.replace('_', ' ')} #{effect.number}"
        case "delete_branch":
            return f"delete the branch {effect.branch}"
        case kind:
            return str(kind).replace("_", " ")


def missing(granted: Mapping[str, str], needed: Mapping[str, str]) -> tuple[str, ...]:
    """What of `needed` is not granted, as `name: level`. Every installation may read metadata."""
    return tuple(
        f"{name}: {level}"
        for name, level in sorted(needed.items())
        if name != "metadata" and _STRENGTH.get(granted.get(name, ""), 0) < _STRENGTH[level]
    )
