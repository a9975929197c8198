"""`.github/towpath.yml` and `.automation-scope.yaml` hold as the default branch has them (W6, P2).

Promises: read at installation, at each push and at each look around; what cannot be obeyed is shown
on its commit with line and column, and the last good one stays in force. A pull request is told
what its configuration would be worth. Never: obeys another branch or a fork.
"""

from __future__ import annotations

from typing import Any

from bot.configuration import files
from bot.configuration.files import Entry, Told
from bot.configuration.in_force import EffectiveConfig
from bot.configuration.problems import Problem, Unreadable
from bot.story.effects import PublishCheck
from bot.story.journal import Conflict
from bot.story.office import Delivery, Office
from bot.story.repositories import repository_stream
from bot.story.repository_events import ConfigurationBroken, ConfigurationRead
from bot.story.vocabulary import GateFinding, Repository, digest
from bot.texts import configuration as texts

_TRIES = 5


def look(office: Office, repository: Repository) -> str | None:
    """Read what the default branch says now, if it is not known yet; show what is wrong with it.

    Returns the head that was looked at; None: nothing was committed yet.
    """
    for _ in range(_TRIES):
        facts = office.repositories.facts(repository.id)
        head = office.github.branch_head(repository, repository.default_branch)
        if head is None:
            return None
        entries = _entries(office, repository, head)
        seen = tuple((entry.path, entry.sha) for entry in entries)
        if seen == facts.files:
            _show(office, repository)
            return head
        try:
            _record(office, repository, head, entries, facts.version)
        except Conflict:
            continue  # somebody else looked meanwhile: look again
        _show(office, repository)
        return head
    return None


def of(office: Office, repository: Repository) -> EffectiveConfig:
    """What holds for a repository, read first where nobody has looked yet."""
    if office.repositories.facts(repository.id).files is None:
        look(office, repository)
    return office.configuration(repository)


def _entries(office: Office, repository: Repository, sha: str) -> tuple[Entry, ...]:
    """The entries of the root and of `.github` that are configuration or look like it."""
    top = [_entry("", one) for one in office.github.tree(repository, sha)]
    folders = [one for one in top if one.path.casefold() == ".github" and one.mode == "040000"]
    inner = [
        _entry(f"{folder.path}/", one)
        for folder in folders
        for one in office.github.tree(repository, folder.sha)
    ]
    return files.found([*top, *inner])


def _entry(before: str, told: dict[str, Any]) -> Entry:
    return Entry(f"{before}{told['path']}", str(told["mode"]), str(told["sha"]))


def _read(office: Office, repository: Repository, entries: tuple[Entry, ...]) -> Told:
    return files.read(entries, lambda entry: office.github.blob(repository, entry.sha))


def _record(
    office: Office, repository: Repository, head: str, entries: tuple[Entry, ...], version: int
) -> None:
    seen = tuple((entry.path, entry.sha) for entry in entries)
    before = office.configuration(repository)
    found: ConfigurationRead | ConfigurationBroken
    try:
        told = _read(office, repository, entries)
        found = ConfigurationRead(
            repository=repository,
            sha=head,
            files=seen,
            told=told.config.model_dump(mode="json", exclude_unset=True),
            scope=told.scope and told.scope.model_dump(mode="json", exclude_unset=True),
        )
    except Unreadable as unreadable:
        found = ConfigurationBroken(
            repository=repository, sha=head, files=seen, problems=unreadable.problems[:50]
        )
    office.record(repository, found, expect=version)
    if office.configuration(repository) != before:
        office.wake_stories(repository)


def _show(office: Office, repository: Repository) -> None:
    """The check run of what was read last; said once, and again where it could not be said."""
    facts = office.repositories.facts(repository.id)
    if not facts.files and not facts.mended and facts.broken is None:
        return  # there never was one: nothing to show
    problems = facts.broken.problems if facts.broken else ()
    kept = facts.told is not None
    _publish(office, repository, facts.sha, digest(facts.files)[:16], problems, kept, False)


def _publish(
    office: Office,
    repository: Repository,
    sha: str,
    subject: str,
    problems: tuple[Problem, ...],
    kept: bool,
    proposed: bool,
) -> None:
    stream = repository_stream(repository.id)
    check = PublishCheck(
        key=f"{stream}/publish_check/configuration/{sha}/{subject}",
        repository=repository,
        sha=sha,
        check=texts.CHECK,
        conclusion="failure" if problems else "success",
        title=texts.check_title(problems, proposed),
        summary=texts.check_summary(problems, kept, proposed),
        annotations=tuple(_note(problem) for problem in problems),
    )
    office.say(stream, [check])


def _note(problem: Problem) -> GateFinding:
    return GateFinding(
        file=problem.path,
        line=problem.line,
        column=problem.column,
        rule=problem.key or "configuration",
        message=problem.message,
    )


def pushed(delivery: Delivery, office: Office) -> None:
    """A push to the default branch."""
    payload = delivery.payload
    repository = office.repository(payload)
    if payload.get("ref") == f"refs/heads/{repository.default_branch}":
        look(office, repository)


def installed(delivery: Delivery, office: Office) -> None:
    """The app came to repositories: their configuration is read before anything is done there."""
    payload = delivery.payload
    installation = payload["installation"]["id"]
    for told in payload.get("repositories_added") or payload.get("repositories") or ():
        look(office, office.github.repository(told["full_name"], installation))


def proposed(delivery: Delivery, office: Office) -> None:
    """A pull request that changes the configuration is told what it is worth; it holds nowhere."""
    payload = delivery.payload
    repository, number = office.repository(payload), payload["pull_request"]["number"]
    pull = office.github.pull(repository, number)
    into = (pull.get("base") or {}).get("ref")
    if pull.get("state") != "open" or into != repository.default_branch:
        return
    if not _touches(office, repository, number):
        return
    head = pull["head"]["sha"]
    problems: tuple[Problem, ...] = ()
    try:
        _read(office, repository, _entries(office, repository, head))
    except Unreadable as unreadable:
        problems = unreadable.problems[:50]
    _publish(office, repository, head, f"pull/{number}", problems, True, True)


def _touches(office: Office, repository: Repository, number: int) -> bool:
    paths = (
        name
        for told in office.github.pull_files(repository, number)
        for name in (told.get("filename"), told.get("previous_filename"))
        if name
    )
    return any(map(files.is_configuration, paths))


def again(delivery: Delivery, office: Office) -> None:
    """“Re-run” on the check: the same files are read once more."""
    run = delivery.payload["check_run"]
    if run.get("name") == texts.CHECK:
        look(office, office.repository(delivery.payload))


EVENTS = {
    "push": pushed,
    "installation.created": installed,
    "installation.unsuspend": installed,
    "installation_repositories.added": installed,
    "pull_request.opened": proposed,
    "pull_request.reopened": proposed,
    "pull_request.synchronize": proposed,
    "check_run.rerequested": again,
}
COMMANDS = ()
