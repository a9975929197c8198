"""What an item comes after, and whose pull request is already there."""

from __future__ import annotations

import pytest

from bot.backlog.dependencies import comes_after, in_circles
from bot.story.peoples_pulls import pulls_of_people


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        ("Blocked by #3", (3,)),
        ("this depends on: #4, #5 and #6.", (4, 5, 6)),
        ("It is blocked by issue #12 & #9", (9, 12)),
        ("Comes after #7\r\nrequires #8", (7, 8)),
        ("depends on #2", ()),
        ("See #3, like #4", ()),
        ("not blocked by #3", ()),
        ("it is no longer blocked by #3", ()),
        ("> blocked by #3", ()),
        ("`blocked by #3`", ()),
        ("```\nblocked by #3\n```\nneeds #5", (5,)),
        ("```\nblocked by #3", ()),
        ("blocks #3", ()),
        ("unblocked by #3", ()),
        ("depends on #0", ()),
    ],
)
def test_only_sentences_that_say_so_count(body: str, issues: tuple[int, ...]) -> None:
    assert comes_after("Do it", body, own=2) == issues


def test_circles_are_found_and_the_rest_goes_on() -> None:
    after = {1: [2], 2: [3], 3: [1], 4: [1], 5: [5], 6: [7]}
    assert in_circles(after) == {1, 2, 3, 5}
    assert in_circles({}) == frozenset()


def test_a_pull_request_of_a_person_that_would_close_an_issue_is_their_work() -> None:
    def pull(number: int, body: str, login: str = "carol") -> dict[str, object]:
        kind = "Bot" if login.endswith("[bot]") else "User"
        return {
            "number": number,
            "title": "t",
            "body": body,
            "user": {"login": login, "type": kind},
        }

    told = [
        pull(9, "Fixes #1"),
        pull(8, "closes: #1, resolved acme/shop#2"),
        pull(7, "see #3, prefixes #4"),
        pull(6, "Fixes #5", "renovate[bot]"),
        pull(5, ""),
    ]
    assert pulls_of_people(told) == {1: 8, 2: 8}
