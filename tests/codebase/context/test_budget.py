"""The budget holds, and what goes first is decided by a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.budget import KEPT, Layer, Part, TooBig, count_tokens, cut, evict


def test_memory_goes_first_then_search_results_then_siblings():
    parts = [
        Part("target", Layer.TARGET, 50),
        Part("lesson", Layer.MEMORY, 10, 9.0),
        Part("found-best", Layer.SEARCH, 10, 1.0),
        Part("found-worst", Layer.SEARCH, 10, 0.1),
        Part("sibling", Layer.SIBLING, 10),
        Part("import", Layer.DEPENDENCY, 10),
    ]
    assert [part.name for part in evict(parts, 60)[1]] == [
        "lesson", "found-worst", "found-best", "sibling"
    ]  # fmt: skip
    assert [part.name for part in evict(parts, 85)[0]] == [
        "target", "found-best", "sibling", "import"
    ]  # fmt: skip


def test_the_target_and_what_it_imports_never_go():
    parts = [Part("a.py", Layer.TARGET, 80), Part("b.py", Layer.DEPENDENCY, 30)]
    with pytest.raises(TooBig) as problem:
        evict([*parts, Part("c.py", Layer.SEARCH, 5)], 100)
    assert (problem.value.tokens, problem.value.limit) == (110, 100)
    assert problem.value.names == ("a.py", "b.py")


PARTS = st.lists(
    st.builds(
        Part,
        st.text("abc", min_size=1),
        st.sampled_from(Layer),
        st.integers(0, 50),
        st.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=12,
)


@given(PARTS, st.integers(0, 300))
def test_whatever_is_asked_for_the_limit_holds_and_nothing_goes_without_need(parts, limit):
    try:
        kept, gone = evict(parts, limit)
    except TooBig:
        assert sum(part.tokens for part in parts if part.layer in KEPT) > limit
        return
    assert sum(part.tokens for part in kept) <= limit
    assert len(kept) + len(gone) == len(parts)
    assert all(part.layer not in KEPT for part in gone)
    if gone:
        assert sum(part.tokens for part in [*kept, gone[-1]]) > limit


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_is_never_longer_than_asked_for(text, tokens):
    assert count_tokens(cut(text, tokens)) <= tokens


def test_the_estimate_is_near_what_tokenizers_count():
    code = "def add_item(self, name: str) -> None:\n    self.items.append(Item(name, price=100))\n"
    assert 28 <= count_tokens(code) <= 36  # a published tokenizer: 30
    assert count_tokens("多" * 10) >= 10
    assert count_tokens("") == 0
