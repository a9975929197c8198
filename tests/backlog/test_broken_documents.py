"""Of each kind of document: what is broken is told with its line, and costs only itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from bot.backlog.reading import Reading
from bot.backlog.sources import readings
from bot.backlog.sources.document import Document

NUMBERS = range(6)


def read(place: str, text: str) -> list[Reading]:
    return readings(Document(place, text.encode()))


def titles(told: list[Reading]) -> list[str]:
    return [one.title for reading in told for one in reading.sightings]


def lines(told: list[Reading]) -> list[int]:
    return [fault.line for reading in told for fault in reading.faults if fault.loses]


def rows(one: Callable[[int], str]) -> str:
    return "\n".join(one(n) for n in NUMBERS)


def dumped(data: object) -> str:
    return json.dumps(data, indent=1)


def result(n: int) -> dict[str, object]:
    return {
        "ruleId": f"R{n}",
        "message": {"text": f"Finding n{n}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": f"src/{n}.py"}}}],
    }


SARIF = {
    "version": "2.1.0",
    "$schema": "sarif",
    "runs": [
        {
            "tool": {"driver": {"name": "lint", "rules": []}},
            "results": [result(n) for n in NUMBERS],
        }
    ],
}
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "components": [{"bom-ref": f"n{n}", "name": f"n{n}", "version": "1"} for n in NUMBERS],
    "vulnerabilities": [
        {"id": f"CVE-2024-100{n}", "description": f"in n{n}", "affects": [{"ref": f"n{n}"}]}
        for n in NUMBERS
    ],
}
TRIVY = {
    "SchemaVersion": 2,
    "ArtifactName": "shop",
    "Results": [
        {
            "Target": "shop",
            "Vulnerabilities": [
                {"VulnerabilityID": f"CVE-2024-100{n}", "PkgName": f"n{n}"} for n in NUMBERS
            ],
        }
    ],
}
OPENAPI = [
    {"id": "gone", "text": f"removed n{n}", "level": 3, "operation": "GET", "path": f"/n{n}"}
    for n in NUMBERS
]


def not_run() -> str:
    return rows(lambda k: "".join(f'<line number="{6 * k + i}" hits="0"/>' for i in range(1, 7)))


# (place, text, what is broken, what stands there instead)
BROKEN = [
    (
        "backlog.yml",
        "items:\n" + rows(lambda n: f"  - title: Mend n{n}\n    value: 3"),
        "title: Mend n2",
        "title: Mend: n2",
    ),
    (
        "backlog.json",
        dumped({"items": [{"title": f"Mend n{n}", "value": 3} for n in NUMBERS]}),
        '"Mend n2"',
        '"Mend n2',
    ),
    (
        "backlog.toml",
        rows(lambda n: f'[[items]]\ntitle = "Mend n{n}"\n'),
        '"Mend n2"',
        "Mend n2",
    ),
    ("backlog.csv", "title,value\n" + rows(lambda n: f'"Mend n{n}",3'), 'n2",', 'n2"x,'),
    ("found.sarif", dumped(SARIF), '"Finding n2"', '"Finding n2'),
    ("found.sarif", dumped(SARIF), '"ruleId": "R2",', '"ruleId": "R2"'),
    ("bom.json", dumped(CYCLONEDX), '"in n2"', '"in n2'),
    ("trivy.json", dumped(TRIVY), '"PkgName": "n2"', '"PkgName": n2'),
    ("oasdiff.json", dumped(OPENAPI), '"removed n2"', '"removed n2'),
    (
        "junit.xml",
        '<testsuites>\n<testsuite name="shop">\n'
        + rows(lambda n: f'<testcase name="test_n{n}">\n<failure>no</failure></testcase>')
        + "\n</testsuite>\n</testsuites>",
        'name="test_n2"',
        'name="test_n2',
    ),
    (
        "junit.xml",
        "<testsuites>\n"
        + rows(
            lambda n: (
                f'<testsuite name="s{n}"><testcase name="n{n}"><error/></testcase>\n</testsuite>'
            )
        )
        + "</testsuites>",
        'name="n2"><error/></testcase>',
        'name="n2"><error/>',
    ),
    (
        "coverage.xml",
        '<coverage><packages><package name="shop"><classes>\n'
        + rows(lambda n: f'<class filename="n{n}.py"><lines>{not_run()}</lines></class>')
        + "\n</classes></package></packages></coverage>",
        '"n2.py"><lines>',
        '"n2.py"><lines>&none;',
    ),
    (
        "bom.xml",
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><vulnerabilities>\n'
        + rows(lambda n: f"<vulnerability><id>CVE-n{n}</id></vulnerability>")
        + "\n</vulnerabilities></bom>",
        "<id>CVE-n2</id>",
        "<id>CVE-n2<id>",
    ),
    (
        "shop.feature",
        "# language: de\nFunktionalität: Laden\n" + rows(lambda n: f"  Szenario: n{n}\n"),
        "  Szenario: n2\n",
        "  Szenario: n2\n    Angenommen etwas\n  kaputt\n",
    ),
]


@pytest.mark.parametrize(("place", "text", "whole", "broken"), BROKEN)
def test_a_broken_entry_costs_itself_alone(place: str, text: str, whole: str, broken: str) -> None:
    before = titles(read(place, text))
    assert len(before) == len(NUMBERS)
    assert text.count(whole) == 1
    told = read(place, text.replace(whole, broken))
    kept = titles(told)
    assert [one for one in before if "n2" not in one and "1002" not in one] == [
        one for one in kept if "n2" not in one and "1002" not in one
    ]
    at = text[: text.index(whole)].count("\n") + 1
    assert any(at <= line <= at + 4 for line in lines(told)), lines(told)
    assert not all(one.complete for one in told)  # so nothing is taken for gone


@pytest.mark.parametrize(("place", "text", "whole", "broken"), BROKEN)
def test_no_fault_is_beyond_the_end(place: str, text: str, whole: str, broken: str) -> None:
    for cut in range(len(text) // 3, len(text), max(1, len(text) // 25)):
        part = text[:cut]
        for reading in read(place, part):
            assert all(0 <= one.line <= part.count("\n") + 1 for one in reading.faults)


@pytest.mark.parametrize("opened", ["```\ncode", "~~~", "<!-- a note"])
def test_code_or_a_comment_that_never_ends_hides_nothing(opened: str) -> None:
    told = read("BACKLOG.md", f"- [ ] Mend n0\n\n{opened}\n- [ ] Mend n1\n\n## Bugs\n- Mend n2\n")
    assert titles(told) == ["Mend n0", "Mend n1", "Mend n2"]
    assert lines(told) == [3]
    assert not told[0].complete


def test_code_that_ends_stays_code() -> None:
    told = read("BACKLOG.md", "- [ ] Mend n0\n\n```\n- [ ] an example\n```\n")
    assert titles(told) == ["Mend n0"]
    assert not lines(told)


@pytest.mark.parametrize("dashes", ["|---|---|\n", "", "| - |\n"])
def test_a_table_whose_dashes_do_not_fit_is_told_and_read(dashes: str) -> None:
    text = (
        f"# Plan\n\n| ID | Title | Value |\n{dashes}| A-1 | Mend n0 | 8 |\n| A-2 | Mend n1 | 3 |\n"
    )
    told = read("BACKLOG.md", text)
    assert titles(told) == ["Mend n0", "Mend n1"]
    assert lines(told) == [3]


def test_a_document_that_is_no_list_at_all_ends_nothing() -> None:
    for place, text in (("backlog.yml", "gone\n"), ("backlog.json", '"gone"')):
        [told] = read(place, text)
        assert [one.line for one in told.faults] == [1]
        assert not told.complete


def test_broken_front_matter_and_a_mistyped_status_of_a_decision_are_told() -> None:
    front = '---\nstatus: "proposed\ndate: 2024-01-01\n---\n# Use a queue\n\n## Context\n'
    told = read("docs/adr/0002-queue.md", front)
    assert (titles(told), lines(told)) == (["Decide: Use a queue"], [2])
    told = read("docs/adr/0003-queue.md", "# Use a queue\n\n## Status\n\nPropsed\n")
    assert (titles(told), lines(told)) == ([], [5])


def test_a_change_of_an_api_without_a_level_is_told() -> None:
    told = read("oasdiff.json", '[{"id": "gone", "text": "removed", "level": 3},\n{"id": "x",\n'
                                '"text": "removed too"}]')  # fmt: skip
    assert (len(titles(told)), lines(told)) == (1, [2])


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("BACKLOG.md", "- [ ] " + "[(value: 8)" * 6_000),
        ("BACKLOG.md", "```\n- a b c d\n" * 8_000),
        ("BACKLOG.md", "| title | value |\n" * 8_000),
        ("backlog.toml", "a" + ".a" * 60_000 + " = 1"),
        ("backlog.json", '[{"title": "one of them"},' * 60_000),
        ("junit.xml", "<testsuites>" + '<testcase name="a"><failure></testcase>' * 60_000),
        ("found.sarif", '{"runs": [{"results": [' + '{"ruleId": "a", "message": {}} ' * 40_000),
    ],
)
def test_what_is_hostile_takes_no_long_time(place: str, text: str) -> None:
    began = time.process_time()
    read(place, text)
    assert time.process_time() - began < 10
