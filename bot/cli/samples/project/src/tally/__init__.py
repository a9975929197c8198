"""Count shared expenses from a plain text book."""

from tally.book import Book
from tally.entry import Entry, parse_line

__all__ = ["Book", "Entry", "parse_line"]
