"""Open issues and their labels (B4). An issue that somebody is assigned to is theirs.

Labels of ours are not read: what Towpath does to an issue moves no rank.
"""

from __future__ import annotations

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, looked, names, text
from bot.story.dashboard_boxes import shown
from bot.story.vocabulary import Repository

NAME = "issues"

_VOTES = ((20, 13), (8, 8), (3, 5))


def read(
    reads: Reads, repository: Repository, *, story_label: str = "story", us: str = ""
) -> Reading:
    """`us`: our own login. Pull requests, issues of ours and dashboards are no items here."""

    def each(one: Told, told: Sightings) -> None:
        ours = us and text(one, "user", "login") == us
        if one.get("pull_request") or ours or shown(text(one, "body")):
            return
        told.add(_entry(one, story_label, us))

    return looked(NAME, repository, reads.open_issues, each)


def _entry(one: Told, story_label: str, us: str) -> Entry:
    number = text(one, "number")
    labels = tuple(
        name
        for name in names(one.get("labels"))
        if name != story_label and not name.startswith(f"{story_label}/")
    )
    assignees = one.get("assignees")
    logins = [text(person, "login") for person in assignees] if isinstance(assignees, list) else []
    others = sorted(login for login in logins if login and login != us)
    fields = {
        "url": text(one, "html_url"),
        "created": text(one, "created_at"),
        "state": "in progress" if others else "",
        "reason": f"assigned to {', '.join(others)}" if others else "",
    }
    votes = _votes(one)
    wanted = next((value for least, value in _VOTES if votes >= least), 0)
    return Entry(
        text(one, "title"),
        0,
        text(one, "body"),
        fields,
        key=number,
        labels=labels,
        identities=(f"issue:{number}",),
        inputs={"value": (wanted, f"{votes} people voted for it")} if wanted else {},
    )


def _votes(one: Told) -> int:
    count = (one.get("reactions") or {}).get("+1", 0)
    return count if isinstance(count, int) else 0
