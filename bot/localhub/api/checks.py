"""Check runs and check suites: only apps write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.moves import suite_for
from bot.localhub.records import CheckRun, CheckSuite
from bot.localhub.shapes import checks
from bot.localhub.state import App

routes = Routes()
_RUNS = "/repos/<owner>/<repo>/check-runs"
_RUN = f"{_RUNS}/<int:number>"
_SUITE = "/repos/<owner>/<repo>/check-suites/<int:number>"
_STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
_WORST_FIRST = ("failure", "timed_out", "cancelled", "action_required", "stale")
_CONCLUSIONS = ("success", "neutral", "skipped", *_WORST_FIRST)
MOST_ANNOTATIONS = 50


def _show(call: Call, one: CheckRun) -> Any:
    return checks.check_run(call.urls, call.repo, one)


def _app(call: Call) -> App:
    if call.caller.via_app is None:
        raise ApiError(403, "You must authenticate via a GitHub App.")
    return call.caller.via_app


def commit_of(call: Call, ref: str) -> str:
    """The commit that a path's `ref` means; 422 as GitHub says it."""
    sha = call.repo.resolve(ref) if ref else None
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref[:80]}")
    return sha


def _time(call: Call, name: str) -> datetime | None:
    text = call.maybe_text(name)
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("CheckRun", name) from error
    return when if when.tzinfo else when.replace(tzinfo=call.hub.now().tzinfo)


def _apply(call: Call, one: CheckRun) -> None:
    one.external_id = call.maybe_text("external_id") or one.external_id
    one.details_url = call.maybe_text("details_url") or one.details_url
    one.started_at = _time(call, "started_at") or one.started_at
    one.status = call.choice("status", "CheckRun", _STATUSES, one.status)
    conclusion = call.choice("conclusion", "CheckRun", _CONCLUSIONS, "")
    if conclusion:
        one.conclusion, one.status = conclusion, "completed"
        one.completed_at = _time(call, "completed_at") or call.hub.now()
    elif one.status == "completed" and one.conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    elif one.status != "completed":
        one.conclusion = one.completed_at = None
    output = call.json().get("output")
    if output is not None:
        _apply_output(one, output)
    actions = call.json().get("actions")
    if isinstance(actions, list):
        one.actions = actions[:3]


def _apply_output(one: CheckRun, output: Any) -> None:
    if not isinstance(output, dict) or not isinstance(output.get("summary"), str):
        raise invalid("CheckRun", "output.summary", "missing_field")
    for name in ("summary", "text"):
        if len(output.get(name) or "") > 65_535:
            raise invalid("CheckRun", f"output.{name}", "custom", "is too long")
    one.title = output.get("title", one.title)
    one.summary, one.text = output["summary"], output.get("text", one.text)
    added = output.get("annotations") or []
    if not isinstance(added, list) or len(added) > MOST_ANNOTATIONS:
        raise invalid("CheckRun", "output.annotations")
    for note in added:
        for name in ("path", "start_line", "end_line", "annotation_level", "message"):
            if not isinstance(note, dict) or note.get(name) is None:
                raise invalid("CheckRun", f"output.annotations.{name}", "missing_field")
    one.annotations += added


def _conclude(call: Call, suite: CheckSuite) -> None:
    """A suite is completed when its runs are; its conclusion is the worst of theirs."""
    runs = [run for run in call.repo.runs.values() if run.suite is suite]
    suite.updated_at = call.hub.now()
    if any(run.status != "completed" for run in runs):
        suite.status, suite.conclusion = "in_progress", None
        return
    conclusions = {run.conclusion for run in runs}
    worst = next((name for name in _WORST_FIRST if name in conclusions), None)
    suite.status = "completed"
    suite.conclusion = worst or ("success" if "success" in conclusions else "neutral")
    call.hub.announce.check_suite("completed", call.repo, suite, call.account)


@routes("POST", _RUNS, "checks:write")
def create_run(call: Call) -> Answer:
    app = _app(call)
    name, ref = call.text("name", "CheckRun"), call.text("head_sha", "CheckRun")
    sha = commit_of(call, ref)
    suite = suite_for(call.hub, call.repo, app.id, sha)
    now = call.hub.now()
    one = CheckRun(next(call.hub.ids), suite, name, sha, "queued", now)
    _apply(call, one)
    call.repo.runs[one.id] = one
    call.hub.announce.check_run("created", call.repo, one, call.account)
    if one.status == "completed":
        call.hub.announce.check_run("completed", call.repo, one, call.account)
    _conclude(call, suite)
    answer = _show(call, one)
    return Answer(201, answer, {"Location": answer["url"]})


def _run(call: Call, number: int) -> CheckRun:
    if number not in call.repo.runs:
        raise not_found()
    return call.repo.runs[number]


@routes("GET", _RUN, "checks:read")
def show_run(call: Call, number: int) -> Any:
    return _show(call, _run(call, number))


@routes("PATCH", _RUN, "checks:write")
def change_run(call: Call, number: int) -> Any:
    one = _run(call, number)
    if one.suite.app is not _app(call):
        raise ApiError(403, "Invalid app_id for check run")
    was = one.status
    one.name = call.maybe_text("name") or one.name
    _apply(call, one)
    if was != "completed" and one.status == "completed":
        call.hub.announce.check_run("completed", call.repo, one, call.account)
    _conclude(call, one.suite)
    return _show(call, one)


@routes("GET", f"{_RUN}/annotations", "checks:read")
def list_annotations(call: Call, number: int) -> Page:
    one = _run(call, number)
    show = lambda note: checks.annotation(call.urls, call.repo, one, note)  # noqa: E731
    return Page(one.annotations, show)


@routes("POST", f"{_RUN}/rerequest", "checks:write")
def rerequest_run(call: Call, number: int) -> Answer:
    call.hub.announce.check_run("rerequested", call.repo, _run(call, number), call.account)
    return Answer(201, {})


def _latest(call: Call, runs: list[CheckRun]) -> list[CheckRun]:
    """The query's selection; of runs with one name and app only the newest."""
    query = call.query
    name, status = query.get("check_name"), query.get("status")
    app = query.get("app_id")
    kept = [
        one
        for one in runs
        if name in (None, one.name)
        and status in (None, one.status)
        and app in (None, str(one.suite.app.id))
    ]
    if query.get("filter") == "all":
        return list(reversed(kept))
    newest = {(one.name, one.suite.app.id): one for one in kept}
    return list(reversed(newest.values()))


@routes("GET", "/repos/<owner>/<repo>/commits/<path:ref>/check-runs", "checks:read")
def runs_of_commit(call: Call, ref: str) -> Page:
    sha = commit_of(call, ref)
    runs = [one for one in call.repo.runs.values() if one.head_sha == sha]
    return Page(_latest(call, runs), lambda one: _show(call, one), wrap="check_runs")


@routes("GET", "/repos/<owner>/<repo>/commits/<path:ref>/check-suites", "checks:read")
def suites_of_commit(call: Call, ref: str) -> Page:
    sha = commit_of(call, ref)
    found = [one for one in call.repo.suites if one.head_sha == sha]
    show = lambda one: checks.check_suite(call.urls, call.repo, one)  # noqa: E731
    return Page(found, show, wrap="check_suites")


def _suite(call: Call, number: int) -> CheckSuite:
    for one in call.repo.suites:
        if one.id == number:
            return one
    raise not_found()


@routes("GET", _SUITE, "checks:read")
def show_suite(call: Call, number: int) -> Any:
    return checks.check_suite(call.urls, call.repo, _suite(call, number))


@routes("GET", f"{_SUITE}/check-runs", "checks:read")
def runs_of_suite(call: Call, number: int) -> Page:
    suite = _suite(call, number)
    runs = [one for one in call.repo.runs.values() if one.suite is suite]
    return Page(_latest(call, runs), lambda one: _show(call, one), wrap="check_runs")


@routes("POST", f"{_SUITE}/rerequest", "checks:write")
def rerequest_suite(call: Call, number: int) -> Answer:
    suite = _suite(call, number)
    suite.status, suite.conclusion, suite.updated_at = "queued", None, call.hub.now()
    call.hub.announce.check_suite("rerequested", call.repo, suite, call.account)
    return Answer(201, {})
