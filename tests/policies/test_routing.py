"""Which model is asked, by purpose, complexity, attempt, money and author."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.routing import Grade, Models, Situation, route

ALL = Models(
    standard=("anthropic:std",),
    cheap=("openai:mini",),
    top=("anthropic:top",),
    fallbacks=("openai-compatible:m@http://h/v1",),
)


@pytest.mark.parametrize(
    ("situation", "grade", "rule"),
    [
        (Situation("code"), Grade.STANDARD, "usual"),
        (Situation("code", complexity=2), Grade.CHEAP, "simple"),
        (Situation("code", complexity=2, attempt=3), Grade.STANDARD, "escalated"),
        (Situation("code", complexity=9), Grade.TOP, "complex"),
        (Situation("repair", complexity=1, attempt=5), Grade.TOP, "last_attempt"),
        (Situation("plan", complexity=1), Grade.STANDARD, "judgement"),
        (Situation("plan", complexity=7), Grade.TOP, "hard_plan"),
        (Situation("review", complexity=2), Grade.STANDARD, "judgement"),
        (Situation("code", spent=0.79), Grade.STANDARD, "usual"),
        (Situation("code", spent=0.8), Grade.CHEAP, "near_budget"),
        (Situation("repair", attempt=5, spent=0.9), Grade.STANDARD, "near_budget"),
        (Situation("code", complexity=1, spent=0.9), Grade.CHEAP, "simple"),
    ],
)
def test_the_situation_decides_on_the_grade(situation, grade, rule):
    chosen = route(situation, ALL)
    assert (chosen.grade, chosen.rule) == (grade, rule)


def test_the_grade_names_the_first_model_and_the_others_stand_in():
    assert route(Situation("code", complexity=1), ALL).models == (
        "openai:mini",
        "openai-compatible:m@http://h/v1",
        "anthropic:std",
    )


@pytest.mark.parametrize(
    ("written_by", "first", "rule"),
    [
        ({"anthropic"}, "openai-compatible", "other_provider"),
        ({"openai-compatible"}, "anthropic", "judgement"),
        (set(), "anthropic", "judgement"),
        ({"anthropic", "openai-compatible"}, "anthropic", "judgement"),
    ],
)
def test_who_reviews_is_of_another_provider_than_who_wrote(written_by, first, rule):
    chosen = route(Situation("review", written_by=frozenset(written_by)), ALL)
    assert chosen.models[0].partition(":")[0] == first
    assert chosen.rule == rule
    assert set(chosen.models) >= {"anthropic:std"}


def test_a_named_reviewer_reviews_whoever_wrote():
    models = Models(standard=("anthropic:a",), review=("anthropic:b",), fallbacks=("openai:c",))
    chosen = route(Situation("review", written_by=frozenset({"anthropic"})), models)
    assert chosen.models == ("anthropic:b", "anthropic:a", "openai:c")
    assert chosen.rule == "reviewer"


_names = st.lists(st.sampled_from(["a:1", "a:2", "b:1", "c:1"]), max_size=3).map(tuple)
_models = st.builds(
    Models,
    standard=_names.filter(bool),
    cheap=_names,
    top=_names,
    review=_names,
    fallbacks=_names,
)
_situations = st.builds(
    Situation,
    st.sampled_from(["analyze", "plan", "test", "code", "review", "repair"]),
    complexity=st.integers(-1, 12),
    attempt=st.integers(0, 9),
    spent=st.floats(0, 3),
    written_by=st.frozensets(st.sampled_from(["a", "b"])),
)


@given(_situations, _models)
def test_a_route_always_has_a_model_none_twice_and_only_named_ones(situation, models):
    chosen = route(situation, models)
    assert chosen.models
    assert len(set(chosen.models)) == len(chosen.models)
    assert set(chosen.models) <= set(models.all)
    assert set(models.standard) <= set(chosen.models)


@given(_situations, _models)
def test_near_the_end_of_the_budget_no_dearer_grade_is_meant(situation, models):
    order = list(Grade)
    now = route(situation, models).grade
    later = route(Situation(**{**vars(situation), "spent": 0.9}), models).grade
    assert order.index(later) <= order.index(now)
