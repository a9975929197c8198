"""Thirteen documents, one of each kind, with 1,602 items in them: what `benchmarks.backlog` reads.

The same bytes at each call; no two entries say the same.
"""

from __future__ import annotations

import json

from bot.backlog.sources.document import Document

EACH = 133  # entries in each document but the last two
_VERBS = ("Repair", "Explain", "Rename", "Measure", "Guard", "Simplify", "Extend")
_THINGS = ("the import", "the ledger", "the start page", "a slow query", "the invoice", "the cache")


def _title(kind: str, number: int) -> str:
    verb, thing = _VERBS[number % len(_VERBS)], _THINGS[number % len(_THINGS)]
    return f"{verb} {thing} of {kind} case {number}"


def _records(kind: str, count: int = EACH) -> list[dict]:
    scale = (1, 2, 3, 5, 8, 13)
    return [
        {
            "id": f"{kind}-{n}",
            "title": _title(kind, n),
            "value": scale[n % 6],
            "effort": scale[n % 5],
            "status": "open",
        }
        for n in range(count)
    ]


def documents() -> list[Document]:
    """All thirteen."""
    told = {
        "notes.md": _checklist(EACH + 5),
        "plan.md": _table(),
        "backlog.yml": _yaml(),
        "backlog.json": json.dumps({"items": _records("j")}, indent=1),
        "items.csv": _csv(),
        "backlog.toml": _toml(),
        "scan.sarif": _sarif(),
        "junit.xml": _junit(),
        "bom.json": _cyclonedx(),
        "coverage.xml": _coverage(),
        "oasdiff.json": _api_changes(),
        "shop.feature": _feature(),
        "docs/adr/0001-use-queues.md": "# 1. Use queues\n\n## Status\n\nProposed\n",
    }
    return [Document(place, text.encode()) for place, text in told.items()]


def _checklist(count: int) -> str:
    lines = [f"- [ ] {_title('list', n)} (value: 5, size: 2)\n  - a step" for n in range(count)]
    return "# Work\n\n## Bugs\n\n" + "\n".join(lines) + "\n"


def _table() -> str:
    rows = [f"| {r['id']} | {r['title']} | {r['value']} | {r['effort']} |" for r in _records("t")]
    return "| ID | Title | Value | Effort |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _yaml() -> str:
    lines = ["items:"]
    for r in _records("y"):
        lines += [f"  - id: {r['id']}", f"    title: {r['title']}", f"    value: {r['value']}"]
    return "\n".join(lines) + "\n"


def _csv() -> str:
    rows = [f'{r["id"]};"{r["title"]}";{r["value"]};{r["effort"]}' for r in _records("c")]
    return "id;title;business value;points\r\n" + "\r\n".join(rows) + "\r\n"


def _toml() -> str:
    return "\n".join(
        f'[[items]]\nid = "{r["id"]}"\ntitle = "{r["title"]}"\nvalue = {r["value"]}'
        for r in _records("o")
    )


def _sarif() -> str:
    results = [
        {
            "ruleId": f"rule-{n % 7}",
            "message": {"text": _title("sarif", n)},
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": f"src/file{n}.py"}, "region": {"startLine": n + 1}
                }
            }],
        }
        for n in range(EACH)
    ]  # fmt: skip
    run = {"tool": {"driver": {"name": "scanner"}}, "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1)


def _junit() -> str:
    cases = [
        f'<testcase classname="tests.case{n}" name="test_{n}">'
        f'<failure message="no">at {n}</failure></testcase>'
        for n in range(EACH)
    ]
    return "<testsuites><testsuite name='all'>\n" + "\n".join(cases) + "\n</testsuite></testsuites>"


def _cyclonedx() -> str:
    parts = [{"bom-ref": f"p{n}", "name": f"package-{n}", "version": "1.0"} for n in range(EACH)]
    known = [
        {
            "id": f"CVE-2026-{1000 + n}",
            "ratings": [{"severity": "high"}],
            "affects": [{"ref": f"p{n}"}],
        }
        for n in range(EACH)
    ]
    told = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": parts}
    return json.dumps({**told, "vulnerabilities": known}, indent=1)


def _coverage() -> str:
    lines = "".join(f'<line number="{n}" hits="0"/>' for n in range(1, 13))
    classes = [f'<class filename="src/m{n}.py"><lines>{lines}</lines></class>' for n in range(EACH)]
    return (
        "<coverage><packages><package><classes>"
        + "\n".join(classes)
        + ("</classes></package></packages></coverage>")
    )


def _api_changes() -> str:
    return json.dumps(
        [
            {
                "id": "api-removed",
                "text": "was removed",
                "level": 3,
                "operation": "GET",
                "path": f"/things/{n}",
            }
            for n in range(EACH)
        ],
        indent=1,
    )


def _feature() -> str:
    scenarios = [f"  Scenario: {_title('story', n)}" for n in range(EACH)]
    return "Feature: Shop\n\n" + "\n\n".join(scenarios)
