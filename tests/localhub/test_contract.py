"""Every answer and every webhook fits GitHub's own description (githubkit's strict models)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from githubkit import AppAuthStrategy, GitHub, TokenAuthStrategy

from tests.localhub.conftest import MANIFEST, REPO, World

OWNER, NAME = REPO.split("/")


def as_app(world: World) -> GitHub[Any]:
    strategy = AppAuthStrategy(str(world.app.app_id), world.app.pem)
    return GitHub(strategy, base_url=f"{world.url}/", http_cache=False, auto_retry=False)


def as_token(world: World, token: str) -> GitHub[Any]:
    strategy = TokenAuthStrategy(token)
    return GitHub(strategy, base_url=f"{world.url}/", http_cache=False, auto_retry=False)


class Told:
    """Asks githubkit to parse each answer with its strict model."""

    def __init__(self) -> None:
        self.answers = 0

    def __call__(self, response: Any) -> Any:
        self.answers += 1
        return response.parsed_data


@pytest.fixture
def told() -> Told:
    return Told()


def test_an_app_and_its_installations_fit_the_description(world: World, told: Told) -> None:
    gh = as_app(world)
    rest = gh.rest.apps
    assert told(rest.get_authenticated()).slug == "towpath-test"
    assert len(told(rest.list_installations())) == 1
    told(rest.get_installation(world.installation))
    told(rest.get_repo_installation(OWNER, NAME))
    told(rest.get_org_installation(OWNER))
    told(rest.get_webhook_config_for_app())
    token = told(rest.create_installation_access_token(world.installation)).token
    installed = gh.with_auth(gh.auth.as_installation(world.installation))
    listed = told(installed.rest.apps.list_repos_accessible_to_installation())
    assert [one.full_name for one in listed.repositories] == [REPO]
    narrow = told(
        rest.create_installation_access_token(
            world.installation, repositories=[NAME], permissions={"issues": "read"}
        )
    )
    assert narrow.permissions.issues == "read"
    other = as_token(world, token)
    assert other.rest.apps.revoke_installation_access_token().status_code == 204
    assert world.get("/installation/repositories", token).status_code == 401
    plain = as_token(world, world.app_token())
    told(plain.rest.apps.get_by_slug("towpath-test"))


def test_hook_deliveries_fit_the_description_and_can_be_sent_again(
    world: World, told: Told
) -> None:
    world.hub.act_as("alice").open_issue(REPO, "One")
    assert world.hub.deliveries.settle()
    gh = as_app(world)  # kept: githubkit forgets a client that nobody holds
    rest = gh.rest.apps
    listed = told(rest.list_webhook_deliveries(per_page=1))
    assert listed[0].event == "issues"
    whole = told(rest.get_webhook_delivery(listed[0].id))
    assert whole.request.payload is not None
    rest.redeliver_webhook_delivery(listed[0].id)
    assert world.hub.deliveries.settle()
    guids = [headers["X-GitHub-Delivery"] for _, headers, _ in world.sent]
    assert guids[-1] == guids[-2] == listed[0].guid


def test_issues_labels_comments_and_reactions_fit_the_description(world: World, told: Told) -> None:
    gh = as_token(world, world.app_token())
    rest = gh.rest.issues
    made = told(rest.create(OWNER, NAME, title="A story", body="Do it", labels=["story"]))
    n = made.number
    assert made.user.login == "towpath-test[bot]"
    told(rest.get(OWNER, NAME, n))
    told(rest.update(OWNER, NAME, n, title="A better story", assignees=["bob"]))
    assert len(told(rest.list_for_repo(OWNER, NAME, state="all", labels="story"))) == 1
    comment = told(rest.create_comment(OWNER, NAME, n, body="Hello"))
    told(rest.get_comment(OWNER, NAME, comment.id))
    told(rest.update_comment(OWNER, NAME, comment.id, body="Hello again"))
    assert len(told(rest.list_comments(OWNER, NAME, n))) == 1
    told(rest.list_comments_for_repo(OWNER, NAME))
    reactions = gh.rest.reactions
    eyes = told(reactions.create_for_issue(OWNER, NAME, n, content="eyes"))
    told(reactions.list_for_issue(OWNER, NAME, n))
    told(reactions.create_for_issue_comment(OWNER, NAME, comment.id, content="rocket"))
    told(reactions.list_for_issue_comment(OWNER, NAME, comment.id))
    assert reactions.delete_for_issue(OWNER, NAME, n, eyes.id).status_code == 204
    told(rest.add_labels(OWNER, NAME, n, labels=["in progress", "a/b"]))
    told(rest.set_labels(OWNER, NAME, n, labels=["in progress", "a/b"]))
    told(rest.list_labels_on_issue(OWNER, NAME, n))
    told(rest.list_events(OWNER, NAME, n))
    assert [x.name for x in told(rest.remove_label(OWNER, NAME, n, "a/b"))] == ["in progress"]
    told(rest.create_label(OWNER, NAME, name="done", color="00ff00", description="Finished"))
    told(rest.list_labels_for_repo(OWNER, NAME))
    told(rest.get_label(OWNER, NAME, "done"))
    told(rest.add_assignees(OWNER, NAME, n, assignees=["alice"]))
    told(rest.remove_assignees(OWNER, NAME, n, assignees=["alice"]))
    told(rest.create_milestone(OWNER, NAME, title="v1"))
    told(rest.list_milestones(OWNER, NAME))
    told(gh.rest.search.issues_and_pull_requests(q=f"repo:{REPO} is:issue story"))
    rest.remove_all_labels(OWNER, NAME, n)
    rest.delete_comment(OWNER, NAME, comment.id)
    closed = told(rest.update(OWNER, NAME, n, state="closed", state_reason="not_planned"))
    assert closed.state_reason == "not_planned"


def test_pull_requests_and_reviews_fit_the_description(world: World, told: Told) -> None:
    world.hub.act_as("bob").push(
        REPO, "feature", {"src/shop.py": "def price():\n    return 2\n"}, "Raise"
    )
    gh = as_token(world, world.app_token())
    rest = gh.rest.pulls
    n = told(rest.create(OWNER, NAME, title="Raise", head="feature", base="main", body="x")).number
    pull = told(rest.get(OWNER, NAME, n))
    assert (pull.mergeable, pull.commits, pull.changed_files) == (True, 1, 1)
    told(rest.list(OWNER, NAME, head=f"{OWNER}:feature"))
    told(rest.update(OWNER, NAME, n, body="y"))
    assert told(rest.list_files(OWNER, NAME, n))[0].patch
    assert len(told(rest.list_commits(OWNER, NAME, n))) == 1
    told(rest.request_reviewers(OWNER, NAME, n, reviewers=["carol"]))
    told(rest.list_requested_reviewers(OWNER, NAME, n))
    told(rest.remove_requested_reviewers(OWNER, NAME, n, reviewers=["carol"]))
    carol = as_token(world, world.hub.user_token("carol"))
    note = {"path": "src/shop.py", "line": 2, "side": "RIGHT", "body": "Why?"}
    review = told(
        carol.rest.pulls.create_review(
            OWNER, NAME, n, event="REQUEST_CHANGES", body="No", comments=[note]
        )
    )
    told(rest.list_reviews(OWNER, NAME, n))
    told(rest.get_review(OWNER, NAME, n, review.id))
    told(rest.dismiss_review(OWNER, NAME, n, review.id, message="Done"))
    first = told(rest.list_review_comments(OWNER, NAME, n))[0]
    told(rest.create_reply_for_review_comment(OWNER, NAME, n, first.id, body="Because"))
    told(rest.get_review_comment(OWNER, NAME, first.id))
    told(carol.rest.pulls.update_review_comment(OWNER, NAME, first.id, body="Why though?"))
    told(rest.list_comments_for_review(OWNER, NAME, n, review.id))
    told(gh.rest.reactions.create_for_pull_request_review_comment(
        OWNER, NAME, first.id, content="eyes"))  # fmt: skip
    told(gh.rest.repos.list_pull_requests_associated_with_commit(OWNER, NAME, pull.head.sha))
    merged = told(rest.merge(OWNER, NAME, n, sha=pull.head.sha, merge_method="squash"))
    assert merged.merged
    assert rest.check_if_merged(OWNER, NAME, n).status_code == 204
    assert told(rest.get(OWNER, NAME, n)).merged_by.login == "towpath-test[bot]"


def test_checks_statuses_and_deployments_fit_the_description(world: World, told: Told) -> None:
    gh = as_token(world, world.app_token())
    sha = told(gh.rest.repos.get_branch(OWNER, NAME, "main")).commit.sha
    note = {"path": "src/shop.py", "start_line": 1, "end_line": 1, "annotation_level": "warning",
            "message": "m"}  # fmt: skip
    run = told(
        gh.rest.checks.create(
            OWNER, NAME, name="gate", head_sha=sha, status="in_progress",
            output={"title": "t", "summary": "s", "annotations": [note]},
        )
    )  # fmt: skip
    told(gh.rest.checks.get(OWNER, NAME, run.id))
    told(gh.rest.checks.update(OWNER, NAME, run.id, conclusion="success"))
    told(gh.rest.checks.list_annotations(OWNER, NAME, run.id))
    assert told(gh.rest.checks.list_for_ref(OWNER, NAME, "main")).total_count == 1
    suites = told(gh.rest.checks.list_suites_for_ref(OWNER, NAME, "main"))
    assert suites.check_suites[0].conclusion == "success"
    suite = suites.check_suites[0].id
    told(gh.rest.checks.get_suite(OWNER, NAME, suite))
    told(gh.rest.checks.list_for_suite(OWNER, NAME, suite))
    told(gh.rest.checks.rerequest_suite(OWNER, NAME, suite))
    told(gh.rest.checks.rerequest_run(OWNER, NAME, run.id))
    repos = gh.rest.repos
    told(repos.create_commit_status(OWNER, NAME, sha, state="success", context="ci"))
    assert told(repos.get_combined_status_for_ref(OWNER, NAME, "main")).state == "success"
    told(repos.list_commit_statuses_for_ref(OWNER, NAME, "main"))
    made = told(repos.create_deployment(OWNER, NAME, ref="main", environment="staging"))
    told(repos.get_deployment(OWNER, NAME, made.id))
    told(repos.list_deployments(OWNER, NAME))
    told(repos.create_deployment_status(OWNER, NAME, made.id, state="success"))
    told(repos.list_deployment_statuses(OWNER, NAME, made.id))


def test_git_objects_and_contents_fit_the_description(world: World, told: Told) -> None:
    gh = as_token(world, world.app_token())
    git, repos = gh.rest.git, gh.rest.repos
    ref = told(git.get_ref(OWNER, NAME, "heads/main"))
    tip = told(git.get_commit(OWNER, NAME, ref.object_.sha))
    blob = told(git.create_blob(OWNER, NAME, content="x = 1\n"))
    told(git.get_blob(OWNER, NAME, blob.sha))
    entry = {"path": "x.py", "mode": "100644", "type": "blob", "sha": blob.sha}
    tree = told(git.create_tree(OWNER, NAME, tree=[entry], base_tree=tip.tree.sha))
    told(git.get_tree(OWNER, NAME, tree.sha, recursive="1"))
    made = told(git.create_commit(OWNER, NAME, message="Add x", tree=tree.sha, parents=[tip.sha]))
    told(git.create_ref(OWNER, NAME, ref="refs/heads/x", sha=made.sha))
    told(git.update_ref(OWNER, NAME, "heads/x", sha=tip.sha, force=True))
    told(git.list_matching_refs(OWNER, NAME, "heads"))
    told(git.create_tag(OWNER, NAME, tag="v1", message="one", object_=made.sha, type="commit"))
    git.delete_ref(OWNER, NAME, "heads/x")
    content = base64.b64encode(b"new\n").decode()
    put = told(
        repos.create_or_update_file_contents(
            OWNER, NAME, "docs/new.md", message="Docs", content=content
        )
    )
    told(repos.get_content(OWNER, NAME, "docs/new.md"))
    told(repos.get_content(OWNER, NAME, "docs"))
    told(repos.delete_file(OWNER, NAME, "docs/new.md", message="Gone", sha=put.content.sha))
    assert len(told(repos.list_commits(OWNER, NAME))) == 3
    told(repos.get_commit(OWNER, NAME, "main"))
    compared = told(repos.compare_commits(OWNER, NAME, f"{tip.sha}...main"))
    assert (compared.status, compared.ahead_by) == ("ahead", 2)
    told(repos.list_branches(OWNER, NAME))
    told(repos.list_tags(OWNER, NAME))


def test_repository_people_and_rules_fit_the_description(world: World, told: Told) -> None:
    hub = world.hub
    hub.add_team("acme", "Core", ["bob"], {REPO: "maintain"})
    hub.protect_branch(REPO, "main", required_checks=("ci",), required_approvals=1)
    gh = as_token(world, world.app_token())
    repos = gh.rest.repos
    assert told(repos.get(OWNER, NAME)).permissions.push
    permission = told(repos.get_collaborator_permission_level(OWNER, NAME, "bob"))
    assert (permission.permission, permission.role_name) == ("write", "maintain")
    told(repos.list_collaborators(OWNER, NAME))
    errors = told(repos.codeowners_errors(OWNER, NAME)).errors
    assert [one.source.split()[0] for one in errors] == ["*.md", "/src/"]
    told(repos.get_branch_protection(OWNER, NAME, "main"))
    told(repos.get_branch_rules(OWNER, NAME, "main"))
    told(repos.get_repo_rulesets(OWNER, NAME))
    told(gh.rest.teams.list(OWNER))
    told(gh.rest.teams.get_by_name(OWNER, "core"))
    told(gh.rest.teams.list_members_in_org(OWNER, "core"))
    told(gh.rest.teams.get_membership_for_user_in_org(OWNER, "core", "bob"))
    told(gh.rest.actions.list_workflow_runs_for_repo(OWNER, NAME))
    told(gh.rest.dependabot.list_alerts_for_repo(OWNER, NAME))
    told(gh.rest.rate_limit.get())
    alice = as_token(world, hub.user_token("alice"))
    assert told(alice.rest.users.get_authenticated()).login == "alice"
    told(alice.rest.users.get_by_username("bob"))


def test_a_manifest_code_is_converted_once(world: World, told: Told) -> None:
    from bot.localhub import RemoteHub

    manifest = {**MANIFEST, "name": "Second", "hook_attributes": {"url": "http://127.0.0.1:1/"}}
    code = RemoteHub(world.url).do("manifests", manifest=manifest, owner="alice")["code"]
    gh = GitHub(base_url=f"{world.url}/", http_cache=False, auto_retry=False)
    made = told(gh.rest.apps.create_from_manifest(code))
    assert made.pem.startswith("-----BEGIN RSA PRIVATE KEY")
    again = world.request("POST", f"/app-manifests/{code}/conversions")
    assert again.status_code == 404


def everything_happens(world: World) -> None:
    """One world in which each event that the server can emit is emitted."""
    hub = world.hub
    alice, bob, carol = (hub.act_as(login) for login in ("alice", "bob", "carol"))
    n = carol.open_issue(REPO, "A story", "Please")
    alice.label(REPO, n, "story", "soon")
    alice.unlabel(REPO, n, "soon")
    alice.assign(REPO, n, "bob")
    alice.edit_issue(REPO, n, title="A better story", assignees=[])
    said = carol.comment(REPO, n, "Hello")
    carol.edit_comment(REPO, said, "Hello!")
    carol.delete_comment(REPO, said)
    alice.close_issue(REPO, n)
    alice.reopen_issue(REPO, n)
    bob.push(REPO, "feature", {"b.txt": "b\n"}, f"Fix\n\nFixes #{n}")
    pull = bob.open_pull(REPO, "feature", title="B")
    bob.push(REPO, "feature", {"c.txt": "c\n"}, "More", author=("Dora", "dora@example.invalid"))
    alice.label(REPO, pull, "story")
    alice.request("PATCH", f"/repos/{REPO}/pulls/{pull}", {"title": "C", "body": "d"})
    alice.request(
        "POST", f"/repos/{REPO}/pulls/{pull}/requested_reviewers", {"reviewers": ["carol"]}
    )
    alice.request(
        "DELETE", f"/repos/{REPO}/pulls/{pull}/requested_reviewers", {"reviewers": ["carol"]}
    )
    note = {"path": "b.txt", "line": 1, "body": "Hm"}
    review = carol.review(REPO, pull, "APPROVE", "Fine", comments=[note])
    alice.dismiss_review(REPO, pull, review, "Too early")
    carol.comment(REPO, pull, "A comment on a pull request")
    alice.close_issue(REPO, pull)
    alice.reopen_issue(REPO, pull)
    token, place = world.app_token(), f"/repos/{REPO}"
    sha = bob.pull(REPO, pull)["head"]["sha"]
    run = world.request(
        "POST", f"{place}/check-runs", token, json={"name": "g", "head_sha": sha}
    ).json()
    done = {"conclusion": "failure", "output": {"title": "t", "summary": "s"}}
    world.request("PATCH", f"{place}/check-runs/{run['id']}", token, json=done)
    world.request("POST", f"{place}/check-runs/{run['id']}/rerequest", token)
    suite = run["check_suite"]["id"]
    world.request("POST", f"{place}/check-suites/{suite}/rerequest", token)
    world.request("POST", f"{place}/statuses/{sha}", token, json={"state": "pending"})
    body = {"ref": sha, "required_contexts": []}
    made = world.request("POST", f"{place}/deployments", token, json=body).json()
    path = f"{place}/deployments/{made['id']}/statuses"
    world.request("POST", path, token, json={"state": "success"})
    hub.protect_branch(REPO, "main", required_approvals=0)
    bob.push(REPO, "early", {"e.txt": "e\n"}, "Early")
    hub.mark_ready(REPO, bob.open_pull(REPO, "early", draft=True), "bob")
    alice.merge(REPO, pull)
    alice.delete_branch(REPO, "feature")
    alice.request("PATCH", f"{place}/labels/story", {"new_name": "tale", "color": "ff0000"})
    alice.request("DELETE", f"{place}/labels/tale")
    other = hub.create_repository("acme/other")
    hub.change_installation(world.installation, add=[other.full_name])
    hub.change_installation(world.installation, remove=[other.full_name])
    hub.suspend(world.installation)
    hub.suspend(world.installation, False)
    hub.uninstall(world.installation)
    assert hub.deliveries.settle()


def test_every_webhook_fits_the_description(world: World) -> None:
    from githubkit import webhooks

    everything_happens(world)
    seen = set()
    for _, headers, body in world.sent:
        payload = json.loads(body)
        event = headers["X-GitHub-Event"]
        webhooks.parse_obj(event, payload)
        seen.add((event, payload.get("action")))
    events = {event for event, _ in seen}
    assert events == {*MANIFEST["default_events"], "installation", "installation_repositories"}
    assert ("pull_request", "synchronize") in seen
    assert ("check_suite", "requested") in seen
    assert len(seen) >= 45
