"""CycloneDX, JSON or XML: each vulnerability that affects the product is an item (B4).

A VEX statement decides: `not_affected`, `false_positive` and `resolved` are done, with the reason;
without one the vulnerability counts.
"""

from __future__ import annotations

import re
from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.json_reports import data_of, line_of, listed, objects, text
from bot.backlog.sources.xml_events import Element, elements
from bot.story.item_events import Family

NAME = "cyclonedx"

_SETTLED = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")
_WORST = ("critical", "high", "medium", "low", "info", "none", "unknown")


def fits(document: Document) -> bool:
    head = document.head
    return '"CycloneDX"' in document.text[:200_000] or "cyclonedx.org/schema/bom" in head


def _entries(document: Document, told: Sightings) -> None:
    if document.text.lstrip()[:1] == "<":
        _xml(document, told)
        return
    data = data_of(document, told, _mended)
    components = {
        text(one, "bom-ref") or text(one, "purl"): _component(one) for one in _components(data)
    }
    for one in objects(data, "vulnerabilities"):
        packages = [_name(text(ref, "ref"), components) for ref in objects(one, "affects")]
        told.add(_entry(one, packages or [""]))


def _mended(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    found = listed(pieces, "vulnerabilities", "id", "affects")
    for one in listed(pieces, "vulnerabilities", "id", "ratings"):
        if not any(one is other for other in found):
            found.append(one)
    return {
        "components": listed(pieces, "components", "name", "version"),
        "vulnerabilities": found,
    }


def _components(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(objects(data, "components"))
    for one in found:  # grows while it is walked: components have components
        if len(found) < 50_000:
            found += objects(one, "components")
    return found


def _component(one: dict[str, Any]) -> str:
    name = text(one, "name")
    group = text(one, "group")
    version = text(one, "version")
    return f"{f'{group}/' if group else ''}{name}{f'@{version}' if version else ''}"


_PURL = re.compile(r"pkg:[^/]+/(?P<name>[^@?#]+)(?:@(?P<version>[^?#]+))?")


def _name(ref: str, components: dict[str, str]) -> str:
    """`name@version` of what a reference means."""
    if ref in components:
        return components[ref]
    found = _PURL.search(ref)
    if found is None:
        return ref.rpartition("#")[2]
    return found["name"] + (f"@{found['version']}" if found["version"] else "")


def _entry(one: dict[str, Any], packages: list[str]) -> Entry:
    identifier = text(one, "id") or "a vulnerability without an id"
    ratings = [text(r, "severity").casefold() for r in objects(one, "ratings")]
    scores = [r.get("score") for r in objects(one, "ratings")]
    known = sorted((r for r in ratings if r in _WORST), key=_WORST.index)
    score = max((s for s in scores if isinstance(s, (int, float))), default=None)
    severity = known[0] if known else ("" if score is None else str(score))
    state = text(one, "analysis", "state").casefold()
    why = " ".join(
        part.replace("_", " ")
        for part in (state, text(one, "analysis", "justification"), text(one, "analysis", "detail"))
        if part
    )
    bare = [name.partition("@")[0] for name in packages]
    body = [
        text(one, "description"),
        text(one, "detail"),
        text(one, "recommendation"),
        f"Affects: {', '.join(sorted(filter(None, packages)))}" if any(packages) else "",
        f"Analysis: {why}" if why else "",
        text(one, "source", "url"),
    ]
    aliases = [text(ref, "id") for ref in objects(one, "references")]
    names = [
        f"advisory:{name.upper()}|{package.casefold()}"
        for name in dict.fromkeys([identifier, *filter(None, aliases)])
        for package in dict.fromkeys(bare)
    ]
    title = f"{identifier} in {', '.join(dict.fromkeys(filter(None, packages)))}"
    return Entry(
        title if any(packages) else f"{identifier} affects the product",
        line_of(one),
        "\n\n".join(part for part in body if part),
        {"state": "done" if state in _SETTLED else "", "reason": f"VEX: {why}" if why else ""},
        key=f"{identifier}|{','.join(sorted(bare))}",
        family=Family.SECURITY,
        severity=severity,
        identities=tuple(names),
    )


def _xml(document: Document, told: Sightings) -> None:
    components: dict[str, str] = {}
    found: list[Element] = []

    def each(one: Element, parents: tuple[Element, ...]) -> bool:
        if one.name == "component":
            name = _child(one, "name")
            version = _child(one, "version")
            ref = one.get("bom-ref") or _child(one, "purl")
            components[ref] = f"{name}@{version}" if version else name
            return True
        if one.name == "vulnerability":
            found.append(one)
            return True
        return False

    elements(document.data, told, each, ("component", "vulnerability"))
    for one in found:
        told.add(_entry_of_xml(one, components))


def _entry_of_xml(one: Element, components: dict[str, str]) -> Entry:
    data: dict[str, Any] = {
        "id": _child(one, "id"),
        "description": _child(one, "description"),
        "recommendation": _child(one, "recommendation"),
        "ratings": [{"severity": _child(r, "severity")} for r in _all(one, "rating")],
        "analysis": {
            "state": next((_child(a, "state") for a in _all(one, "analysis")), ""),
            "justification": next((_child(a, "justification") for a in _all(one, "analysis")), ""),
            "detail": next((_child(a, "detail") for a in _all(one, "analysis")), ""),
        },
    }
    refs = [
        _child(target, "ref") for affects in _all(one, "affects") for target in affects.children
    ]
    packages = [_name(ref, components) for ref in refs if ref]
    entry = _entry(data, packages or [""])
    return Entry(**{**entry.__dict__, "line": one.line})


def _child(one: Element, name: str) -> str:
    return next((child.text.strip() for child in one.children if child.name == name), "")


def _all(one: Element, name: str) -> list[Element]:
    found = [child for child in one.children if child.name == name]
    for child in one.children:
        found += _all(child, name)
    return found


read = reader(NAME, _entries)
