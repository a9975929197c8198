"""Check runs on GitHub (W11).

Promises: one check run an effect, found again by its external id; annotations in requests of 50.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from bot.outside.github_reads import repo_path
from bot.outside.github_writes import Needs, Writes
from bot.story import effects as fx

AT_ONCE, MOST = 50, 500  # annotations in a request (GitHub's limit), and of a check run
_LEVELS = {"error": "failure", "warning": "warning", "note": "notice"}
RERUN = {
    "label": "Look again",
    "description": "Run this gate once more",
    "identifier": "rerun",
}  # at most 20, 40 and 20 characters


class Checks(Writes):
    """The `_do_` and `_look_` of publish_check."""

    needs: ClassVar[Needs] = {"publish_check": {"checks": "write"}}

    def _do_publish_check(self, effect: fx.PublishCheck) -> dict[str, Any]:
        notes = [_annotation(one) for one in effect.annotations[:MOST]]
        told = self._run(effect)
        if told is None:
            body = {
                "name": effect.check,
                "head_sha": effect.sha,
                "external_id": _mark(effect.key),
                "status": "completed",
                "conclusion": effect.conclusion,
                "output": _output(effect, notes[:AT_ONCE]),
                "actions": [RERUN] if effect.conclusion in ("failure", "neutral") else [],
            }
            told = self._write("POST", effect.repository, "check-runs", body=body, needs=("id",))
            there = AT_ONCE
        else:
            there = _noted(told)
        for start in range(there, len(notes), AT_ONCE):
            more = {"output": _output(effect, notes[start : start + AT_ONCE])}
            self._write("PATCH", effect.repository, "check-runs", told["id"], body=more)
        return _result(told)

    def _look_publish_check(self, effect: fx.PublishCheck) -> dict[str, Any] | None:
        run = self._run(effect)
        whole = run is not None and _noted(run) >= len(effect.annotations[:MOST])
        return _result(run) if run is not None and whole else None

    def _run(self, effect: fx.PublishCheck) -> dict[str, Any] | None:
        """The check run of this effect, if it was begun."""
        path = repo_path(effect.repository.full_name, "commits", effect.sha, "check-runs")
        runs = self._http.pages(
            path,
            effect.repository.installation_id,
            "check_runs",
            check_name=effect.check,
            filter="all",
        )
        wanted = _mark(effect.key)
        return next((one for one in runs if one.get("external_id") == wanted), None)


def _mark(key: str) -> str:
    return f"towpath:{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _result(told: dict[str, Any]) -> dict[str, Any]:
    return {"check_run_id": told.get("id"), "url": told.get("html_url") or ""}


def _noted(run: dict[str, Any]) -> int:
    """How many annotations it has; as many as there can be where that is not told."""
    told = (run.get("output") or {}).get("annotations_count")
    return MOST if told is None else int(told)


def _output(effect: fx.PublishCheck, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": effect.title[:250],
        "summary": effect.summary[:60_000],
        "annotations": notes,
    }


def _annotation(one: Any) -> dict[str, Any]:
    # GitHub takes a column only where all is on one line.
    on_one_line = one.column and max(one.line, one.end_line) == one.line
    column = {"start_column": one.column, "end_column": one.column} if on_one_line else {}
    return {
        **column,
        "path": one.file,
        "start_line": one.line,
        "end_line": max(one.line, one.end_line),
        "annotation_level": _LEVELS.get(one.severity, "warning"),
        "title": one.rule[:250],
        "message": one.message[:5_000],
    }
