"""A repository without a configuration gets one proposed, once, and is left its own choice (W5).

Promises: one pull request a repository; it is brought up to date only while its branch holds the
commit that we put there; merged, it is in force; closed, Towpath is off until a configuration
appears or somebody reopens it. An installation anew may ask once more.
Never: proposes where there is a configuration, nothing was committed yet, or to a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.configuration.commented import commented
from bot.story.effects import DeleteBranch, OpenPullRequest, ProposeFile
from bot.story.installation_events import OnboardingEnded, OnboardingOpened, OnboardingSkipped
from bot.story.installations import InstallationFacts
from bot.story.office import Delivery, Office
from bot.story.repositories import repository_stream
from bot.story.vocabulary import Repository, digest
from bot.texts import onboarding as texts
from bot.texts.onboarding import Survey
from handlers import configuration
from policies.repository_effects import ONBOARDING_BRANCH, ONBOARDING_PATH
from policies.standing import GRANTED

FILE = commented(texts.HEAD, {"version": 1, "mode": "dry_run"})
DIGEST = digest(FILE)[:16]


def due(office: Office, facts: InstallationFacts) -> bool:
    """Whether a repository's onboarding has to be looked at."""
    if not office.settings.onboarding or facts.repository is None or facts.access != GRANTED:
        return False
    if facts.number:
        return facts.outcome != "merged"
    return facts.skipped in ("", "empty") and not office.repositories.configured(facts.repository)


def onboard(
    office: Office, repository: Repository, survey: Callable[[Repository, str], Survey]
) -> None:
    """Bring the onboarding of a repository one step on. Raises what performing effects raises."""
    configuration.look(office, repository)
    facts = office.repositories.facts(repository.id).installation
    if not due(office, facts):
        return
    if facts.number:
        facts = _follow(office, repository, facts)
        if facts.outcome or facts.digest == DIGEST:
            return
    base = office.github.branch_head(repository, repository.default_branch)
    if why := _why_not(office, repository, base):
        if facts.skipped != why:
            office.record(repository, OnboardingSkipped(repository=repository, why=why))
        return
    _propose(office, repository, facts, base or "", survey)


def give_up(office: Office, repository: Repository) -> None:
    """GitHub refuses for good, e.g. because the branch is somebody else's: not tried for ever."""
    office.record(repository, OnboardingSkipped(repository=repository, why="refused"))


def _why_not(office: Office, repository: Repository, base: str | None) -> str:
    if office.repositories.configured(repository):
        return "configured"
    if base is None:
        return "empty"
    return "fork" if office.github.about(repository).get("fork") else ""


def _propose(
    office: Office,
    repository: Repository,
    facts: InstallationFacts,
    base: str,
    survey: Callable[[Repository, str], Survey],
) -> None:
    stream = repository_stream(repository.id)
    since = facts.since.isoformat() if facts.since else ""
    found = survey(repository, base)
    held = office.github.branch_head(repository, ONBOARDING_BRANCH)
    pushed = office.do(
        stream,
        ProposeFile(
            key=f"{stream}/propose_file/{since}/{DIGEST}",
            repository=repository,
            branch=ONBOARDING_BRANCH,
            base_sha=base,
            path=ONBOARDING_PATH,
            content=FILE,
            message=texts.MESSAGE,
            expected=facts.sha if held == facts.sha else "",
        ),
    )
    label = office.configuration(repository).story_label
    opened = office.do(
        stream,
        OpenPullRequest(
            key=f"{stream}/open_pull_request/{since}",
            repository=repository,
            issue=0,
            branch=ONBOARDING_BRANCH,
            base=repository.default_branch,
            title=texts.TITLE,
            body=texts.body(found, label, office.github.identity().slug),
        ),
    )
    told = OnboardingOpened(
        repository=repository,
        number=opened["number"],
        url=opened["url"],
        sha=pushed["sha"],
        digest=DIGEST,
    )
    office.record(repository, told)


def _follow(office: Office, repository: Repository, facts: InstallationFacts) -> InstallationFacts:
    """What became of the pull request; the facts after that."""
    pull = office.github.pull(repository, facts.number)
    outcome = _outcome(pull, facts)
    if outcome == (facts.outcome or "reopened"):
        return facts
    told = OnboardingEnded(repository=repository, number=facts.number, outcome=outcome)
    office.record(repository, told)
    office.wake_stories(repository)
    if outcome == "merged":
        stream = repository_stream(repository.id)
        key = f"{stream}/delete_branch/{facts.number}"
        branch = DeleteBranch(
            key=key, repository=repository, branch=ONBOARDING_BRANCH, sha=pull["head"]["sha"]
        )
        office.say(stream, [branch])
    return replace(facts, outcome="" if outcome == "reopened" else outcome)


def _outcome(pull: dict[str, Any], facts: InstallationFacts) -> str:
    if pull.get("merged"):
        return "merged"
    if pull.get("state") == "closed":
        return "declined"
    return "reopened" if pull["head"]["sha"] == facts.sha else "taken_over"


def changed(delivery: Delivery, office: Office) -> None:
    """The onboarding's pull request was merged, closed, reopened or pushed to."""
    payload = delivery.payload
    if (payload["pull_request"].get("head") or {}).get("ref") != ONBOARDING_BRANCH:
        return
    repository = office.repository(payload)
    facts = office.repositories.facts(repository.id).installation
    if facts.number and facts.number == payload["pull_request"]["number"]:
        _follow(office, repository, facts)


def look(office: Office, repository: Repository) -> None:
    """Follow what is open, or have it begun: what a lost webhook would tell."""
    facts = office.repositories.facts(repository.id).installation
    if not due(office, facts):
        return
    if facts.number:
        _follow(office, repository, facts)
    elif not office.repositories.standing(repository).lacks:
        office.wake_repository(repository)


EVENTS = {
    "pull_request.closed": changed,
    "pull_request.reopened": changed,
    "pull_request.synchronize": changed,
}
COMMANDS = ()
