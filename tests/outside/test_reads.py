"""Reading from a GitHub over HTTP."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from bot.outside import errors
from bot.outside.github import connect
from tests.outside.conftest import REPO, Place


def test_the_app_knows_itself_its_installations_and_its_repositories(place: Place) -> None:
    me = place.connect().identity()
    assert (me.slug, me.bot.login, me.bot.is_bot) == ("towpath", "towpath[bot]", True)
    assert me.bot.id == place.hub.state.account("towpath[bot]").id
    installation = place.github.installation_of(REPO)
    assert [each["id"] for each in place.github.installations()] == [installation]
    assert place.github.repositories(installation) == [place.repository]
    assert place.repository.git_url == f"{place.url}/{REPO}.git"
    assert place.repository.default_branch == "main"


def test_permissions_are_the_finer_role_and_none_for_strangers(place: Place) -> None:
    place.hub.add_user("stranger")
    github, repository = place.github, place.repository
    assert github.permission(repository, "bob") == "triage"
    assert github.permission(repository, "alice") in ("write", "admin")
    assert github.permission(repository, "nobody-at-all") == "none"
    assert github.permission(repository, "stranger") in ("none", "read")
    bob = place.hub.state.account("bob").id
    assert github.permission(repository, "bob", bob) == "triage"
    assert github.permission(repository, "bob", bob + 1) == "none"


def test_lists_are_read_to_their_last_page(place: Place) -> None:
    alice = place.as_person()
    number = alice.open_issue(REPO, "many")
    for index in range(103):
        alice.comment(REPO, number, f"comment {index}")
    bodies = [each["body"] for each in place.github.issue_comments(place.repository, number)]
    assert bodies == [f"comment {index}" for index in range(103)]


def test_what_is_missing_is_none_or_not_found(place: Place) -> None:
    github, repository = place.github, place.repository
    assert github.comment(repository, 999_999) is None
    assert github.user("nobody-at-all", repository) is None
    assert github.branch_head(repository, "no/such") is None
    assert github.file(repository, "no/such", "main") is None
    assert github.team_members(repository, "acme/none") == []
    with pytest.raises(errors.NotFound):
        github.issue(repository, 999)
    with pytest.raises(errors.NotFound):
        github.installation_of("acme/none")


def test_files_are_text_at_a_ref(place: Place) -> None:
    github, repository = place.github, place.repository
    assert github.file(repository, "CODEOWNERS", "main") == "* @alice @acme/core\n"
    place.branch()
    assert github.file(repository, "b.py", "main") is None
    assert github.file(repository, "b.py", "feature/STORY-1/x") == "y = 2\n"
    with pytest.raises(errors.Refused):
        github.file(repository, "logo.bin", "main")


def test_the_first_file_that_a_branch_has_is_read_anew_when_its_head_moves(place: Place) -> None:
    github, repository, alice = place.github, place.repository, place.as_person()
    paths = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    assert github.first_file(repository, paths, "main") == "* @alice @acme/core\n"
    assert github.first_file(repository, paths[::2], "main") is None
    before = len(place.asked)
    assert github.first_file(repository, paths[::2], "main") is None
    assert len(place.asked) == before + 1
    alice.push(REPO, "main", {".github/CODEOWNERS": "* @bob\n", "docs/a": ""}, "chore: owners")
    assert github.first_file(repository, paths, "main") == "* @bob\n"
    assert github.first_file(repository, paths, "no-such-branch") is None


@pytest.mark.parametrize("path", ["../../issues/1", "a/../b", "", "a//b"])
def test_a_path_cannot_climb_out_of_its_place(place: Place, path: str) -> None:
    with pytest.raises(errors.Refused):
        place.github.file(place.repository, path, "main")
    with pytest.raises(errors.Refused):
        place.github.installation_of("acme/..")
    assert place.asked == []


def test_pull_requests_are_found_by_their_branch(place: Place) -> None:
    sha = place.branch()
    number = place.as_person().open_pull(REPO, "feature/STORY-1/x")
    github, repository = place.github, place.repository
    (found,) = github.pulls_for_head(repository, "feature/STORY-1/x")
    assert (found["number"], found["head"]["sha"]) == (number, sha)
    assert github.pulls_for_head(repository, "feature/STORY-1/y") == []
    assert [each["sha"] for each in github.pull_commits(repository, number)] == [sha]
    assert [each["filename"] for each in github.pull_files(repository, number)] == ["b.py"]
    assert github.branch_head(repository, "feature/STORY-1/x") == sha
    assert github.commit(repository, sha)["commit"]["tree"]["sha"]
    assert github.pull_reviews(repository, number) == []


def test_a_forks_branch_of_the_same_name_is_not_ours_whatever_a_server_filters(
    place: Place,
) -> None:
    head = {"ref": "feature/STORY-1/x", "sha": "a" * 40, "repo": {"id": place.repository.id + 1}}
    fork = {"number": 5, "state": "open", "head": head}
    place.hub.faults.add(method="GET", path="/pulls\\?", status=200, body=[fork])
    assert place.github.pulls_for_head(place.repository, "feature/STORY-1/x") == []


def test_labelled_issues_are_found_without_pull_requests(place: Place) -> None:
    alice = place.as_person()
    number = alice.open_issue(REPO, "a story", labels=["story"])
    alice.open_issue(REPO, "another")
    place.branch()
    alice.label(REPO, alice.open_pull(REPO, "feature/STORY-1/x"), "story")
    found = place.github.open_issues_with_label(place.repository, "story")
    assert [each["number"] for each in found] == [number]


def test_team_members_are_read(place: Place) -> None:
    members = place.github.team_members(place.repository, "acme/core")
    assert [each["login"] for each in members] == ["alice"]


def test_an_unchanged_thing_costs_nothing_and_a_changed_one_is_seen(place: Place) -> None:
    alice = place.as_person()
    number = alice.open_issue(REPO, "first")
    github, repository = place.github, place.repository
    github.issue(repository, number)
    used = place.hub.limits._windows
    before = {name: window.used for name, window in used.items()}
    assert github.issue(repository, number)["title"] == "first"
    assert {name: window.used for name, window in used.items()} == before
    alice.edit_issue(REPO, number, title="second")
    assert github.issue(repository, number)["title"] == "second"


def test_what_is_asked_again_and_again_costs_nothing_however_much_there_is(place: Place) -> None:
    github, repository = place.connect(), place.repository
    number = place.as_person().open_issue(REPO, "x" * 200)
    github.issue(repository, number)
    for page in range(600):
        github._http.get(f"/repos/{REPO}/issues", repository.installation_id, page=page + 1)
    windows = place.hub.limits._windows
    before = {name: window.used for name, window in windows.items()}
    github.issue(repository, number)
    assert {name: window.used for name, window in windows.items()} == before


def test_a_folder_is_asked_for_once_by_its_hash_and_each_time_by_a_name(place: Place) -> None:
    github, repository = place.connect(), place.repository
    head = github.branch_head(repository, "main")
    assert head
    for name, asked in ((head, 1), ("main", 2)):
        before = len(place.asked)
        first = github.tree(repository, name)
        first.clear()
        assert github.tree(repository, name)
        assert len(place.asked) - before == asked


def test_a_token_is_minted_once_renewed_when_old_and_when_refused(place: Place) -> None:
    github, repository = place.connect(), place.repository

    def minted() -> int:
        return sum("access_tokens" in path for _, path in place.asked)

    github.branch_head(repository, "main")
    github.branch_head(repository, "main")
    assert minted() == 1
    place.later(56 * 60)
    github.branch_head(repository, "main")
    assert minted() == 2
    place.hub.tokens.expire_installation_tokens()
    assert github.branch_head(repository, "main")
    assert minted() == 3


def test_reads_are_repeated_over_an_outage_and_end_as_unavailable(place: Place) -> None:
    place.hub.faults.add(method="GET", path="/issues", times=2, status=502)
    number = place.as_person().open_issue(REPO, "x")
    assert place.github.issue(place.repository, number)["title"] == "x"
    place.hub.faults.add(method="GET", path="/issues", times=0, status=503)
    with pytest.raises(errors.Unavailable) as failed:
        place.github.issue(place.repository, number)
    assert (failed.value.retryable, failed.value.maybe_done) == (True, False)
    assert len(place.hub.faults.fired) == 5


def test_a_slow_answer_is_a_typed_error(place: Place) -> None:
    place.hub.faults.add(method="GET", path="/issues", times=0, delay=5)
    with pytest.raises(errors.Unavailable):
        place.connect(timeout=1).issue(place.repository, 1)


def test_a_missing_permission_is_named(place: Place) -> None:
    readable = {"issues": "read", "metadata": "read"}
    place.hub.state.installations[place.repository.installation_id].permissions = readable
    alice = place.as_person()
    number = alice.open_issue(REPO, "x")
    github = place.connect()
    with pytest.raises(errors.Forbidden) as failed:
        github.effects._http.write(
            "POST",
            f"/repos/{REPO}/issues/{number}/comments",
            place.repository.installation_id,
            {"body": "x"},
        )
    assert "issues=write" in failed.value.needed
    assert not failed.value.retryable


def test_a_secondary_limit_stops_every_request_until_its_time(place: Place) -> None:
    number = place.as_person().open_issue(REPO, "x")
    place.hub.faults.secondary_limit(retry_after=90, path="/issues")
    with pytest.raises(errors.RateLimited) as failed:
        place.github.issue(place.repository, number)
    assert (failed.value.limit, failed.value.retry_after) == ("secondary", 90)
    place.asked.clear()
    with pytest.raises(errors.RateLimited) as held:
        place.github.issue(place.repository, number)
    assert 80 < held.value.retry_after <= 90
    assert place.asked == []
    place.later(91)
    assert place.github.issue(place.repository, number)["title"] == "x"


def test_the_primary_limit_is_waited_for_to_its_reset(place: Place) -> None:
    place.hub.limits.exhaust(120)
    with pytest.raises(errors.RateLimited) as failed:
        place.github.issue(place.repository, 1)
    assert failed.value.limit == "primary"
    assert 100 < failed.value.retry_after < 125


def test_no_secret_is_in_any_error_log_or_repr(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="github")
    github = place.connect()
    header = github.git_credentials(place.repository.installation_id)
    token = github.effects._http.token(place.repository.installation_id)
    assert header.startswith("Basic ")
    place.hub.faults.add(path="/issues", times=0, status=500, body={"message": f"oh {token}"})
    told = []
    for attempt in (
        lambda: github.issue(place.repository, 1),
        lambda: connect(place.url, "1", "not a key", place.now).installations(),
        lambda: connect(place.url, "1", place.app.pem, place.now).installations(),
    ):
        with pytest.raises(errors.GitHubError) as failed:
            attempt()
        told += [str(failed.value), repr(failed.value), repr(failed.value.__cause__)]
    everything = "\n".join([*told, caplog.text, repr(vars(github.effects._http))])
    for secret in (token, header.split()[1], place.app.pem, "not a key"):
        assert secret not in everything


def test_a_base_url_must_be_one() -> None:
    for url in ("", "github.com", "ftp://x", "https://me:secret@github.example/api/v3"):
        with pytest.raises(ValueError, match="base URL") as refused:
            connect(url, "1", "k", lambda: None)  # type: ignore[arg-type,return-value]
        assert "secret" not in str(refused.value)


def test_github_enterprise_form_of_the_base_url_works(place: Place) -> None:
    github = connect(f"{place.url}/api/v3/", str(place.app.app_id), place.app.pem, place.now)
    assert github.installation_of(REPO) == place.repository.installation_id
    assert github.branch_head(place.repository, "main")


def test_failed_deliveries_are_listed_once_and_asked_for_again(place: Place) -> None:
    place.hub.state.apps[place.app.app_id].webhook_url = "http://127.0.0.1:9/webhook"
    start = place.now() - timedelta(minutes=1)
    place.as_person().open_issue(REPO, "one")
    place.hub.deliveries.settle()
    (failed,) = place.github.failed_deliveries(start)
    assert failed["event"] == "issues"
    place.github.redeliver(failed["id"])
    place.hub.deliveries.settle()
    again = place.github.failed_deliveries(start)
    assert [each["guid"] for each in again] == [failed["guid"]]
    assert again[0]["id"] != failed["id"]
    assert place.github.failed_deliveries(place.now() + timedelta(minutes=1)) == []
