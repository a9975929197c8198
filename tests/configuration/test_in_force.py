"""A repository's own word inside the operator's bounds."""

from __future__ import annotations

from bot.configuration.in_force import Operator, in_force
from bot.configuration.reader import read
from bot.configuration.schema import Limits, RepositoryConfig


def _holds(text: str, **operator: object) -> RepositoryConfig:
    return in_force(read(text), Operator(**operator))


def test_what_a_file_does_not_say_is_as_the_operator_set_it() -> None:
    found = _holds("", quorum=3, story_label="work", pre_code=True, merge_method="squash")
    assert (found.approvals.quorum, found.story_label) == (3, "work")
    assert (found.gates.pre_code, found.merge.method) == (True, "squash")


def test_a_file_decides_about_gates_method_and_label() -> None:
    text = "gates: {pre_code: false}\nmerge: {method: rebase}\nstory_label: todo\n"
    found = _holds(text, story_label="work", pre_code=True, merge_method="squash")
    assert (found.gates.pre_code, found.merge.method, found.story_label) == (
        False,
        "rebase",
        "todo",
    )


def test_a_quorum_is_the_larger_one_also_at_a_single_gate() -> None:
    text = "approvals: {quorum: 1, gates: {pre_code: {quorum: 1}, pre_deploy: {quorum: 4}}}\n"
    found = _holds(text, quorum=2)
    assert [found.quorum(g) for g in ("pre_code", "pre_deploy", "pre_production")] == [2, 4, 2]


def test_a_second_person_is_asked_for_where_either_asks() -> None:
    off = "approvals: {second_person: false, gates: {pre_code: {second_person: false}}}\n"
    assert _holds(off, second_person=True).second_person("pre_code")
    assert not _holds(off, second_person=False).second_person("pre_code")
    assert _holds("approvals: {second_person: true}\n", second_person=False).second_person("x")
    assert not _holds("", second_person=False).second_person("pre_deploy")


def test_a_limit_is_the_smaller_one_where_the_operator_set_it() -> None:
    operator = Limits(story_budget_usd=5, max_iterations=10)
    found = _holds(
        "limits: {story_budget_usd: 50, max_iterations: 3, prs_per_day: 9}\n", limits=operator
    )
    assert found.limits.story_budget_usd == 5
    assert found.limits.max_iterations == 3
    assert found.limits.prs_per_day == 9
    assert _holds("", limits=operator).limits.prs_per_day == Limits().prs_per_day


def test_a_mode_is_never_more_than_the_operator_allows() -> None:
    assert _holds("mode: on\n", most="dry_run").mode == "dry_run"
    assert _holds("mode: off\n", most="dry_run").mode == "off"
    assert _holds("", mode="dry_run").mode == "dry_run"
    assert _holds("mode: on\n", mode="dry_run").mode == "on"


def test_the_digest_is_of_what_is_said_and_not_of_the_backlog() -> None:
    plain = read("").digest
    assert read("version: 1\ngates: {pre_deploy: true}\n").digest == plain
    assert read("backlog: {todo: {issues: 'off'}}\n").digest == plain
    assert read("approvals: {quorum: 2}\n").digest != plain
