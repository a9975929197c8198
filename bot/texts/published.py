"""What is said about the files that Towpath keeps up to date in a repository (B14)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bot.texts.words import code, money, plain
from policies.repository_effects import BACKLOG_PATH, REPORTS

TITLE = "chore: bring the backlog up to date"
MESSAGE = "chore: bring the backlog up to date\n"
HEAD = (
    "The backlog in the order in which Towpath works on it.\n"
    "A number for value, time, risk or size that is changed here, `status: done`, and new entries\n"
    "count as your word once they are on the default branch; the rest is written over."
)
_NOTHING = "nothing to measure"
_RUNS = ("runs", "failed", " failed")


def body(asks: Collection[str]) -> str:
    """The pull request's text. `asks`: what is asked for, by the keys of the configuration."""
    paths = {"backlog_file": BACKLOG_PATH, "daily_report": REPORTS}
    named = " and ".join(code(path) for name, path in paths.items() if name in asks)
    return (
        f"This keeps {named} up to date. It is one pull request, which is brought up to date "
        "while it is open. Nothing is written more than once an hour.\n\n"
        "Merge it whenever you like. Close it, and Towpath leaves the files alone until this is "
        "reopened or `backlog.publish` in `.github/towpath.yml` is changed. If you push to its "
        "branch, the branch is yours until this is merged or closed."
    )


def taken_over(branch: str) -> str:
    return f"somebody else pushed to {branch}; once it is deleted, it is written again"


def broken(path: str, line: int, what: str) -> str:
    where = f"line {line}: " if line else ""
    return (
        f"{path} cannot be read ({where}{plain(what)}); it is not written over until that is mended"
    )


def declined(number: int) -> str:
    return f"pull request {number} was closed; reopen it to have the files again"


def report(told: Mapping[str, Any]) -> str:
    """The report of a day: `told` is its snapshot."""
    day, month = told["day"], told["thirty_days"]
    lines = [f"# {plain(told['repository'])}: {told['date']}", ""]
    for head, part in (("The day", day), ("The thirty days to its end", month)):
        lines += [f"## {head}", "", *_lines(part), ""]
    weeks = [week for week in month["flow"]["throughput"] or () if week["done"]]
    if weeks:
        lines += ["## Done by week", ""]
        lines += [f"- {week['week']}: {_families(week)}" for week in weeks]
        lines.append("")
    lines.append("Numbers are defined in docs/metrics.md of Towpath. Days are those of UTC.")
    return "\n".join(lines) + "\n"


def _lines(part: Mapping[str, Any]) -> list[str]:
    dora, flow = part["dora"], part["flow"]
    ci, cost, wsjf = part["ci"], part["cost"], part["wsjf"]
    return [
        f"- Deployments (merges): {_count(dora['deployment_frequency'])}",
        f"- Lead time for changes: {_spread(dora['lead_time_for_changes'])}",
        f"- Change failure rate: {_rate(dora['change_failure_rate'])}",
        f"- Time to restore: {_spread((dora['time_to_restore'] or {}).get('time'))}",
        f"- Cycle time: {_spread(flow['cycle_time'])}",
        f"- Completion rate: {_rate(flow['completion_rate'])}",
        f"- Open items: {_open(flow['ageing'])}",
        f"- WSJF delivered: {_of(wsjf, 'delivered', 'items')}",
        f"- Runs of the tests: {_of(ci, *_RUNS)}",
        f"- Runs of the repository's workflows: {_of((ci or {}).get('workflows'), *_RUNS)}",
        f"- Cost of models: {money(cost['total_usd']) if cost else _NOTHING}",
    ]


def _count(one: Mapping[str, Any] | None) -> str:
    return _NOTHING if one is None else str(one["count"])


def _spread(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return _NOTHING
    half, most = one["median_seconds"] / 3600, one["p95_seconds"] / 3600
    return f"median {half:.1f} h, 95% {most:.1f} h, of {one['count']}"


def _rate(share: float | None) -> str:
    return _NOTHING if share is None else f"{100 * share:.1f}%"


def _open(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return _NOTHING
    states = ", ".join(f"{number} {state}" for state, number in sorted(one["by_state"].items()))
    return f"{one['open']} ({states})" if states else str(one["open"])


def _of(one: Mapping[str, Any] | None, first: str, second: str, words: str = " items") -> str:
    return _NOTHING if one is None else f"{one[first]:g} ({one[second]}{words})"


def _families(week: Mapping[str, Any]) -> str:
    named = ", ".join(f"{number} {name}" for name, number in sorted(week["by_family"].items()))
    return f"{week['done']} ({named})" if named else str(week["done"])
