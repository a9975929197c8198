"""Tests that are changed to go green are found; tests that only move or grow are not."""

from __future__ import annotations

import pytest

from bot.gates.weakening import Weakening
from tests.gates.conftest import Looks

PATH = "tests/test_sums.py"
BASE = """import math
import unittest

import pytest

from sums import add, mean


def test_add():
    assert add(1, 2) == 3
    assert add(-1, 1) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_cases(n):
    assert add(n, 0) == n


def test_mean():
    assert mean([1, 2]) == pytest.approx(1.5, rel=1e-6)
    assert math.isclose(mean([2]), 2, rel_tol=1e-9)
    assert abs(mean([3]) - 3) < 0.001


def test_refuses():
    with pytest.raises(ValueError, match="empty"):
        mean([])


class SumsTest(unittest.TestCase):
    def test_more(self):
        self.assertEqual(add(2, 2), 4)
        self.assertAlmostEqual(mean([1]), 1.0, places=7)
"""
WEAKENED = {
    "an assert is removed": ("    assert add(-1, 1) == 0\n", ""),
    "an assert becomes a comment": ("    assert add(-1, 1)", "    # assert add(-1, 1)"),
    "a test is skipped": ("def test_add", '@pytest.mark.skip(reason="later")\ndef test_add'),
    "a test may fail": ("def test_mean", "@pytest.mark.xfail\ndef test_mean"),
    "a unittest is skipped": ("    def test_more", '    @unittest.skip("x")\n    def test_more'),
    "a class is skipped": ("class SumsTest", '@unittest.skip("x")\nclass SumsTest'),
    "a call skips": (
        "    assert add(1, 2) == 3",
        '    pytest.skip("x")\n    assert add(1, 2) == 3',
    ),
    "a test is renamed away": ("def test_add", "def check_add"),
    "always true": ("assert add(1, 2) == 3", "assert add(1, 2) == 3 or True"),
    "true": ("assert add(1, 2) == 3", "assert True"),
    "itself": ("assert add(1, 2) == 3", "assert add(1, 2) == add(1, 2)"),
    "any value": ("assert add(1, 2) == 3", "assert add(1, 2) is not None"),
    "any truth": ("assert add(1, 2) == 3", "assert add(1, 2)"),
    "any type": ("assert add(1, 2) == 3", "assert isinstance(add(1, 2), int)"),
    "another value": ("assert add(1, 2) == 3", "assert add(1, 2) == 4"),
    "not equal": ("assert add(1, 2) == 3", "assert add(1, 2) != 4"),
    "a wide tolerance": ("rel=1e-6", "rel=0.5"),
    "a wide isclose": ("rel_tol=1e-9", "rel_tol=0.2"),
    "a wide bound": ("< 0.001", "< 10"),
    "few places": ("places=7", "places=0"),
    "a tolerance where there was none": ("add(1, 2) == 3", "add(1, 2) == pytest.approx(3, abs=9)"),
    "any exception": ('raises(ValueError, match="empty")', "raises(Exception)"),
    "no message": (', match="empty"', ""),
    "no exception": ('    with pytest.raises(ValueError, match="empty"):\n', "    if True:\n"),
    "fewer cases": ("[1, 2, 3, 4]", "[1]"),
    "it returns first": ("    assert add(1, 2) == 3\n", "    return\n    assert add(1, 2) == 3\n"),
    "it swallows": (
        "    assert add(1, 2) == 3\n",
        "    try:\n        assert add(1, 2) == 3\n    except AssertionError:\n        pass\n",
    ),
    "unittest expects another": ("add(2, 2), 4", "add(2, 2), 5"),
    "unittest checks less": ("assertEqual(add(2, 2), 4)", "assertTrue(add(2, 2))"),
}
KEPT = {
    "one more assert": (
        "    assert add(1, 2) == 3\n", "    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n",
    ),
    "twice the same": (
        "    assert add(1, 2) == 3\n",
        "    assert add(1, 2) == 3\n    assert add(1, 2) == add(1, 2)\n",
    ),
    "more cases": ("[1, 2, 3, 4]", "[1, 2, 3, 4, 5]"),
    "a docstring": ("def test_add():\n", 'def test_add():\n    """It adds."""\n'),
    "types": ("def test_add():", "def test_add() -> None:"),
    "a split": (
        "    assert add(-1, 1) == 0\n", "\n\ndef test_negative():\n    assert add(-1, 1) == 0\n",
    ),
    "a new name": ("def test_add():", "def test_add_numbers():"),
    "another order": (
        "    assert add(1, 2) == 3\n    assert add(-1, 1) == 0\n",
        "    assert add(-1, 1) == 0\n    assert add(1, 2) == 3\n",
    ),
    "a message": ("assert add(1, 2) == 3", 'assert add(1, 2) == 3, "sum"'),
    "a tighter tolerance": ("rel=1e-6", "rel=1e-9"),
    "a stronger check": ("assert abs(mean([3]) - 3) < 0.001", "assert mean([3]) == 3"),
    "one name for it": (
        "    assert add(1, 2) == 3\n",
        "    total = add(1, 2)\n    assert total == 3\n    assert add(1, 2) == 3\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_test_is_found(look: Looks, name: str) -> None:
    old, new = WEAKENED[name]
    assert old in BASE
    seen = look(Weakening(), {PATH: BASE}, {PATH: BASE.replace(old, new, 1)})
    assert seen.status == "fail", seen


@pytest.mark.parametrize("name", KEPT)
def test_a_test_that_checks_as_much_passes(look: Looks, name: str) -> None:
    old, new = KEPT[name]
    assert old in BASE
    seen = look(Weakening(), {PATH: BASE}, {PATH: BASE.replace(old, new, 1)})
    assert seen.status == "pass", seen


def test_a_deleted_file_is_found(look: Looks) -> None:
    assert look(Weakening(), {PATH: BASE}, {PATH: None}).status == "fail"


def test_a_file_that_no_runner_collects_any_more_is_found(look: Looks) -> None:
    moved = {PATH: None, "tests/sums_checks.py": BASE.replace("test_", "check_")}
    assert look(Weakening(), {PATH: BASE}, moved).status == "fail"


def test_a_moved_file_passes(look: Looks) -> None:
    moved = {PATH: None, "tests/unit/test_sums.py": BASE}
    assert look(Weakening(), {PATH: BASE}, moved).status == "pass"


def test_a_value_that_the_story_names_may_be_expected(look: Looks) -> None:
    head = BASE.replace("assert add(1, 2) == 3", "assert add(1, 2) == 12")
    asked = "Adding 1 and 2 gives 12"
    assert look(Weakening(), {PATH: BASE}, {PATH: head}, story=asked).status == "pass"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", "[tool.pytest.ini_options]\n", 'addopts = "--ignore=tests/slow"\n'),
        ("setup.cfg", "[tool:pytest]\n", "addopts = -k 'not add'\n"),
        ("tests/conftest.py", "import pytest\n", "collect_ignore = ['test_sums.py']\n"),
        ("tests/conftest.py", "import pytest\n", "    report.outcome = 'passed'\n"),
        (".coveragerc", "[report]\nfail_under = 90\n", None),
        ("Makefile", "test:\n\tpytest\n", "\tpytest || true\n"),
    ],
)
def test_settings_that_let_more_through_are_found(
    look: Looks, path: str, before: str, after: str | None
) -> None:
    head = before + after if after else before.replace("90", "10")
    assert look(Weakening(), {path: before}, {path: head}).status == "fail"


JS = """import { add } from './sums';
describe('sums', () => {
  it('adds', () => {
    expect(add(1, 2)).toBe(3);
    expect(add(0, 0)).toEqual(0);
  });
  it('refuses', () => {
    expect(() => add()).toThrow('two numbers');
  });
});
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("it('adds'", "it.skip('adds'"),
        ("it('adds'", "xit('adds'"),
        ("it('adds'", "it.only('adds'"),
        ("    expect(add(0, 0)).toEqual(0);\n", ""),
        ("    expect(add(0, 0)).toEqual(0);\n", "    // expect(add(0, 0)).toEqual(0);\n"),
        ("toBe(3)", "toBeTruthy()"),
        ("toBe(3)", "toBe(4)"),
        ("expect(add(1, 2)).toBe(3)", "expect(true).toBe(true)"),
        ("  it('refuses', () => {\n    expect(() => add()).toThrow('two numbers');\n  });\n", ""),
    ],
)
def test_a_weakened_script_is_found(look: Looks, old: str, new: str) -> None:
    assert old in JS
    base = {"src/sums.test.js": JS}
    seen = look(Weakening(), base, {"src/sums.test.js": JS.replace(old, new, 1)})
    assert seen.status == "fail", seen


def test_a_script_with_one_more_test_passes(look: Looks) -> None:
    more = JS.replace(
        "  it('refuses'", "  it('more', () => { expect(add(1, 1)).toBe(2); });\n  it('refuses'"
    )
    assert look(Weakening(), {"src/sums.test.js": JS}, {"src/sums.test.js": more}).status == "pass"
