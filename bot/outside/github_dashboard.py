"""The dashboard issue on GitHub: opened once, written only over the text that was read (B14).

GitHub compares nothing when an issue is written. So the text is read right before, and another one
than expected is left as it is; what happens in between is told by the `edited` webhook of our own
writing, which holds the text that was replaced.
"""

from __future__ import annotations

from typing import Any, ClassVar

from bot.outside.github_writes import Needs, Writes, ends_in, marked, marker
from bot.story.dashboard_events import seen
from bot.story.effects import ShowDashboard


class Dashboards(Writes):
    """The `_do_` and `_look_` of show_dashboard."""

    needs: ClassVar[Needs] = {"show_dashboard": {"issues": "write"}}

    def _do_show_dashboard(self, effect: ShowDashboard) -> dict[str, Any]:
        words = {"title": effect.title, "body": marked(effect.body, effect.key)}
        needs = ("number", "html_url")
        if not effect.issue:
            known = self._left_open(effect.repository, effect.title)
            verb, where = ("PATCH", ("issues", known)) if known else ("POST", ("issues",))
            told = self._write(verb, effect.repository, *where, body=words, needs=needs)
            return _result(effect, told, words["body"])
        now = self._reads.issue(effect.repository, effect.issue)
        if effect.expected and seen(str(now.get("body") or "")) != effect.expected:
            return _result(effect, now, "", "moved")
        state = {"state": effect.state} if now.get("state") != effect.state else {}
        where = ("issues", effect.issue)
        told = self._write("PATCH", effect.repository, *where, body=words | state, needs=needs)
        return _result(effect, told, words["body"])

    def _look_show_dashboard(self, effect: ShowDashboard) -> dict[str, Any] | None:
        if not effect.issue:
            found = self._issue_of(effect.repository, effect.key)
        else:
            found = self._reads.issue(effect.repository, effect.issue)
        if found is None or not ends_in(found, marker(effect.key)):
            return None
        return _result(effect, found, str(found.get("body") or ""))


def _result(
    effect: ShowDashboard, told: dict[str, Any], body: str, outcome: str = "written"
) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "number": told["number"],
        "url": told.get("html_url") or "",
        "says": effect.says,
        "body": seen(body) if body else "",
        "writing": effect.writing,
        "ticked": list(effect.ticked),
    }
