"""Labels of a repository and of an issue, and milestones."""

from __future__ import annotations

import re
from typing import Any

from bot.localhub.api.issues import (
    EITHER_READ,
    EITHER_WRITE,
    discussed,
    ensure_label,
    label_names,
    set_labels,
)
from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.records import Issue, Label, Milestone
from bot.localhub.shapes import issues as shapes

routes = Routes()
_COLOR = re.compile(r"[0-9a-fA-F]{6}\Z")


def _show(call: Call, one: Label) -> Any:
    return shapes.label(call.urls, call.repo, one)


def _page(call: Call, labels: list[Label]) -> Page:
    return Page(labels, lambda one: _show(call, one))


def _color(call: Call, default: str) -> str:
    color = (call.maybe_text("color") or default).lstrip("#")
    if not _COLOR.match(color):
        raise invalid("Label", "color")
    return color.lower()


@routes("GET", "/repos/<owner>/<repo>/labels", *EITHER_READ)
def list_labels(call: Call) -> Page:
    return _page(call, call.repo.labels)


@routes("POST", "/repos/<owner>/<repo>/labels", *EITHER_WRITE)
def create_label(call: Call) -> Answer:
    name = call.text("name", "Label")
    if call.repo.label(name) is not None:
        raise invalid("Label", "name", "already_exists")
    color = _color(call, "ededed")
    made = ensure_label(call, name)
    made.color, made.description = color, call.maybe_text("description")
    answer = _show(call, made)
    return Answer(201, answer, {"Location": answer["url"]})


def _label(call: Call, name: str) -> Label:
    found = call.repo.label(name)
    if found is None:
        raise not_found()
    return found


@routes("GET", "/repos/<owner>/<repo>/labels/<path:name>", *EITHER_READ)
def show_label(call: Call, name: str) -> Any:
    return _show(call, _label(call, name))


@routes("PATCH", "/repos/<owner>/<repo>/labels/<path:name>", *EITHER_WRITE)
def change_label(call: Call, name: str) -> Any:
    one = _label(call, name)
    new = call.maybe_text("new_name") or one.name
    if call.repo.label(new) not in (None, one):
        raise invalid("Label", "name", "already_exists")
    changes = {"name": {"from": one.name}} if new != one.name else {}
    one.color = _color(call, one.color)
    one.name, one.description = new, call.maybe_text("description") or one.description
    call.hub.announce.label("edited", call.repo, one, call.account, changes=changes)
    return _show(call, one)


@routes("DELETE", "/repos/<owner>/<repo>/labels/<path:name>", *EITHER_WRITE)
def delete_label(call: Call, name: str) -> Answer:
    one = _label(call, name)
    for issue in call.repo.issues.values():
        set_labels(call, issue, [each for each in issue.labels if each is not one])
    call.repo.labels.remove(one)
    call.hub.announce.label("deleted", call.repo, one, call.account)
    return Answer(204)


# -- of an issue ---------------------------------------------------------------------------------

_OF_ISSUE = "/repos/<owner>/<repo>/issues/<int:number>/labels"


def _asked(call: Call) -> list[Label]:
    body = call.json_any()
    wanted = body.get("labels", []) if isinstance(body, dict) else body
    return [ensure_label(call, name) for name in label_names(wanted)]


def _change(call: Call, issue: Issue, wanted: list[Label]) -> Page:
    set_labels(call, issue, list(dict.fromkeys(wanted)))
    return _page(call, issue.labels)


@routes("GET", _OF_ISSUE, *EITHER_READ)
def issue_labels(call: Call, number: int) -> Page:
    return _page(call, discussed(call, number, "read").labels)


@routes("POST", _OF_ISSUE, *EITHER_WRITE, role="triage")
def add_labels(call: Call, number: int) -> Page:
    issue = discussed(call, number, "write")
    return _change(call, issue, [*issue.labels, *_asked(call)])


@routes("PUT", _OF_ISSUE, *EITHER_WRITE, role="triage")
def replace_labels(call: Call, number: int) -> Page:
    return _change(call, discussed(call, number, "write"), _asked(call))


@routes("DELETE", _OF_ISSUE, *EITHER_WRITE, role="triage")
def clear_labels(call: Call, number: int) -> Answer:
    set_labels(call, discussed(call, number, "write"), [])
    return Answer(204)


@routes("DELETE", f"{_OF_ISSUE}/<path:name>", *EITHER_WRITE, role="triage")
def remove_label(call: Call, number: int, name: str) -> Page:
    issue = discussed(call, number, "write")
    gone = call.repo.label(name)
    if gone not in issue.labels:
        raise ApiError(404, "Label does not exist")
    return _change(call, issue, [one for one in issue.labels if one is not gone])


# -- milestones ----------------------------------------------------------------------------------


@routes("GET", "/repos/<owner>/<repo>/milestones", *EITHER_READ)
def list_milestones(call: Call) -> Page:
    state = call.query.get("state", "open")
    found = [one for one in call.repo.milestones if state in ("all", one.state)]
    return Page(found, lambda one: shapes.milestone(call.urls, call.repo, one))


@routes("POST", "/repos/<owner>/<repo>/milestones", *EITHER_WRITE)
def create_milestone(call: Call) -> Answer:
    title, now = call.text("title", "Milestone"), call.hub.now()
    if any(one.title == title for one in call.repo.milestones):
        raise invalid("Milestone", "title", "already_exists")
    number = len(call.repo.milestones) + 1
    made = Milestone(next(call.hub.ids), number, title, call.account, now, now)
    made.description = call.maybe_text("description")
    call.repo.milestones.append(made)
    answer = shapes.milestone(call.urls, call.repo, made)
    return Answer(201, answer, {"Location": answer["url"]})
