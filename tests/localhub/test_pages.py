"""What a person sees in a browser."""

from __future__ import annotations

import pytest

from tests.localhub.conftest import REPO, World

ATTACK = (
    "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n<!-- marker -->\n\n"
    '<img src=x onerror="alert(1)">\n\n<details><summary>More</summary>\n\n**bold**\n\n</details>'
)


@pytest.fixture
def numbers(world: World) -> tuple[int, int]:
    alice, bob = world.hub.act_as("alice"), world.hub.act_as("bob")
    n = alice.open_issue(REPO, "A <b>story</b>", ATTACK, labels=["story"])
    said = bob.comment(REPO, n, "| a | b |\n|---|---|\n| 1 | 2 |")
    alice.react(REPO, said, "eyes")
    bob.push(REPO, "feature/x", {"src/shop.py": "<script>2</script>\n"}, "Raise <i>")
    pull = bob.open_pull(REPO, "feature/x", title="Raise", body=ATTACK)
    alice.review(REPO, pull, "APPROVE", "Looks **good**")
    sha = bob.pull(REPO, pull)["head"]["sha"]
    token = world.app_token()
    body = {"name": "gate", "head_sha": sha, "conclusion": "failure",
            "output": {"title": "t", "summary": ATTACK}}  # fmt: skip
    world.request("POST", f"/repos/{REPO}/check-runs", token, json=body)
    return n, pull


def test_pages_show_the_story_and_carry_out_none_of_it(
    world: World, numbers: tuple[int, int]
) -> None:
    n, pull = numbers
    repo = world.hub.repository(REPO)
    run = next(iter(repo.runs))
    tip = repo.branch("feature/x")
    paths = ["/", f"/{REPO}", f"/{REPO}/issues", f"/{REPO}/pulls", f"/{REPO}/issues/{n}"]
    paths += [f"/{REPO}/pull/{pull}", f"/{REPO}/commit/{tip}", f"/{REPO}/runs/{run}"]
    paths += [f"/{REPO}/blob/feature/x/src/shop.py", f"/{REPO}/tree/feature/x/src"]
    for path in paths:
        answer = world.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for bad in ("<script", "<b>story", 'href="javascript', "<img", "<i>", "<!-- marker"):
            assert bad not in answer.text, (path, bad)
    page = world.get(f"/{REPO}/issues/{n}").text
    assert "<details><summary>More</summary>" in page.replace("\n", "")
    assert "<td>1</td>" in page
    assert "👀 1" in page
    page = world.get(f"/{REPO}/pull/{pull}").text
    for wanted in ("gate", "failure", "approved", "Raise", "src/shop.py", "unstable"):
        assert wanted in page


def test_a_page_that_is_not_there_says_so(world: World) -> None:
    for path in (f"/{REPO}/issues/99", "/no/where", f"/{REPO}/blob/main/nothing"):
        answer = world.get(path)
        assert answer.status_code == 404
        assert "Not here" in answer.text


def test_a_raw_file_is_only_text(world: World) -> None:
    answer = world.get(f"/{REPO}/raw/main/src/shop.py")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
