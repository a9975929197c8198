"""What kind a failure is, and whether new tests fail for the right reason."""

import pytest

from bot.story.vocabulary import FailedTest, TestSummary
from policies.failure_kind import STRATEGY, Failure, FailureKind, classify
from policies.red import Red, judge

OWN = frozenset({"shop", "tests"})


def failed(tail: str, message: str = "", name: str = "tests/test_a.py::test_a") -> FailedTest:
    return FailedTest(id=name, file="tests/test_a.py", message=message, tail=tail)


@pytest.mark.parametrize(
    ("tail", "kind"),
    [
        ("E   SyntaxError: invalid syntax\n\nshop.py:3: SyntaxError", "syntax"),
        ("E   IndentationError: unexpected indent", "syntax"),
        ("E   ModuleNotFoundError: No module named 'shop.cart'", "import"),
        ("E   ImportError: cannot import name 'a' from 'shop'", "import"),
        ("E   ImportError: cannot import name 'a' from partially initialized module", "import"),
        ("E   ModuleNotFoundError: No module named 'requests'", "environment"),
        ("E   OSError: [Errno 28] No space left on device", "environment"),
        ("E   PermissionError: [Errno 13] Permission denied: '/x'", "environment"),
        ("E   TypeError: total() takes 1 positional argument but 2 were given", "type"),
        ("E   AttributeError: 'Shop' object has no attribute 'cart'", "type"),
        ("E   sqlalchemy.exc.OperationalError: no such table: a", "integration"),
        ("E   requests.exceptions.ConnectionError: refused", "integration"),
        ("E   assert 3 == 4", "logic"),
        ("E   AssertionError: TypeError was expected", "logic"),
        ("E   ValueError: negative", "logic"),
        ("", "logic"),
        ("\0\x1b[31m" * 1000, "logic"),
    ],
)
def test_a_failure_is_known_by_the_error_at_its_end(tail, kind):
    assert classify(Failure(tests=[failed(tail)], own=OWN)) == kind
    assert classify(Failure(tail=tail, own=OWN)) == kind


def test_what_cannot_run_is_the_environment_and_never_writes_code():
    kind = classify(Failure(ran=False, tail="E   assert 1 == 2"))
    assert kind is FailureKind.ENVIRONMENT
    assert not STRATEGY[kind].code
    assert set(STRATEGY) == set(FailureKind)


def test_one_environment_error_among_others_does_not_excuse_the_code():
    both = [failed("E   PermissionError: denied"), failed("E   assert 1 == 2")]
    assert classify(Failure(tests=both, own=OWN)) is FailureKind.LOGIC


def summary(*details: FailedTest, passed: int = 0, ran: bool = True) -> TestSummary:
    return TestSummary(
        sha="a",
        ran=ran,
        ok=ran and not details,
        passed=passed,
        failed=len(details),
        failures=tuple(d.id for d in details),
        details=details,
    )


@pytest.mark.parametrize(
    "tail",
    [
        "E   assert 3 == 4\n\ntests/test_a.py:3: AssertionError",
        "E   Failed: DID NOT RAISE <class 'ValueError'>",
        "E   TypeError: total() got an unexpected keyword argument 'off'\n\nshop.py:1: TypeError",
        "E   AttributeError: module 'shop' has no attribute 'cart'",
        "E   ImportError: cannot import name 'cart' from 'shop' (/workspace/shop.py)",
        "E   ModuleNotFoundError: No module named 'shop.cart'",
        "E   NameError: name 'x' is not defined\n\nshop.py:7: NameError",
    ],
)
def test_a_missing_behaviour_is_the_right_reason(tail):
    verdict = judge(summary(failed(tail), passed=1), ["tests/test_a.py"], OWN)
    assert verdict.red is Red.RIGHT


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        ("E   fixture 'shop_db' not found", "no fixture shop_db"),
        ('  File "tests/test_a.py", line 3\nE   SyntaxError: invalid syntax', "does not parse"),
        ("E   ModuleNotFoundError: No module named 'pandas'", "pandas"),
        ("E   ImportError: cannot import name 'Nope' from 'unittest' (/usr/lib)", "Nope"),
        ("E   NameError: name 'pytest' is not defined\n\ntests/test_a.py:7: NameError", "pytest"),
    ],
)
def test_a_test_that_cannot_run_is_the_wrong_reason(tail, why):
    good = failed("E   assert 1 == 2", name="tests/test_a.py::test_b")
    verdict = judge(summary(failed(tail), good), ["tests/test_a.py"], OWN)
    assert verdict.red is Red.WRONG
    assert why in verdict.wrong[0][1]


def test_tests_that_pass_or_do_not_run_show_nothing_missing():
    assert judge(summary(passed=2), [], OWN).red is Red.PASSES
    assert judge(summary(), [], OWN).red is Red.NO_RUN
    assert judge(summary(ran=False), [], OWN).red is Red.NO_RUN
    crashed = TestSummary(sha="a", ran=True, ok=False)
    assert judge(crashed, [], OWN).red is Red.NO_RUN
