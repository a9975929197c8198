"""Reading stories: titles, criteria, kinds, mentions."""

import pytest

from bot.stages import story_text


def criteria(body: str) -> list[str]:
    found = story_text.read("A title", body)
    return [c.text for c in found.criteria] if found.stated else []


@pytest.mark.parametrize(
    "body",
    [
        "Text.\n\n## Acceptance criteria\n- one\n- two\n\n## Notes\n- three\n",
        "**Acceptance criteria:**\n\n* one\n* two\n\nMore text.\n\n* three\n",
        "Acceptance criteria\n1. one\n2. two\n",
        "### Definition of Done\r\n- [ ] one\r\n- [x] two\r\n",
        "Intro\n\n- [ ] one\n- [ ] two\n\nother\n\n- note\n",
        "Acceptance Criteria:\n- one\n  - detail\n- two",
        "## ✅ Acceptance criteria\n\n- one\n\n- two\n",
    ],
)
def test_listed_criteria_are_found_in_order(body):
    assert criteria(body)[:2] == ["one", "two"]
    assert "three" not in criteria(body)
    assert "note" not in criteria(body)


@pytest.mark.parametrize("body", ["", "Just text", "- a\n- b\n", "# Notes\n- a", "-", "Then what?"])
def test_a_story_without_criteria_has_its_title_as_one(body):
    found = story_text.read("A title", body)
    assert not found.stated
    assert [c.text for c in found.criteria] == ["A title"]


@pytest.mark.parametrize(
    "body",
    [
        "```gherkin\nScenario: x\n"
        "  Given a cart\n  And a user\n  When she pays\n  Then it ships\n```",
        "Given a cart\nAnd a user\nWhen she pays\nThen it ships\n",
        "## Acceptance criteria\n- **Given** a cart\n- **And** a user\n- **When** she pays\n"
        "- **Then** it ships\n",
    ],
)
def test_given_when_then_is_taken_apart(body):
    (found,) = story_text.read("t", body).criteria
    assert (found.given, found.when, found.then) == ("a cart and a user", "she pays", "it ships")


def test_two_scenarios_are_two_criteria():
    body = "Given a\nWhen b\nThen c\n\nGiven d\nWhen e\nThen f\nAnd g\n"
    found = story_text.read("t", body).criteria
    assert [(c.id, c.given, c.then) for c in found] == [("C1", "a", "c"), ("C2", "d", "f and g")]


def test_a_bullet_with_when_and_then_is_taken_apart():
    (found,) = story_text.read("t", "Acceptance criteria:\n- When x is 1, then y is 2\n").criteria
    assert (found.when, found.then) == ("x is 1", "y is 2")


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("fix: total is wrong", "bugfix"),
        ("Crash on empty input", "bugfix"),
        ("Add retries", "feature"),
        ("feat(client): retries", "feature"),
        ("Refactor the parser", "refactor"),
        ("Bump requests from 1.0 to 2.0", "infra"),
        ("Allow an empty name instead of an error", "feature"),
    ],
)
def test_the_kind_of_a_story_is_read_from_its_title(title, kind):
    assert story_text.read(title, "").story_type == kind


def test_mentions_are_kept_as_written():
    found = story_text.read("Fix `Client.get()` in src/a/client.py", "See `parse` and setup.cfg.")
    assert found.paths == ("src/a/client.py", "setup.cfg")
    assert found.symbols == ("Client.get", "parse")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# A title\n\nBody\n", ("A title", "Body")),
        ("\ufeff\n\nA title\n=====\nBody", ("A title", "Body")),
        ("Only", ("Only", "")),
        ("", ("", "")),
    ],
)
def test_a_story_file_is_a_title_and_a_body(text, wanted):
    assert story_text.parse_file(text) == wanted


@pytest.mark.parametrize(
    "body",
    ["- " * 3000, "> " * 3000, "Given\nThen\n" * 2000, "[" * 9000, "Scenario:\n" * 500 + "Then x"],
)
def test_a_hostile_body_is_read_without_harm(body):
    assert story_text.read("t", body).criteria
