"""What the other rooms may ask of GitHub: the contract, without a word on how.

Promises: answers are GitHub's own JSON as dicts, to be read leniently (fields may be missing);
failures are `bot.outside.errors`. Everything is asked anew: nothing here is older than the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.story.vocabulary import Person, Repository


@dataclass(frozen=True)
class AppIdentity:
    """Who we are on GitHub. `bot.id` is 0 where the server does not tell it."""

    app_id: int
    slug: str
    bot: Person


class GitHubReads(Protocol):
    """Reads. A missing thing is NotFound, unless the signature says None."""

    def identity(self) -> AppIdentity:
        """The app and its bot account; asked once."""

    def installations(self) -> list[dict[str, Any]]:
        """All installations of the app."""

    def installation_of(self, full_name: str) -> int:
        """The installation id of a repository."""

    def repositories(self, installation_id: int) -> list[Repository]:
        """The repositories of an installation."""

    def covered(self, installation_id: int) -> list[tuple[Repository, dict[str, Any]]]:
        """The repositories of an installation, each with what GitHub says of it."""

    def repository(self, full_name: str, installation_id: int | None = None) -> Repository:
        """A repository by its full name."""

    def about(self, repository: Repository) -> dict[str, Any]:
        """What GitHub says of a repository itself."""

    def issue(self, repository: Repository, number: int) -> dict[str, Any]:
        """An issue (or the issue side of a pull request: it has `pull_request`)."""

    def issue_comments(
        self, repository: Repository, number: int, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Comments, oldest first; `since`: those touched since."""

    def comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        """An issue comment as it is now; None: deleted."""

    def review_comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        """A comment on lines of a pull request as it is now; None: deleted."""

    def review(self, repository: Repository, pull: int, review_id: int) -> dict[str, Any] | None:
        """A review as it is now (`submitted_at`, `state`; no time of its edits); None: gone."""

    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str:
        """none | read | triage | write | maintain | admin; none if the login is another's now."""

    def user(self, login: str, repository: Repository) -> dict[str, Any] | None:
        """An account by its login."""

    def team_members(self, repository: Repository, team: str) -> list[dict[str, Any]]:
        """Members of `org/team`; empty where the team or the permission to see it is missing."""

    def account_of_address(self, repository: Repository, address: str) -> dict[str, Any] | None:
        """The account that GitHub ties an e-mail address to, by a commit of the repository."""

    def compare(self, repository: Repository, base: str, head: str) -> dict[str, Any] | None:
        """What `head` has that `base` has not (`commits`, `files`); None: not comparable."""

    def open_issues_with_label(self, repository: Repository, label: str) -> list[dict[str, Any]]:
        """Open issues (no pull requests) with a label."""

    def open_issues(self, repository: Repository) -> list[dict[str, Any]]:
        """All open issues (no pull requests), the oldest first."""

    def dependabot_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        """Open Dependabot alerts; Forbidden where they are switched off."""

    def code_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        """Open code-scanning alerts; NotFound where nothing was ever analysed."""

    def secret_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        """Open secret-scanning alerts, without the secrets; NotFound where it is switched off."""

    def security_advisories(self, repository: Repository) -> list[dict[str, Any]]:
        """The repository's own advisories, of every state."""

    def branch_runs(self, repository: Repository, branch: str) -> list[dict[str, Any]]:
        """The newest hundred workflow runs on a branch, the newest first."""

    def open_pulls(self, repository: Repository) -> list[dict[str, Any]]:
        """All open pull requests."""

    def check_runs(self, repository: Repository, sha: str) -> list[dict[str, Any]]:
        """The latest check runs on a commit (the first hundred)."""

    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]:
        """The newest hundred workflow runs on any branch, the newest first."""

    def failed_jobs(self, repository: Repository, run: int) -> list[str]:
        """The names of the jobs of a workflow run that failed."""

    def label_put_on(
        self, repository: Repository, number: int, label: str
    ) -> dict[str, Any] | None:
        """The event of the last time this label was put on (`actor`, `created_at`)."""

    def pull(self, repository: Repository, number: int) -> dict[str, Any]:
        """A pull request."""

    def pulls_for_head(
        self, repository: Repository, branch: str, state: str = "open"
    ) -> list[dict[str, Any]]:
        """Pull requests from a branch of this repository itself. `state`: open | closed | all."""

    def pull_commits(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        """All commits of a pull request; Refused from 250 on, where GitHub stops telling."""

    def pull_files(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        """All files of a pull request; Refused from 3,000 on, where GitHub stops telling."""

    def pull_reviews(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        """Reviews, oldest first."""

    def pull_comments(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        """Comments on lines of a pull request, oldest first."""

    def commit(self, repository: Repository, sha: str) -> dict[str, Any]:
        """A commit (its tree: `["commit"]["tree"]["sha"]`)."""

    def branch_head(self, repository: Repository, branch: str) -> str | None:
        """The commit a branch holds; None: there is no such branch."""

    def file(self, repository: Repository, path: str, ref: str) -> str | None:
        """A text file (up to 1 MB) at a ref; None: not there, or no file."""

    def first_file(self, repository: Repository, paths: Sequence[str], branch: str) -> str | None:
        """The first of these files that a branch has now; None: it has none of them.

        Asks for as little as its head where that is the same as before.
        """

    def tree(self, repository: Repository, sha: str) -> list[dict[str, Any]]:
        """The entries (`path`, `mode`, `sha`) of a commit's or tree's own level; [] if none."""

    def blob(self, repository: Repository, sha: str) -> bytes:
        """The bytes of a blob."""

    def failed_deliveries(self, since: datetime) -> list[dict[str, Any]]:
        """Deliveries from `since` on that failed, and whose redelivery did too; oldest first."""

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        """A delivery with what was sent (`request.payload`). Untrusted as any payload."""

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more."""

    def git_credentials(self, installation_id: int) -> str:
        """The Authorization header's value for git over HTTPS. Secret; short-lived."""

    def forget_token(self, installation_id: int) -> None:
        """Drop a cached token."""


class EffectAdapter(Protocol):
    """Performs effects of the kinds it names."""

    kinds: Iterable[str]

    def perform(self, effect: Any) -> dict[str, Any]:
        """Do it and give its result. After `maybe_done` errors: `look` before the next try."""

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result where it is done already, None where it is not."""
