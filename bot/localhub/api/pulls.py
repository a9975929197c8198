"""Pull requests: opening, listing, changing, their files and commits."""

from __future__ import annotations

from typing import Any

from bot.localhub.api.issues import checked_body, edit_words, ordered, set_state
from bot.localhub.api.merging import signed_by
from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid
from bot.localhub.mergeability import (
    Mergeability,
    base_tip,
    commits_of,
    files_of,
    mergeability,
    size_of,
)
from bot.localhub.moves import move_ref, record_head, synchronize
from bot.localhub.records import Issue, Pull
from bot.localhub.shapes import commits, pulls
from bot.localhub.state import Repository

routes = Routes()
_PULL = "/repos/<owner>/<repo>/pulls/<int:number>"


def shown(call: Call, issue: Issue, pull: Pull) -> Any:
    """The full shape; GitHub's mergeability is unknown for the first reads after a change."""
    if pull.reads_before_mergeability > 0 and issue.state == "open":
        pull.reads_before_mergeability -= 1
        merging = Mergeability(None, "unknown")
    else:
        merging = mergeability(call.hub.state, issue, pull)
    size = size_of(issue.repository, pull)
    return pulls.pull_request(call.urls, call.hub.state, issue, pull, merging, size)


def _head(call: Call, text: str) -> tuple[Repository, str, str]:
    """(repository, branch, sha) of "branch" or "owner:branch"."""
    owner, colon, branch = text.rpartition(":")
    place = call.repo
    if colon and owner.lower() != call.repo.owner.login.lower():
        forks = [
            one
            for one in call.hub.state.repositories.values()
            if one.fork_of is call.repo and one.owner.login.lower() == owner.lower()
        ]
        if not forks:
            raise invalid("PullRequest", "head")
        place = forks[0]
    sha = place.branch(branch)
    if sha is None:
        raise invalid("PullRequest", "head")
    return place, branch, sha


@routes("POST", "/repos/<owner>/<repo>/pulls", "pull_requests:write", role="read")
def open_pull(call: Call) -> Answer:
    repo, hub = call.repo, call.hub
    base = call.text("base", "PullRequest")
    base_sha = repo.branch(base)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    place, branch, sha = _head(call, call.text("head", "PullRequest"))
    source: Issue | None = None
    number = call.json().get("issue")
    if number is not None:
        if not isinstance(number, int) or repo.issue(number).pull is not None:
            raise invalid("PullRequest", "issue")
        source = repo.issue(number)
        title, body = source.title, source.body
    else:
        title = call.text("title", "PullRequest")
        body = checked_body(call.maybe_text("body"), "PullRequest")
    for issue, pull in repo.pulls():
        same = (pull.head_repository, pull.head_ref, pull.base_ref) == (place, branch, base)
        if same and issue.state == "open":
            label = f"{place.owner.login}:{branch}"
            message = f"A pull request already exists for {label}."
            raise ApiError(
                422,
                "Validation Failed",
                errors=[{"resource": "PullRequest", "code": "custom", "message": message}],
            )
    if place is repo and repo.git.merge_base(sha, base_sha) in (None, sha):
        unrelated = not repo.git.is_ancestor(sha, base_sha)
        message = f"The {branch} branch has no history in common with {base}"
        message = message if unrelated else f"No commits between {base} and {branch}"
        raise ApiError(
            422,
            "Validation Failed",
            errors=[{"resource": "PullRequest", "code": "custom", "message": message}],
        )
    now = hub.now()
    if source is None:
        number = repo.next_number()
        source = Issue(next(hub.ids), repo, number, call.account, title, body, now, now)
        source.via_app = call.caller.via_app
        repo.issues[number] = source
    pull = Pull(
        next(hub.ids), place, place.owner.login, branch, sha, base, base_sha,
        draft=call.flag("draft"),
    )  # fmt: skip
    pull.reads_before_mergeability = hub.mergeability_lag
    source.pull = pull
    record_head(source, pull)
    hub.announce.pull("opened", source, pull, call.account)
    answer = shown(call, source, pull)
    return Answer(201, answer, {"Location": answer["url"]})


@routes("GET", "/repos/<owner>/<repo>/pulls", "pull_requests:read")
def list_pulls(call: Call) -> Page:
    query = call.query
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")
    found = [
        issue
        for issue, pull in call.repo.pulls()
        if state in ("all", issue.state)
        and head in (None, f"{pull.head_owner}:{pull.head_ref}", pull.head_ref)
        and base in (None, pull.base_ref)
    ]

    def show(issue: Issue) -> Any:
        assert issue.pull is not None, "listed as a pull request"
        return pulls.pull_simple(call.urls, call.hub.state, issue, issue.pull)

    return Page(ordered(call, found), show)


@routes("GET", "/repos/<owner>/<repo>/commits/<sha>/pulls", "pull_requests:read")
def pulls_of_commit(call: Call, sha: str) -> Page:
    found = [
        pair
        for pair in call.repo.pulls()
        if sha in (pair[1].head_sha, pair[1].merge_commit_sha)
        or any(one.sha == sha for one in commits_of(call.repo, pair[1]))
    ]
    return Page(found, lambda pair: pulls.pull_simple(call.urls, call.hub.state, *pair))


@routes("GET", _PULL, "pull_requests:read")
def show_pull(call: Call, number: int) -> Any:
    issue, pull = call.repo.pull(number)
    if "diff" in call.accept or "patch" in call.accept:
        call.require("contents:read")
        return Answer(200, diff_of(call.repo, pull).encode(), media="text/plain; charset=utf-8")
    return shown(call, issue, pull)


def diff_of(repository: Repository, pull: Pull) -> str:
    base = base_tip(repository, pull)
    fork_point = repository.git.merge_base(base, pull.head_sha) or base
    return repository.git.diff_text(fork_point, pull.head_sha)


@routes("PATCH", _PULL, "pull_requests:write", role="read")
def change_pull(call: Call, number: int) -> Any:
    issue, pull = call.repo.pull(number)
    if issue.user is not call.account and not call.may("write"):
        raise ApiError(403, "Must have write access to the repository.")
    base = call.maybe_text("base")
    edit_words(call, issue)
    if base is not None and base != pull.base_ref:
        tip = call.repo.branch(base)
        if tip is None or issue.state == "closed":
            raise invalid("PullRequest", "base")
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        pull.base_ref, pull.base_sha, issue.updated_at = base, tip, call.hub.now()
        call.hub.announce.pull("edited", issue, pull, call.account, changes=changes)
    if call.json().get("state") == "open" and issue.state == "closed":
        _require_head(pull)
    set_state(call, issue)
    tip = pull.head_repository.branch(pull.head_ref) if pull.head_repository else None
    if issue.state == "open" and tip is not None and tip != pull.head_sha:
        synchronize(call.hub, issue, pull, tip, call.account)
    return shown(call, issue, pull)


def _require_head(pull: Pull) -> None:
    if pull.head_repository is None or pull.head_repository.branch(pull.head_ref) is None:
        raise invalid("PullRequest", "state", "custom", "state cannot be changed: no head branch.")


@routes("GET", f"{_PULL}/files", "pull_requests:read")
def list_files(call: Call, number: int) -> Page:
    _, pull = call.repo.pull(number)
    files = files_of(call.repo, pull)
    return Page(files, lambda one: commits.file_change(call.urls, call.repo, pull.head_sha, one))


@routes("GET", f"{_PULL}/commits", "pull_requests:read")
def list_commits(call: Call, number: int) -> Page:
    _, pull = call.repo.pull(number)
    found = commits_of(call.repo, pull)
    return Page(found, lambda one: commits.commit(call.urls, call.hub.state, call.repo, one))


@routes("PUT", f"{_PULL}/update-branch", "pull_requests:write")
def update_branch(call: Call, number: int) -> Answer:
    """Merge the base into the head; 422 on a conflict or when the head moved."""
    issue, pull = call.repo.pull(number)
    expected = call.maybe_text("expected_head_sha")
    place = pull.head_repository
    if (expected and expected != pull.head_sha) or place is not call.repo:
        raise ApiError(422, "expected head sha didn't match current head ref.")
    base = base_tip(call.repo, pull)
    tree = call.repo.git.merged_tree(pull.head_sha, base)
    if tree is None:
        raise ApiError(422, "merge conflict between base and head")
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    signed = signed_by(call.hub, call.account)
    sha = call.repo.git.write_commit(tree, [pull.head_sha, base], message, signed)
    move_ref(call.hub, call.repo, f"refs/heads/{pull.head_ref}", sha, call.account)
    address = call.urls.repo(call.repo, "pulls", issue.number)
    return Answer(202, {"message": "Updating pull request branch.", "url": address})
