"""Stories whose model works with tools: what becomes of them is what the repository shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.story.vocabulary import Gate, State, TaskOutcome
from tests.world import FILES, World

STORY = ("Add a discount", "total() takes a discount in percent.\n\n- [ ] total([10], 10) is 9")
TESTS = """import shop


def test_discount():
    assert shop.total([10], 10) == 9
"""
DISCOUNT = {
    "path": "shop.py",
    "old": "def total(prices):\n    return sum(prices)",
    "new": "def total(prices, off=0):\n    return sum(prices) * (100 - off) / 100",
}


def use(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


def turn(*calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"calls": list(calls), **more}


def finish(outcome: str = "changed", subject: str = "", evidence: str = "seen") -> dict[str, Any]:
    return use("finish", outcome=outcome, subject=subject, evidence=evidence)


def write_tests(content: str = TESTS, path: str = "tests/test_discount.py") -> dict[str, Any]:
    return use("create", path=path, content=content, overwrite=True)


GOOD: dict[str, list[dict[str, Any]]] = {
    "test": [turn(write_tests()), turn(finish(subject="test: discounts"))],
    "code": [
        turn(use("view", path="shop.py"), use("search", text="total")),
        turn(use("str_replace", **DISCOUNT)),
        turn(use("run", tests=["tests/test_discount.py"])),
        turn(finish(subject="feat: discounts")),
    ],
}
TASK = {"id": "T1", "action": "modify_file", "description": "d", "targets": ["shop.py"]}
PLAN = {"tasks": [TASK]}


@pytest.fixture
def tell(new_world: Callable[..., World], tmp_path: Path) -> Callable[..., tuple[World, int]]:
    """Make a world with a script for its model, and a story in it."""

    def told(
        turns: dict[str, list[dict[str, Any]]] | None = None,
        more: tuple[dict[str, Any], ...] = (),
        plan: dict[str, Any] = PLAN,
        findings: tuple[dict[str, Any], ...] = (),
        files: dict[str, str] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> tuple[World, int]:
        spec = {"description": "d", "story_type": "feature", "complexity": 2}
        answers = {"analyze": spec, "plan": plan, "review": {"findings": list(findings)}}
        script = {
            "answers": [{"purpose": name, "output": output} for name, output in answers.items()],
            "turns": [
                *({"purpose": name, "say": say} for name, say in {**GOOD, **(turns or {})}.items()),
                *more,
            ],
        }
        (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
        world = new_world(model=f"scripted:{tmp_path / 'script.yaml'}", **(settings or {}))
        world.repository({**FILES, **(files or {})})
        return world, world.story(*STORY)

    return told


def test_a_worker_killed_again_and_again_pays_for_no_turn_twice(
    tell: Callable[..., tuple[World, int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        """What a SIGKILL looks like from inside: nothing catches it, nothing is recorded."""

    passed, lives = Counter[str](), [1]

    def die_now_and_then(name: str) -> None:
        passed[name] += 1
        if name == "after:append" and passed[name] % 11 == 0:
            lives[0] += 1
            raise Killed

    settle = World.settle

    def with_deaths(world: World, most: int = 200) -> None:
        world.boundary = die_now_and_then
        for _ in range(60):
            try:
                settle(world, most)
                return
            except Killed:
                world.later(90)
                world.new_house()
            with suppress(Killed):
                world.house.sweep()
        raise AssertionError("it does not come to an end")

    monkeypatch.setenv("TOWPATH_RECORD", str(tmp_path / "asked.jsonl"))
    monkeypatch.setattr(World, "settle", with_deaths)
    world, number = tell()
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert lives[0] > 5
    asked = (tmp_path / "asked.jsonl").read_text().splitlines()
    assert len(asked) == len(story.model_calls) == 9
    assert [c.task for c in story.commits] == ["tests", "T1"]
    assert len(world.pulls()) == 1
    assert world.house.journal.verify() == []


def test_what_a_turn_adds_is_all_that_it_writes(tell: Callable[..., tuple[World, int]]) -> None:
    looks = [turn(use("view", path="shop.py"), use("list")) for _ in range(2)]
    looks += [turn(use("search", text=word)) for word in ("def", "total", "sum", "shop", "(", ")")]
    world, number = tell({"code": looks + GOOD["code"]})
    rows = [
        r
        for r in world.house.journal.effects(world.stream(number))
        if r.effect.kind == "call_model" and r.effect.purpose == "code" and r.effect.turn
    ]
    sizes = [len(r.effect.model_dump_json()) + len(json.dumps(r.result)) for r in rows]
    assert len(sizes) == len(looks) + 4
    assert max(sizes[1:]) < sizes[0], "only the first turn holds the package"
    assert [r.effect.turn for r in rows] == list(range(1, len(rows) + 1))
    assert world.tale(number).state is State.WAITING


def test_the_tests_of_the_criteria_are_read_only_for_the_code(
    tell: Callable[..., tuple[World, int]],
) -> None:
    weaken = use("str_replace", path="tests/test_discount.py", old="== 9", new="== 10")
    world, number = tell({"code": [turn(weaken, use("delete", path="tests/test_discount.py")),
                                   *GOOD["code"]]})  # fmt: skip
    told = [
        r.effect.told
        for r in world.house.journal.effects(world.stream(number))
        if r.effect.kind == "call_model" and r.effect.purpose == "code" and r.effect.turn == 2
    ]
    assert all("read-only" in result["content"] for result in told[0]["results"])
    story = world.tale(number)
    assert story.state is State.WAITING
    assert story.tests["red"].summary.failed == 1
    assert story.tests["head"].summary.ok


def test_new_tests_that_cannot_run_are_mended_once_or_left_out(
    tell: Callable[..., tuple[World, int]],
) -> None:
    broken = write_tests(TESTS.replace("():", "(no_such_fixture):"))
    world, number = tell({"test": [turn(broken, finish()), turn(write_tests(), finish())]})
    assert world.tale(number).tests["red"].summary.failed == 1
    other = [turn(broken, finish()), turn(finish())]
    world, number = tell({"test": other, "code": [*GOOD["code"][:2], turn(finish())]})
    story = world.tale(number)
    assert story.state is State.WAITING
    assert "red" not in story.tests
    assert [c.task for c in story.commits] == ["T1"]
    assert "cannot run" in story.tasks_done["tests"].evidence
    assert "cannot run" in world.pull(story.pull_number)["body"]


def test_that_nothing_is_needed_is_shown_by_tests_that_pass(
    tell: Callable[..., tuple[World, int]],
) -> None:
    passing = write_tests(TESTS.replace("[10], 10) == 9", "[9]) == 9"))
    world, number = tell({"test": [turn(passing, finish("no_change"))]})
    story = world.tale(number)
    assert story.state is State.FAILED
    assert story.nothing_to_do
    assert "tests of the new tests' files pass without a change" in world.status_comments(number)[0]
    assert world.pulls() == []


def test_a_models_word_alone_never_ends_a_story(tell: Callable[..., tuple[World, int]]) -> None:
    lazy = [turn(finish("no_change", evidence="all is well"))]
    world, number = tell({"test": lazy, "code": lazy})
    story = world.tale(number)
    assert story.state is State.FAILED
    assert not story.nothing_to_do
    assert "no test shows that none is needed" in world.status_comments(number)[0]


def test_a_task_that_cannot_be_done_is_planned_anew_once(
    tell: Callable[..., tuple[World, int]],
) -> None:
    world, number = tell({"code": [turn(finish("cannot", evidence="shop.py is generated"))]})
    story = world.tale(number)
    assert story.state is State.FAILED
    assert [f.error_class for f in story.failures] == ["architectural", "architectural"]
    assert story.plans == 2
    assert "shop.py is generated" in world.status_comments(number)[0]
    assert Counter(c.purpose for c in story.model_calls)["test"] == 2, "the tests are kept"


def test_a_wrong_test_goes_back_to_its_author_and_then_stays(
    tell: Callable[..., tuple[World, int]],
) -> None:
    wrong = [turn(write_tests(TESTS.replace("== 9", "== 8"))), turn(finish())]
    again = {"purpose": "test", "task": "tests-2", "say": [turn(write_tests()), turn(finish())]}
    dispute = [
        turn(use("str_replace", **DISCOUNT)),
        turn(finish("tests_wrong", evidence="10 less 10 % is 9, not 8")),
    ]
    world, number = tell({"test": wrong, "code": dispute}, more=(again,))
    story = world.tale(number)
    assert story.failures[0].error_class == "tests_wrong"
    assert [c.task for c in story.commits] == ["tests", "T1", "tests-2"]
    assert story.state is State.WAITING
    asked = Counter(c.purpose for c in story.model_calls)
    assert asked["code"] == 2, "the code is not written twice"


def test_a_dispute_before_any_code_brings_the_code_back_and_is_heard_once(
    tell: Callable[..., tuple[World, int]],
) -> None:
    wrong = [turn(write_tests(TESTS.replace("== 9", "== 8"))), turn(finish())]
    again = {"purpose": "test", "task": "tests-2", "say": [turn(write_tests()), turn(finish())]}
    dispute = [
        turn(finish("tests_wrong", evidence="10 less 10 % is 9, not 8")),
        turn(use("str_replace", **DISCOUNT), finish("tests_wrong", evidence="again")),
        turn(finish()),
    ]
    world, number = tell({"test": wrong, "code": dispute}, more=(again,))
    story = world.tale(number)
    assert [f.error_class for f in story.failures] == ["tests_wrong"]
    assert [c.task for c in story.commits] == ["tests", "tests-2", "T1"]
    assert story.state is State.WAITING


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([{"text": "All done!"}] * 9, "malformed"),
        ([{"calls": [{"tool": "create", "raw": '{"path": "sh'}], "finish": "length"}] * 9,
         "malformed"),
        ([{"text": "No.", "finish": "refused"}], "refused"),
        ([turn(use("view", path="shop.py"))] * 9, "stuck"),
    ],
)  # fmt: skip
def test_nonsense_ends_in_a_clear_state(
    tell: Callable[..., tuple[World, int]], said: list[dict[str, Any]], kind: str
) -> None:
    world, number = tell({"code": said})
    story = world.tale(number)
    assert story.state is State.FAILED
    assert {f.error_class for f in story.failures} == {kind}
    assert len(story.failures) <= 4
    assert "**Tried**" in world.status_comments(number)[0]
    assert not [e for e in world.events(number) if e == "stage_faulted"]


def test_a_plan_of_unknown_files_is_asked_about(tell: Callable[..., tuple[World, int]]) -> None:
    bad = {"tasks": [{**TASK, "targets": ["nowhere.py"]}]}
    world, number = tell(plan=bad)
    story = world.tale(number)
    assert story.waits_at(Gate.AMBIGUITY_DETECTED)
    assert Counter(c.purpose for c in story.model_calls)["plan"] == 2
    assert any("nowhere.py does not exist" in c for c in world.comments(number))


SUGGESTION = {"severity": "suggestion", "message": "name it better", "path": "shop.py", "line": 1}


def test_suggestions_are_kept_only_with_green_tests(
    tell: Callable[..., tuple[World, int]],
) -> None:
    better = use("str_replace", path="shop.py", old="/ 100", new="/ 100.0")
    world, number = tell({"repair": [turn(better, finish())]}, findings=(SUGGESTION,))
    assert [c.task for c in world.tale(number).commits] == ["tests", "T1", "polish"]
    worse = use("str_replace", path="shop.py", old="/ 100", new="/ 1000")
    world, number = tell({"repair": [turn(worse, finish())]}, findings=(SUGGESTION,))
    story = world.tale(number)
    assert story.state is State.WAITING
    assert [c.task for c in story.commits] == ["tests", "T1"]
    assert story.tasks_done["polish"].outcome is TaskOutcome.NO_CHANGE
    assert "not kept" in world.pull(story.pull_number)["body"]


def test_a_test_that_fails_now_and_then_does_not_block_and_is_named(
    tell: Callable[..., tuple[World, int]],
) -> None:
    moody = "import shop\n\n\ndef test_mood():\n    assert not hasattr(shop, 'mood')\n"
    world, number = tell(
        {"test": [turn(write_tests(TESTS + "    shop.mood = 1\n"), finish())]},
        files={"tests/test_moody.py": moody},
    )
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert story.tests["head"].flaky == ("tests/test_moody.py::test_mood",)
    assert "tests/test_moody.py::test_mood" in world.pull(story.pull_number)["body"]


def test_work_that_a_limit_ends_is_kept_and_its_tests_decide(
    tell: Callable[..., tuple[World, int]],
) -> None:
    endless = [turn(use("str_replace", **DISCOUNT))]
    endless += [turn(use("view", path="shop.py", start=n % 2 + 1)) for n in range(9)]
    world, number = tell({"code": endless}, settings={"task_turns": 4})
    story = world.tale(number)
    assert story.state is State.WAITING, story.failure_reason
    assert story.tasks_done["T1"].outcome is TaskOutcome.CUT_SHORT
    assert "4 turns are the limit" in world.pull(story.pull_number)["body"]


def test_when_the_time_for_writing_is_over_the_work_is_kept_and_handed_over(
    tell: Callable[..., tuple[World, int]],
) -> None:
    two = {"tasks": [TASK, {**TASK, "id": "T2", "depends_on": ["T1"]}]}
    slow = use("run", command="python -c 'import time; time.sleep(1.2)'")
    code = [turn(use("str_replace", **DISCOUNT)), turn(slow, finish())]
    world, number = tell({"code": code}, plan=two, settings={"writing_minutes": 0.02})
    story = world.tale(number)
    assert story.state is State.FAILED
    assert [c.task for c in story.commits] == ["tests", "T1"]
    assert "time for writing" in world.status_comments(number)[0]
    mirror = world.house.workshop.mirror(story.repository)
    assert mirror.kept(f"{story.repository.id}") == {
        f"{story.repository.id}/{story.issue}": story.head_sha
    }


def test_only_a_change_that_works_is_read_and_with_what_the_tests_said(
    tell: Callable[..., tuple[World, int]],
) -> None:
    wrong = {**DISCOUNT, "new": "def total(prices, off=0):\n    return sum(prices) - off"}
    right = {
        "path": "shop.py",
        "old": "sum(prices) - off",
        "new": "sum(prices) * (100 - off) / 100",
    }
    world, number = tell(
        {
            "code": [turn(use("str_replace", **wrong), finish(subject="feat: discounts"))],
            "repair": [turn(use("str_replace", **right), finish(subject="fix: percent"))],
        }
    )
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    purposes = [call.purpose for call in story.model_calls]
    assert purposes.count("review") == 1
    assert purposes.index("review") > purposes.index("repair")
    [asked] = [
        row.effect.package
        for row in world.house.journal.effects(world.stream(number))
        if row.effect.kind == "call_model" and row.effect.purpose == "review"
    ]
    assert "0 failed" in asked["tests"]
    assert "Tests of the story, before the change: 0 passed, 1 failed" in asked["tests"]
    assert asked["spec"]["criteria"] == [{"id": "C1", "text": "total([10], 10) is 9"}]
