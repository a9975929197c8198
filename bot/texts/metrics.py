"""What `towpath metrics` says to people: the numbers with their units, and where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.texts.operator import nothing_in

__all__ = ["EMPTY_WINDOW", "NO_MOMENT", "nothing_in", "shown"]

NO_MOMENT = "expected a day (2026-05-01), an instant (2026-05-01T12:00Z) or a span (12h, 30d, 4w)."
EMPTY_WINDOW = "The window ends before it begins: --since has to be before --until."
_NONE = "nothing to measure"
_UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))

Told = Mapping[str, Any]


def shown(told: Told) -> str:
    """All numbers as lines. `told`: as `--json` prints them."""
    dora, flow = told["dora"], told["flow"]
    lines = [
        f"{told['repository'] or 'all repositories'}, {_day(told['since'])} to "
        f"{_day(told['until'])} ({_observed(told)})",
        "",
        _line("deployments (merges)", _frequency(dora["deployment_frequency"])),
        _line("lead time for changes", _spread(dora["lead_time_for_changes"])),
        _line("change failure rate", _rate(dora["change_failure_rate"], dora["failed_changes"])),
        _line("time to restore", _restored(dora["time_to_restore"])),
        "",
        _line("cycle time", _spread(flow["cycle_time"])),
        _line("lead time", _spread(flow["lead_time"])),
        _line("completion rate", _rate(flow["completion_rate"], None) + _ended(flow["ended"])),
        _line("waiting for approvals", _spread(flow["approvals_waiting"])),
        _line("open items", _ageing(flow["ageing"])),
        _line("WSJF delivered", _wsjf(told["wsjf"])),
        "",
        _line("tests", _ci(told["ci"])),
        _line("workflows on GitHub", _workflows(told["ci"])),
        _line("conflicts", _conflicts(told["conflicts"])),
        _line("cost of models", _cost(told["cost"])),
    ]
    weeks = [week for week in flow["throughput"] or () if week["done"]]
    if weeks:
        lines += ["", "done by week"]
        lines += [f"  {_week(week)}" for week in weeks[-_MOST_WEEKS:]]
    if told["out_of_order"]:
        lines += ["", f"{told['out_of_order']} lengths count as 0: a clock had gone back."]
    return "\n".join(lines)


_MOST_WEEKS = 12


def _line(name: str, said: str) -> str:
    return f"{name:<22}  {said}"


def _day(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _observed(told: Told) -> str:
    days = told["observed_days"]
    return "nothing was recorded" if days is None else f"{days:.1f} days observed"


def _length(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _spread(one: Told | None) -> str:
    if one is None:
        return _NONE
    half, most, nearly = (_length(one[f"{name}_seconds"]) for name in ("median", "p85", "p95"))
    return f"median {half}, 85% {most}, 95% {nearly} ({one['count']})"


def _frequency(one: Told | None) -> str:
    return _NONE if one is None else f"{one['count']}, {one['per_week']:.1f} a week"


def _rate(rate: float | None, count: int | None) -> str:
    if rate is None:
        return _NONE
    return f"{rate:.0%}" + (f" ({count})" if count is not None else "")


def _restored(one: Told | None) -> str:
    if one is None:
        return _NONE
    still = one["still_broken"]
    return _spread(one["time"]) + (f"; {still} not put right yet" if still else "")


def _ended(one: Told | None) -> str:
    told = [f"{number} {name}" for name, number in (one or {}).items() if number]
    return f" ({', '.join(told)})" if told else ""


def _ageing(one: Told | None) -> str:
    if one is None:
        return _NONE
    return f"{one['open']}" + (f", age {_spread(one['time'])}" if one["time"] else "")


def _wsjf(one: Told | None) -> str:
    if one is None:
        return _NONE
    elsewhere = one["closed_elsewhere"]
    more = f"; {elsewhere} done by others" if elsewhere else ""
    return f"{one['delivered']:.2f} in {one['items']} items{more}"


def _ci(one: Told | None) -> str:
    if one is None:
        return _NONE
    rate = "" if one["failure_rate"] is None else f" ({one['failure_rate']:.0%})"
    return (
        f"{one['runs']} runs, {one['failed']} failed{rate}, {one['flaky']} flaky, "
        f"{one['could_not_run']} could not run"
    )


def _workflows(one: Told | None) -> str:
    found = one and one["workflows"]
    if not found:
        return _NONE
    rate = "" if found["failure_rate"] is None else f" ({found['failure_rate']:.0%})"
    return f"{found['runs']} runs, {found['failed']} failed{rate}"


def _conflicts(one: Told | None) -> str:
    if one is None:
        return _NONE
    hits = f", {one['rerere_hits']} of them known from before"
    return f"{one['conflicts']} met, {one['resolved']} resolved{hits}; {one['rebased']} rebased"


def _cost(one: Told | None) -> str:
    if one is None:
        return _NONE
    each = one["median_story_usd"]
    told = f"${one['total_usd']:.2f}" + ("" if each is None else f", a story ${each:.2f} (median)")
    unknown = one["unpriced_calls"]
    return told + (f"; {unknown} calls of unknown price" if unknown else "")


def _week(week: Told) -> str:
    families = ", ".join(f"{name} {number}" for name, number in week["by_family"].items())
    return f"{week['week']}  {week['done']:>3}  {families}"
