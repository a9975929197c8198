"""Which packages a story may add."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.packages import Added, PackageRules, distance, objections, squats
from policies.popular_packages import POPULAR


def rules(added: list[Added], **known: frozenset[str]) -> list[str]:
    return [one.rule for one in objections(added, PackageRules(known=known))]


@pytest.mark.parametrize(
    ("ecosystem", "name", "meant"),
    [
        ("PyPI", "reqeusts", "requests"), ("PyPI", "requets", "requests"),
        ("PyPI", "python-requests", "requests"), ("PyPI", "Djang0", "django"),
        ("PyPI", "num_py", "numpy"), ("PyPI", "beautifulsuop4", "beautifulsoup4"),
        ("PyPI", "urlib3", "urllib3"), ("PyPI", "crypt0graphy", "cryptography"),
        ("npm", "expres", "express"), ("npm", "lodahs", "lodash"),
        ("npm", "cross.env", "cross-env"),
        ("npm", "crossenv", "cross-env"), ("npm", "react-domm", "react-dom"),
    ],
)  # fmt: skip
def test_a_name_a_slip_away_from_a_well_known_one_is_told(
    ecosystem: str, name: str, meant: str
) -> None:
    assert squats(ecosystem, name) == meant
    assert rules([Added(ecosystem, name)]) == ["typosquat"]
    assert rules([Added(ecosystem, name)], **{ecosystem: frozenset({name})}) == []


@pytest.mark.parametrize(
    ("ecosystem", "name"),
    [("PyPI", "humanize"), ("PyPI", "structlog"), ("PyPI", "Typing_Extensions"), ("PyPI", "sh"),
     ("PyPI", "arrow"), ("PyPI", "polars"), ("npm", "ky"), ("npm", "execa"), ("npm", "p-limit"),
     ("Go", "github.com/x/y")],
)  # fmt: skip
def test_names_of_their_own_are_not_suspected(ecosystem: str, name: str) -> None:
    assert rules([Added(ecosystem, name)]) == []


def test_no_well_known_package_is_taken_for_another() -> None:
    assert all(not squats(kind, name) for kind, names in POPULAR.items() for name in names)


def test_a_fourth_new_package_a_foreign_source_and_a_stale_lock_file_are_told() -> None:
    few = [Added("PyPI", f"own-thing-{n}") for n in "abc"]
    assert rules(few) == []
    assert rules([*few, few[0]]) == []
    assert rules([*few, Added("PyPI", "own-thing-d")]) == ["number"]
    assert rules([Added("PyPI", "thing", "https://pypi.org/simple/thing/")]) == []
    assert rules([Added("PyPI", "thing", "https://evil.example/x.whl")]) == ["registry"]
    assert rules([Added("PyPI", "thing", "git+https://pypi.org/thing")]) == ["registry"]
    assert rules([Added("npm", "thing", locked=True)]) == []
    assert rules([Added("npm", "thing", locked=False)]) == ["lock_file"]


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_is_a_distance(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_two_letters_exchanged_are_one_slip() -> None:
    assert distance("requests", "reqeusts") == 1
