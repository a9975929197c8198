"""What a handler works with: reads of GitHub, the stories, and a way to say what happened.

Promises: a handler appends facts and proposes effects, it never moves a story; the same meaning is
told once, however many deliveries carry it (`once`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from bot.configuration.in_force import EffectiveConfig
from bot.story.deliveries import Delivery as Seen
from bot.story.effects import Effect
from bot.story.events import Event
from bot.story.involved import GitHub as InvolvedReads
from bot.story.journal import AlreadySeen, Head, Journal, Recorded
from bot.story.machine import Story, fold
from bot.story.performer import NotAllowed, NotNow, Performer, Refused
from bot.story.repositories import KIND, Repositories, repository_stream
from bot.story.standing import GitHub as StandingReads
from bot.story.tickets import Tracker
from bot.story.todo_events import TodosScanned
from bot.story.unmet_facts import InForce, missing
from bot.story.vocabulary import TERMINAL, Repository, State
from policies.branches import issue_of_branch
from policies.unmet import Condition

_ALL = 1_000_000  # stories


class Delivery(Protocol):
    """A webhook, parsed but not trusted."""

    guid: str
    event: str
    payload: Mapping[str, Any]

    @property
    def action(self) -> str | None: ...


class GitHub(InvolvedReads, StandingReads, Protocol):
    """The reads that handlers need; see bot.outside.ports for their contracts."""

    def identity(self) -> Any: ...
    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]: ...
    def check_runs(self, repository: Repository, sha: str) -> list[dict[str, Any]]: ...
    def open_pulls(self, repository: Repository) -> list[dict[str, Any]]: ...
    def issue(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def issue_comments(
        self, repository: Repository, number: int, since: datetime | None = None
    ) -> list[dict[str, Any]]: ...
    def compare(self, repository: Repository, base: str, head: str) -> dict[str, Any] | None: ...
    def pull(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def pull_reviews(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def pull_comments(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def installation_of(self, full_name: str) -> int: ...
    def repository(self, full_name: str, installation_id: int | None = None) -> Repository: ...
    def commit(self, repository: Repository, sha: str) -> dict[str, Any]: ...
    def branch_head(self, repository: Repository, branch: str) -> str | None: ...
    def tree(self, repository: Repository, sha: str) -> list[dict[str, Any]]: ...
    def blob(self, repository: Repository, sha: str) -> bytes: ...
    def installations(self) -> list[dict[str, Any]]: ...
    def failed_deliveries(self, since: datetime) -> list[dict[str, Any]]: ...
    def delivery(self, delivery_id: int) -> dict[str, Any]: ...
    def redeliver(self, delivery_id: int) -> None: ...
    def repositories(self, installation_id: int) -> list[Repository]: ...
    def covered(self, installation_id: int) -> list[tuple[Repository, dict[str, Any]]]: ...
    def about(self, repository: Repository) -> dict[str, Any]: ...
    def forget_token(self, installation_id: int) -> None: ...
    def open_issues_with_label(
        self, repository: Repository, label: str
    ) -> list[dict[str, Any]]: ...
    def label_put_on(
        self, repository: Repository, number: int, label: str
    ) -> dict[str, Any] | None: ...


class Marks(Protocol):
    """Reads what comments of the default branch say; `bot.backlog.todo.reader` has the contract."""

    def look(
        self,
        repository: Repository,
        before: str,
        attributes: Mapping[str, bytes],
        ignore: Sequence[str],
    ) -> Any: ...
    def authors(
        self, repository: Repository, commit: str, places: Mapping[str, Sequence[int]]
    ) -> dict[tuple[str, int], Any]: ...


@dataclass(frozen=True)
class HandlerSettings:
    """The operator's settings that handlers obey; a repository's are in its configuration."""

    github_web_url: str = "https://github.com"
    onboarding: bool = False
    has_model: bool = False


class Office:
    """Handed to every handler by the wiring."""

    def __init__(
        self,
        github: GitHub,
        journal: Journal,
        performer: Performer,
        clock: Callable[[], datetime],
        settings: HandlerSettings,
        wake: Callable[[str], None],
        repositories: Repositories | None = None,
        rules: Callable[[Repository], InForce] = lambda repository: InForce(),
        marks: Marks | None = None,
        tracker: Tracker | None = None,
    ) -> None:
        """`rules`: what counts for a repository now. `tracker`: Jira, where there is one."""
        self.github, self._journal, self._performer = github, journal, performer
        self.marks, self.tracker = marks, tracker
        self.repositories = repositories or Repositories(journal)
        self.clock, self.settings, self._wake, self._rules = clock, settings, wake, rules

    @property
    def journal(self) -> Journal:
        """For what keeps streams of its own, as the backlog does."""
        return self._journal

    def repository(self, payload: Mapping[str, Any]) -> Repository:
        """The repository a payload speaks of; the installation is looked up where it is missing."""
        told = payload["repository"]
        installation = (payload.get("installation") or {}).get("id")
        return Repository(
            id=told["id"],
            full_name=told["full_name"],
            default_branch=told.get("default_branch") or "main",
            git_url=told.get("clone_url") or self._git_url(told["full_name"]),
            installation_id=installation or self.github.installation_of(told["full_name"]),
        )

    def _git_url(self, full_name: str) -> str:
        return f"{self.settings.github_web_url}/{full_name}.git"

    def story(self, repository: Repository, issue: int) -> Story | None:
        """The story of an issue, if there is one."""
        return self.load(stream_of(repository.id, issue))

    def load(self, stream: str) -> Story | None:
        """The story of a stream, if anything happened in it."""
        story = self.told(stream)
        return story if story.repository else None

    def told(self, stream: str) -> Story:
        """All that was told of a stream, whether or not there is a story in it."""
        return fold(stream, self._journal.load(stream))

    def living(self) -> list[Story]:
        """The stories that have not ended."""
        states = [state for state in State if state not in TERMINAL]
        rows = self._journal.streams(states=states, kind="story", limit=_ALL)
        return [story for row in rows if (story := self.load(row.stream))]

    def ended(self, since: datetime) -> list[Story]:
        """The stories that ended, and to which something happened since then."""
        rows = self._journal.streams(
            states=list(TERMINAL), kind="story", updated_after=since, limit=_ALL
        )
        return [story for row in rows if (story := self.load(row.stream))]

    def story_of_pull(self, repository: Repository, number: int) -> Story | None:
        """The story whose pull request this is: told by the branch, checked by its journal."""
        branch = (self.github.pull(repository, number).get("head") or {}).get("ref") or ""
        issue = issue_of_branch(branch)
        story = self.story(repository, issue) if issue else None
        return story if story and story.pull_number == number else None

    def missing(self, story: Story) -> list[Condition]:
        """All that the story lacks between now and done."""
        if story.repository is None:
            return []
        return missing(self.github, story, self._rules(story.repository), self.clock())

    def tell(
        self, stream: str, *events: Event, once: str | None = None, head: Head | None = None
    ) -> bool:
        """Append what happened and wake the story. False where it was told before."""
        head = replace(head or Head(), wake_at=self.clock())
        try:
            self._journal.append(stream, events, actor="handler", once=once, head=head)
        except AlreadySeen:
            self._wake(stream)  # the first telling may have died before it woke anybody
            return False
        self._wake(stream)
        return True

    def said(self, key: str) -> bool:
        """Whether the effect of this key was performed, or was refused for good."""
        row = self._journal.effect(key)
        return row is not None and (
            row.status == "performed" or (row.status == "failed" and row.not_before is None)
        )

    def delivery(self, guid: str) -> Seen | None:
        """How handling a delivery ended, where it was told of."""
        return self._journal.delivery(guid)

    def remember_delivery(self, guid: str, event: str, action: str, **ended: Any) -> None:
        """Keep what became of a delivery that did not arrive."""
        self._journal.record_delivery(guid, event, action, **ended)

    def configuration(self, repository: Repository) -> EffectiveConfig:
        """What holds for a repository now: its own word inside the operator's bounds (W6)."""
        return self.repositories.configuration(repository)

    def record(
        self,
        repository: Repository,
        *events: Event,
        once: str | None = None,
        expect: int | None = None,
    ) -> bool:
        """Append what happened to a repository. False where it was told before.

        `expect`: the version of its facts that was decided on; Conflict where it is another by now.
        Nothing is woken: `tell` a story of it where one has to look again.
        """
        head = Head(kind=KIND, repository=repository.full_name)
        return self.keep(
            repository_stream(repository.id), *events, head=head, once=once, expect=expect
        )

    def recorded(self, stream: str) -> list[Recorded]:
        """The events of any stream."""
        return self._journal.load(stream)

    def streams_of(self, kind: str, state: str) -> list[str]:
        """The streams of a kind in a state."""
        return [row.stream for row in self._journal.streams(states=[state], kind=kind)]

    def keep(
        self,
        stream: str,
        *events: Event,
        head: Head | None = None,
        once: str | None = None,
        expect: int | None = None,
    ) -> bool:
        """Append to a stream that no worker advances. False where it was told before."""
        try:
            self._journal.append(
                stream, events, actor="handler", once=once, head=head, expect=expect
            )
        except AlreadySeen:
            return False
        return True

    def stopped(self, repository: Repository) -> str:
        """Why nothing may be done for a repository; '' where something may (W5)."""
        return self.repositories.standing(repository).stopped

    def wake_repository(self, repository: Repository) -> None:
        """Have a worker look after the repository itself: its onboarding."""
        stream = repository_stream(repository.id)
        self._journal.append(stream, [], actor="handler", head=Head(wake_at=self.clock()))
        self._wake(stream)

    def records(self, stream: str) -> list[Recorded]:
        """All that was told of a stream."""
        return self._journal.load(stream)

    def note_marks(self, repository: Repository, fact: TodosScanned, *, expect: int) -> None:
        """Append a look at a repository's marks. Raises Conflict where another was faster."""
        head = Head(kind="todo", repository=repository.full_name)
        stream = f"todo/{repository.id}"
        self._journal.append(stream, [fact], actor="handler", head=head, expect=expect)

    def wake_stories(self, repository: Repository) -> None:
        """Have every living story of a repository look again at what holds for it."""
        for story in self.living():
            if story.repository and story.repository.id == repository.id:
                self.tell(story.stream)

    def do(self, stream: str, effect: Effect) -> dict[str, Any]:
        """Perform an effect whose result is needed. Raises NotAllowed, NotNow, Refused."""
        return self._performer.do(effect, self.told(stream), None)

    def say(self, stream: str, effects: Iterable[Effect]) -> None:
        """Propose and perform effects now; what cannot be done now is left to the sweep."""
        story = self.told(stream)
        for effect in effects:
            try:
                self._performer.do(effect, story, None)
            except (NotNow, NotAllowed, Refused) as later:
                self._performer.note_unsaid(effect, later)


def stream_of(repository_id: int, issue: int) -> str:
    """The name of a story's journal; it survives a rename of the repository."""
    return f"story:{repository_id}:{issue}"
