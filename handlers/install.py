"""Where the app is installed, Towpath works; where it is not (any more), it holds still (W5).

Promises: whatever the webhook says, GitHub is asked what is installed now, and the differences are
told to the repositories' journals and to their stories; a lost webhook is found the same way.
A repository that comes back goes on where it was. Never: takes a list that could not be read for
an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.story.events import RepositoryMoved
from bot.story.installation_events import AccessChanged
from bot.story.installations import InstallationFacts
from bot.story.office import Delivery, Office
from bot.story.vocabulary import Repository
from policies.standing import ARCHIVED, GRANTED, REMOVED, SUSPENDED


def look(office: Office, only: int | None = None) -> dict[int, str]:
    """Compare what is installed with what is known, for one installation or for all.

    Returns for each repository what differs once something was pushed there, or an issue or pull
    request was opened or closed.
    """
    told = {each["id"]: each for each in office.github.installations()}
    known = _known(office)
    signs: dict[int, str] = {}
    for number, installation in told.items():
        if only in (None, number):
            signs |= _installation(office, installation, known)
    gone = {only} - {None} if only is not None else _numbers(known)
    for number in gone - set(told):
        _lost(office, known, number, (), "uninstalled")
    return signs


def _sign(told: Mapping[str, Any]) -> str:
    return "/".join(
        str(told.get(name)) for name in ("pushed_at", "open_issues_count", "default_branch")
    )


def _known(office: Office) -> dict[int, InstallationFacts]:
    """Every repository that was ever seen; those of stories from before anybody asked too."""
    known = office.repositories.known()
    for story in office.living():
        place = story.repository
        if place and not (known.get(place.id) and known[place.id].repository):
            known[place.id] = InstallationFacts(repository=place)
    return known


def _numbers(known: Mapping[int, InstallationFacts]) -> set[int]:
    return {one.repository.installation_id for one in known.values() if one.repository}


def _installation(
    office: Office, installation: Mapping[str, Any], known: dict[int, InstallationFacts]
) -> dict[int, str]:
    number = installation["id"]
    permissions = tuple(sorted((installation.get("permissions") or {}).items()))
    if installation.get("suspended_at"):
        for facts in _of(known, number):
            _note(office, facts, facts.repository, SUSPENDED, "suspended", permissions)
        return {}
    if not any(facts.access == GRANTED for facts in _of(known, number)) or any(
        facts.permissions != dict(permissions) for facts in _of(known, number)
    ):
        office.github.forget_token(number)  # minted before the change, it is worth less
    covered = office.github.covered(number)
    for repository, told in covered:
        facts = known.get(repository.id, InstallationFacts())
        archived = told.get("archived") or told.get("disabled")
        access, reason = (ARCHIVED, "archived") if archived else (GRANTED, "")
        _note(office, facts, repository, access, reason, permissions)
        known[repository.id] = InstallationFacts(repository=repository, access=access)
    _lost(office, known, number, (repository.id for repository, _ in covered), "removed")
    return {repository.id: _sign(told) for repository, told in covered}


def _of(known: Mapping[int, InstallationFacts], number: int) -> list[InstallationFacts]:
    return [
        facts
        for facts in known.values()
        if facts.repository and facts.repository.installation_id == number
    ]


def _lost(
    office: Office,
    known: Mapping[int, InstallationFacts],
    number: int,
    still: Iterable[int],
    reason: str,
) -> None:
    there = set(still)
    for facts in _of(known, number):
        if facts.repository and facts.repository.id not in there and facts.access != REMOVED:
            _note(office, facts, facts.repository, REMOVED, reason, ())
            office.github.forget_token(number)


def _note(
    office: Office,
    facts: InstallationFacts,
    repository: Repository | None,
    access: str,
    reason: str,
    permissions: tuple[tuple[str, str], ...],
) -> None:
    """Tell what changed; nothing where nothing did."""
    if repository is None:
        return
    before = (facts.repository, facts.access, facts.permissions)
    if before == (repository, access, dict(permissions)):
        return
    told = AccessChanged(
        repository=repository, access=access, reason=reason, permissions=permissions
    )
    office.record(repository, told)
    for story in office.living():
        if story.repository is None or story.repository.id != repository.id:
            continue
        moved = (RepositoryMoved(repository=repository),) if story.repository != repository else ()
        office.tell(story.stream, *moved)
    if access == GRANTED:
        office.wake_repository(repository)


def installation(delivery: Delivery, office: Office) -> None:
    """Installed, uninstalled, suspended, permitted: look at this installation."""
    look(office, delivery.payload["installation"]["id"])


def repository(delivery: Delivery, office: Office) -> None:
    """Renamed, moved, archived, deleted: look at its installation; at all where it has moved."""
    number = (delivery.payload.get("installation") or {}).get("id")
    look(office, None if delivery.action == "transferred" else number)


def account(delivery: Delivery, office: Office) -> None:
    """An account has another name, and so have its repositories."""
    look(office, (delivery.payload.get("installation") or {}).get("id"))


EVENTS = {
    "installation.created": installation,
    "installation.deleted": installation,
    "installation.suspend": installation,
    "installation.unsuspend": installation,
    "installation.new_permissions_accepted": installation,
    "installation_repositories.added": installation,
    "installation_repositories.removed": installation,
    "repository.deleted": repository,
    "repository.archived": repository,
    "repository.unarchived": repository,
    "repository.transferred": repository,
    "repository.renamed": repository,
    "installation_target.renamed": account,
}
COMMANDS = ()
