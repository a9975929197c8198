"""Broken off at any request, and done again a day later: nothing is there twice, nothing is lost.

Each kind of effect that makes more than one request or writes something is broken off at each of
its requests, before it was carried out and after, the way the performer sees it; then time passes,
people do something, and it is looked for and done again in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from bot.outside import errors
from bot.outside.github import GitHub, connect
from bot.story import effects as fx
from bot.story.dashboard_events import seen
from bot.story.vocabulary import GateFinding
from tests.outside.conftest import REPO, Place

Effect = Any
DAY = 25 * 3600


def issues(place: Place) -> list[dict[str, Any]]:
    told = place.as_person().request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
    return [one for one in told if "pull_request" not in one]


def named(place: Place, effect: Effect) -> list[dict[str, Any]]:
    return [one for one in issues(place) if one["title"] == effect.title]


def pulls(place: Place) -> list[dict[str, Any]]:
    return place.as_person().request("GET", f"/repos/{REPO}/pulls?state=all&per_page=100")


def again(github: GitHub, effect: Effect) -> dict[str, Any]:
    """As the performer tries it a second time."""
    found = github.effects.look(effect)
    return github.effects.perform(effect) if found is None else found


def broken_off(place: Place, effect: Effect, which: int, how: dict[str, Any]) -> bool:
    """Perform it until its request number `which`, and none from there on; whether it was hit."""
    github = place.github
    place.hub.faults.fired.clear()
    place.hub.faults.add(path=f"^/repos/{REPO}/", times=0, skip=which, **how)
    with suppress(errors.Unavailable):
        github.effects.perform(effect)
    place.hub.faults.clear()
    return bool(place.hub.faults.fired)


HOW = [{"status": 502}, {"status": 502, "after": True}]


def each_request(place: Place, make: Callable[[int], Effect]) -> Iterator[tuple[str, Effect]]:
    """A fresh effect, broken off a day ago at each of its requests in turn; which it was."""
    number = 0
    for how in HOW:
        for which in count():
            effect = make(number := number + 1)
            hit = broken_off(place, effect, which, how)
            place.later(DAY)
            yield f"request {which}, {how}", effect
            if not hit:
                assert which > 0
                break


def request(place: Place, n: int, **fields: Any) -> fx.RequestStory:
    told = {
        "key": f"k/{n}",
        "repository": place.repository,
        "requester": place.github.identity().bot,
        "label": "story",
        "title": f"item {n}",
        "body": "as it says",
        "leave": "autostart",
        "names": (f"{n:016x}",),
    }
    return fx.RequestStory(**{**told, **fields})


@pytest.mark.parametrize("closed", [False, True], ids=["calm", "closed-by-a-person"])
def test_a_request_opens_one_issue(place: Place, closed: bool) -> None:
    for which, effect in each_request(place, lambda n: request(place, n)):
        opened = named(place, effect)
        if closed and opened:
            place.as_person().close_issue(REPO, opened[0]["number"])
        number = again(place.github, effect)["number"]
        there = named(place, effect)
        assert [one["number"] for one in there] == [number], which
        if not (closed and opened):
            assert [each["name"] for each in there[0]["labels"]] == ["story"], which


def test_of_two_issues_for_one_thing_the_later_is_closed_by_whoever_opened_it(
    place: Place,
) -> None:
    """Another Towpath's issue is seen only by the second try, and ours was opened by the first."""
    permissions = {"issues": "write", "metadata": "read"}
    app = place.hub.register_app({"name": "Other", "default_permissions": permissions})
    installation = place.hub.install(app.app_id, [REPO])
    other = connect(place.url, str(app.app_id), app.pem, place.now)
    there = other.repository(REPO, installation)
    theirs: dict[str, int] = {}

    def make(n: int) -> Effect:
        effect = request(place, n)
        told = effect.model_copy(update={"repository": there})
        theirs[effect.key] = other.effects.perform(told)["number"]
        place.as_person().close_issue(REPO, theirs[effect.key])
        return effect

    for which, effect in each_request(place, make):
        first = theirs[effect.key]
        place.as_person().reopen_issue(REPO, first)
        assert again(place.github, effect)["number"] == first
        left = [one["number"] for one in named(place, effect) if one["state"] == "open"]
        assert left == [first], which


def findings(n: int) -> tuple[GateFinding, ...]:
    return tuple(
        GateFinding(rule=f"r{i}", file="a.py", line=1, end_line=1, severity="error", message="m")
        for i in range(n)
    )


def test_a_check_run_has_all_its_annotations_once(place: Place) -> None:
    sha, ask = place.branch(), place.as_person().request

    def make(n: int) -> Effect:
        told = {"conclusion": "failure", "title": "t", "summary": "s", "annotations": findings(120)}
        return fx.PublishCheck(
            key=f"k/{n}", repository=place.repository, sha=sha, check=f"gate-{n}", **told
        )

    for which, effect in each_request(place, make):
        made = again(place.github, effect)["check_run_id"]
        path = f"/repos/{REPO}/check-runs/{made}/annotations?per_page=100"
        notes = [one["title"] for page in (1, 2) for one in ask("GET", f"{path}&page={page}")]
        assert (len(notes), len(set(notes))) == (120, 120), which
        runs = ask("GET", f"/repos/{REPO}/commits/{sha}/check-runs?check_name={effect.check}")
        assert [one["id"] for one in runs["check_runs"]] == [made], which


def pull_of(place: Place, n: int, **fields: Any) -> fx.OpenPullRequest:
    branch = f"feature/STORY-{n}/x"
    place.as_person().push(REPO, branch, {f"b{n}.py": f"y = {n}\n"}, "feat: y")
    told = {"branch": branch, "base": "main", "title": f"pull {n}", "body": "report", **fields}
    return fx.OpenPullRequest(key=f"k/{n}", repository=place.repository, issue=1, **told)


def nothing(place: Place, number: int) -> None:
    pass


def close(place: Place, number: int) -> None:
    place.as_person().edit_issue(REPO, number, state="closed")


def unlabel(place: Place, number: int) -> None:
    if place.as_person().issue(REPO, number)["labels"]:
        place.as_person().unlabel(REPO, number, "feature")


def unbranch(place: Place, number: int) -> None:
    place.as_person().delete_branch(REPO, place.as_person().pull(REPO, number)["head"]["ref"])


def review(place: Place, number: int) -> None:
    place.as_person().review(REPO, number, "APPROVE")


@pytest.mark.parametrize("act", [nothing, close, unlabel, unbranch, review])
def test_a_pull_request_is_opened_once_and_finished(
    place: Place, act: Callable[[Place, int], None]
) -> None:
    wanted = {"labels": ("feature",), "reviewers": ("alice",)}
    for which, effect in each_request(place, lambda n: pull_of(place, n, **wanted)):
        opened = [one["number"] for one in pulls(place) if one["title"] == effect.title]
        if opened:
            act(place, opened[0])
        told = again(place.github, effect)
        (there,) = [one for one in pulls(place) if one["title"] == effect.title]
        assert there["number"] == told["number"], which
        asked = [each["login"] for each in there["requested_reviewers"]]
        if act is nothing or not opened:
            assert asked == ["alice"], which
            assert [each["name"] for each in there["labels"]] == ["feature"], which
        if act is review and opened:
            assert asked == [], which  # who looked at it is not asked to look at it


def test_a_proposal_is_one_commit_on_its_base(place: Place) -> None:
    main = place.github.branch_head(place.repository, "main")

    def make(n: int) -> Effect:
        told = {"base_sha": main, "path": ".github/x.yml", "content": f"x: {n}\n", "message": "m"}
        return fx.ProposeFile(
            key=f"k/{n}", repository=place.repository, branch=f"towpath/x{n}", **told
        )

    for which, effect in each_request(place, make):
        told = again(place.github, effect)
        commit = place.github.commit(place.repository, told["sha"])
        assert [one["sha"] for one in commit["parents"]] == [main], which
        assert place.github.branch_head(place.repository, effect.branch) == told["sha"]


@pytest.mark.parametrize("kind", ["post", "reply", "status", "react", "labels"])
def test_what_is_said_is_said_once(place: Place, kind: str) -> None:
    def make(n: int) -> Effect:
        number = place.as_person().open_issue(REPO, f"story {n}")
        told = {"key": f"k/{n}", "repository": place.repository}
        match kind:
            case "post":
                return fx.PostComment(**told, issue=number, body="hello")
            case "reply":
                return fx.ReplyToReview(**told, number=number, comment_id=None, body="hello")
            case "status":
                return fx.ShowStatus(**told, issue=number, body="hello", digest="d")
            case "react":
                return fx.React(**told, issue=number, content="eyes")
            case _:
                place.as_person().label(REPO, number, "a", "b")
                return fx.SetLabels(**told, issue=number, add=("c", "d"), remove=("a", "b"))

    for which, effect in each_request(place, make):
        again(place.github, effect)
        number = effect.number if kind == "reply" else effect.issue
        if kind == "react":
            got = place.as_person().request("GET", f"/repos/{REPO}/issues/{number}/reactions")
            assert len(got) == 1
        elif kind == "labels":
            names = {each["name"] for each in place.as_person().issue(REPO, number)["labels"]}
            assert names == {"c", "d"}
        else:
            assert len(place.comments(number)) == 1, which


@pytest.mark.parametrize("closed", [False, True], ids=["calm", "closed-by-a-person"])
@pytest.mark.parametrize("kind", ["open", "todo", "dashboard"])
def test_an_issue_is_opened_once(place: Place, kind: str, closed: bool) -> None:
    def make(n: int) -> Effect:
        told = {"key": f"k/{n}", "repository": place.repository, "title": f"issue {n}", "body": "b"}
        match kind:
            case "open":
                return fx.OpenIssue(**told, part=1)
            case "todo":
                return fx.OpenTodoIssue(**told, mark=n, digest="d")
            case _:
                return fx.ShowDashboard(**told, issue=0, says="s", writing=1)

    for which, effect in each_request(place, make):
        opened = named(place, effect)
        if closed and opened:
            close(place, opened[0]["number"])
        told = again(place.github, effect)
        there = [one["number"] for one in named(place, effect)]
        assert there == [told["number"]], which


def test_a_dashboard_that_was_ticked_since_is_not_written_over(place: Place) -> None:
    effects, title = place.github.effects, "Backlog"
    told = {"repository": place.repository, "title": title}
    first = fx.ShowDashboard(key="k/0", issue=0, body="- [ ] a", says="s", writing=1, **told)
    number = effects.perform(first)["number"]

    def make(n: int) -> Effect:
        text = place.as_person().issue(REPO, number)["body"]
        how = {"expected": seen(text), "writing": n, "says": f"s{n}"}
        return fx.ShowDashboard(key=f"k/{n}", issue=number, body=f"- [ ] {n}", **how, **told)

    for which, effect in each_request(place, make):
        text = "- [x] ticked\n" + place.as_person().issue(REPO, number)["body"]
        place.as_person().edit_issue(REPO, number, body=text)
        again(place.github, effect)
        assert place.as_person().issue(REPO, number)["body"] == text, which


@pytest.mark.parametrize("kind", ["merge", "delete"])
def test_a_branch_is_merged_and_deleted_once(place: Place, kind: str) -> None:
    def make(n: int) -> Effect:
        opens = pull_of(place, n)
        pull = place.github.effects.perform(opens)
        told = {"key": f"{kind}/{n}", "repository": place.repository, "sha": pull["head_sha"]}
        if kind == "merge":
            return fx.MergePullRequest(number=pull["number"], **told)
        return fx.DeleteBranch(branch=opens.branch, **told)

    for which, effect in each_request(place, make):
        told = again(place.github, effect)
        if kind == "merge":
            assert told["sha"] == place.github.branch_head(place.repository, "main"), which
            assert place.github.pull(place.repository, effect.number)["merged"], which
        else:
            assert place.github.branch_head(place.repository, effect.branch) is None, which
