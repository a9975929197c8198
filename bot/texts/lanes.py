"""What the command line says about lanes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

NONE = "No lane has run yet. `towpath serve` runs them for every repository it is installed on."
HEAD = f"{'lane':<10} {'last run':<17} {'outcome':<10} {'took':>7}  {'next':<9} {'now':<8} waits"
SHOWN_WAITS = 3


def no_lane(name: str, known: list[str]) -> str:
    return f"There is no lane {name}; there are {', '.join(known)}."


def not_run(lane: str, repository: str) -> str:
    return f"The lane {lane} has not run yet for {repository}."


def degraded(one: Mapping[str, Any]) -> str:
    return f"{one['service']} is degraded since {one['since'][:16]}: {one['because']}"


def row(one: Mapping[str, Any], now: datetime) -> str:
    at = one["at"][:16].replace("T", " ") if one["at"] else "never"
    took = f"{one['seconds']:.1f} s" if one["seconds"] is not None else ""
    runs = "running" if one["holder"] else ""
    line = f"{one['lane']:<10} {at:<17} {one['outcome'] or '':<10} {took:>7}  "
    line += f"{_until(one['next'], now):<9} {runs:<8}"
    waits = one["waits"]
    return f"{line} {len(waits) if waits else ''}".rstrip()


def waits(one: Mapping[str, Any]) -> Iterator[str]:
    """One line for each thing that is waited for, and one for those not shown."""
    for wait in one["waits"][:SHOWN_WAITS]:
        yield f"{'':<10} waits: {wait['what']}: {wait['reason']}, since {wait['since'][:16]}"
    if (more := len(one["waits"]) - SHOWN_WAITS) > 0:
        yield f"{'':<10} and {more} more; `towpath lanes show` tells all"
    if one["error"]:
        yield f"{'':<10} error: {one['error']} (the log has it by this number)"


def artefact(one: Mapping[str, Any], repository: str) -> Iterator[str]:
    """One run, whole."""
    dry = ", as a rehearsal" if one["dry"] else ""
    yield f"{one['lane']} of {repository}, run {one['run']}{dry}"
    yield f"  ended    {one['at']}: {one['outcome']} after {one['seconds']:.3f} s"
    yield f"  by       {one['by']}"
    if one["error"]:
        yield f"  error    {one['error']}"
    for name, number in one["counts"].items():
        yield f"  count    {name}: {number}"
    for name, told in one["inputs"].items():
        yield f"  input    {name}: {told[:16]}"
    for wait in one["waits"]:
        yield f"  waits    {wait['what']}: {wait['reason']}, since {wait['since'][:16]}"
    yield f"  decided  {one['decided'][:16]}"
    for told in one["decisions"]:
        about = f"item {told['item']}: " if told["item"] else ""
        yield f"    {about}{told['what']}{': ' if told['why'] else ''}{told['why']}"


def _until(due: str | None, now: datetime) -> str:
    if due is None:
        return ""
    left = datetime.fromisoformat(due) - now
    if left <= timedelta(0):
        return "now"
    minutes = -(-left // timedelta(minutes=1))
    return f"in {minutes} min"
