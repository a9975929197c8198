"""Reports of Trivy and Grype, JSON: one item an advisory and package (B4).

A secret that a scanner found is named by its rule and place; what it matched is never copied.
"""

from __future__ import annotations

from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources import leaked
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.json_reports import data_of, inside, line_of, listed, objects, text
from bot.story.item_events import Family

NAME = "container_scan"


def fits(document: Document) -> bool:
    if document.ending != ".json":
        return False
    head = document.text[:200_000]
    trivy = '"Results"' in head and ('"ArtifactName"' in head or '"SchemaVersion"' in head)
    return trivy or ('"matches"' in head and '"artifact"' in head and '"vulnerability"' in head)


def _entries(document: Document, told: Sightings) -> None:
    data = data_of(document, told, _mended)
    image = text(data, "ArtifactName") or text(data, "source", "target", "userInput")
    found: dict[str, list[Entry]] = {}
    for one in (*_trivy(data, image), *_grype(data, image)):
        found.setdefault(one.key, []).append(one)
    for entries in found.values():  # one package in several layers is one thing to mend
        told.add(entries[0])


def _mended(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    results = listed(pieces, "Results", "Target")
    results.append({"Vulnerabilities": [one for one in pieces if "VulnerabilityID" in one]})
    return {"Results": results, "matches": listed(pieces, "matches", "vulnerability", "artifact")}


def _trivy(data: dict[str, Any], image: str) -> list[Entry]:
    entries = []
    for result in objects(data, "Results"):
        target = text(result, "Target")
        for one in objects(result, "Vulnerabilities"):
            if text(one, "Status") in ("will_not_fix", "end_of_life", "not_affected"):
                continue
            entries.append(
                _vulnerability(
                    text(one, "VulnerabilityID"),
                    text(one, "PkgName"),
                    text(one, "InstalledVersion"),
                    text(one, "FixedVersion"),
                    text(one, "Severity"),
                    [text(one, "Title"), text(one, "Description"), text(one, "PrimaryURL")],
                    image or target,
                    line_of(one),
                )
            )
        for one in objects(result, "Misconfigurations"):
            if text(one, "Status") != "PASS":
                entries.append(_misconfiguration(one, target))
        entries += [_secret(one, target) for one in objects(result, "Secrets")]
    return entries


def _grype(data: dict[str, Any], image: str) -> list[Entry]:
    entries = []
    for one in objects(data, "matches"):
        fixed = inside(one, "vulnerability", "fix", "versions")
        aliases = tuple(text(other, "id") for other in objects(one, "relatedVulnerabilities"))
        entries.append(
            _vulnerability(
                text(one, "vulnerability", "id"),
                text(one, "artifact", "name"),
                text(one, "artifact", "version"),
                ", ".join(str(v) for v in fixed) if isinstance(fixed, list) else "",
                text(one, "vulnerability", "severity"),
                [
                    text(one, "vulnerability", "description"),
                    text(one, "vulnerability", "dataSource"),
                ],
                image,
                line_of(one),
                aliases,
            )
        )
    return entries


def _vulnerability(
    identifier: str,
    package: str,
    version: str,
    fixed: str,
    severity: str,
    words: list[str],
    where: str,
    line: int,
    aliases: tuple[str, ...] = (),
) -> Entry:
    mend = f"Upgrade {package} to {fixed}" if fixed else f"No fixed version of {package} is known"
    names = dict.fromkeys((identifier, *aliases))
    return Entry(
        f"{identifier} in {package} {version}".strip(),
        line,
        "\n\n".join(part for part in (*words, f"{mend} (in {where})." if where else mend) if part),
        {},
        key=f"{identifier}|{package}",
        family=Family.SECURITY,
        severity=severity,
        identities=tuple(f"advisory:{n.upper()}|{package.casefold()}" for n in names if n),
        inputs={"size": (1, "an upgrade")} if fixed else {},
    )


def _misconfiguration(one: dict[str, Any], target: str) -> Entry:
    rule = text(one, "ID") or text(one, "AVDID")
    line = text(one, "CauseMetadata", "StartLine")
    return Entry(
        f"{text(one, 'Title') or rule} ({rule}) in {target}",
        line_of(one),
        "\n\n".join(
            part
            for part in (
                text(one, "Message") or text(one, "Description"),
                text(one, "Resolution"),
                f"{target}:{line}" if line else "",
            )
            if part
        ),
        {"file": target, "rule": rule},
        key=f"{rule}|{target}",
        family=Family.SECURITY,
        severity=text(one, "Severity"),
    )


def _secret(one: dict[str, Any], target: str) -> Entry:
    rule = text(one, "RuleID") or "secret"
    line = text(one, "StartLine")
    return Entry(
        f"A secret ({text(one, 'Title') or rule}) in {target}",
        line_of(one),
        leaked.body(rule, [f"{target}:{line}" if line else target]),
        {"file": target, "rule": rule},
        key=f"{rule}|{target}|{line}",
        family=Family.SECURITY,
        severity=text(one, "Severity") or "critical",
    )


read = reader(NAME, _entries)
