import pytest
from tally import Book

TEXT = """
# spring
2026-03-01  12.50  food    Ana   lunch at the lake
2026-03-02  40.00  travel  ben   train tickets
2026-04-01   7.50  food    ana
"""


def test_comments_and_empty_lines_are_skipped():
    assert len(Book.parse(TEXT).entries) == 3


def test_sums():
    book = Book.parse(TEXT)
    assert book.total() == 6000
    assert book.by_category() == {"travel": 4000, "food": 2000}
    assert list(book.by_month()) == ["2026-03", "2026-04"]
    assert book.paid() == {"ben": 4000, "ana": 2000}


def test_a_wrong_line_is_named():
    with pytest.raises(ValueError, match="line 2: expected a date"):
        Book.parse("\n2026-03-01 12.50\n")
