import pytest
from tally.money import format_cents, parse_cents


@pytest.mark.parametrize(
    ("text", "cents"), [("12.50", 1250), ("3", 300), ("0.5", 50), ("-1.05", -105)]
)
def test_an_amount_is_read_as_cents(text, cents):
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["", "12,50", "1.234", "abc"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse_cents(text)


def test_cents_are_shown_with_two_places():
    assert [format_cents(c) for c in (1250, 5, -105)] == ["12.50", "0.05", "-1.05"]
