"""Effects on a GitHub over HTTP: each once, found when done, typed when refused (S6, W9, W12)."""

from __future__ import annotations

import socketserver
import threading
from typing import Any

import pytest

from bot.outside import errors
from bot.outside.github import connect
from bot.outside.github_writes import marker
from bot.story import effects as fx
from tests.outside.conftest import REPO, Place

BRANCH = "feature/STORY-1/x"


def issue(place: Place, **fields: Any) -> int:
    return place.as_person().open_issue(REPO, "a story", **fields)


def said(place: Place, number: int, key: str = "k/1", body: str = "hello") -> fx.PostComment:
    return fx.PostComment(key=key, repository=place.repository, issue=number, body=body)


def pull_effect(place: Place, **changed: Any) -> fx.OpenPullRequest:
    fields: dict[str, Any] = {
        "key": "k/pull",
        "repository": place.repository,
        "issue": 1,
        "branch": BRANCH,
        "base": "main",
        "title": "feat: y",
        "body": "the report",
        "labels": ("feature",),
        "reviewers": ("alice",),
    }
    return fx.OpenPullRequest(**{**fields, **changed})


def test_a_comment_is_posted_once_however_often_it_is_meant(place: Place) -> None:
    number = issue(place)
    first = place.github.effects.perform(said(place, number))
    again = place.connect().effects.perform(said(place, number))
    assert first == again
    place.github.effects.perform(said(place, number, key="k/2"))
    assert len(place.comments(number)) == 2
    assert first["url"].startswith("http")


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502}, {"drop": True}, {"delay": 3, "status": 500}]
)
def test_a_write_that_was_done_though_it_failed_is_found_and_not_repeated(
    place: Place, fault: dict
) -> None:
    number = issue(place)
    place.hub.faults.add(method="POST", path="/comments", after=True, **fault)
    github = place.connect(timeout=1)
    effect = said(place, number)
    with pytest.raises(errors.Unavailable) as failed:
        github.effects.perform(effect)
    assert failed.value.maybe_done
    assert failed.value.retryable
    if "delay" in fault:
        place.hub.faults.close()
        place.connect().issue(place.repository, number)
    assert len([verb for verb, _ in place.writes() if verb == "POST"]) <= 1
    for _ in range(50):
        if github.effects.look(effect) is not None:
            break
    assert github.effects.look(effect) is not None
    assert len(place.comments(number)) == 1


def test_no_write_is_ever_repeated_by_the_client(place: Place) -> None:
    number = issue(place)
    place.hub.faults.add(path="/comments$", method="POST", times=0, status=500)
    place.hub.faults.add(path="/labels", method="POST", times=0, drop=True)
    place.hub.faults.add(path="/merge", method="PUT", times=0, status=503)
    place.hub.faults.add(path=f"/issues/{number}$", method="PATCH", times=0, status=502)
    place.hub.faults.add(path="/reactions", method="POST", times=0, status=403)
    http, installation = place.connect(timeout=1).effects._http, place.repository.installation_id
    for verb, path in (
        ("POST", f"/repos/{REPO}/issues/{number}/comments"),
        ("POST", f"/repos/{REPO}/issues/{number}/labels"),
        ("PUT", f"/repos/{REPO}/pulls/{number}/merge"),
        ("PATCH", f"/repos/{REPO}/issues/{number}"),
        ("POST", f"/repos/{REPO}/issues/{number}/reactions"),
    ):
        place.hub.faults.fired.clear()
        with pytest.raises(errors.GitHubError):
            http.write(verb, path, installation, {"body": "x"})
        assert [hit[0] for hit in place.hub.faults.fired] == [verb]


class _HangsUp(socketserver.StreamRequestHandler):
    """Reads a whole request, counts it and closes the connection without an answer."""

    def handle(self) -> None:
        verb = self.rfile.readline().split()[0].decode()
        length = 0
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        self.rfile.read(length)
        self.server.heard.append(verb)  # type: ignore[attr-defined]


def test_a_lost_connection_repeats_a_read_and_never_a_write(place: Place) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _HangsUp) as server:
        server.heard = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        http = connect(url, "1", place.app.pem, place.now).effects._http
        with pytest.raises(errors.Unavailable) as failed:
            http.write("POST", "/app/x", None, {"body": "x"})
        assert failed.value.maybe_done
        # once, and one look whether anybody is there
        assert server.heard == ["POST", "GET"]  # type: ignore[attr-defined]
        with pytest.raises(errors.Away) as failed:
            http.get("/app", None)
        assert failed.value.unsent
        server.heard.clear()  # type: ignore[attr-defined]
        with pytest.raises(errors.Unavailable) as failed:
            connect(url, "1", place.app.pem, place.now).effects._http.get("/app", None)
        assert not failed.value.maybe_done
        assert server.heard == ["GET"] * 4  # type: ignore[attr-defined]
        server.shutdown()


def test_a_connection_that_was_never_made_did_nothing(place: Place) -> None:
    nobody = connect("http://127.0.0.1:9", "1", place.app.pem, place.now)
    with pytest.raises(errors.Unavailable) as failed:
        nobody.effects._http.write("POST", "/app/x", None, {})
    assert not failed.value.maybe_done


def test_a_limited_write_is_not_lost_and_not_hammered(place: Place) -> None:
    number = issue(place)
    place.hub.faults.secondary_limit(retry_after=7, status=429, path="/comments")
    with pytest.raises(errors.RateLimited) as failed:
        place.github.effects.perform(said(place, number))
    assert (failed.value.retry_after, failed.value.maybe_done) == (7, False)
    assert place.writes() == []


def test_somebody_elses_words_never_pass_for_ours(place: Place) -> None:
    number = issue(place)
    effect = said(place, number)
    place.as_person("bob").comment(REPO, number, f"hello\n\n{marker(effect.key)}")
    assert place.github.effects.look(effect) is None
    quoting = said(place, number, key="k/2", body=f"bob said\n\n{marker(effect.key)}\n")
    place.github.effects.perform(quoting)
    assert place.github.effects.look(effect) is None
    place.github.effects.perform(effect)
    assert len(place.comments(number)) == 3


def test_a_text_too_long_is_cut_and_still_known_as_ours(place: Place) -> None:
    number = issue(place)
    effect = said(place, number, body="x" * 200_000)
    place.github.effects.perform(effect)
    (comment,) = place.comments(number)
    assert len(comment["body"]) <= 65_536
    assert place.github.effects.look(effect) is not None


def status(place: Place, number: int, digest: str, comment_id: int | None = None) -> fx.ShowStatus:
    return fx.ShowStatus(
        key=f"k/status/{digest}",
        repository=place.repository,
        issue=number,
        body=f"state {digest}",
        digest=digest,
        head_sha="a" * 40,
        plan_digest="p",
        comment_id=comment_id,
    )


def test_the_status_is_one_comment_edited_in_place_and_written_again_when_deleted(
    place: Place,
) -> None:
    number = issue(place)
    effects = place.github.effects
    first = effects.perform(status(place, number, "one"))
    assert (first["digest"], first["head_sha"], first["plan_digest"]) == ("one", "a" * 40, "p")
    place.hub.advance(5)
    second = effects.perform(status(place, number, "two", first["comment_id"]))
    assert second["comment_id"] == first["comment_id"]
    assert second["shown_at"] > first["shown_at"]
    forgotten = place.connect().effects.perform(status(place, number, "three"))
    assert forgotten["comment_id"] == first["comment_id"]
    (comment,) = place.comments(number)
    assert comment["body"].startswith("state three")
    assert effects.look(status(place, number, "three"))["shown_at"] == forgotten["shown_at"]
    assert effects.look(status(place, number, "four")) is None
    place.as_person().delete_comment(REPO, first["comment_id"])
    assert effects.look(status(place, number, "three", first["comment_id"])) is None
    fresh = effects.perform(status(place, number, "four", first["comment_id"]))
    assert fresh["comment_id"] != first["comment_id"]
    assert len(place.comments(number)) == 1


def test_a_status_whose_creation_was_not_answered_is_not_created_twice(place: Place) -> None:
    number = issue(place)
    place.hub.faults.add(method="POST", path="/comments", after=True, status=500)
    with pytest.raises(errors.Unavailable):
        place.github.effects.perform(status(place, number, "one"))
    place.github.effects.perform(status(place, number, "two"))
    assert len(place.comments(number)) == 1


def test_reactions_are_ours_and_once(place: Place) -> None:
    number = issue(place)
    alice = place.as_person()
    comment = alice.comment(REPO, number, "/status")
    alice.react(REPO, comment, "eyes")
    effect = fx.React(
        key="k", repository=place.repository, issue=number, content="eyes", comment_id=comment
    )
    assert place.github.effects.look(effect) is None
    first = place.github.effects.perform(effect)
    assert place.github.effects.perform(effect) == first
    assert place.github.effects.look(effect) == first
    on_issue = effect.model_copy(update={"comment_id": None, "content": "+1"})
    assert place.github.effects.perform(on_issue)["id"]
    gone = effect.model_copy(update={"comment_id": 999_999})
    with pytest.raises(errors.NotFound):
        place.github.effects.perform(gone)


def test_labels_are_compared_before_they_are_touched(place: Place) -> None:
    number = issue(place, labels=["Story", "towpath:ready"])
    effect = fx.SetLabels(
        key="k",
        repository=place.repository,
        issue=number,
        add=("story", "towpath:doing"),
        remove=("towpath:ready", "towpath:done"),
    )
    assert place.github.effects.look(effect) is None
    assert place.github.effects.perform(effect) == {"added": ["towpath:doing"]}
    assert len(place.writes()) == 2
    assert place.github.effects.look(effect) is not None
    place.github.effects.perform(effect)
    assert len(place.writes()) == 2
    names = {label["name"] for label in place.as_person().issue(REPO, number)["labels"]}
    assert names == {"Story", "towpath:doing"}


def test_labels_with_any_characters_come_and_go(place: Place) -> None:
    number = issue(place)
    odd = "needs: 50% später/?#"
    fields = {"key": "k", "repository": place.repository, "issue": number}
    place.github.effects.perform(fx.SetLabels(**fields, add=(odd,)))
    assert [each["name"] for each in place.as_person().issue(REPO, number)["labels"]] == [odd]
    place.github.effects.perform(fx.SetLabels(**fields, remove=(odd,)))
    assert place.as_person().issue(REPO, number)["labels"] == []


def test_a_pull_request_is_opened_once_with_its_labels_and_reviewers(place: Place) -> None:
    sha = place.branch()
    result = place.github.effects.perform(pull_effect(place))
    assert result["head_sha"] == sha
    assert result["not_asked"] == []
    pull = place.as_person().pull(REPO, result["number"])
    assert [label["name"] for label in pull["labels"]] == ["feature"]
    assert [each["login"] for each in pull["requested_reviewers"]] == ["alice"]
    writes = len(place.writes())
    assert place.connect().effects.perform(pull_effect(place))["number"] == result["number"]
    assert len(place.writes()) == writes
    assert place.github.effects.look(pull_effect(place))["number"] == result["number"]


def test_a_pull_request_opened_though_it_failed_is_found_and_finished(place: Place) -> None:
    place.branch()
    place.hub.faults.add(method="POST", path="/pulls$", after=True, status=500)
    with pytest.raises(errors.Unavailable):
        place.github.effects.perform(pull_effect(place))
    assert place.github.effects.look(pull_effect(place)) is None  # its labels are missing
    result = place.github.effects.perform(pull_effect(place))
    assert len(place.github.pulls_for_head(place.repository, BRANCH, "all")) == 1
    assert place.github.effects.look(pull_effect(place))["number"] == result["number"]


def test_who_cannot_be_asked_for_a_review_does_not_stop_the_pull_request(place: Place) -> None:
    place.branch()
    result = place.github.effects.perform(pull_effect(place, reviewers=("nobody", "alice")))
    assert [each.split(":")[0] for each in result["not_asked"]] == ["nobody"]


def test_somebody_elses_pull_request_from_our_branch_is_not_taken_for_ours(place: Place) -> None:
    place.branch()
    place.as_person().open_pull(REPO, BRANCH)
    assert place.github.effects.look(pull_effect(place)) is None
    with pytest.raises(errors.Refused) as refused:
        place.github.effects.perform(pull_effect(place))
    assert "already exists" in str(refused.value)


def test_a_pull_request_that_people_closed_is_not_opened_again_by_the_same_effect(
    place: Place,
) -> None:
    place.branch()
    result = place.github.effects.perform(pull_effect(place))
    place.as_person().edit_issue(REPO, result["number"], state="closed")
    assert place.github.effects.perform(pull_effect(place))["number"] == result["number"]


def merge(place: Place, number: int, sha: str, **changed: Any) -> fx.MergePullRequest:
    return fx.MergePullRequest(
        key="k/merge", repository=place.repository, number=number, sha=sha, **changed
    )


def test_a_merge_is_of_exactly_the_head_and_is_found_when_done(place: Place) -> None:
    sha = place.branch()
    number = place.github.effects.perform(pull_effect(place))["number"]
    moved = place.as_person().push(REPO, BRANCH, {"c.py": "z = 3\n"}, "feat: z")
    with pytest.raises(errors.Conflict) as refused:
        place.github.effects.perform(merge(place, number, sha))
    assert not refused.value.retryable
    effect = merge(place, number, moved)
    assert place.github.effects.look(effect) is None
    place.hub.faults.add(method="PUT", path="/merge", after=True, status=502)
    with pytest.raises(errors.Unavailable) as failed:
        place.github.effects.perform(effect)
    assert failed.value.maybe_done
    found = place.github.effects.look(effect)
    assert found == {"sha": place.github.branch_head(place.repository, "main")}
    writes = len(place.writes())
    assert place.github.effects.perform(effect) == found
    assert len(place.writes()) == writes
    with pytest.raises(errors.Conflict):
        place.github.effects.look(merge(place, number, sha))


@pytest.mark.parametrize("wrong", [{"sha": "abc"}, {"sha": ""}, {"method": "octopus"}])
def test_a_merge_without_a_full_sha_is_not_even_asked_for(place: Place, wrong: dict) -> None:
    place.branch()
    number = place.github.effects.perform(pull_effect(place))["number"]
    place.asked.clear()
    with pytest.raises(errors.Refused):
        place.github.effects.perform(merge(place, number, "a" * 40).model_copy(update=wrong))
    assert place.asked == []


def test_a_conflict_with_the_base_is_a_conflict(place: Place) -> None:
    alice = place.as_person()
    sha = alice.push(REPO, BRANCH, {"a.py": "x = 2\n"}, "feat: 2")
    alice.push(REPO, "main", {"a.py": "x = 3\n"}, "feat: 3")
    number = place.github.effects.perform(pull_effect(place))["number"]
    with pytest.raises(errors.Conflict):
        place.github.effects.perform(merge(place, number, sha))


def test_reports_closings_and_deletions_are_done_and_found(place: Place) -> None:
    sha = place.branch()
    number = issue(place)
    effects, repository = place.github.effects, place.repository
    pull = effects.perform(pull_effect(place))["number"]
    for effect in (
        fx.EditPullRequest(key="k/edit", repository=repository, number=pull, body="new report"),
        fx.ClosePullRequest(key="k/close", repository=repository, number=pull),
        fx.CloseIssue(key="k/done", repository=repository, issue=number),
        fx.DeleteBranch(key="k/delete", repository=repository, branch=BRANCH, sha=sha),
    ):
        assert effects.look(effect) is None, effect.kind
        effects.perform(effect)
        assert effects.look(effect) is not None, effect.kind
    assert place.as_person().issue(REPO, number)["state_reason"] == "completed"
    assert place.github.branch_head(repository, BRANCH) is None


def test_a_branch_that_moved_on_is_not_deleted(place: Place) -> None:
    sha = place.branch()
    place.as_person().push(REPO, BRANCH, {"c.py": "z = 3\n"}, "feat: z")
    effect = fx.DeleteBranch(key="k", repository=place.repository, branch=BRANCH, sha=sha)
    with pytest.raises(errors.Conflict):
        place.github.effects.perform(effect)
    assert place.github.branch_head(place.repository, BRANCH)


def test_a_push_is_none_of_this_adapters_business(place: Place) -> None:
    effect = fx.PushBranch(key="k", repository=place.repository, branch=BRANCH, sha="a" * 40)
    with pytest.raises(errors.Refused):
        place.github.effects.perform(effect)
    assert "push_branch" not in place.github.effects.kinds
