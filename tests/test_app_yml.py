"""`app.yml` asks exactly for what the code uses: all of it is needed, and it is enough.

Everything that Towpath can do and read on GitHub is done once against a GitHub that enforces the
manifest. (The walks of tests/walk run on this manifest too.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

import handlers
from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.localhub.permissions import EVENT_NEEDS, holds
from bot.outside.errors import Forbidden, GitHubError, NotFound
from bot.outside.github import GitHub, connect, permissions_needed
from bot.outside.github_effects import Effects
from bot.outside.github_reads import NEEDS_OF_BACKLOG
from bot.outside.ports import GitHubReads
from bot.story import effects as fx
from bot.story.vocabulary import GateFinding, Person, Repository
from bot.workspace.perform import Push

TEXT = (Path(__file__).parents[1] / "app.yml").read_text()
MANIFEST = yaml.safe_load(TEXT)
PERMISSIONS: dict[str, str] = MANIFEST["default_permissions"]
REPO, TEAM, BRANCH = "acme/shop", "acme/core", "feature/STORY-1/x"
FILES = {"a.py": "x = 1\n", "CODEOWNERS": f"* @{TEAM}\n"}
LEVELS = {"write": "read", "read": None}


def refusals(
    permissions: Mapping[str, str], folder: Path, kinds: set[str] | None = None
) -> list[str]:
    """Do everything once as an app with these permissions; what did not work.

    `kinds` gets the kinds of effects that were refused.
    """
    hub = LocalHub(folder, send=lambda *_: Reply(0))
    for login in ("alice", "bob"):
        hub.add_user(login)
    hub.add_org("acme", admins=("alice",))
    hub.create_repository(REPO, FILES)
    hub.add_team("acme", "core", ["alice"], {REPO: "write"})
    place = hub.repository(REPO)
    place.alerts.update(code_scanning=[], secret_scanning=[])  # both are switched on
    place.workflow_runs.append({"id": 1})
    app = hub.register_app({"name": "towpath", "default_permissions": dict(permissions)})
    refused: list[str] = []
    hub._application = _watched(hub.application, refused)
    with serve(hub) as server:
        installation = hub.install(app.app_id, [REPO])
        github = connect(server.url, str(app.app_id), app.pem, lambda: datetime.now(UTC))
        repository = github.repository(REPO, installation)
        _act(hub, github, repository, refused, set() if kinds is None else kinds)
        for service in ("git-upload-pack", "git-receive-pack"):
            answer = requests.get(
                f"{repository.git_url}/info/refs?service={service}",
                headers={"Authorization": github.git_credentials(installation)},
                timeout=10,
            )
            if answer.status_code != 200:
                refused.append(service)
    return refused


def _watched(inner: Any, refused: list[str]) -> Any:
    def application(environ: dict[str, Any], start: Any) -> Any:
        def answer(status: str, headers: Any, *rest: Any) -> Any:
            named = {name.lower() for name, _ in headers}
            if status.startswith("403") and "x-accepted-github-permissions" in named:
                refused.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            return start(status, headers, *rest)

        return inner(environ, answer)

    return application


def _act(
    hub: LocalHub,
    github: GitHub,
    repository: Repository,
    refused: list[str],
    kinds: set[str],
) -> None:
    """Every effect and every read once, in an order in which each is possible."""
    alice = hub.act_as("alice")
    issue = alice.open_issue(REPO, "a story")
    alice.label(REPO, issue, "story")
    comment = alice.comment(REPO, issue, "/help")
    sha = alice.push(REPO, BRANCH, {"b.py": "y = 2\n"}, "feat: y")
    other = alice.push(REPO, "feature/STORY-2/x", {"c.py": "z = 3\n"}, "feat: z")
    performed: dict[str, dict[str, Any]] = {}

    def do(kind: Callable[..., Any], name: str = "", **fields: Any) -> None:
        effect = kind(key=f"k/{len(performed)}", repository=repository, **fields)
        performed[name or effect.kind] = {}
        with _noted(refused, kinds, effect.kind):
            performed[name or effect.kind] = github.effects.perform(effect)
        with _noted(refused):
            github.effects.look(effect)

    do(fx.React, issue=issue, content="eyes")
    do(fx.React, "react to a comment", issue=issue, content="eyes", comment_id=comment)
    do(fx.SetLabels, issue=issue, add=("story/claimed",), remove=("story",))
    do(fx.PostComment, issue=issue, body="hello")
    do(fx.ShowStatus, issue=issue, body="status")
    now = datetime.now(UTC)
    claim = {"issue": issue, "holder": "towpath/1", "now": now, "asked": now, "body": "status"}
    do(fx.ClaimIssue, expires=now + timedelta(hours=1), **claim)
    pull = {"issue": issue, "base": "main", "title": "t", "body": "b", "labels": ("story",)}
    do(fx.OpenPullRequest, branch=BRANCH, reviewers=("bob",), **pull)
    do(fx.OpenPullRequest, "other", branch="feature/STORY-2/x", **pull)
    number = performed["open_pull_request"].get("number", 1)
    do(fx.React, "react to a pull", issue=number, content="eyes")
    do(fx.PostComment, "comment on a pull", issue=number, body="hello")
    do(fx.ReplyToReview, number=number, comment_id=1, body="hello")
    do(fx.EditPullRequest, number=number, body="more")
    note = GateFinding(file="b.py", line=1, rule="r", message="m")
    check = {"check": "towpath / x", "conclusion": "failure", "title": "t", "summary": "s"}
    do(fx.PublishCheck, sha=sha, annotations=(note,), **check)
    _read(github, (repository, issue, number, comment, sha), refused)
    do(fx.MergePullRequest, number=number, sha=sha)
    do(fx.ClosePullRequest, number=performed["other"].get("number", 2))
    do(fx.DeleteBranch, branch="feature/STORY-2/x", sha=other)
    do(fx.OpenIssue, part=1, title="a part", body="b")
    asker = Person(id=1, login="alice")
    do(fx.RequestStory, requester=asker, label="story", title="t", body="b")
    mark = {"mark": 1, "title": "TODO: x", "body": "b", "digest": "d"}
    do(fx.OpenTodoIssue, **mark)
    do(fx.ChangeTodoIssue, issue=issue, state="closed", **mark)
    do(fx.ShowDashboard, issue=0, title="t", body="b", says="d", writing=1)
    do(fx.CloseIssue, issue=issue)
    do(
        fx.ProposeFile,
        branch="towpath/configure",
        base_sha=github.branch_head(repository, "main") or "",
        path=".github/towpath.yml",
        content="{}",
        message="m",
    )
    assert set(github.effects.kinds) <= set(performed), "an effect is not tried here"


@contextmanager
def _noted(refused: list[str], kinds: set[str] | None = None, kind: str = "") -> Iterator[None]:
    try:
        yield
    except GitHubError as error:
        refused.append(str(error))
        if kinds is not None and isinstance(error, Forbidden):
            kinds.add(kind)


def _read(
    github: GitHub, things: tuple[Repository, int, int, int, str], refused: list[str]
) -> None:
    repository, issue, pull, comment, sha = things
    since = datetime.now(UTC) - timedelta(days=1)
    reads: dict[str, tuple[Any, ...]] = {
        "identity": (),
        "installations": (),
        "installation_of": (REPO,),
        "repositories": (repository.installation_id,),
        "covered": (repository.installation_id,),
        "about": (repository,),
        "repository": (REPO, repository.installation_id),
        "issue": (repository, issue),
        "issue_comments": (repository, issue),
        "comment": (repository, comment),
        "permission": (repository, "bob"),
        "user": ("bob", repository),
        "team_members": (repository, TEAM),
        "account_of_address": (repository, "alice@example.test"),
        "compare": (repository, "main", sha),
        "open_issues_with_label": (repository, "story"),
        "label_put_on": (repository, issue, "story"),
        "open_issues": (repository,),
        "dependabot_alerts": (repository,),
        "code_scanning_alerts": (repository,),
        "secret_scanning_alerts": (repository,),
        "security_advisories": (repository,),
        "branch_runs": (repository, "main"),
        "recent_runs": (repository,),
        "open_pulls": (repository,),
        "check_runs": (repository, sha),
        "failed_jobs": (repository, 1),
        "pull": (repository, pull),
        "pulls_for_head": (repository, BRANCH),
        "pull_commits": (repository, pull),
        "pull_files": (repository, pull),
        "pull_reviews": (repository, pull),
        "pull_comments": (repository, pull),
        "review": (repository, pull, 1),  # gone, which needs the same permission
        "review_comment": (repository, 1),
        "commit": (repository, sha),
        "branch_head": (repository, BRANCH),
        "file": (repository, "CODEOWNERS", "main"),
        "first_file": (repository, ["CODEOWNERS"], "main"),
        "tree": (repository, sha),
        "blob": (repository, github.tree(repository, sha)[0]["sha"]),
        "failed_deliveries": (since,),
        "delivery": (1,),
        "git_credentials": (repository.installation_id,),
    }
    not_reads = {"redeliver", "forget_token", "perform", "look"}
    known = {name for name in vars(GitHubReads) if not name.startswith("_")}
    assert known - not_reads <= set(reads), "a read is not tried here"
    for name, arguments in reads.items():
        with _noted(refused), suppress(*([NotFound] if name == "delivery" else [])):
            getattr(github, name)(*arguments)


def test_the_permissions_that_adapters_and_reads_declare_are_those_of_app_yml() -> None:
    declared = permissions_needed(
        {"git": Push.needs["push_branch"], "backlog": NEEDS_OF_BACKLOG, **Effects.needs}
    )
    assert declared == PERMISSIONS
    assert set(Effects.needs) == set(Effects.kinds), "an effect declares no permissions"


@pytest.mark.parametrize("name", ["issues", "pull_requests", "contents", "checks"])
def test_an_effect_takes_the_permissions_that_its_adapter_declares(
    tmp_path: Path, name: str
) -> None:
    kinds: set[str] = set()
    refusals({**PERMISSIONS, name: "read"}, tmp_path, kinds)
    declared = {kind for kind, needs in Effects.needs.items() if needs.get(name) == "write"}
    untold = {
        "issues": {"open_pull_request"},  # without its labels it is opened all the same
        "pull_requests": {"reply_to_review"},  # there is no pull request to reply on
    }
    assert kinds == declared - untold.get(name, set())


def test_app_yml_is_enough_for_everything_that_the_code_does(tmp_path: Path) -> None:
    assert refusals(PERMISSIONS, tmp_path) == []


@pytest.mark.parametrize("name", [name for name in PERMISSIONS if name != "metadata"])
def test_app_yml_asks_for_no_permission_that_could_be_less(tmp_path: Path, name: str) -> None:
    less = {**PERMISSIONS, name: LEVELS[PERMISSIONS[name]]}
    less = {one: level for one, level in less.items() if level}
    assert refusals(less, tmp_path) != []


def test_app_yml_hears_exactly_the_events_that_a_handler_cares_for() -> None:
    handled = {name.partition(".")[0] for name in handlers.EVENTS}
    asked = MANIFEST["default_events"]
    assert sorted(asked) == sorted(name for name in handled if EVENT_NEEDS[name] is not None)
    for name in asked:
        assert holds(PERMISSIONS, f"{EVENT_NEEDS[name]}:read")


def test_app_yml_gives_a_reason_beside_each_line() -> None:
    lines = re.findall(r"^  (?:- )?(\w+)(?:: \w+)?( +# \S.{15,})?$", TEXT, re.MULTILINE)
    assert [name for name, _ in lines] == [*PERMISSIONS, *MANIFEST["default_events"]]
    assert [name for name, reason in lines if not reason] == []
