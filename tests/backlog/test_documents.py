# ruff: noqa: E501 - documents are shown as they are
"""Documents as people and tools write them, and as hostile ones do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.backlog.reading import Reading
from bot.backlog.sources import UnknownSource, document_sources, readings
from bot.backlog.sources.document import LARGEST, Document
from bot.backlog.store import Backlog
from bot.story.item_events import Authority, Family, ItemState, Sighting


def read(place: str, text: str | bytes, **more: Any) -> Reading:
    data = text if isinstance(text, bytes) else text.encode()
    found = readings(Document(place, data, **more))
    assert len(found) == 1, [one.source for one in found]
    return found[0]


def only(place: str, text: str | bytes) -> Sighting:
    found = read(place, text).sightings
    assert len(found) == 1, [one.title for one in found]
    return found[0]


def numbers(one: Sighting) -> list[int]:
    return [getattr(one.inputs, name).number for name in ("value", "time", "risk", "size")]


def titles(reading: Reading) -> list[str]:
    return [one.title for one in reading.sightings]


# -- Markdown --

CHECKLIST = """---
title: ours
---
# Plan

## 🐛 Bugs
- [ ] CRIT-002: Log-in times out (value: 8, size: S) #login
  - [x] reproduce it
  - [ ] mend it

  More about it.
- [X] Done already
- no box, no entry
  - [ ] but a box inside

> - [ ] quoted, still somebody's box

```
- [ ] an example, not an entry
```
1. [ ] a numbered one
"""


def test_a_checklist_with_steps_fields_and_headings() -> None:
    reading = read("docs/notes.md", CHECKLIST)
    first = reading.sightings[0]
    assert titles(reading) == [
        "Log-in times out",
        "Done already",
        "but a box inside",
        "quoted, still somebody's box",
        "a numbered one",
    ]
    assert (first.line, first.family, first.labels) == (7, Family.BUG, ("login",))
    assert first.identities == ("ticket:CRIT-002",)
    assert (first.inputs.value.number, first.inputs.size.number) == (8, 2)
    assert "- [ ] mend it" in first.body
    assert "More about it." in first.body
    assert [one.state for one in reading.sightings[:3]] == [None, ItemState.DONE, None]
    assert reading.complete


def test_a_backlog_md_needs_no_boxes_and_its_headings_can_be_entries() -> None:
    text = "# Backlog\n## High priority\n- one thing\n* another\n\n### OPS-7: Pin Python\n"
    text += "- **Effort**: 1\n- Value: 5\n\nWhy.\n\n## Done\n- an old thing\n"
    reading = read("BACKLOG.md", text)
    assert titles(reading) == ["one thing", "another", "Pin Python", "an old thing"]
    assert reading.sightings[0].inputs.value.origin.authority is Authority.PRIORITY
    assert numbers(reading.sightings[2])[0::3] == [5, 1]
    assert reading.sightings[3].state is ItemState.DONE


@pytest.mark.parametrize(
    ("line", "title", "identities"),
    [
        ("- [ ] Mend it (#12)", "Mend it (#12)", ("issue:12",)),
        (
            "- [ ] [Mend the log-in](https://github.com/a/b/issues/7)",
            "Mend the log-in",
            ("issue:7",),
        ),
        ("- [ ] Mend it, see #12 for more", "Mend it, see #12 for more", ()),
        ("- [ ] Mend `x` **now**", "Mend x now", ()),
    ],
)
def test_a_line_that_is_an_issue_says_so(line: str, title: str, identities: tuple) -> None:
    one = only("TODO.md", line)
    assert (one.title, one.identities) == (title, identities)


def test_an_issue_of_another_repository_is_another_thing() -> None:
    text = b"- [ ] [Mend it all](https://github.com/other/b/issues/7)"
    [reading] = readings(Document("TODO.md", text, "ada/tables"))
    assert reading.sightings[0].identities == ()


@pytest.mark.parametrize(
    ("box", "state"),
    [("[ ]", None), ("[x]", ItemState.DONE), ("[-]", ItemState.DONE), ("[/]", ItemState.DOING)],
)
def test_the_marks_that_people_put_into_boxes(box: str, state: ItemState | None) -> None:
    one = only("notes.md", f"+ {box} A thing to be done\n\n-[ ] no list item\n")
    assert (one.title, one.state) == ("A thing to be done", state)


@pytest.mark.parametrize("title", ["P0: mend it now", "[critical] mend it now", "(P0) mend it now"])
def test_a_title_may_begin_with_its_importance(title: str) -> None:
    assert only("TODO.md", f"- [ ] {title}").inputs.time.number == 13


def test_what_jira_writes_out() -> None:
    fields = {"summary": "Log-in fails", "priority": {"name": "High"}, "status": {"name": "Done"},
              "issuetype": {"name": "Bug"}}  # fmt: skip
    one = only("backlog.json", json.dumps({"issues": [{"key": "AB-1", "fields": fields}]}))
    assert (one.title, one.family, one.state) == ("Log-in fails", Family.BUG, ItemState.DONE)
    assert one.inputs.value.number == 8
    assert one.identities == ("ticket:AB-1",)


def test_a_template_of_decisions_is_no_decision() -> None:
    text = '---\nstatus: "proposed | rejected | accepted"\n---\n# Title\n'
    assert read("docs/adr/0000-template.md", text).sightings == ()


def test_a_struck_line_is_given_up() -> None:
    one = only("TODO.md", "- [ ] ~~Support the old format~~")
    assert (one.state, one.title) == (ItemState.DONE, "Support the old format")


def test_a_table_by_the_synonyms_of_its_head() -> None:
    text = """
| # | Summary | Business Value | Time Criticality | RR/OE | Story Points | State |
|:--|:-------:|----|----|----|---:|---|
| 1 | Pipe \\| in it | 8 | 5 | 3 | 2 | in progress |
| 2 | [Linked](https://x.example/1) | high | - | | XL | 🚧 |
| 3 |  | 1 | 1 | 1 | 1 | todo |
"""
    reading = read("notes.md", text)
    assert titles(reading) == ["Pipe | in it", "Linked"]
    assert numbers(reading.sightings[0]) == [8, 5, 3, 2]
    assert [one.state for one in reading.sightings] == [ItemState.DOING] * 2
    assert reading.sightings[1].url == "https://x.example/1"
    assert [fault.line for fault in reading.faults] == [6]


def test_a_table_about_something_else_is_left_alone() -> None:
    assert readings(Document("README.md", b"| Name | Meaning |\n|---|---|\n| a | b |\n")) == []


# -- YAML, JSON, TOML, CSV --

YAMLS = {
    "a list": "- title: One thing\n  value: 5\n- title: Other thing\n  value: 3\n",
    "under a key": "version: 2\nbacklog:\n  items:\n    - {title: One thing}\n    - name: Other thing\n",
    "by id": "T-1:\n  title: One thing\n  value: 3\nT-2:\n  summary: Other thing\n  value: 1\n",
    "by title": "items:\n  One thing: {value: 3, effort: M}\n  Other thing: {value: 5}\n",
    "sentences": "todo:\n  - One thing\n  - Other thing\n",
    "two documents": "- title: One thing\n---\n- title: Other thing\n",
    "single keys": "- One thing: {value: 5}\n- Other thing: {value: 3}\n",
    "epic": "- title: One thing\n  stories:\n    - title: Other thing\n      points: 2\n",
}


@pytest.mark.parametrize("text", YAMLS.values(), ids=YAMLS)
def test_a_backlog_in_yaml_however_it_is_arranged(text: str) -> None:
    assert titles(read("backlog.yml", text)) == ["One thing", "Other thing"]


def test_broken_yaml_costs_its_item_and_says_where() -> None:
    text = "items:\n  - title: One\n    value: 8\n  - title: Two: broken\n  - title: Three\nbugs:\n  - It fails\n"
    reading = read("backlog.yaml", text)
    assert titles(reading) == ["One", "Three", "It fails"]
    assert [fault.line for fault in reading.faults] == [4]
    assert reading.sightings[2].family is Family.BUG
    assert not reading.complete


def test_lines_of_yaml_and_json_are_those_of_the_entries() -> None:
    told = read("backlog.yml", "a: 1\n\nitems:\n  - title: One\n\n  - title: Two\n")
    assert [one.line for one in told.sightings] == [4, 6]
    told = read("backlog.json", '{"items": [\n {"title": "One"},\n\n {"title": "Two"}]}')
    assert [one.line for one in told.sightings] == [2, 4]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "items: !!python/object/apply:os.system ['touch /tmp/owned']\n",
        "- " * 5000,
        "items:\n" + "".join(" " * n + "- x:\n" for n in range(500)),
    ],
    ids=["aliases", "tag", "depth", "nested"],
)
def test_hostile_yaml_is_only_text(text: str) -> None:
    assert len(read("backlog.yml", text).sightings) < 600


def test_broken_json_keeps_the_objects_that_are_whole() -> None:
    text = (
        '{"items": [\n{"title": "One", "effort": "M"},\n{"title": "Two",,},\n{"title": "Three"}\n]}'
    )
    reading = read("backlog.json", text)
    assert titles(reading) == ["One", "Three"]
    assert [fault.line for fault in reading.faults] == [3]
    assert titles(read("backlog.json", '[{"title": "One"}, {"title": "Tw')) == ["One"]


def test_json_lines_and_deep_json() -> None:
    assert titles(read("x.jsonl", '{"title":"One"}\n{"title":"Two"}\n')) == ["One", "Two"]
    reading = read("backlog.json", "[" * 100_000)
    assert not reading.complete
    assert reading.faults


def test_broken_toml_keeps_the_other_tables() -> None:
    text = '[meta]\na = 1\n[[items]]\ntitle = "One"\nvalue = 5\n[[items]]\ntitle = "Two\n[[items]]\ntitle = "Three"\n'
    reading = read("backlog.toml", text)
    assert [(one.title, one.line) for one in reading.sightings] == [("One", 3), ("Three", 8)]
    assert [fault.line for fault in reading.faults] == [7]


def test_a_spreadsheets_csv() -> None:
    text = (
        'sep=;\r\nID;Title;Value;Points;Status\r\n1;"Two\r\nlines; and ""more""";8;3 pts;done\r\n'
    )
    text += "2;Plain;hoch;0,5;offen\r\n\r\n;;;;\r\n3;Third;5;2-3\r\n"
    reading = read("items.csv", b"\xef\xbb\xbf" + text.encode())
    assert titles(reading) == ['Two lines; and "more"', "Plain", "Third"]
    assert [one.line for one in reading.sightings] == [3, 5, 8]
    assert [numbers(one)[3] for one in reading.sightings] == [3, 1, 3]
    assert reading.sightings[0].state is ItemState.DONE
    assert {fault.line for fault in reading.faults} == {5}
    assert reading.complete


def test_a_quote_that_never_ends_costs_its_row() -> None:
    reading = read("items.csv", 'title,value\nOne,5\n"Two,5\nThree,3\n')
    assert titles(reading) == ["One", "Three"]
    assert [fault.line for fault in reading.faults] == [3]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert (
        only("x.csv", "title,value\nÜber alles prüfen,5\n".encode(encoding)).title
        == "Über alles prüfen"
    )


def test_equal_ids_and_equal_entries_are_told() -> None:
    reading = read("x.csv", "id,title\n1,One thing\n1,Other thing\n2,Same\n2,Same\n")
    assert titles(reading) == ["One thing", "Other thing", "Same"]
    assert [fault.line for fault in reading.faults] == [3, 5]
    assert len({one.key for one in reading.sightings}) == 3


def test_too_large_is_refused_whole() -> None:
    reading = read("x.csv", b"title\n" + b"x\n" * (LARGEST // 2))
    assert reading.sightings == ()
    assert not reading.complete


# -- reports of tools --


def test_junit_tells_of_failures_and_what_ended_before_it_broke_off() -> None:
    text = """<?xml version="1.0"?><testsuites><testsuite name="s">
<testcase classname="a.b" name="test_one"><failure message="boom">trace</failure></testcase>
<testcase classname="a.b" name="test_two"/>
<testcase classname="a.b" name="test_skip"><skipped/></testcase>
<testcase classname="a.b" name="test_three"><error>bad</error></testcase>
"""
    reading = read("report.xml", text)
    assert [one.identities for one in reading.sightings] == [
        ("test:a.b.test_one",),
        ("test:a.b.test_three",),
    ]
    assert not reading.complete
    assert read("r.xml", text + "</testsuite></testsuites>").complete


def test_an_entity_bomb_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite>'
    bomb += '<testcase name="t"><failure>&b;</failure></testcase></testsuite>'
    reading = read("r.xml", bomb)
    assert reading.sightings == ()
    assert "entities" in reading.faults[0].what


COBERTURA = """<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.5"><packages><package name="p"><classes>
<class name="a" filename="src/a.py"><lines>%s</lines></class>
<class name="b" filename="src/b.py"><lines><line number="1" hits="0"/></lines></class>
</classes></package></packages></coverage>"""


def test_coverage_names_the_files_that_tests_hardly_reach() -> None:
    lines = "".join(f'<line number="{n}" hits="{int(n > 20)}"/>' for n in range(1, 31))
    one = only("coverage.xml", COBERTURA % lines)
    assert (one.title, one.family, one.inputs.size.number) == ("Test src/a.py", Family.TEST, 2)
    assert "1-20" in one.body


SARIF = {
    "version": "2.1.0",
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "CodeQL",
                    "rules": [
                        {
                            "id": "py/sql",
                            "shortDescription": {"text": "SQL injection"},
                            "properties": {"security-severity": "9.1"},
                        }
                    ],
                }
            },
            "results": [
                {"ruleId": "py/sql", "message": {"text": "here"}, "locations": [
                    {"physicalLocation": {"artifactLocation": {"uri": "src/db%20x.py"},
                                          "region": {"startLine": line}}}]}
                for line in (3, 9)
            ]
            + [{"ruleId": "q", "level": "note", "suppressions": [{"kind": "inSource"}]},
               {"ruleIndex": 0, "kind": "pass"}],
        }
    ],
}  # fmt: skip


def test_sarif_gives_an_item_a_rule_and_file() -> None:
    one = only("scan.sarif", json.dumps(SARIF))
    assert one.title == "SQL injection (py/sql) in src/db x.py"
    assert one.identities == ("rule:src/db x.py|py/sql",)
    assert (one.family, one.inputs.risk.number) == (Family.SECURITY, 13)
    assert "src/db x.py:9 here" in one.body


def vex(**analysis: str) -> str:
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "components": [{"bom-ref": "r", "name": "requests", "version": "2.0"}],
            "vulnerabilities": [
                {
                    "id": "CVE-2024-1",
                    "ratings": [{"severity": "low"}, {"severity": "high"}],
                    "references": [{"id": "GHSA-aaaa-bbbb-cccc"}],
                    "affects": [{"ref": "r"}],
                    **({"analysis": analysis} if analysis else {}),
                }
            ],
        }
    )


def test_cyclonedx_and_what_a_vex_statement_settles() -> None:
    one = only("bom.json", vex())
    assert one.title == "CVE-2024-1 in requests@2.0"
    assert "advisory:GHSA-AAAA-BBBB-CCCC|requests" in one.identities
    assert (one.inputs.time.number, one.state) == (8, None)
    settled = only("bom.json", vex(state="not_affected", justification="code_not_reachable"))
    assert settled.state is ItemState.DONE
    assert "code not reachable" in settled.reason
    assert only("bom.json", vex(state="exploitable")).state is None


def test_cyclonedx_as_xml() -> None:
    text = """<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>
<component bom-ref="r"><name>requests</name><version>2.0</version></component></components>
<vulnerabilities><vulnerability><id>CVE-2024-1</id>
<ratings><rating><severity>critical</severity></rating></ratings>
<affects><target><ref>r</ref></target></affects></vulnerability></vulnerabilities></bom>"""
    one = only("bom.xml", text)
    assert one.identities == ("advisory:CVE-2024-1|requests",)
    assert one.inputs.risk.number == 13


def test_trivy_and_grype_speak_of_the_same_thing() -> None:
    trivy = {
        "SchemaVersion": 2, "ArtifactName": "app:1", "Results": [{"Target": "app:1 (debian)",
        "Vulnerabilities": [{"VulnerabilityID": "CVE-2024-2", "PkgName": "openssl",
        "InstalledVersion": "1", "FixedVersion": "1.1", "Severity": "CRITICAL"}],
        "Secrets": [{"RuleID": "aws", "Severity": "HIGH", "StartLine": 3, "Match": "AKIA"}]}],
    }  # fmt: skip
    grype = {
        "matches": [{"vulnerability": {"id": "GHSA-x", "severity": "High"}, "relatedVulnerabilities":
        [{"id": "CVE-2024-2"}], "artifact": {"name": "openssl", "version": "1"}}],
    }  # fmt: skip
    first, secret = read("trivy.json", json.dumps(trivy)).sightings
    assert first.inputs.size.number == 1
    assert "AKIA" not in secret.model_dump_json()
    assert set(first.identities) <= set(only("grype.json", json.dumps(grype)).identities)


def test_breaking_api_changes_only() -> None:
    changes = [
        {"id": "api-removed", "text": "removed", "level": 3, "operation": "GET", "path": "/v1"},
        {"id": "added", "text": "added", "level": 1, "operation": "GET", "path": "/v2"},
    ]
    assert (
        only("oasdiff.json", json.dumps(changes)).title == "Breaking API change: GET /v1: removed"
    )
    atlassian = {"breakingDifferencesFound": True, "breakingDifferences": [
        {"code": "path.remove", "action": "remove", "sourceSpecEntityDetails": [{"location": "paths./x"}]}
    ], "nonBreakingDifferences": []}  # fmt: skip
    assert "path.remove" in only("diff.json", json.dumps(atlassian)).title


def test_scenarios_without_steps_wait_to_be_made() -> None:
    text = (
        "@area\nFeature: Log in\n  @wip\n  Scenario: By key\n\n  Scenario: By word\n    Given x\n"
    )
    one = only("a.feature", text)
    assert (one.title, one.line, one.labels) == ("Scenario: By key", 4, ("area", "wip"))
    assert only("b.feature", "Feature: Nothing yet\n  In words.\n").title == "Feature: Nothing yet"
    broken = read("c.feature", text + "  Nonsense here\n  Scenario: Later\n")
    assert titles(broken) == ["Scenario: By key", "Scenario: Later"]
    assert broken.faults[0].line == 8


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (
            "docs/adr/0005-use-x.md",
            "# 5. Use X\n\nDate: 2026-01-02\n\n## Status\n\nProposed\n\n## Context\n\nWhy.\n",
        ),
        ("decisions/0005-use-x.md", "---\nstatus: proposed\ndate: 2026-01-02\n---\n# Use X\n"),
        ("docs/adr/ADR-005.md", "# ADR-005: Use X\n\n* Status: **Proposed**\n"),
    ],
)
def test_a_proposed_decision_waits(place: str, text: str) -> None:
    assert only(place, text).title == "Decide: Use X"
    assert read(place, text.replace("roposed", "accepted")).sightings == ()


def test_a_benchmark_that_became_slower() -> None:
    def run(took: float) -> Document:
        stats = {"median": took, "min": took * 0.95}
        told = {"machine_info": {}, "benchmarks": [{"fullname": "t.py::test_x", "stats": stats}]}
        return Document("0002.json", json.dumps(told).encode())

    earlier = (run(1.0), run(1.1))
    slower = read("0003.json", run(1.6).data, earlier=earlier)
    assert titles(slower) == ["test_x became 1.5 times as slow"]
    assert titles(read("0003.json", run(1.15).data, earlier=earlier)) == []
    assert read("0003.json", run(1.6).data).sightings == ()


# -- whatever comes --

NAMES = ["BACKLOG.md", "t.md", "a.csv", "backlog.yml", "backlog.json", "backlog.toml", "a.feature",
         "docs/adr/1-a.md", "a.sarif", "a.xml"]  # fmt: skip
_PIECES = st.lists(
    st.sampled_from(
        ["- [ ] a b", "\n", "  ", "| a | b |", "|---|---|", "title", ":", "- ", '"', "{", "}", "[", "]",
         "items", "=", ",", ";", "<testsuite>", "<", ">", "&a;", "Feature: x", "Scenario:", "@t", "#",
         "status: proposed", "## Status", "\x00", "\ufeff", "é", "]]>", "'''", "*a", "&a", "!!x"]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(NAMES), st.one_of(_PIECES.map(lambda p: "".join(p).encode()), st.binary()))
def test_no_source_fails_on_anything(name: str, data: bytes) -> None:
    document = Document(name, data)
    for source in document_sources().values():
        source.fits(document)
        for one in source.read(document).sightings:
            assert one.title
            assert all(getattr(one.inputs, i) for i in ("value", "time", "risk", "size"))


def test_a_kind_can_be_asked_for_and_an_unknown_one_is_refused() -> None:
    document = Document("notes.txt", b"title,value\nOne thing,5\n")
    assert readings(document) == []
    assert titles(readings(document, "csv")[0]) == ["One thing"]
    with pytest.raises(UnknownSource):
        readings(document, "nonsense")


def test_an_entry_that_moved_to_another_place_is_not_what_looks_like_it_now(
    backlog: Backlog,
) -> None:
    def told(checklist: str, table: str) -> None:
        rows = f"| {table} | 3 |\n" if table else ""
        done = f"- [ ] {checklist}\n" if checklist else ""
        text = f"# Plan\n\n{done}\n| Title | Size |\n|---|---|\n{rows}"
        for reading in readings(Document("BACKLOG.md", text.encode())):
            backlog.take("7", reading)

    told("", "Make page 1 of the shop nicer")
    told("Make page 1 of the shop nicer", "Make page 2 of the shop nicer")
    told("Make page 3 of the shop nicer", "Make page 1 of the shop nicer")
    open_ones = [item for item in backlog.items("7") if item.sightings]
    assert sorted(item.title for item in open_ones) == [
        "Make page 1 of the shop nicer",
        "Make page 3 of the shop nicer",
    ]
