"""What the dashboard issue says (B14).

Promises: titles and reasons of strangers are shown without any power: they name nobody, link
nowhere, refer to nothing, close nothing and hold no box. Links to issues and pull requests are
relative, so that nothing is mentioned there. The text always fits into an issue.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.story.dashboard_boxes import box
from bot.story.dashboard_events import Action, BoxAnswered, Tick
from bot.story.dashboard_view import Row, View, Wait
from bot.texts.words import plain, who

TITLE = "Towpath dashboard"
LONGEST = 60_000  # characters; an issue holds 65,536
_SHA = re.compile(r"\b[0-9a-fA-F]{7,64}\b")
_BARE_PIPE = re.compile(r"(?<!\\)\|")
_UP_AND_DOWN = {"up": "more important", "down": "less important"}
_WORDS: dict[Action, str] = {
    "start": "start it now",
    "hold": "hold it back",
    "release": "let it go on",
    "up": _UP_AND_DOWN["up"],
    "down": _UP_AND_DOWN["down"],
}
_HEADS = {
    "ready": ("Ready", "Nothing is ready to be started."),
    "underway": ("Under way", "Nothing is worked on."),
    "blocked": ("Blocked", "Nothing is blocked."),
    "proposed": ("Proposed", "Nothing new was found."),
}
_STATES = {
    "NEW": "found",
    "REFINED": "refined",
    "READY": "ready",
    "DOING": "worked on",
    "PR": "in review",
    "BLOCKED": "blocked",
    "DONE": "done",
}
CLOSED = (
    "This dashboard is closed: it is not kept up to date, and its boxes are gone. It comes back "
    "when the issue is reopened, as long as `backlog.dashboard.enabled` in `.github/towpath.yml` "
    "is `true`."
)

HIDDEN = (
    "Items that come from alerts, advisories and other systems are counted, not shown: this "
    "repository is public."
)


def body(view: View, shown: int) -> str:
    """The text of the issue. `shown`: the number of this writing, which its boxes bear."""
    if view.closed:
        return CLOSED
    while True:
        text = _body(view, shown)
        if len(text) <= LONGEST:
            return text
        view = _shorter(view)


def _body(view: View, shown: int) -> str:
    parts = [_summary(view), _table(view)]
    if view.waits:
        parts.append("## Waiting\n\n" + "\n".join(map(_wait, view.waits)))
    for name, (head, nothing) in _HEADS.items():
        rows = [_entry(row, view, shown) for row in view.sections.get(name, ())]
        if rest := view.rest.get(name, 0):
            rows.append(f"- and {rest} more")
        parts.append(f"## {head}\n\n" + ("\n".join(rows) or nothing))
    if view.answers:
        told = [f"- {one.at:%Y-%m-%d %H:%M} UTC: {answer(one.event)}" for one in view.answers]
        parts.append("## What became of ticked boxes\n\n" + "\n".join(reversed(told)))
    return "\n\n".join([*parts, _LEGEND])


def _summary(view: View) -> str:
    told = [
        f"{number} {_STATES[state]}" for state in _STATES if (number := view.counts.get(state, 0))
    ]
    hidden = " " + HIDDEN if view.hides else ""
    return f"{'; '.join(told) or 'The backlog is empty'}. Numbers of {view.day}.{hidden}"


def _table(view: View) -> str:
    if not view.ranked:
        return "## Ranking\n\nNothing waits to be started."
    rows = [
        "## Ranking",
        "",
        "| rank | item | | score | value | time | risk | size | days | kind | state |",
        "|--:|--:|---|--:|--:|--:|--:|--:|--:|---|---|",
    ]
    for rank, row in enumerate(view.ranked, 1):
        numbers = [_number(one) for one in row.inputs]
        cells = [str(rank), str(row.number), _cell(title(row)), f"{row.score:.2f}", *numbers]
        cells += [str(row.days), row.family, _STATES.get(row.state, row.state)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _number(one: tuple[int, bool] | None) -> str:
    if one is None:
        return ""
    return f"**{one[0]}**" if one[1] else str(one[0])


def _entry(row: Row, view: View, shown: int) -> str:
    words = [f"**{row.number}** {title(row)}"]
    if row.story is not None:
        words.append(f"[story {row.story.issue}](../issues/{row.story.issue}) {row.story.state}")
        if row.story.pull:
            words.append(f"[pull request {row.story.pull}](../pull/{row.story.pull})")
    elif row.issue:
        words.append(f"[issue {row.issue}](../issues/{row.issue})")
    if row.reason and row.state == "BLOCKED":
        words.append(safe(row.reason, 200))
    if row.since and row.state in ("BLOCKED", "DOING", "PR"):
        words.append(f"since {row.since}")
    lines = [f"- {', '.join(words)}"]
    for action in row.boxes:
        tick = Tick(shown=shown, item=row.number, action=action)
        waits = tick.place in view.pending
        note = " (looking for who ticked this)" if waits else ""
        lines.append("  " + box(tick, waits, _WORDS[action] + note))
    return "\n".join(lines)


def _wait(one: Wait) -> str:
    since = f", since {one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
    return f"- {safe(one.what, 100)}: {safe(one.reason, 300)}{since}"


def title(row: Row) -> str:
    """The title of an item without any power; never empty."""
    return safe(row.title, 120) or "(no title)"


def safe(text: str, limit: int) -> str:
    """Words of strangers: plain, and what looks like a commit is no reference to one."""
    parts = plain(text.replace("`", "'"), limit).split("`")  # what is left of them shows addresses
    return "`".join(part if n % 2 else _quiet(part) for n, part in enumerate(parts))


def _quiet(text: str) -> str:
    text = text.replace("$", "\\$").replace("_", "\\_")
    return _SHA.sub(lambda found: f"`{found.group()}`", text)


def _cell(text: str) -> str:
    return _BARE_PIPE.sub(r"\\|", text)


def answer(told: BoxAnswered) -> str:
    """What came of a tick, in a sentence."""
    item = f"item {told.tick.item}"
    said = f"{who(told.person.login)} ticked “{_WORDS[told.tick.action]}” at {item}: "
    if told.person.id == 0:
        said = f"“{_WORDS[told.tick.action]}” at {item} was ticked: "
    return said + _outcome(told.outcome, told.detail)


def _outcome(outcome: str, detail: tuple[str, ...]) -> str:
    first = safe(detail[0], 300) if detail else ""
    match outcome, detail:
        case "started", (issue, *_) if issue.isdigit():
            return f"begun as [story {issue}](../issues/{issue})."
        case "not_started", _:
            return f"not begun, because {first or 'it could not be'}."
        case "held", _:
            return "held back; nothing starts it until it is let go."
        case "released", _:
            return "it goes on."
        case "given", (name, before, after, *_):
            return f"{safe(name, 20)} {safe(before, 10)} → {safe(after, 10)}."
        case "as_it_is", _:
            return f"nothing to change: it is {first} already."
        case "end_of_scale", _:
            return "it is at the end of the scale already."
        case "not_allowed", _:
            return f"not done, because {first}."
        case "gone", _:
            return "there is no such item any more."
        case "nobody", _:
            return "not done, because GitHub did not say who ticked it. Please tick it again."
        case _:
            return f"{safe(outcome, 60)} {first}".strip() + "."


def _shorter(view: View) -> View:
    """Half of the longest part; what was left out is counted."""
    name = max(view.sections, key=lambda one: len(view.sections[one]), default="")
    if name and len(view.sections[name]) >= max(len(view.ranked), 1):
        kept = view.sections[name][: len(view.sections[name]) // 2]
        left = view.rest.get(name, 0) + len(view.sections[name]) - len(kept)
        return replace(
            view,
            sections={**view.sections, name: kept},
            rest={**view.rest, name: left},
        )
    if view.ranked:
        return replace(view, ranked=view.ranked[: len(view.ranked) // 2])
    if view.waits:
        return replace(view, waits=view.waits[: len(view.waits) // 2])
    return replace(view, answers=view.answers[1:])


_LEGEND = """---

<details><summary>How this works</summary>

- The order is (value + time criticality + risk reduction) / size, times a factor that grows with
  age from 1 to 2 in a month. Numbers in bold were given by a person, the others are estimates or
  come from labels and documents.
- Tick a box to have it done. Only ticks of people with write access count. What became of a tick
  is said above, and the box is free again.
- “More important” and “less important” move the value by a step of 1, 2, 3, 5, 8, 13; where that
  is at its end, the time criticality. `/wsjf value=8` in the item's issue says it exactly.
- “Hold it back” blocks an item until somebody ticks “let it go on”.
- Text that is changed here by hand is written over. Closing this issue switches the dashboard off,
  reopening it brings it back.

</details>"""
