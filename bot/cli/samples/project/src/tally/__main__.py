"""The command line: `python -m tally BOOK`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tally.book import Book
from tally.report import table


def main(argv: list[str] | None = None) -> int:
    """Print the sums of a book. The exit status is 1 if the book cannot be read."""
    parser = argparse.ArgumentParser(prog="tally", description="Count shared expenses.")
    parser.add_argument("book", type=Path)
    parser.add_argument("--by", choices=["category", "month", "person"], default="category")
    given = parser.parse_args(argv)
    try:
        book = Book.parse(given.book.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"tally: {given.book}: {error}", file=sys.stderr)
        return 1
    sums = {"category": book.by_category, "month": book.by_month, "person": book.paid}
    print(table(sums[given.by]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
