"""What the known families say to the lanes: rulings on tickets, and what needs no model (B6, B11).

Promises: the default branch is read at its head, once a run; where neither it nor the tickets
changed, nothing is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.backlog.item import Item
from bot.backlog.lanes.lane import Decision, Shift
from bot.families import autofix, bump, remedy
from bot.families.security_tickets import tickets, triage
from bot.story.vocabulary import digest
from bot.workspace.reading import NotFound
from bot.workspace.text_files import Files
from policies.scope import Scope

SECURITY = "security tickets"  # the input's name
NO_MODEL = "no model is configured, and no known family does it"


def triaged(shift: Shift) -> tuple[list[Decision], dict[str, str]]:
    """Rule on the security tickets; the decisions, and the digest of what they were made from."""
    items = tickets(shift.backlog, shift.key)
    if not items:
        return [], {}
    head, files = _files(shift)
    if files is None:
        return [], {}
    closing = shift.config.backlog.security.close
    scope = Scope(shift.config.allowed_lists, shift.config.paths.patterns_restricted)
    about = [[one.number, one.version] for one in items]
    before = [head, sorted(closing), repr(scope)]
    if dict(shift.former.inputs if shift.former else ()).get(SECURITY) == digest([*before, about]):
        return [], {SECURITY: digest([*before, about])}
    ruled = triage(shift.backlog, shift.key, files, closing, scope)
    after = [[one.number, one.version] for one in tickets(shift.backlog, shift.key)]
    decisions = [Decision(one.item, f"security: {one.ruling.outcome}", one.reason) for one in ruled]
    return decisions, {SECURITY: digest([*before, after])}


def workable(shift: Shift) -> Callable[[Item], str]:
    """Why nothing could be done about an item without a model; '' where a known family does it."""
    _, files = _files(shift)

    def why_not(item: Item) -> str:
        if files is None:
            return NO_MODEL
        title, body, listed = item.title, item.body, lambda: files.paths
        if isinstance(remedy.detect(title, body, listed, files.text), remedy.Remedy):
            return ""
        if isinstance(bump.detect(title, body, listed, files.text), bump.Bump):
            return ""
        if isinstance(autofix.detect(title, body, listed, files.text), autofix.Autofix):
            return ""
        return NO_MODEL

    return why_not


def _files(shift: Shift) -> tuple[str, Files | None]:
    """The default branch at its head; None where nothing was committed yet."""
    repository, mirrors = shift.repository, shift.hands.mirrors
    if mirrors is None:
        return "", None
    head = shift.office.github.branch_head(repository, repository.default_branch)
    if head is None:
        return "", None
    mirror = mirrors.mirror(repository)
    try:
        mirror.tree_of(head)
    except NotFound:
        head = mirrors.fetch(repository, repository.default_branch)
    return head, Files(mirror, head)
