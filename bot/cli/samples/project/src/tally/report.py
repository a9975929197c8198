"""Sums as a small table."""

from __future__ import annotations

from tally.money import format_cents


def table(sums: dict[str, int], total: bool = True) -> str:
    """One line a name, amounts aligned at the right; with a last line for the total."""
    rows = [(name, format_cents(cents)) for name, cents in sums.items()]
    if total:
        rows.append(("total", format_cents(sum(sums.values()))))
    if not rows:
        return ""
    left = max(len(name) for name, _ in rows)
    right = max(len(amount) for _, amount in rows)
    return "\n".join(f"{name:<{left}}  {amount:>{right}}" for name, amount in rows)
