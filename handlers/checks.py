"""“Re-run” on a check of ours: the gate looks again at the same commit (W11).

Never: runs a gate itself; the story's worker does, and shows a new check run.
"""

from __future__ import annotations

from typing import Any

from bot.story.events import ChecksAsked
from bot.story.involved import person
from bot.story.office import Delivery, Office
from policies.branches import issue_of_branch

_PREFIX = "towpath / "


def check_run(delivery: Delivery, office: Office) -> None:
    """One gate again, by GitHub's own button or by ours."""
    payload = delivery.payload
    run = payload["check_run"]
    action = (payload.get("requested_action") or {}).get("identifier")
    if delivery.action == "requested_action" and action != "rerun":
        return
    name = str(run.get("name") or "")
    if name.startswith(_PREFIX):
        _asked(delivery, office, run, (name.removeprefix(_PREFIX),))


def check_suite(delivery: Delivery, office: Office) -> None:
    """All gates again."""
    _asked(delivery, office, delivery.payload["check_suite"], ())


def _asked(
    delivery: Delivery, office: Office, thing: dict[str, Any], names: tuple[str, ...]
) -> None:
    payload = delivery.payload
    by = person(payload.get("sender"))
    sha = str(thing.get("head_sha") or "")
    repository = office.repository(payload)
    branch = thing.get("head_branch") or (thing.get("check_suite") or {}).get("head_branch")
    issue = issue_of_branch(str(branch or ""))
    story = office.story(repository, issue) if issue else None
    if story is None or story.terminal or by.is_bot or story.gated is None:
        return
    known = {gate.name for gate in story.gated.gates}
    if story.gated.sha == sha and set(names) <= known:
        asked = ChecksAsked(sha=sha, names=names, by=by)
        office.tell(story.stream, asked, once=f"{story.stream}/checks/{delivery.guid}")


EVENTS = {
    "check_run.rerequested": check_run,
    "check_run.requested_action": check_run,
    "check_suite.rerequested": check_suite,
}
COMMANDS = ()
