"""What `towpath run` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MODE_OFF = "its configuration says `mode: off`"


def begins(place: str, url: str, dry: bool) -> str:
    if dry:
        return f"Looking at a copy of {place}; nothing is begun and nothing is kept."
    return f"Working on a copy of {place}; look at {url} while it runs."


def begins_on_github(name: str, dry: bool) -> str:
    if dry:
        return f"Looking at {name}; nothing is begun and nothing is kept."
    return f"Working on {name}."


def not_a_place(name: str) -> str:
    return f"{name} is neither a folder here nor OWNER/REPO."


def not_installed(name: str) -> str:
    return (
        f"the app is not installed on {name}, or there is no such repository; install it there, "
        "or name a folder to work on a copy of it."
    )


def stopped(name: str, why: str) -> str:
    return f"nothing may be done for {name} now: {why}."


def broken_configuration(path: str, problems: Sequence[tuple[int, str]]) -> str:
    told = "; ".join(f"line {line}: {what}" if line else what for line, what in problems[:10])
    return f"{path} cannot be used: {told}"


def lane(
    name: str, outcome: str, seconds: float, counts: Mapping[str, int], error: str = ""
) -> str:
    told = error or ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{name:<10} {outcome:<10} {seconds:6.1f} s  {told}".rstrip()


def elsewhere(name: str) -> str:
    return f"{name:<10} another process has it"


def decision(item: int, title: str, what: str, why: str) -> str:
    cut = title if len(title) <= 60 else f"{title[:59]}…"
    about = f"item {item} “{cut}”: " if item else ""
    return f"  {about}{what}{f' ({why})' if why else ''}"


def wait(what: str, reason: str) -> str:
    return f"  waits: {what}: {reason}"


def more(count: int) -> str:
    return f"  and {count} more"


def only_for_folders(option: str) -> str:
    return f"{option} is for folders; what works on a repository on GitHub is in the settings."


def ended(summary: Mapping[str, Any]) -> str:
    if summary["dry_run"]:
        return "Nothing was changed."
    stories = summary["stories"]
    if not stories:
        return "Nothing was begun."
    lines = []
    for one in stories:
        lines.append(f"{one['story']} (item {one['item']}) is {one['state']}: {one['title']}")
        if one.get("patch"):
            lines.append(f"  patch    {one['patch']}")
        if one.get("report"):
            lines.append(f"  report   {one['report']}")
        if one.get("url"):
            lines.append(f"  issue    {one['url']}")
        if one.get("reason"):
            lines.append(f"  handed over: {one['reason']}")
    return "\n".join(lines)


def away(problem: str) -> str:
    return f"This cycle could not go on: {problem}."


def again(minutes: float) -> str:
    return f"The next cycle begins in {minutes:g} minutes; Ctrl-C ends it."
