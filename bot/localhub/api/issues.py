"""Issues: opening, listing, changing, assigning, searching."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes, beyond
from bot.localhub.errors import ApiError, invalid
from bot.localhub.moves import close_issue, reopen_issue
from bot.localhub.permissions import holds, rank
from bot.localhub.records import Issue, IssueEvent, Label, Milestone
from bot.localhub.shapes import issues as shapes
from bot.localhub.state import Account

routes = Routes()
EITHER_READ = ("issues:read", "pull_requests:read")
EITHER_WRITE = ("issues:write", "pull_requests:write")
LONGEST_BODY = 65_536
LONGEST_TITLE = 256


def discussed(call: Call, number: int, level: str) -> Issue:
    """An issue or pull request; an app needs the permission that fits which of the two it is."""
    issue = call.repo.issue(number)
    needs = [f"issues:{level}"] + ([f"pull_requests:{level}"] if issue.pull else [])
    granted = call.caller.permissions
    if call.caller.installation is not None and not any(holds(granted, n) for n in needs):
        raise beyond(needs)
    return issue


def checked_body(text: str | None, resource: str) -> str | None:
    if text is not None and len(text) > LONGEST_BODY:
        raise invalid(
            resource, "body", "custom", f"body is too long (maximum is {LONGEST_BODY} characters)"
        )
    return text


def ensure_label(call: Call, name: str) -> Label:
    """The label, made when missing, as GitHub does for names that are added to an issue."""
    found = call.repo.label(name)
    if found is None:
        if not name.strip() or len(name) > 50:
            raise invalid("Label", "name")
        found = Label(next(call.hub.ids), name)
        call.repo.labels.append(found)
        call.hub.announce.label("created", call.repo, found, call.account)
    return found


def set_labels(call: Call, issue: Issue, wanted: list[Label]) -> None:
    """Make `wanted` the labels, with one event for each that comes or goes."""
    if issue.labels == wanted:
        return
    before = list(issue.labels)
    for one in before:
        if one not in wanted:
            issue.labels.remove(one)
            issue.updated_at = call.hub.now()
            _label_moved(call, issue, one, "unlabeled")
    for one in wanted:
        if one not in issue.labels:
            issue.labels.append(one)
            issue.updated_at = call.hub.now()
            _label_moved(call, issue, one, "labeled")


def _label_moved(call: Call, issue: Issue, label: Label, event: str) -> None:
    happened = IssueEvent(next(call.hub.ids), call.account, event, label, call.hub.now())
    issue.history.append(happened)
    shape = call.hub.announce.label_shape(issue.repository, label)
    call.hub.announce.issue(event, issue, call.account, label=shape)


def set_assignees(call: Call, issue: Issue, wanted: list[Account]) -> None:
    for one in list(issue.assignees):
        if one not in wanted:
            issue.assignees.remove(one)
            issue.updated_at = call.hub.now()
            shape = call.hub.announce.user_shape(one)
            call.hub.announce.issue("unassigned", issue, call.account, assignee=shape)
    for one in wanted:
        if one not in issue.assignees:
            issue.assignees.append(one)
            issue.updated_at = call.hub.now()
            shape = call.hub.announce.user_shape(one)
            call.hub.announce.issue("assigned", issue, call.account, assignee=shape)


def _assignable(call: Call, logins: list[str]) -> list[Account]:
    """People with access; GitHub silently leaves out the others."""
    found = [call.hub.state.accounts.get(login.lower()) for login in logins]
    state, repo = call.hub.state, call.repo
    return [
        one
        for one in found
        if one is not None and (one is repo.owner or rank(state.level(one, repo)) >= 2
                                or one.login in repo.collaborators)
    ]  # fmt: skip


def shown(call: Call, issue: Issue) -> Any:
    return shapes.issue(call.urls, call.hub.state, issue)


def label_names(value: Any) -> list[str]:
    """Names out of a list of strings or of objects with a name."""
    if not isinstance(value, list):
        raise invalid("Issue", "labels")
    names = []
    for one in value:
        name = one.get("name") if isinstance(one, dict) else one
        if not isinstance(name, str) or not name:
            raise invalid("Label", "name", "missing_field")
        names.append(name)
    return names


@routes("POST", "/repos/<owner>/<repo>/issues", "issues:write", role="read")
def open_issue(call: Call) -> Answer:
    title = call.text("title", "Issue")
    if len(title) > LONGEST_TITLE:
        raise invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")
    now = call.hub.now()
    number = call.repo.next_number()
    body = checked_body(call.maybe_text("body"), "Issue")
    wanted = call.json().get("labels") or []
    names = label_names(wanted)
    issue = Issue(next(call.hub.ids), call.repo, number, call.account, title, body, now, now)
    issue.via_app = call.caller.via_app
    if call.may("triage"):  # from others, GitHub drops these without a word
        issue.labels = list(dict.fromkeys(ensure_label(call, name) for name in names))
        issue.assignees = _assignable(call, call.names("assignees"))
        issue.milestone = _milestone(call)
    call.repo.issues[number] = issue
    call.hub.announce.issue("opened", issue, call.account)
    for one in issue.labels:
        _label_moved(call, issue, one, "labeled")
    for person in issue.assignees:
        shape = call.hub.announce.user_shape(person)
        call.hub.announce.issue("assigned", issue, call.account, assignee=shape)
    answer = shown(call, issue)
    return Answer(201, answer, {"Location": answer["url"]})


def _milestone(call: Call) -> Milestone | None:
    number = call.json().get("milestone")
    if number is None:
        return None
    for one in call.repo.milestones:
        if one.number == number:
            return one
    raise invalid("Issue", "milestone")


def _since(call: Call) -> datetime | None:
    text = call.query.get("since")
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(422, "The 'since' parameter is not a time.") from error
    return when if when.tzinfo else when.replace(tzinfo=call.hub.now().tzinfo)


def ordered(call: Call, issues: list[Issue]) -> list[Issue]:
    field = {"updated": "updated_at", "created": "created_at"}.get(call.query.get("sort", ""))
    if call.query.get("sort") == "comments":
        keyed = sorted(issues, key=lambda one: (len(one.comments), one.number))
    else:
        keyed = sorted(issues, key=lambda one: (getattr(one, field or "created_at"), one.number))
    return keyed if call.query.get("direction") == "asc" else list(reversed(keyed))


@routes("GET", "/repos/<owner>/<repo>/issues", *EITHER_READ)
def list_issues(call: Call) -> Page:
    query, since = call.query, _since(call)
    state = query.get("state", "open")
    labels = [name for name in query.get("labels", "").split(",") if name]
    assignee, creator = query.get("assignee"), query.get("creator")
    found = [
        one
        for one in call.repo.issues.values()
        if state in ("all", one.state)
        and all(call.repo.label(name) in one.labels for name in labels)
        and (since is None or one.updated_at >= since)
        and (creator is None or one.user.login.lower() == creator.lower())
        and _assigned(one, assignee)
    ]
    return Page(ordered(call, found), lambda one: shown(call, one))


def _assigned(issue: Issue, asked: str | None) -> bool:
    if asked in (None, "*", "none"):
        return asked is None or bool(issue.assignees) == (asked == "*")
    return any(one.login == asked for one in issue.assignees)


@routes("GET", "/repos/<owner>/<repo>/issues/<int:number>", *EITHER_READ)
def show_issue(call: Call, number: int) -> Any:
    return shown(call, discussed(call, number, "read"))


@routes("PATCH", "/repos/<owner>/<repo>/issues/<int:number>", *EITHER_WRITE, role="read")
def change_issue(call: Call, number: int) -> Any:
    issue = discussed(call, number, "write")
    mine = issue.user is call.account
    if not mine and not call.may("triage"):
        raise ApiError(403, "Must have triage access to the repository.")
    edit_words(call, issue)
    body = call.json()
    if call.may("triage"):
        if body.get("labels") is not None:
            names = label_names(body["labels"])
            wanted = list(dict.fromkeys(ensure_label(call, name) for name in names))
            set_labels(call, issue, wanted)
        if body.get("assignees") is not None:
            set_assignees(call, issue, _assignable(call, call.names("assignees")))
        if "milestone" in body:
            issue.milestone = _milestone(call)
            issue.updated_at = call.hub.now()
    set_state(call, issue)
    return shown(call, issue)


def edit_words(call: Call, issue: Issue) -> None:
    """Change title and body, with GitHub's `changes`; triage alone may not."""
    title = call.maybe_text("title")
    body = checked_body(call.maybe_text("body"), "Issue")
    changes: dict[str, Any] = {}
    if title == "":
        raise invalid("Issue", "title", "missing_field")
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body or ""}
    if not changes:
        return
    if issue.user is not call.account and not call.may("write"):
        raise ApiError(403, "Must have write access to the repository.")
    issue.title = title if title is not None else issue.title
    issue.body = body if body is not None else issue.body
    issue.updated_at = call.hub.now()
    call.hub.announce.issue("edited", issue, call.account, changes=changes)


def set_state(call: Call, issue: Issue) -> None:
    wanted = call.choice("state", "Issue", ("open", "closed"), issue.state)
    reasons = ("completed", "not_planned", "duplicate", "reopened")
    reason = call.choice("state_reason", "Issue", reasons, "completed")
    if wanted == "closed":
        close_issue(call.hub, issue, call.account, reason=reason)
    elif issue.state == "closed":
        if issue.pull is not None and issue.pull.merged:
            raise invalid("PullRequest", "state", "custom", "merged pull requests stay closed")
        reopen_issue(call.hub, issue, call.account)


@routes("POST", "/repos/<owner>/<repo>/issues/<int:number>/assignees", *EITHER_WRITE, role="triage")
def assign(call: Call, number: int) -> Answer:
    issue = discussed(call, number, "write")
    more = _assignable(call, call.names("assignees"))
    set_assignees(call, issue, list(dict.fromkeys([*issue.assignees, *more])))
    return Answer(201, shown(call, issue))


@routes(
    "DELETE", "/repos/<owner>/<repo>/issues/<int:number>/assignees", *EITHER_WRITE, role="triage"
)
def unassign(call: Call, number: int) -> Any:
    issue = discussed(call, number, "write")
    gone = {login.lower() for login in call.names("assignees")}
    set_assignees(call, issue, [o for o in issue.assignees if o.login.lower() not in gone])
    return shown(call, issue)


@routes("GET", "/repos/<owner>/<repo>/issues/<int:number>/events", *EITHER_READ)
def list_events(call: Call, number: int) -> Page:
    events = discussed(call, number, "read").history
    return Page(events, lambda one: shapes.event(call.urls, call.repo, one))
