"""Pages for people: a repository, an issue, a pull request, to look at in a browser.

Promises that every text of a repository or a person is shown as text: HTML in Markdown is not
carried out, scripts are forbidden by header. Shows private repositories too: whoever reaches
loopback owns the machine. Changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from markdown_it import MarkdownIt
from markupsafe import Markup

from bot.localhub.api.pulls import diff_of
from bot.localhub.calls import Answer, Call
from bot.localhub.errors import ApiError, not_found
from bot.localhub.git_facts import EMPTY_TREE
from bot.localhub.mergeability import check_conclusions, commits_of, files_of, mergeability
from bot.localhub.page_templates import make_environment
from bot.localhub.records import Issue, Reaction
from bot.localhub.state import Account, Repository

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

_MARKS = {"+1": "👍", "-1": "👎", "laugh": "😄", "hooray": "🎉", "confused": "😕", "heart": "❤️"}
_MARKS |= {"rocket": "🚀", "eyes": "👀"}
_REVIEWED = {"APPROVED": "approved", "CHANGES_REQUESTED": "asked for changes"}
_REVIEWED |= {"COMMENTED": "reviewed", "DISMISSED": "reviewed (dismissed)"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'"
_HIDDEN = re.compile(r"<!--.*?-->", re.S)
# Two tags of GitHub's that carry no attribute and so no danger; everything else stays escaped.
_FOLDING = re.compile(r"&lt;(/?(?:details|summary))&gt;")
_MOST_SHOWN = 400_000
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class _Said:
    user: Account
    at: datetime
    body: str | None
    reactions: list[Reaction]
    edited: bool = False
    note: str = ""


def _render_markdown(text: str | None) -> Markup:
    if not text:
        return Markup("")
    html = _markdown.render(_HIDDEN.sub("", text[:_MOST_SHOWN]))
    return Markup(_FOLDING.sub(r"<\1>", html))  # noqa: S704 - escaped by the renderer


def _tally(reactions: list[Reaction]) -> list[tuple[str, int]]:
    counted = Counter(one.content for one in reactions)
    return [(_MARKS[name], count) for name, count in counted.items()]


def _diff_class(line: str) -> str:
    return {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "same")


_environment = make_environment()
_environment.filters.update(
    markdown=_render_markdown,
    tally=_tally,
    diff_class=_diff_class,
    when=lambda moment: moment.strftime("%Y-%m-%d %H:%M"),
)


def _html(status: int, template: str, **values: Any) -> Response:
    values.setdefault("repo", None)
    text = _environment.get_template(template).render(root=request.script_root, **values)
    return Response(text, status, _headers(), content_type="text/html; charset=utf-8")


def _headers() -> dict[str, str]:
    return {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def front_page(call: Call) -> Answer:
    repositories = list(call.hub.state.repositories.values())
    page = _html(200, "front", repositories=repositories)
    return Answer(200, page.get_data(), _headers(), media="text/html; charset=utf-8")


def _talk(issue: Issue) -> list[_Said]:
    """Comments, reviews and line comments in the order they were said."""
    said = [
        _Said(one.user, one.created_at, one.body, one.reactions, one.updated_at > one.created_at)
        for one in issue.comments
    ]
    if issue.pull is not None:
        said += [
            _Said(one.user, one.submitted_at, one.body, [], note=_REVIEWED[one.state])
            for one in issue.pull.reviews
            if one.submitted_at is not None
        ]
        said += [
            _Said(one.user, one.created_at, one.body, one.reactions,
                  note=f"on {one.path}:{one.line or ''}")
            for one in issue.pull.review_comments
        ]  # fmt: skip
    return sorted(said, key=lambda one: one.at)


_PAGES: list[tuple[str, Callable[..., Response]]] = []


def page(path: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Declare the function of (hub, repository, ...) that answers "/owner/name" + path."""

    def declare(show: Callable[..., Response]) -> Callable[..., Response]:
        _PAGES.append((path, show))
        return show

    return declare


def add_pages(app: Flask, hub: LocalHub) -> None:
    for path, show in _PAGES:
        app.add_url_rule(f"/<owner>/<name>{path}", f"page-{path}", _view(hub, show))


def _view(hub: LocalHub, show: Callable[..., Response]) -> Callable[..., Response]:
    """Under the lock, with a page for what is missing."""

    def view(owner: str, name: str, **rest: Any) -> Response:
        with hub.lock:
            try:
                return show(hub, hub.state.repository(f"{owner}/{name}"), **rest)
            except ApiError as error:
                return _html(error.status, "missing", what=error.message)

    return view


@page("")
def repository(hub: LocalHub, repo: Repository) -> Response:
    tip = repo.branch(repo.default_branch)
    entry = repo.git.entry(tip, "README.md") if tip else None
    shown = list(reversed(repo.issues.values()))
    return _html(
        200,
        "repository",
        repo=repo,
        base=_base(repo),
        issues=[one for one in shown if one.pull is None][:30],
        pulls=[one for one in shown if one.pull is not None][:30],
        files=repo.git.tree(tip) if tip else [],
        commits=repo.git.log(tip, limit=10) if tip else [],
        readme=_text(repo, entry.sha) if entry else "",
    )


@page("/issues")
def issues(hub: LocalHub, repo: Repository) -> Response:
    found = [one for one in reversed(repo.issues.values()) if one.pull is None]
    return _html(200, "list", repo=repo, base=_base(repo), issues=found, title="Issues")


@page("/pulls")
def pulls(hub: LocalHub, repo: Repository) -> Response:
    found = [one for one in reversed(repo.issues.values()) if one.pull is not None]
    return _html(200, "list", repo=repo, base=_base(repo), issues=found, title="Pull requests")


@page("/issues/<int:number>")
def issue(hub: LocalHub, repo: Repository, number: int) -> Response:
    return _issue_page(hub, repo, repo.issue(number))


@page("/pull/<int:number>")
def pull(hub: LocalHub, repo: Repository, number: int) -> Response:
    return _issue_page(hub, repo, repo.pull(number)[0])


@page("/pull/<int:number>.diff")
def difference(hub: LocalHub, repo: Repository, number: int) -> Response:
    text = diff_of(repo, repo.pull(number)[1])
    return Response(text, 200, _headers(), content_type="text/plain; charset=utf-8")


@page("/commit/<sha>")
def commit(hub: LocalHub, repo: Repository, sha: str) -> Response:
    found = repo.git.resolve(sha)
    if found is None:
        raise not_found()
    one = repo.git.commit(found)
    files = repo.git.diff(one.parents[0] if one.parents else EMPTY_TREE, found)
    return _html(200, "commit", repo=repo, base=_base(repo), commit=one, files=files)


@page("/runs/<int:number>")
def check(hub: LocalHub, repo: Repository, number: int) -> Response:
    if number not in repo.runs:
        raise not_found()
    return _html(200, "check", repo=repo, base=_base(repo), run=repo.runs[number])


@page("/tree/<path:place>")
def tree(hub: LocalHub, repo: Repository, place: str) -> Response:
    ref, sha, path = _split(repo, place)
    entry = repo.git.entry(sha, path) if path else None
    if path and (entry is None or entry.type != "tree"):
        raise not_found()
    files = repo.git.tree(sha, path=path)
    return _html(200, "tree", repo=repo, base=_base(repo), ref=ref, path=path, files=files)


@page("/blob/<path:place>")
def blob(hub: LocalHub, repo: Repository, place: str) -> Response:
    _, sha, path = _split(repo, place)
    entry = repo.git.entry(sha, path)
    if entry is None or entry.type != "blob":
        raise not_found()
    text, markdown = _text(repo, entry.sha), path.endswith(".md")
    return _html(200, "blob", repo=repo, path=path, text=text, markdown=markdown)


@page("/raw/<path:place>")
def raw(hub: LocalHub, repo: Repository, place: str) -> Response:
    _, sha, path = _split(repo, place)
    entry = repo.git.entry(sha, path)
    if entry is None or entry.type != "blob":
        raise not_found()
    return Response(repo.git.blob(entry.sha), 200, _headers(), content_type="text/plain")


def _issue_page(hub: LocalHub, repo: Repository, issue: Issue) -> Response:
    values: dict[str, Any] = {"merging": None, "checks": [], "commits": [], "files": []}
    if issue.pull is not None:
        if issue.state == "open":
            values["merging"] = mergeability(hub.state, issue, issue.pull)
        values["checks"] = sorted(check_conclusions(repo, issue.pull.head_sha).items())
        values["commits"] = commits_of(repo, issue.pull)
        values["files"] = files_of(repo, issue.pull)[:300]
    return _html(
        200, "issue", repo=repo, base=_base(repo), issue=issue, talk=_talk(issue), **values
    )


def _base(repo: Repository) -> str:
    return f"{request.script_root}/{repo.full_name}"


def _text(repo: Repository, sha: str) -> str:
    return repo.git.blob(sha)[:_MOST_SHOWN].decode("utf-8", errors="replace")


def _split(repo: Repository, place: str) -> tuple[str, str, str]:
    """(ref, commit, path) of "branch/with/slashes/path": the longest branch wins."""
    parts = place.strip("/").split("/")
    for cut in range(len(parts), 0, -1):
        ref = "/".join(parts[:cut])
        sha = repo.branch(ref) or (repo.git.resolve(ref) if cut == 1 else None)
        if sha is not None:
            return ref, sha, "/".join(parts[cut:])
    raise not_found()
