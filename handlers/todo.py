"""TODO comments of the default branch become issues, if the configuration wants that (B3).

Promises: one issue a mark, opened once, wherever the comment moves; closed when two looks at
different commits did not find it, opened again when it is back; a push opens so many at most, the
rest is in one list. A lost webhook is made good by the next look. Never: reads another branch.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.backlog.sources.todo import todo_of
from bot.backlog.todo.estimate import worth
from bot.backlog.todo.ledger import LIST, Ledger, Tracked, fold, follow, stream_of
from bot.backlog.todo.reader import Look
from bot.story.effects import ChangeTodoIssue, OpenTodoIssue
from bot.story.journal import Conflict
from bot.story.office import Delivery, Office
from bot.story.todo_events import MarkPlace, TodosScanned
from bot.story.vocabulary import Repository, digest
from bot.texts import todo as texts
from policies.ranking import base

_TRIES = 3


def look(office: Office, repository: Repository, head: str | None = None) -> None:
    """Read what the default branch says now, if it is not known yet, and have its issues say it.

    `head`: of the default branch, where it was asked for a moment ago.
    """
    config = office.configuration(repository).backlog.todo
    if config.issues == "off" or office.marks is None or office.stopped(repository):
        return
    for _ in range(_TRIES):
        ledger = known(office, repository)
        head = head or office.github.branch_head(repository, repository.default_branch)
        if head is None:
            return  # nothing was committed yet
        if head != ledger.commit or tuple(config.ignore) != ledger.ignore:
            same = tuple(config.ignore) == ledger.ignore
            before = ledger.commit if same else ""
            seen = office.marks.look(repository, before, ledger.attributes, config.ignore)
            most = config.most_per_push if config.issues == "on" else 0
            fact = _fact(ledger, seen, config.ignore, most)
            try:
                office.note_marks(repository, fact, expect=ledger.version)
            except Conflict:
                head = None
                continue  # somebody else looked meanwhile: look again
            ledger = known(office, repository)
        if config.issues == "on":
            _show(office, repository, ledger, config.most_per_push)
        return


def known(office: Office, repository: Repository) -> Ledger:
    """The marks as the journal tells them."""
    return fold(office.records(stream_of(repository.id)))


def _fact(ledger: Ledger, seen: Look, ignore: Sequence[str], most: int) -> TodosScanned:
    changed = dict(seen.changed)
    if seen.whole:  # what is not there any more has no marks either
        changed |= {one.place.path: () for one in ledger.present if one.place.path not in changed}
    told = follow(ledger, changed)
    best = sorted(told.found, key=lambda one: (-_score(one), one.number))[:most]
    attributes = {path: text.decode("utf-8", "replace") for path, text in seen.attributes.items()}
    return TodosScanned(
        commit=seen.commit,
        attributes=tuple(sorted(attributes.items())),
        ignore=tuple(ignore),
        found=told.found,
        seen=told.seen,
        missed=told.missed,
        gone=told.gone,
        wanted=tuple(sorted(one.number for one in best)),
    )


def _score(place: MarkPlace) -> int:
    about = worth(todo_of(place))
    return base(about.value.number, about.time.number, about.risk.number, about.size.number)


def _show(office: Office, repository: Repository, ledger: Ledger, most: int) -> None:
    """Make the issues say what the ledger does; what they say already is left alone."""
    for number, one in sorted(ledger.marks.items()):
        if number != LIST and (one.issue or (one.wanted and one.status == "present")):
            _issue(office, repository, ledger, one)
    listed = [one.place for one in ledger.present if not one.wanted]
    current = ledger.marks.get(LIST)
    if listed or current is not None:
        body = texts.list_body(listed, repository, _web(office), ledger.commit, most)
        says = digest([(place.path, place.line, place.title) for place in listed])[:16]
        state = "open" if listed else "closed"
        _say(office, repository, ledger, LIST, current, state, texts.LIST_TITLE, body, says)


def _issue(office: Office, repository: Repository, ledger: Ledger, one: Tracked) -> None:
    state = "closed" if one.status == "gone" else "open"
    if one.status == "missing" or (state == "closed" and one.shown[0] == "closed"):
        return  # one look is not enough; and of what is closed nothing is said any more
    place = one.place
    says = digest([place.kind, place.text, place.path, place.symbol])[:16]
    if one.shown == (state, says):
        return
    author = _author(office, repository, ledger.commit, place) if state == "open" else ""
    about = worth(todo_of(place))
    reasons = {
        name: (each.number, each.reason)
        for name, each in (
            ("value", about.value),
            ("time", about.time),
            ("risk", about.risk),
            ("size", about.size),
        )
    }
    body = texts.issue_body(place, repository, _web(office), ledger.commit, author, reasons)
    title = texts.issue_title(place)
    _say(office, repository, ledger, place.number, one, state, title, body, says)


def _say(
    office: Office,
    repository: Repository,
    ledger: Ledger,
    number: int,
    one: Tracked | None,
    state: str,
    title: str,
    body: str,
    says: str,
) -> None:
    stream = stream_of(repository.id)
    if one is not None and one.refused == ledger.commit:
        return  # until something changes
    if one is None or not one.issue:
        opened = OpenTodoIssue(
            key=f"{stream}/open_todo_issue/{number}",
            repository=repository,
            mark=number,
            title=title,
            body=body,
            digest=says,
            others=_others(known(office, repository), number, title),
        )
        office.say(stream, [opened])
    elif one.shown != (state, says):
        changed = ChangeTodoIssue(
            key=f"{stream}/change_todo_issue/{number}/{one.changes}/{state}/{says}",
            repository=repository,
            mark=number,
            issue=one.issue,
            state=state,
            title=title,
            body=body,
            digest=says,
        )
        office.say(stream, [changed])


def _others(ledger: Ledger, number: int, title: str) -> tuple[int, ...]:
    """The issues of other marks that say the same."""
    told = ((each, one.issue) for each, one in ledger.marks.items() if each != number and one.issue)
    return tuple(sorted(issue for each, issue in told if _title(ledger, each) == title))


def _title(ledger: Ledger, number: int) -> str:
    return texts.LIST_TITLE if number == LIST else texts.issue_title(ledger.marks[number].place)


def _author(office: Office, repository: Repository, commit: str, place: MarkPlace) -> str:
    if office.marks is None:
        return ""
    found = office.marks.authors(repository, commit, {place.path: [place.line]})
    author = found.get((place.path, place.line))
    return author.name if author else ""


def _web(office: Office) -> str:
    return office.settings.github_web_url.rstrip("/")


def pushed(delivery: Delivery, office: Office) -> None:
    """A push to the default branch; others are nobody's business yet."""
    repository = office.repository(delivery.payload)
    if delivery.payload.get("ref") == f"refs/heads/{repository.default_branch}":
        look(office, repository)


EVENTS = {"push": pushed}
COMMANDS = ()
