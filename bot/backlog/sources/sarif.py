"""SARIF 2.1.0 of any analyser: one item a rule and file, all its places in it (B4).

What is suppressed, or of kind "pass" or "notApplicable", or said to be unchanged by nobody's fault
(`baselineState` "absent") is no item.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources import leaked, reported
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.json_reports import data_of, inside, line_of, listed, objects, text
from bot.story.item_events import Family

NAME = "sarif"

_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
_NAMES_ITS_RULE = frozenset({"ruleId", "rule", "ruleIndex"})
_SHOWN = 30


def fits(document: Document) -> bool:
    if document.ending == ".sarif" or document.name.endswith(".sarif.json"):
        return True
    head = document.head
    return document.ending == ".json" and '"runs"' in document.text and "sarif" in head


def _entries(document: Document, told: Sightings) -> None:
    data = data_of(document, told, _mended)
    if not data.get("runs") and not told.faults and "runs" not in data:
        told.fault(0, "no runs in it")
    for run in objects(data, "runs"):
        rules = _rules(run)
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for result in objects(run, "results"):
            if _counts(result):
                found.setdefault((_rule_id(result, run), _file(result)), []).append(result)
        tool = text(run, "tool", "driver", "name")
        for (rule, file), results in found.items():
            told.add(_entry(tool, rule, file, rules.get(rule, {}), results))


def _mended(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """The runs that are whole, and one of the results and rules of those that are not."""
    runs = [run for one in pieces for run in (*objects(one, "runs"), one) if "results" in run]
    loose = [one for one in pieces if "message" in one and one.keys() & _NAMES_ITS_RULE]
    tools = [text(one, "driver", "name") or text(one, "name") for one in pieces if _is_tool(one)]
    rules = [one for piece in pieces for one in objects(piece, "driver", "rules")]
    rules += listed(pieces, "rules", "id", "shortDescription")
    driver = {"name": next(iter(tools), ""), "rules": rules}
    return {"runs": [*runs, {"tool": {"driver": driver}, "results": loose}]}


def _is_tool(one: dict[str, Any]) -> bool:
    return "driver" in one or ("rules" in one and "name" in one)


def _rules(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    every = [*objects(run, "tool", "driver", "rules")]
    for extension in objects(run, "tool", "extensions"):
        every += objects(extension, "rules")
    return {text(one, "id"): one for one in every}


def _rule_id(result: dict[str, Any], run: dict[str, Any]) -> str:
    told = text(result, "ruleId") or text(result, "rule", "id")
    if told:
        return told
    index = result.get("ruleIndex")
    return text(run, "tool", "driver", "rules", str(index), "id") or "a rule without an id"


def _counts(result: dict[str, Any]) -> bool:
    if result.get("kind", "fail") not in ("fail", "review", "open"):
        return False
    if result.get("baselineState") == "absent":
        return False
    accepted = [
        one for one in objects(result, "suppressions")
        if one.get("status", "accepted") == "accepted"
    ]  # fmt: skip
    return not accepted


def _file(result: dict[str, Any]) -> str:
    uri = text(result, "locations", "0", "physicalLocation", "artifactLocation", "uri")
    path = unquote(urlsplit(uri).path if uri.startswith("file:") else uri)
    return path.removeprefix("./")


def _start(result: dict[str, Any]) -> int:
    line = inside(result, "locations", "0", "physicalLocation", "region", "startLine")
    return line if isinstance(line, int) else 0


def _entry(
    tool: str, rule: str, file: str, about: dict[str, Any], results: list[dict[str, Any]]
) -> Entry:
    first = results[0]
    score = text(about, "properties", "security-severity")
    plain = text(first, "message", "text")
    vulnerable = reported.vulnerable(rule, plain)
    if vulnerable is not None:
        return reported.upgrade(vulnerable, plain, file, {}, score or "high", line_of(first))
    if leaked.is_certain(rule, tool=tool) or leaked.is_guess(rule):
        where = [f"{file}:{_start(one)}" for one in results[:_SHOWN]]
        return Entry(
            leaked.title(rule, file),
            line_of(first),
            leaked.body(rule, where),
            {"file": file, "rule": rule} if file else {},
            key=f"{tool}|{rule}|{file}",
            family=Family.SECURITY,
            severity=score or "high",
        )
    said = text(first, "message", "text") or text(first, "message", "markdown")
    short = text(about, "shortDescription", "text") or text(about, "name") or said or rule
    level = first.get("level") or text(about, "defaultConfiguration", "level") or "warning"
    tags = inside(about, "properties", "tags")
    security = bool(score) or reported.is_security(tool)
    security = security or (isinstance(tags, list) and "security" in tags)
    places = [
        f"- {file}:{_start(one)} {text(one, 'message', 'text')}".rstrip()
        for one in results[:_SHOWN]
    ]
    if len(results) > _SHOWN:
        places.append(f"- and {len(results) - _SHOWN} more")
    words = [text(about, "fullDescription", "text"), text(about, "helpUri"), "\n".join(places)]
    size = 2 if len(results) <= 3 else 3 if len(results) <= 10 else 5
    return Entry(
        f"{short.splitlines()[0] if short else rule} ({rule}) in {file or 'the project'}",
        line_of(first),
        "\n\n".join(one for one in words if one),
        {"file": file, "rule": rule} if file else {},
        key=f"{tool}|{rule}|{file}",
        family=Family.SECURITY if security else Family.DEBT,
        severity=score or _LEVELS.get(str(level), "medium"),
        inputs={"size": (size, f"{len(results)} places")},
    )


read = reader(NAME, _entries)
