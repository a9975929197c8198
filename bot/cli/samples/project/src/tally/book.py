"""A book of expenses and the sums that can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tally.entry import Entry, parse_line


@dataclass(frozen=True)
class Book:
    """Expenses in the order in which they were written down."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Book:
        """Read a whole book. A ValueError names the line that is wrong."""
        entries = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                entries.append(parse_line(line))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
        return cls(tuple(entries))

    def total(self) -> int:
        """All expenses in cents."""
        return sum(entry.cents for entry in self.entries)

    def by_category(self) -> dict[str, int]:
        """Cents by category, the largest first."""
        return _sums((entry.category, entry.cents) for entry in self.entries)

    def by_month(self) -> dict[str, int]:
        """Cents by month (`2026-03`), the earliest first."""
        sums = _sums((entry.day.strftime("%Y-%m"), entry.cents) for entry in self.entries)
        return dict(sorted(sums.items()))

    def paid(self) -> dict[str, int]:
        """Cents that each person has paid, the largest first."""
        return _sums((entry.paid_by, entry.cents) for entry in self.entries)


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, cents in pairs:
        sums[name] = sums.get(name, 0) + cents
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
