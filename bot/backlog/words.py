"""The words people use for an item's fields, states, kinds and numbers (B4).

Promises: pure; a word that is not known is None, never a guess. The tables are the documentation.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from bot.story.item_events import Family, ItemState
from policies.ranking import on_scale

_FIELDS = {
    "title": "title summary name task item story subject headline what todo feature requirement "
    "user_story backlog_item work_item issue_title deliverable",
    "body": "body description details detail notes note text desc comment comments content "
    "background rationale why",
    "criteria": "criteria acceptance acceptance_criteria acceptance_criterion definition_of_done "
    "dod",
    "id": "id key ref number no nr ticket ticket_id item_id issue_key uid identifier story_id "
    "task_id",
    "value": "value business_value bv user_business_value user_value impact benefit user_impact "
    "business_impact wsjf_value",
    "time": "time time_criticality tc criticality urgency timecrit wsjf_time",
    "risk": "risk risk_reduction rr rroe rr_oe risk_reduction_opportunity_enablement "
    "opportunity_enablement risk_opportunity risk_opp wsjf_risk",
    "size": "size effort job_size points story_points sp estimate complexity cost duration "
    "tshirt_size t_shirt_size js job_duration estimation effort_points wsjf_size story_point",
    "score": "wsjf score wsjf_score rank weight",
    "priority": "priority prio importance moscow",
    "severity": "severity cvss cvss_score level",
    "family": "type family kind category issue_type task_type work_type class",
    "labels": "labels tags label tag keywords components component",
    "state": "status state progress stage workflow",
    "done": "done completed complete checked closed finished resolved is_done",
    "created": "created created_at date opened opened_at created_on added reported_on reported "
    "date_created creation_date",
    "due": "due deadline due_date target_date due_on",
    "url": "url link href permalink web_url html_url",
    "issue": "issue github_issue github gh issue_number gh_issue",
    "reason": "reason blocked_reason blocked_by blocker block_reason",
    "advisory": "cve advisory ghsa vulnerability vulnerability_id cve_id aliases",
    "package": "package dependency library pkg package_name",
    "file": "file path filename file_path",
    "line": "line line_number lineno",
    "rule": "rule rule_id check check_id",
    "ours": "towpath_item",
    "skip": "estimates sources first_seen ageing",
    "children": "children subtasks sub_tasks items tasks stories features entries issues todos "
    "backlog work_items",
}


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKC", word).casefold())


_BY_WORD = {_plain(w): field for field, words in _FIELDS.items() for w in words.split()}


def field_of(header: str) -> str | None:
    """The field that a header, key or column name means: `Business Value`, `effort (SP)`, `ID`."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", header)
    if _plain(header) == "" and header.strip() in ("#", "№"):
        return "id"
    return _BY_WORD.get(_plain(bare)) or _BY_WORD.get(_plain(header))


# -- numbers -----------------------------------------------------------------------------------

_SHIRTS = {"xs": 1, "s": 2, "m": 3, "l": 5, "xl": 8, "xxl": 13, "xxxl": 13, "2xl": 13, "3xl": 13}
_SIZES = {
    "trivial": 1, "tiny": 1, "minimal": 1, "verylow": 1, "verysmall": 1, "extrasmall": 1,
    "low": 2, "small": 2, "easy": 2, "minor": 2,
    "medium": 3, "moderate": 3, "normal": 3, "average": 3, "med": 3,
    "high": 8, "large": 5, "big": 5, "hard": 8, "major": 8,
    "veryhigh": 13, "verylarge": 8, "extralarge": 8, "huge": 13, "epic": 13,
}  # fmt: skip
_DEGREES = {
    "none": 1, "verylow": 1, "lowest": 1, "trivial": 1, "minimal": 1, "negligible": 1,
    "low": 2, "minor": 2, "small": 2, "could": 2, "nicetohave": 2,
    "medium": 5, "moderate": 5, "normal": 5, "average": 5, "med": 5, "should": 5, "mid": 5,
    "high": 8, "major": 8, "large": 8, "important": 8, "big": 8,
    "critical": 13, "veryhigh": 13, "highest": 13, "blocker": 13, "urgent": 13, "must": 13,
    "huge": 13, "extreme": 13, "essential": 13,
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d{1,9}(?:[.,]\d{1,6})?")
_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:-|–|\.\.|to)\s*(\d+(?:[.,]\d+)?)")
_DURATION = re.compile(r"(\d+(?:[.,]\d+)?)\s*(h|hrs?|hours?|d|days?|w|wks?|weeks?|months?)")
_HOURS = {"h": 1, "d": 8, "w": 40, "m": 160}
_DAYS = ((4, 1), (8, 2), (24, 3), (40, 5), (80, 8))  # up to so many hours of work → size


def number_of(told: Any, field: str) -> int | None:
    """A value for one of the four inputs, on the scale; None where it says no such number.

    Numbers ("8", "5 pts", "~3", "2-3": the larger), T-shirt sizes, degrees ("high") and, for sizes,
    durations ("2 days"). Nought is the least there is.
    """
    if isinstance(told, bool) or told is None:
        return None
    if isinstance(told, (int, float)):
        return _scaled(told)
    text = str(told).strip().casefold()[:60]
    plain = _plain(text)
    words = (_SHIRTS | _SIZES) if field == "size" else (_SHIRTS | _DEGREES)
    if plain in words:
        return words[plain]
    if field == "size" and (found := _DURATION.fullmatch(text.lstrip("~<≈ "))):
        hours = float(found[1].replace(",", ".")) * _HOURS[found[2][0]]
        return next((size for most, size in _DAYS if hours <= most), 13)
    if found := _SPAN.fullmatch(text):
        return _scaled(float(found[2].replace(",", ".")))
    numbers = _NUMBER.findall(text.split("/")[0])
    rest = _plain(_NUMBER.sub("", text.split("/")[0]))
    if len(numbers) != 1 or (rest not in _UNITS and rest not in words):
        return None
    return _scaled(float(numbers[0].replace(",", ".")))


_UNITS = frozenset(["", "pt", "pts", "point", "points", "sp", "storypoints", "storypoint"])


def _scaled(number: float) -> int | None:
    try:
        return 1 if number == 0 else on_scale(number)
    except (ValueError, OverflowError):
        return None


# -- importance --------------------------------------------------------------------------------

_PRIORITIES = {
    "critical": "critical p0 0 blocker highest urgent must musthave emergency showstopper "
    "immediate",
    "high": "high p1 1 major important error",
    "medium": "medium p2 2 normal moderate should shouldhave warning med default",
    "low": "low p3 p4 p5 3 4 5 minor lowest trivial could couldhave wont nicetohave note info "
    "informational negligible none",
}
_BY_PRIORITY = {w: level for level, words in _PRIORITIES.items() for w in words.split()}


def priority_of(told: Any) -> str | None:
    """critical | high | medium | low, for a word or a P-number; None for anything else."""
    return None if told is None else _BY_PRIORITY.get(_plain(str(told)))


def severity_of(told: Any) -> str | None:
    """The same for a severity; a number is a CVSS score."""
    try:
        score = float(str(told))
    except ValueError:
        return priority_of(told)
    if not 0 <= score <= 10:
        return None
    levels = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"))
    return next((level for least, level in levels if score >= least), "low")


# -- kinds and states --------------------------------------------------------------------------

_FAMILIES = {
    Family.FEATURE: "feature story enhancement userstory epic improvement feat newfeature idea "
    "request featurerequest capability initiative spike",
    Family.BUG: "bug defect fix error incident regression bugfix fault problem hotfix crash",
    Family.SECURITY: "security vulnerability cve sast vuln advisory securityvulnerability secret "
    "vulnerable securityfix",
    Family.DEBT: "debt techdebt technicaldebt refactor refactoring cleanup chore maintenance "
    "performance perf codequality deprecation optimization optimisation hack improvementdebt",
    Family.TEST: "test tests testing coverage flaky qa quality testcase flakytest",
    Family.DOCS: "docs documentation doc adr manual readme",
    Family.OPERATIONS: "ops operations operation ci build deploy infra infrastructure devops "
    "pipeline configuration config deployment cicd monitoring release dependencies dependency",
}
_BY_FAMILY = {w: family for family, words in _FAMILIES.items() for w in words.split()}


def family_of(told: Any) -> Family | None:
    """The family that a word for a kind of work means."""
    return None if told is None else _BY_FAMILY.get(_plain(str(told)))


_STATES: dict[ItemState, str] = {
    ItemState.DONE: "done closed complete completed resolved fixed shipped merged released "
    "finished implemented x yes true deployed accepted delivered wontfix wontdo cancelled "
    "canceled rejected obsolete duplicate dropped abandoned invalid superseded deprecated "
    "archived dismissed",
    ItemState.DOING: "doing inprogress wip started active indevelopment progress working "
    "underway ongoing assigned",
    ItemState.PR: "pr inreview review codereview testing inqa intest underreview prcreated "
    "prraised pullrequest",
    ItemState.BLOCKED: "blocked onhold hold waiting stalled paused deferred impeded postponed",
    ItemState.READY: "ready readyfordev readyfordevelopment selected selectedfordevelopment "
    "approved next uptnext readytostart",
    ItemState.REFINED: "refined groomed analysed analyzed estimated",
    ItemState.NEW: "new open todo backlog proposed draft pending notstarted unstarted no false "
    "planned tobedone queued idea reopened triage needstriage icebox unresolved",
}
_BY_STATE = {w: state for state, words in _STATES.items() for w in words.split()}
_DECLINED_WORDS = """wontfix wontdo cancelled canceled rejected obsolete duplicate dropped abandoned
invalid superseded deprecated archived dismissed"""
_DECLINED = frozenset(_DECLINED_WORDS.split())
_SIGNS = {"✅": ItemState.DONE, "✓": ItemState.DONE, "✔": ItemState.DONE, "☑": ItemState.DONE,
          "🚧": ItemState.DOING, "⛔": ItemState.BLOCKED, "☐": ItemState.NEW,
          "❌": ItemState.NEW}  # fmt: skip


def state_of(told: Any) -> ItemState | None:
    """The state that a word for a status means. A word that is not known is None."""
    if isinstance(told, bool):
        return ItemState.DONE if told else ItemState.NEW
    text = str(told).strip()
    for sign, state in _SIGNS.items():
        if text.startswith(sign):
            text = text.removeprefix(sign).strip("\ufe0f ")
            if not text:
                return state
    return _BY_STATE.get(_plain(text))


def is_declined(told: Any) -> bool:
    """Whether the word says that nobody will do it."""
    return _plain(str(told)) in _DECLINED


def instant_of(told: Any) -> datetime | None:
    """An instant, where something says one: an ISO date or time, or a value of a document."""
    if isinstance(told, datetime):
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    if isinstance(told, date):
        return datetime(told.year, told.month, told.day, tzinfo=UTC)
    try:
        at = datetime.fromisoformat(str(told).strip()[:40])
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
