"""A configuration file as people (and their enemies) write it: read strictly, with places."""

from __future__ import annotations

import time

import pytest

from bot.configuration import files, reader, scope_file
from bot.configuration.files import Entry
from bot.configuration.in_force import EffectiveConfig, Operator, in_force
from bot.configuration.problems import Problem, Unreadable
from policies.scope import Scope, decide

ONE = """repository_operations:
  allowed_paths: ["./", "src/**", "tests/**"]
  restricted_paths: [".git/**", "*.key", "*.env"]

automation_limits:
  max_prs_per_day: 5
  max_branch_age_hours: 24
  ci_failure_rate_threshold: 0.30
"""
OTHER = """# Define external operations allowed
external_operations:
  github_api: true
  docker_registry: false
  deployment_targets: []

restricted_paths:
  - ".github/workflows/"  # only people
  - "secrets/"

auto_approve:
  max_wsjf_score: 2.0     # below this
  file_change_limit: 10
  test_coverage_min: 80
"""


def problems(text: str | bytes) -> list[Problem]:
    with pytest.raises(Unreadable) as caught:
        reader.read(text)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("gates:\n  pre_producton: true\n", 2, 3, "did you mean 'pre_production'?"),
        ("gates:\n  pre_production: false\n", 2, 19, "expected true (this gate cannot be"),
        ("Mode: on\n", 1, 1, "did you mean 'mode'?"),
        ("quorum: 2\n", 1, 1, "did you mean 'approvals.quorum'?"),
        ("restricted_paths: [x]\n", 1, 1, "there is no 'restricted_paths'"),
        ("mode: true\n", 1, 7, "expected 'on', 'dry_run' or 'off', found true"),
        ("gates: {pre_code: yes}\n", 1, 19, "found 'yes': write true"),
        ("gates: {pre_code: off}\n", 1, 19, "found 'off': write false"),
        ("approvals: {quorum: '2'}\n", 1, 21, "expected a whole number, found '2'"),
        ("approvals: {quorum: 1.5}\n", 1, 21, "expected a whole number"),
        ("approvals: {quorum: 0}\n", 1, 21, "expected at least 1, found 0"),
        ("approvals: {quorum: 010}\nx: 1\n", 2, 1, "there is no 'x'"),
        ("limits: {ci_failure_rate: .nan}\n", 1, 27, "expected a finite number"),
        ("paths: {allowed: src}\n", 1, 18, "write [src]"),
        ("paths:\n  restricted:\n    - ok\n    - '!not'\n", 4, 7, "does not begin with '!'"),
        ("paths: {restricted: [../up]}\n", 1, 22, "without '..'"),
        ("gates:\n", 1, 7, "expected keys with values, found nothing"),
        ("mode: on\nmode: off\n", 2, 1, "'mode' is here twice; the first is on line 1"),
        ("merge:\n\tmethod: squash\n", 2, 1, "a tab: indent with spaces"),
        ("a: [1\n", 2, 1, "expected ',' or ']'"),
        ("- mode\n", 1, 1, "found a list"),
        ("just words\n", 1, 1, "found 'just words'"),
        ("mode: on\n---\nmode: off\n", 2, 1, "more than one document"),
        ("mode: !!python/object/apply:os.system [x]\n", 1, 7, "tags are not supported"),
        ("mode: !secret x\n", 1, 7, "tags are not supported"),
        ("base: &b {quorum: 2}\napprovals:\n  <<: *b\n", 3, 3, "merge keys"),
        ("a: &a [*a]\n", 1, 4, "contains itself"),
        ("a: *nobody\n", 1, 4, "undefined alias"),
        ("? [complex]\n: x\n", 1, 3, "a key has to be a word"),
        ("mоde: on\n", 1, 1, "did you mean 'mode'?"),  # a Cyrillic о
        ("story_label: towpath:ready\n", 1, 14, "none of Towpath's own"),
        ("approvals: {teams: [nobody]}\n", 1, 21, "expected a team as org/team"),
        ("version: 2\n", 1, 10, "expected at most 1, found 2"),
        ("quality: {secrets: advise}\n", 1, 20, "expected 'block', found 'advise'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, line: int, column: int, said: str) -> None:
    found = problems(text)
    assert (found[0].line, found[0].column) == (line, column)
    assert said in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a remark\n",
        "---\n",
        "\ufeffmode: on\n",
        "mode: on\r\nversion: 1\r\n",
        '"mode": "on"\n',
        "approvals: {quorum: 1.0}\n",
        "approvals:\n  teams: &t [a/b]\n  gates:\n    pre_code: {teams: *t}\n",
        "{}",
    ],
)
def test_odd_but_right_files_are_read(text: str) -> None:
    assert reader.read(text).mode == "on"


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    found = problems("x: 1\nmode: maybe\ngates: {a: 1, b: 2}\nlimits: {max_iterations: 0}\n")
    assert [one.line for one in found] == [1, 2, 3, 3, 4]


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(),
        "[" * 60_000,
        "{a: " * 10_000,
        "- " * 30_000,
        "mode: on\n" * 100_000,
        "a: " + "9" * 60_000,
        "a: " + "x" * 1_000_000,
        "? " * 30_000,
        "#" * 60_000 + "\nmode: [",
        "&a " * 20_000,
        "!" * 60_000,
        '"' + "\\n" * 30_000,
        "a: |\n" + "  x\n" * 15_000 + "mode: [",
        ", ".join(f"k{n}: {n}" for n in range(5_000)).join("{}"),
        b"\xff\xfe\x00",
        b"mode: \xed\xa0\x80\n",
        "mode: \x07\n",
        "mode: \x85on\x00",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_hostile_file_costs_little_and_is_refused(text: str | bytes) -> None:
    began = time.process_time()
    assert problems(text)
    assert time.process_time() - began < 3


def holds(scope: str, own: str = "") -> EffectiveConfig:
    return in_force(reader.read(own), Operator(), scope_file.read(scope))


def may(config: EffectiveConfig, path: str) -> bool:
    return decide([path], Scope(config.allowed_lists, config.paths.patterns_restricted)).allowed


@pytest.mark.parametrize("text", [ONE, OTHER, ONE + OTHER])
def test_both_ways_of_writing_the_scope_file_are_read_also_mixed(text: str) -> None:
    found = holds(text)
    assert may(found, "README.md")
    assert may(found, "src/a.py")
    assert not may(found, ".github/workflows/ci.yml")
    assert may(found, "deploy/prod.env") is ("*.env" not in text)
    if "auto_approve" in text:
        assert found.auto_approve is not None
        assert (found.auto_approve.max_wsjf, found.auto_approve.max_files) == (2.0, 10)
        assert not may(found, "lib/secrets/x.txt")
        assert not may(found, "secrets/deep/x.txt")
    else:
        assert (found.limits.prs_per_day, found.limits.branch_age_hours) == (5, 24)


@pytest.mark.parametrize(
    ("allowed", "path", "answer"),
    [
        ("src/", "src/a.py", True),
        ("src/", "src/deep/a.py", True),
        ("src/", "vendor/src/a.py", False),
        ("src", "src/a.py", True),
        ("./src", "src/a.py", True),
        ("./src/", "lib/src/a.py", False),
        ("/src", "src/a.py", True),
        ("./", "any/thing.txt", True),
        (".", "any/thing.txt", True),
        ("/", "any/thing.txt", True),
        ("*", "any/thing.txt", True),
        ("**", "any/thing.txt", True),
        ("*.md", "docs/a.md", True),
        ("*.md", "docs/a.py", False),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "x/docs/a.md", False),
        ("src/**", "src/a/b.py", True),
        ("src/**", "srcs/a.py", False),
        ("SRC/", "src/a.py", False),
    ],
)
def test_an_allowed_path_means_the_least_that_its_writer_can_have_meant(
    allowed: str, path: str, answer: bool
) -> None:
    assert may(holds(f"allowed_paths: ['{allowed}']\n"), path) is answer
    assert may(holds("", f"paths: {{allowed: ['{allowed}']}}\n"), path) is answer


@pytest.mark.parametrize(
    ("restricted", "path"),
    [
        ("secrets/", "secrets/a"),
        ("secrets/", "app/secrets/a"),
        ("secrets", "app/secrets/a"),
        ("./infra/", "infra/main.tf"),
        ("/infra", "infra/main.tf"),
        ("*.tf", "a/b/main.tf"),
        ("Infra/", "infra/main.tf"),
        ("./", "a"),
        ("/", "a"),
        ("**", "a/b"),
    ],
)
def test_a_restricted_path_stays_so_whatever_either_file_allows(restricted: str, path: str) -> None:
    everything = "allowed_paths: ['./']\n"
    assert not may(holds(f"restricted_paths: ['{restricted}']\n{everything}"), path)
    own = f"paths: {{allowed: ['./'], restricted: ['{restricted}']}}\n"
    assert not may(holds(everything, own), path)


def test_a_path_has_to_be_allowed_by_both_files() -> None:
    found = holds("allowed_paths: [src/, docs/]\n", "paths: {allowed: [src/, tests/]}\n")
    answers = {folder: may(found, f"{folder}/a") for folder in ("src", "docs", "tests")}
    assert answers == {"src": True, "docs": False, "tests": False}


def test_the_narrower_of_two_limits_holds() -> None:
    found = holds(
        "automation_limits: {max_prs_per_day: 9, max_iterations: 2}\n"
        "auto_approve: {max_wsjf_score: 1.5, test_coverage_min: 0.9}\n",
        "limits: {prs_per_day: 4}\nauto_approve: {max_files: 3, min_coverage: 70}\n",
    )
    assert (found.limits.prs_per_day, found.limits.max_iterations) == (4, 2)
    auto = found.auto_approve
    assert auto is not None
    assert (auto.max_wsjf, auto.max_files, auto.min_coverage) == (1.5, 3, 90)


def test_a_scope_file_can_turn_github_off() -> None:
    assert holds("external_operations: {github_api: false}\n").mode == "off"
    assert holds("external_operations: {github_api: true}\n", "mode: dry_run\n").mode == "dry_run"


def test_what_both_files_say_is_in_the_digest() -> None:
    plain = holds("").digest
    assert holds("", "version: 1\n").digest == plain
    assert len({plain, holds("restricted_paths: [a]\n").digest, holds(ONE).digest}) == 3
    assert holds("allowed_paths: [a]\n").digest != holds("allowed_paths: [b]\n").digest


def test_every_file_is_read_before_it_is_said_what_is_wrong() -> None:
    entries = [
        Entry(".automation-scope.yaml", "100644", "1"),
        Entry(".github/towpath.yml", "100644", "2"),
    ]
    with pytest.raises(Unreadable) as caught:
        files.read(entries, lambda entry: b"nonsense: 1\n")
    assert {one.path for one in caught.value.problems} == {entry.path for entry in entries}
