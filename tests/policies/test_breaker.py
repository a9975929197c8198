"""When a service is left alone, for how long, and who tries it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.breaker import (
    WELL,
    Condition,
    Gate,
    Limits,
    failed,
    gate,
    rests_for,
    succeeded,
)


def rests(times: int, limits: Limits, jitter: float = 1.0) -> list[float]:
    """How long a service rests that fails at every trial."""
    known, now, found = WELL, 1000.0, []
    for _ in range(times):
        known = failed(known, now, "502", jitter, limits=limits)
        found.append(rests_for(known, now))
        now += found[-1]
        assert gate(known, now) is Gate.TRIAL
        assert gate(known, now - 0.01) is Gate.REST
    return found


def test_rests_double_up_to_a_bound() -> None:
    assert rests(9, Limits()) == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert rests(3, Limits(), jitter=0.0) == [2.5, 5, 10]


@pytest.mark.parametrize(("asked", "rest"), [(None, 5), (0, 5), (2, 5), (90, 90), (1e9, 86_400)])
def test_what_the_service_asks_for_is_never_undercut(asked: float | None, rest: float) -> None:
    assert rests_for(failed(WELL, 0.0, "429", 1.0, retry_after=asked), 0.0) == rest


def test_the_first_answer_ends_it() -> None:
    known = failed(failed(WELL, 0.0, "502", 1.0), 10.0, "502", 1.0)
    assert (known.since, known.failures) == (0.0, 2)
    assert gate(succeeded(known, 30.0), 30.0) is Gate.GO


def test_a_service_that_flaps_rests_longer_each_time_until_it_is_calm() -> None:
    known, now, found = WELL, 0.0, []
    for _ in range(5):
        known = failed(known, now, "502", 1.0)
        found.append(known.rest)
        now += known.rest
        known = succeeded(known, now)
        now += 10
    assert found == [5, 10, 20, 40, 80]
    assert failed(known, now + 60, "502", 1.0).rest == 5


def test_one_request_that_always_fails_does_not_shut_the_others_out() -> None:
    limits, known = Limits(trips=3, kinds=2), WELL
    for at in range(10):
        known = failed(known, float(at), "500", 1.0, about="POST /a", limits=limits)
    assert gate(known, 10.0) is Gate.GO
    known = failed(known, 10.0, "500", 1.0, about="POST /b", limits=limits)
    assert gate(known, 10.0) is Gate.REST
    assert gate(succeeded(known, 11.0), 11.0) is Gate.GO


def test_a_clock_that_was_set_back_or_forward_makes_nobody_wait_for_hours() -> None:
    known = failed(WELL, 1_000_000.0, "502", 1.0)
    assert gate(known, 1_000_000.0 - 7200) is Gate.TRIAL
    assert gate(known, 1_000_000.0 - 5) is Gate.REST  # another machine's clock is a little behind
    assert gate(known, 1_000_000.0 + 7200) is Gate.TRIAL


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.floats(-4000, 4000),
            st.floats(-1, 2),
            st.none() | st.floats(0, 1e6),
        ),
        max_size=40,
    )
)
def test_whatever_happens_a_rest_is_bounded_and_ends(
    steps: list[tuple[bool, float, float, float | None]],
) -> None:
    limits, known, now = Limits(), WELL, 1e6
    for answers, passed, jitter, after in steps:
        now += passed
        if answers:
            known = succeeded(known, now)
            assert gate(known, now) is Gate.GO
            continue
        known = failed(known, now, "502", jitter, retry_after=after, limits=limits)
        assert isinstance(known, Condition)
        rest = rests_for(known, now)
        most = max(limits.most, min(after or 0, limits.most_after))
        assert limits.first / 2 - 0.001 <= rest <= most + 0.001
        assert gate(known, now + rest + 1) is Gate.TRIAL
