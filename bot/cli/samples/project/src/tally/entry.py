"""One line of the book."""

from dataclasses import dataclass
from datetime import date

from tally.money import parse_cents


@dataclass(frozen=True)
class Entry:
    """An expense: what was paid, when, for what and by whom."""

    day: date
    cents: int
    category: str
    paid_by: str
    note: str = ""


def parse_line(line: str) -> Entry:
    """Read `date amount category person note…`. Raises ValueError with what is wrong."""
    parts = line.split(maxsplit=4)
    if len(parts) < 4:
        raise ValueError(f"expected a date, an amount, a category and a person: {line!r}")
    day, amount, category, paid_by = parts[:4]
    return Entry(
        day=date.fromisoformat(day),
        cents=parse_cents(amount),
        category=category.lower(),
        paid_by=paid_by.lower(),
        note=parts[4].strip() if len(parts) == 5 else "",
    )
