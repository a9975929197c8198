"""backlog.yml and the day's report are kept up to date in the repository, where wanted (B14).

Promises: never on the default branch: on a branch of ours, in one commit, by one pull request that
is kept current while it is open (or by the branch alone); what people changed in the file is heard
before it is written again. Closed unmerged, it rests until it is reopened or the configuration asks
anew. Never: writes over a branch that somebody else pushed to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.backlog.edges import OPEN, UNDERWAY
from bot.backlog.lanes.run import backlog_of
from bot.backlog.published.edits import heard
from bot.backlog.published.file import file_of, is_cut, mark_of
from bot.backlog.published.ledger import Published, fold, stream_of
from bot.backlog.sources import yaml_records
from bot.backlog.sources.document import Document
from bot.backlog.store import Backlog
from bot.backlog.visible import audience
from bot.outside import errors
from bot.story.dashboard_view import Wait
from bot.story.effects import DeleteBranch, OpenPullRequest, ProposeFile
from bot.story.involved import is_us, person
from bot.story.item_events import ItemState
from bot.story.journal import Head
from bot.story.office import Delivery, Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.published_events import FilesEnded, FilesOffered, FilesProposed, PublishedEvent
from bot.story.vocabulary import Repository, digest
from bot.texts import published as texts
from policies.repository_effects import BACKLOG_PATH, PUBLISHED_BRANCH, REPORTS

MOST = 3000  # items in the file
OFTEN = timedelta(hours=1)  # between two proposals, at least
_SHOWN = (*OPEN, *UNDERWAY, ItemState.BLOCKED)
Files = tuple[tuple[str, str], ...]


def known(office: Office, repository: Repository) -> Published:
    """The published files as the journal tells them."""
    return fold(office.records(stream_of(repository.id)))


def look(
    office: Office, repository: Repository, backlog: Backlog, report: Sequence[tuple[str, str]] = ()
) -> tuple[Wait, ...]:
    """Have the proposal say what is so now; what that waits for. `report`: (name, content).

    Raises what reads of GitHub raise.
    """
    config = office.configuration(repository)
    if config.mode != "on" or office.stopped(repository):
        return ()
    one = _Files(office, repository, backlog)
    try:
        return one.brought_up(tuple(report))
    except (NotNow, NotAllowed, Refused):
        return ()  # in the journal; a later look tries again


class _Broken(Exception):
    """What people wrote in the file cannot be read whole: written over, it would be lost."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line, self.what = line, what


class _Files:
    """One look at the published files of a repository."""

    def __init__(self, office: Office, repository: Repository, backlog: Backlog) -> None:
        self._office, self._repository, self._backlog = office, repository, backlog
        self._config = office.configuration(repository).backlog
        self._asks = self._config.publish.asks
        self._stream = stream_of(repository.id)
        self._settings = digest(sorted(self._asks))[:16]

    def brought_up(self, report: Files) -> tuple[Wait, ...]:
        told = self.followed(known(self._office, self._repository))
        if not self._asks - {"pull_request"}:
            return ()
        now = self._office.clock()
        if told.refused is not None and abs(now - told.refused) < OFTEN:
            return ()
        declined = told.outcome == "declined" and told.settings == self._settings
        if declined and "pull_request" in self._asks:
            return (Wait("published files", texts.declined(told.number)),)
        if told.at is not None and abs(now - told.at) < OFTEN:
            self._offer(told if told.unoffered else None)
            return ()
        head = self._office.github.branch_head(self._repository, self._repository.default_branch)
        if head is None:
            return ()  # nothing was committed yet
        try:
            files, base, mark = self._wanted(head, report)
        except _Broken as broken:
            return (Wait("published files", texts.broken(BACKLOG_PATH, broken.line, broken.what)),)
        if not files:
            return ()
        held = self._office.github.branch_head(self._repository, PUBLISHED_BRANCH)
        if held is not None and held != told.sha and not self._is_ours(held):
            return (Wait("published files", texts.taken_over(PUBLISHED_BRANCH)),)
        says = digest(files)[:24]
        if (says, base, held) != (told.says, told.base, told.sha):
            self._propose(told, files, head, held or "", says, base, mark)
        self._offer(known(self._office, self._repository))
        return ()

    def _wanted(self, head: str, report: Files) -> tuple[Files, str, str]:
        """What is to be there and is not; a digest of what is; the mark of the backlog's file."""
        files: dict[str, str] = {}
        there: dict[str, str | None] = {}
        mark = ""
        if "backlog_file" in self._asks:
            try:
                now = self._file(BACKLOG_PATH, head)
            except errors.Refused as unreadable:
                raise _Broken(0, str(unreadable)) from unreadable
            if now is not None:
                self._hear(now)
            key = str(self._repository.id)
            ranked = self._backlog.next(key, MOST, _SHOWN)
            counts = self._backlog.counts(key)
            left = sum(counts.get(state, 0) for state in _SHOWN) - len(ranked)
            shows = audience(self._office.github, self._repository, self._config)
            whole = (self._backlog.item(key, one.number) for one in ranked)
            items = [part for item in whole if (part := shows(item)) is not None]
            text, mark = file_of(items, texts.HEAD, left)
            # What is there may say the same and began as an older writing of ours.
            if (now is not None or items) and _words(text) != _words(now or ""):
                files[BACKLOG_PATH], there[BACKLOG_PATH] = text, now
        if "daily_report" in self._asks:
            for name, content in report:
                before = self._file(REPORTS + name, head)
                if before != content:
                    files[REPORTS + name], there[REPORTS + name] = content, before
        base = digest(sorted(there.items()))[:24]
        return tuple(files.items()), base, mark if BACKLOG_PATH in files else ""

    def _file(self, path: str, head: str) -> str | None:
        return self._office.github.file(self._repository, path, head)

    def _hear(self, text: str) -> None:
        """What people changed in the file is taken in before it is written over."""
        document = Document(BACKLOG_PATH, text.encode(), self._repository.full_name)
        key = str(self._repository.id)
        reading = yaml_records.read(document)
        if not reading.complete and not is_cut(text):
            fault = next((one for one in reading.faults if one.loses), None)
            raise _Broken(fault.line if fault else 0, fault.what if fault else "")
        told = heard(self._backlog, self._office.journal, key, document, reading)
        self._backlog.take(key, told)

    def _propose(
        self,
        told: Published,
        files: Files,
        head: str,
        held: str,
        says: str,
        base: str,
        mark: str,
    ) -> None:
        (path, content), *also = files
        effect = ProposeFile(
            key=f"{self._stream}/propose_file/{told.tries}/{says}/{base}/{head[:12]}",
            repository=self._repository,
            branch=PUBLISHED_BRANCH,
            base_sha=head,
            path=path,
            content=content,
            message=texts.MESSAGE,
            expected=held,
            also=tuple(also),
        )
        sha = self._office.do(self._stream, effect)["sha"]
        fact = FilesProposed(effect=effect.key, sha=sha, says=says, base=base, mark=mark)
        self._keep(fact, once=f"{effect.key}/told")

    def _offer(self, told: Published | None) -> None:
        if told is None or told.is_open or "pull_request" not in self._asks:
            return
        effect = OpenPullRequest(
            key=f"{self._stream}/open_pull_request/{told.offered}/{self._settings}",
            repository=self._repository,
            issue=0,
            branch=PUBLISHED_BRANCH,
            base=self._repository.default_branch,
            title=texts.TITLE,
            body=texts.body(self._asks),
        )
        opened = self._office.do(self._stream, effect)
        fact = FilesOffered(number=opened["number"], url=opened["url"])
        self._keep(fact, once=f"{effect.key}/told")

    def followed(self, told: Published) -> Published:
        """The files after what became of the pull request was told."""
        if not told.number or told.outcome == "merged":
            return told
        pull = self._office.github.pull(self._repository, told.number)
        outcome = _outcome(pull)
        if outcome == (told.outcome or "reopened"):
            return told
        fact = FilesEnded(number=told.number, outcome=outcome, settings=self._settings)
        self._keep(fact)
        if outcome == "merged":
            self._clear(told, pull)
        return known(self._office, self._repository)

    def _clear(self, told: Published, pull: dict[str, Any]) -> None:
        """A branch that was merged as we left it is not needed any more."""
        sha = (pull.get("head") or {}).get("sha")
        held = self._office.github.branch_head(self._repository, PUBLISHED_BRANCH)
        if sha and held == sha == told.sha:
            key = f"{self._stream}/delete_branch/{told.number}"
            where = self._repository
            gone = DeleteBranch(key=key, repository=where, branch=PUBLISHED_BRANCH, sha=sha)
            self._office.say(self._stream, [gone])

    def _is_ours(self, sha: str) -> bool:
        """Whether we made this commit, and died before that was told."""
        author = self._office.github.commit(self._repository, sha).get("author")
        return is_us(self._office.github.identity().bot, person(author))

    def _keep(self, fact: PublishedEvent, once: str | None = None) -> None:
        head = Head(kind="published", repository=self._repository.full_name)
        self._office.keep(self._stream, fact, head=head, once=once)


def _outcome(pull: dict[str, Any]) -> str:
    if pull.get("merged"):
        return "merged"
    return "declined" if pull.get("state") == "closed" else "reopened"


def _words(text: str) -> str:
    """A file of ours without what only says when it was written."""
    if not mark_of(text):
        return text
    return "\n".join(line for line in text.split("\n") if not line.startswith("#"))


def changed(delivery: Delivery, office: Office) -> None:
    """The pull request was merged, closed or reopened; what follows from it is the lane's."""
    payload = delivery.payload
    if (payload["pull_request"].get("head") or {}).get("ref") != PUBLISHED_BRANCH:
        return
    repository = office.repository(payload)
    told = known(office, repository)
    rule = office.configuration(repository).backlog.scoring.rule
    if told.number and told.number == payload["pull_request"]["number"]:
        _Files(office, repository, backlog_of(office.journal, rule)).followed(told)


EVENTS = {"pull_request.closed": changed, "pull_request.reopened": changed}
COMMANDS = ()
