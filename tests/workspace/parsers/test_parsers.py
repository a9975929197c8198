"""What the real tools printed, in several versions, and what is made of it (see record.py)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workspace.parsers import TOOLS, Parsed, parse
from bot.workspace.parsers.parsed import LONGEST_MESSAGE, MOST_PROBLEMS, TAIL

FIXTURES = Path(__file__).parent / "fixtures"
INDEX = json.loads((FIXTURES / "index.json").read_text())


def read(file: str) -> Parsed:
    about = INDEX[file]
    output = (FIXTURES / file).read_text()
    return parse(about["tool"], output, root="/workspace", exit_code=about["exit_code"])


def recorded(tool: str, *names: str) -> dict[str, Parsed]:
    """Every version of the runs `names` of a tool."""
    found = {
        file: read(file)
        for file, about in INDEX.items()
        if about["tool"] == tool
        and file.partition("/")[2].partition("-")[2].removesuffix(".txt") in names
    }
    assert found
    return found


def places(parsed: Parsed) -> list[tuple[str, int | None, str]]:
    return sorted((p.file, p.line, p.rule) for p in parsed.problems)


def test_every_recording_is_there_and_every_tool_has_one() -> None:
    files = {str(p.relative_to(FIXTURES)) for p in FIXTURES.glob("*/*.txt")}
    assert files == set(INDEX)
    recorded_tools = {about["tool"] for about in INDEX.values()}
    assert set(TOOLS) - recorded_tools <= {"tap", "pnpm", "yarn"}


def test_no_recording_tells_of_the_machine_that_made_it() -> None:
    for file in INDEX:
        text = (FIXTURES / file).read_text()
        assert "/root" not in text
        assert "/home" not in text
        assert "/tmp/" not in text.replace("/tmp/x", "")


def test_a_failing_run_is_never_taken_for_a_clean_one() -> None:
    for file, about in INDEX.items():
        parsed = read(file)
        if about["exit_code"]:
            assert parsed.problems or parsed.failures or not parsed.understood, file
        if "crash" in file and about["tool"] != "tsc":
            assert not parsed.understood, file
            assert parsed.reason
            assert parsed.tail
        if "clean" in file or "good" in file:
            assert parsed.understood, file
            assert not parsed.errors, file


def test_output_that_was_cut_off_never_becomes_clean() -> None:
    for file, about in INDEX.items():
        text = (FIXTURES / file).read_text()
        if not read(file).problems or about["exit_code"] in (0, None):
            continue
        for share in (0.0, 0.05, 0.3, 0.9):
            parsed = parse(about["tool"], text[: int(len(text) * share)], exit_code=1)
            assert parsed.problems or parsed.failures or not parsed.understood, (file, share)


SHOP = "src/shop.py"


@pytest.mark.parametrize(
    ("tool", "runs", "wanted"),
    [
        ("flake8", ["default"],
         [(SHOP, 15, "F821"), (SHOP, 1, "F401"), ("src/broken.py", 1, "E999")]),
        ("mypy", ["text", "pretty", "json"],
         [(SHOP, 7, "return-value"), (SHOP, 15, "name-defined"), (SHOP, 20, "arg-type"),
          (SHOP, 29, "assignment")]),
        ("mypy", ["syntax"], [("src/broken.py", 1, "syntax")]),
        ("pyright", ["json", "text"],
         [(SHOP, 15, "reportUndefinedVariable"), (SHOP, 20, "reportArgumentType"),
          ("src/broken.py", 1, "")]),
        ("ruff", ["json", "json-lines", "concise", "text", "full", "github"],
         [(SHOP, 15, "F821"), (SHOP, 19, "S602"), (SHOP, 1, "I001")]),
        ("black", ["check"], [(SHOP, None, "format"), ("src/broken.py", 1, "syntax")]),
        ("black", ["diff"], [(SHOP, 18, "format")]),
        ("ruff-format", ["check"], [(SHOP, None, "format"), ("src/broken.py", 1, "syntax")]),
        ("bandit", ["json", "text"],
         [(SHOP, 19, "B602"), (SHOP, 20, "B301"), ("src/broken.py", None, "unreadable")]),
        ("semgrep", ["json"], [(SHOP, 19, "-")]),
        ("pylint", ["json", "json2", "text"],
         [(SHOP, 15, "undefined-variable"), (SHOP, 1, "unused-import")]),
        ("eslint", ["json", "stylish"],
         [("shop.js", 2, "no-undef"), ("shop.js", 1, "no-unused-vars"), ("broken.js", 1, "fatal")]),
        ("tsc", ["plain", "pretty"],
         [("shop.ts", 1, "TS2322"), ("shop.ts", 8, "TS2339"), ("shop.ts", 14, "TS2322")]),
        ("go", ["build", "test-json", "test-text", "test-verbose"],
         [("broken/broken.go", 6, "compile"), ("broken/broken.go", 3, "compile")]),
        ("go", ["vet"], [("vetted/vetted.go", 6, "compile")]),
        ("cargo", ["build-text", "build-json", "test-broken"],
         [("src/lib.rs", 4, "E0308"), ("src/lib.rs", 8, "E0425")]),
        ("docker", ["classic-failing", "buildkit-failing"], [("", None, "RUN")]),
        ("npm", ["conflict"], [("package.json", None, "ERESOLVE")]),
        ("npm", ["missing"], [("package.json", None, "ETARGET")]),
        ("npm", ["no-lock"], [("package.json", None, "EUSAGE")]),
        ("pip", ["conflict", "missing"], [("", None, "resolution")]),
        ("uv", ["conflict", "missing"], [("", None, "resolution")]),
        ("pytest", ["coverage-too-low"], [("", None, "coverage")]),
    ],
)  # fmt: skip
def test_problems_are_found_where_the_tool_says(
    tool: str, runs: list[str], wanted: list[tuple[str, int | None, str]]
) -> None:
    for file, parsed in recorded(tool, *runs).items():
        assert parsed.understood, (file, parsed.reason)
        found = places(parsed)
        assert set(wanted) <= set(found), file
        assert all(p.message for p in parsed.problems), file


@pytest.mark.parametrize(
    ("tool", "runs"),
    [
        ("ruff", ["concise", "full", "github", "json-lines"]), ("bandit", ["text"]),
        ("eslint", ["stylish"]), ("tsc", ["pretty"]), ("pyright", ["text"]), ("pylint", ["text"]),
    ],
)  # fmt: skip
def test_every_format_of_a_version_says_the_same(tool: str, runs: list[str]) -> None:
    reference = {"tsc": "plain"}.get(tool, "json")
    for file, parsed in recorded(tool, *runs).items():
        version = file.partition("/")[2].partition("-")[0]
        wanted = places(read(f"{tool}/{version}-{reference}.txt"))
        # Text has no name for a rule that pyright does not configure, as JSON has not.
        assert [(f, line) for f, line, _ in places(parsed)] == [(f, ln) for f, ln, _ in wanted], (
            file
        )


PYTEST = {
    "tests/test_price.py::test_covered": "passed",
    "tests/test_shop.py::TestShop::test_good": "passed",
    "tests/test_shop.py::TestShop::test_bad[1]": "failed",
    "tests/test_shop.py::TestShop::test_bad[a b]": "failed",
    "tests/test_shop.py::TestShop::test_bad[x::y]": "failed",
    "tests/test_shop.py::test_error": "error",
    "tests/test_shop.py::test_skipped": "skipped",
    "tests/test_shop.py::test_expected_to_fail": "skipped",
    "tests/test_shop.py::test_unexpectedly_passes": "failed",
    "tests/test_shop.py::Old::test_old": "failed",
    "tests/test_unreadable.py": "error",
}


def test_pytest_names_its_tests_with_v_and_the_failed_ones_always() -> None:
    failed = {name: status for name, status in PYTEST.items() if status in {"failed", "error"}}
    for file, parsed in recorded("pytest", "verbose", "short", "quiet", "lines").items():
        found = {t.id: t.status for t in parsed.tests or ()}
        assert failed.items() <= found.items(), file
        assert found.items() <= PYTEST.items(), file
        assert parsed.counts["failed"] == 5
        assert parsed.counts["errors"] == 2
    for parsed in recorded("pytest", "verbose").values():
        assert {t.id: t.status for t in parsed.tests or ()} == PYTEST
        place = next(p for p in parsed.problems if p.rule.endswith("test_bad[a b]"))
        assert (place.file, place.line) == ("tests/test_shop.py", 13)


def test_pytest_without_tests_or_with_a_wrong_option_is_no_success() -> None:
    assert all(not p.understood for p in recorded("pytest", "none").values())
    assert all(p.problems for p in recorded("pytest", "usage").values())


def test_a_junit_report_is_read_whoever_wrote_it() -> None:
    for parsed in recorded("junit", "pytest").values():
        assert (parsed.counts["passed"], parsed.counts["failed"], parsed.counts["errors"]) == (
            2,
            5,
            2,
        )
    for parsed in recorded("junit", "node").values():
        assert (parsed.counts["passed"], parsed.counts["failed"], parsed.counts["skipped"]) == (
            2,
            3,
            2,
        )


JEST = {
    "sum.test.js > sum > adds": "passed",
    "sum.test.js > sum > fails › with a sign": "failed",
    "sum.test.js > sum > is skipped": "skipped",
    "sum.test.js > sum > is to do": "skipped",
    "sum.test.js > sum > inside > throws": "failed",
}


@pytest.mark.parametrize("tool", ["jest", "vitest"])
def test_jest_and_vitest_name_their_tests_alike(tool: str) -> None:
    for file, parsed in recorded(tool, "json").items():
        found = {t.id: t.status for t in parsed.tests or ()}
        assert found == {**JEST, "broken.test.js": "error"}, file
        line = next(p.line for p in parsed.problems if p.rule.endswith("sign"))
        assert line == (9 if tool == "jest" else 10)
        assert (parsed.counts["passed"], parsed.counts["failed"]) == (1, 2)
    for file, parsed in recorded(tool, "verbose").items():
        found = {t.id: t.status for t in parsed.tests or ()}
        assert found.items() >= {n: s for n, s in JEST.items() if s == "failed"}.items(), file
    for parsed in recorded(tool, "text").values():
        assert {t.id for t in parsed.failures} >= {"broken.test.js"}
        assert {p.line for p in parsed.problems} >= {9, 15} if tool == "jest" else {10, 16}


def test_mocha_tells_its_failures_in_every_reporter() -> None:
    for file, parsed in recorded("mocha", "json", "spec", "dot", "tap").items():
        assert len(parsed.failures) == 3, file
        assert parsed.counts["passed"] == 1
        if "tap" not in file:
            assert [p.line for p in parsed.problems] == [8, 14, 21], file


def test_nodes_runner_leaves_suites_out_and_to_do_is_no_failure() -> None:
    for file, parsed in recorded("node", "tap", "spec").items():
        found = {t.id: t.status for t in parsed.tests or ()}
        assert found == {
            "broken.test.mjs": "failed", "adds": "passed", "fails": "failed",
            "is skipped": "skipped", "is to do": "skipped", "inside > passes": "passed",
            "inside > throws": "failed",
        }, file  # fmt: skip


def test_go_and_cargo_name_their_tests() -> None:
    calc = "example.com/sample/calc"
    for file, parsed in recorded("go", "test-json", "test-verbose").items():
        found = {t.id: t.status for t in parsed.tests or ()}
        assert found[f"{calc}.TestAdd"] == "passed", file
        assert found[f"{calc}.TestTable/two_words"] == "failed"
        assert found[f"{calc}.TestSkipped"] == "skipped"
        assert found["example.com/sample/panics.TestPanics"] == "failed"
        assert "index out of range" in next(
            p.message for p in parsed.problems if p.rule.endswith("TestPanics")
        )
    (parsed,) = recorded("cargo", "test").values()
    found = {t.id: t.status for t in parsed.tests or ()}
    assert found["src/lib.rs tests::fails"] == found["tests/outside.rs result"] == "failed"
    assert found["src/lib.rs tests::ignored"] == "skipped"
    assert ("src/lib.rs", 23) in {(p.file, p.line) for p in parsed.problems}


def test_coverage_says_which_lines_ran_in_every_format() -> None:
    for file, parsed in recorded("coverage", "json", "xml", "lcov").items():
        assert parsed.coverage is not None, file
        assert parsed.coverage["src/shapes.py"].missing == (3, 8), file
        assert parsed.coverage["src/shapes.py"].covered == (1, 2, 4, 7)
    for parsed in recorded("coverage", "jest-lcov", "jest-cobertura", "jest-istanbul").values():
        assert parsed.coverage is not None
        assert parsed.coverage["sum.js"].missing == (3,)
    for parsed in recorded("coverage", "go-profile").values():
        assert parsed.coverage is not None
        assert 8 in parsed.coverage["example.com/sample/calc/calc.go"].missing


def test_severities_are_told_apart() -> None:
    for parsed in recorded("bandit", "json", "text").values():
        assert {p.rule: p.severity for p in parsed.problems} | {"x": ""} == {
            "B602": "error", "B301": "warning", "B403": "note", "B404": "note", "B101": "note",
            "unreadable": "error", "x": "",
        }  # fmt: skip
    for parsed in recorded("eslint", "json").values():
        assert len(parsed.errors) == 5
        assert len(parsed.problems) == 6


def test_silence_is_clean_only_when_the_exit_code_says_so() -> None:
    assert parse("flake8", "", exit_code=0).understood
    assert not parse("flake8", "").understood
    assert not parse("flake8", "", exit_code=1).understood
    assert not parse("ruff", "", exit_code=2).understood
    assert not parse("semgrep", "", exit_code=0).understood
    assert not parse("pytest", "", exit_code=0).understood


def test_an_exit_code_that_nothing_explains_is_not_understood() -> None:
    for tool, output in {
        "ruff": "All checks passed!\n", "mypy": "Success: no issues found in 1 source file\n",
        "pytest": "===== 3 passed in 0.01s =====\n", "eslint": "[]", "bandit":
        '{"results": [], "errors": [], "metrics": {}}',
    }.items():  # fmt: skip
        assert parse(tool, output, exit_code=0).understood, tool
        broken = parse(tool, output, exit_code=3)
        assert not broken.understood, tool
        assert "exit code 3" in broken.reason


def test_a_checker_that_breaks_in_the_middle_is_not_understood() -> None:
    text = (FIXTURES / "mypy/1.20.0-text.txt").read_text().rpartition("Found")[0]
    crashed = parse("mypy", text + "x.py: error: INTERNAL ERROR -- Please try\n", exit_code=2)
    assert crashed.problems
    assert not crashed.understood


def test_what_npm_says_first_does_not_matter() -> None:
    said = "npm warn deprecated x\n\n> x@1 lint\n> eslint -f json .\n\n"
    output = (FIXTURES / "eslint/9.39.1-json.txt").read_text()
    assert places(parse("eslint", said + output, root="/workspace")) == places(
        read("eslint/9.39.1-json.txt")
    )
    assert parse("tsc", said, exit_code=0).understood


def test_an_unknown_output_is_recognised_by_trying() -> None:
    for file, tool in {
        "pytest/9.0.2-verbose.txt": "pytest", "mypy/1.20.0-text.txt": "mypy",
        "go/1.27.3-test-json.txt": "go", "jest/30.2.0-text.txt": "jest",
    }.items():  # fmt: skip
        parsed = parse("", (FIXTURES / file).read_text(), exit_code=1)
        assert (parsed.tool, parsed.understood) == (tool, True), file
    assert not parse("", "what is this\n", exit_code=1).understood
    assert not parse("", "", exit_code=0).understood
    assert "no parser for" in parse("cobol", "x").reason


def test_results_are_bounded() -> None:
    long = "a.py:1:1: E501 " + "x" * 10_000 + "\n"
    parsed = parse("flake8", long + "a.py:1:1: E501 x\n" * (MOST_PROBLEMS + 10), exit_code=1)
    assert len(parsed.problems) == MOST_PROBLEMS
    assert max(len(p.message) for p in parsed.problems) <= LONGEST_MESSAGE + 1
    assert len(parsed.tail) <= TAIL
    assert parsed.cut
    assert len(parse("x", "y" * (TAIL + 1)).tail) == TAIL


def test_paths_are_relative_and_never_leave_by_dots() -> None:
    parsed = parse(
        "flake8", "/workspace/./a.py:1:1: E501 x\n./b.py:2:1: E501 x\n", root="/workspace/"
    )
    assert [p.file for p in parsed.problems] == ["a.py", "b.py"]
    elsewhere = parse("flake8", "/workspaces/a.py:1:1: E501 x\n", root="/workspace")
    assert elsewhere.problems[0].file == "/workspaces/a.py"


@pytest.mark.parametrize("tool", [*TOOLS, ""])
@settings(max_examples=25, deadline=None)
@given(
    text=st.text(max_size=300) | st.sampled_from(sorted(INDEX)),
    mixed=st.sampled_from(
        ["", "\x1b[31m", "\r\n", "\x00", "{", "[[[", "]}", "<testsuite>", "\ud800"]
    ),
    at=st.integers(0, 2000),
    code=st.sampled_from([None, 0, 1]),
)  # fmt: skip
def test_no_output_makes_a_parser_fail(
    tool: str, text: str, mixed: str, at: int, code: int | None
) -> None:
    if text in INDEX:
        text = (FIXTURES / text).read_text()[:20_000]
    parsed = parse(tool, text[:at] + mixed + text[at:], root="/workspace", exit_code=code)
    assert parsed.understood != bool(parsed.reason)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["results", "errors", "metrics", "paths", "files", "meta", "messages", "message",
             "filePath", "filename", "location", "row", "line", "stats", "passes", "failures",
             "testResults", "numTotalTests", "assertionResults", "generalDiagnostics", "summary",
             "range", "start", "reason", "spans", "Action", "Test", "Output", "statementMap",
             "s", "err", "severity", "extra", "test", "file", "status", "executed_lines"]
        ), inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_JSON)
def test_json_of_any_shape_is_read_or_left_alone(value: object) -> None:
    text = json.dumps(value)
    for tool in TOOLS:
        parse(tool, text, exit_code=1)


def test_deep_and_forged_documents_are_refused() -> None:
    assert not parse("eslint", "[" * 100_000, exit_code=0).understood
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        '<coverage><class filename="&b;"/></coverage>'
    )
    assert not parse("coverage", bomb).understood
    assert not parse("junit", bomb.replace("coverage", "testsuites")).understood
    huge = "mode: set\n" + "".join(f"a.go:1.1,{n}.1 1 1\n" for n in range(90_000, 90_500))
    parsed = parse("coverage", huge)
    assert parsed.coverage is not None
    assert len(parsed.coverage["a.go"].covered) < 100_000


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_time_grows_with_the_length_and_not_faster(tool: str) -> None:
    pieces = [
        "_", " ", ":", "a:1:2: ", " > ", "::", "error: ", "1 ", "(", "FAILED a", "✓ ", " - ", "'",
        "Tests: 1 ", "PASSED (", "=1 passed, ", "[", "\x1b[", "<testsuite", '{"a":',
    ]  # fmt: skip
    texts = [(start + piece * 2000)[:2000] + "\n" for start in ("", "  ", "__") for piece in pieces]
    began = time.process_time()
    for text in texts:
        parse(tool, text * 4, exit_code=1)
    assert time.process_time() - began < 6  # 0.5 MB of the worst lines that we know
