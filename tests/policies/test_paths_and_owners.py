"""Scope (P2), CODEOWNERS (P3) and reviewers (S21)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.codeowners import CodeOwnersFile, owners_of
from policies.reviewers import reviewers_for
from policies.scope import Scope, decide, restricted


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".github/workflows/deep/er.yml",
        ".GitHub/Workflows/ci.yml",
        ".github/towpath.yml",
        ".automation-scope.yaml",
        "CODEOWNERS",
        ".github/CODEOWNERS",
        "docs/CODEOWNERS",
        "docs/codeowners",
        ".git/config",
        ".GIT/config",
        "sub/.git/hooks/pre-commit",
        ".git",
        "tls/server.pem",
        "server.KEY",
        ".env",
        "app/.env.production",
        "secrets/db.txt",
        "a/../.github/workflows/ci.yml",
        "/etc/passwd",
        "a//b",
        "./a",
        "a\\b",
        "a\nb",
        "a\u200b.py",
        "",
    ],
)
def test_some_paths_are_for_people_only_whatever_else_is_allowed(path: str) -> None:
    assert not decide(["a.py", path], Scope(allowed=(("**",),))).allowed
    assert restricted(["a.py", path]) == (path,)


@pytest.mark.parametrize(
    "path",
    ["a.py", ".github/ISSUE_TEMPLATE/bug.md", ".gitignore", "src/keys.py", "src/secrets/x.py"],
)
def test_ordinary_paths_are_in_scope(path: str) -> None:
    assert decide([path]).allowed


def test_a_repository_can_narrow_the_scope_and_never_widen_it() -> None:
    own = Scope(allowed=(("src/**",),), restricted=("src/legal/**", "!.github/workflows/**"))
    assert decide(["src/a.py"], own).allowed
    assert decide(["tests/a.py"], own).rule == "outside_scope"
    assert decide(["src/legal/a.py"], own).rule == "restricted_path"
    assert decide([".github/workflows/ci.yml"], own).rule == "restricted_path"


OWNERS = """
# everything first
*            @everyone
*.js         @js-owner # inline comment
/build/logs/ @doctocat
docs/*       docs@example.com
apps/        @octo-org/octocats
/scripts/    @doctocat @octocat
**/logs      @octocat
/apps/github
/my\\ file    @spaces
!/negated    @nobody
/broken      not-an-owner
[section]
*[ab].txt    @ranges
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@everyone",)),
        ("web/a.js", ("@js-owner",)),
        ("build/logs/x", ("@octocat",)),  # the last match wins, not the narrowest
        ("sub/build/x", ("@everyone",)),
        ("docs/a.md", ("docs@example.com",)),
        ("docs/deep/a.md", ("@everyone",)),
        ("deep/apps/x", ("@octo-org/octocats",)),
        ("scripts/x", ("@doctocat", "@octocat")),
        ("apps/github/x", ()),  # a last line without owners takes ownership away
        ("my file", ("@spaces",)),
        ("negated", ("@everyone",)),
        ("broken", ("@everyone",)),
        ("xa.txt", ("@everyone",)),
    ],
)
def test_codeowners_reads_as_github_does(path: str, owners: tuple) -> None:
    assert owners_of(OWNERS, path) == owners


def test_lines_that_cannot_be_read_are_named() -> None:
    lines = OWNERS.split("\n")
    named = [lines[problem.line - 1].split()[0] for problem in CodeOwnersFile(OWNERS).problems]
    assert named == ["!/negated", "/broken", "[section]", "*[ab].txt"]


@given(st.text(max_size=200), st.text(min_size=1, max_size=40))
def test_no_codeowners_text_makes_reading_raise(text: str, path: str) -> None:
    owners_of(text, path)


def test_a_pattern_made_to_be_slow_is_refused() -> None:
    text = "/" + "*a" * 20 + "b @x\n"
    assert owners_of(text, "a" * 200) == ()
    assert CodeOwnersFile(text).problems


def test_reviewers_are_the_owners_of_most_paths_and_never_the_author() -> None:
    text = "*.py @a @author @o/team\n*.md @b mail@example.com\n*.txt @x[bot]\n"
    paths = ["1.py", "2.py", "1.md"]
    assert reviewers_for(text, paths, barred=("Author",)) == ("a", "o/team", "b")
    assert reviewers_for(text, ["1.md"], barred=("B",)) == ()
    assert reviewers_for(text, paths, most=1) == ("a",)
