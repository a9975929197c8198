"""A package's test script, made to say how each test ended.

Promises: the script itself is run, with everything that stands around its runner; only options that
ask the runner for a report in JSON are added, and options that would ask for another one, for
coverage or for waiting are left out. Never: runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ScriptRunner = Literal["jest", "vitest", "mocha", "node"]

REPORT = "/report"
REPORTER = "/tools/node_test_reporter.mjs"
_DEEPEST = 4
_LONGEST = 10_000
_QUIET = r"(?: --?silent| -s| --if-present)*"
_CALL = re.compile(
    rf"(?:npm|pnpm|yarn){_QUIET} (?:run(?:-script)?{_QUIET} )?(?P<one>[\w:.-]+){_QUIET}"
    r"(?P<more> -- [^;|]*)?|(?:run-s|npm-run-all)(?P<many>(?: [\w:.-]+)+)"
)
_RUNNER = re.compile(
    r"(?<![\w@:/.-])(?:(?:\./)?(?:node_modules/\.bin/)?(?P<name>jest|vitest|_?mocha)(?![\w:/.@-])"
    r"|(?P<file>(?:\./)?node_modules/(?P<of>jest|vitest|mocha)/[\w./-]+\.[cm]?js)(?![\w/.-])"
    r"|(?P<wrapped>(?:react-scripts|craco) test)(?![\w:/.-])"
    r"|(?P<node>(?:node|tsx)(?: (?:(?:--import|--require|-r|--loader|--experimental-loader"
    r"|--env-file|-C) [\w=./:@-]+|--?[\w=./:@-]+))*? --test)(?![\w-]))"
)
# Where a runner's name is no command: what is installed, an option's value, a configuration.
_NO_COMMAND = re.compile(
    r"(?:install|add|i|-D|--save-dev|--env|--plugin|--parser|-p|--project|echo)\s+$"
)
_END = re.compile(r"&&|\|\||[;|)\n]|>|$")
_LOOKS = re.compile(
    r"(?<![\w./@-])(?:eslint|prettier|xo|standard|biome|stylelint|tslint|oxlint|tsd|dtslint|karma"
    r"|tsc\b.*--noEmit|attw|publint|size-limit|markdownlint\S*|cspell)(?![\w./@-])"
)
_VALUE = r"(?:[= ](?:\"[^\"]*\"|'[^']*'|[^\s-]\S*))?"
_DROPPED: dict[ScriptRunner, re.Pattern[str]] = {
    "jest": re.compile(
        r"\s--(?:json|silent|verbose|notify|bail|coverage|collectCoverage|ci|watch|watchAll"
        r"|passWithNoTests|colors?)(?:=\S+)?(?=\s|$)"
        rf"|\s--(?:outputFile|reporters){_VALUE}"
    ),
    "vitest": re.compile(
        r"\s--(?:silent|bail|coverage|coverage\.\w+|ui|watch|run|open|passWithNoTests)(?:=\S+)?(?=\s|$)"
        rf"|\s-w(?=\s|$)|\s--(?:outputFile|outputFile\.\w+|reporter){_VALUE}|^\s+(?:watch|dev)(?=\s|$)"
    ),
    "mocha": re.compile(
        rf"\s(?:--watch|-w|--bail|-b|--inline-diffs|--colors?|-c)(?=\s|$)"
        rf"|\s(?:--reporter|--reporter-options?|-R|-O){_VALUE}"
    ),
    "node": re.compile(rf"\s--test-reporter(?:-destination)?{_VALUE}|\s--watch(?=\s|$)"),
}  # fmt: skip
_ADDED: dict[ScriptRunner, str] = {
    "jest": " --ci --watchAll=false --json --outputFile={report}",
    "vitest": " --run --reporter=default --reporter=json --outputFile.json={report}",
    "mocha": " --reporter json --reporter-option output={report}",
    "node": f" --test-reporter={REPORTER} --test-reporter-destination={{report}}",
}


@dataclass(frozen=True)
class Instrumented:
    """`script` for `sh -c`; `reports`: (runner, file name below REPORT), in order."""

    script: str
    reports: tuple[tuple[ScriptRunner, str], ...]


def test_script(name: str, scripts: Mapping[str, str]) -> str:
    """The script `name` as one line, the scripts that it calls written out in it.

    Where it starts runners, linters are left out, as is all that follows the last runner, and a
    runner that fails does not keep the next from running.
    """
    parts = [*_parts(f"pre{name}", scripts), *_parts(name, scripts)]
    running = [at for at, part in enumerate(parts) if runners_in(part)]
    if not running:
        return " && ".join(parts)
    before = [part for part in parts[: running[0]] if not _only_looks(part)]
    runs = [part for part in parts[running[0] : running[-1] + 1] if not _only_looks(part)]
    if len(runs) > 1:
        every = " ".join(f"({part}) || failed=$?;" for part in runs)
        runs = [f"{{ failed=0; {every} exit $failed; }}"]
    return " && ".join([*before, *runs])


def _parts(name: str, scripts: Mapping[str, str], depth: int = 0) -> list[str]:
    """What a script does one after the other, calls of other scripts replaced by what those do."""
    found: list[str] = []
    for part in scripts.get(name, "")[:_LONGEST].split("&&"):
        part = part.strip()
        called = _CALL.fullmatch(part)
        names = (called["one"] or called["many"]).split() if called else []
        if called and depth < _DEEPEST and all(n in scripts for n in names):
            found += [inner for n in names for inner in _parts(n, scripts, depth + 1)]
            if called["more"] and found:
                found[-1] += called["more"].removeprefix(" --")
        elif part:
            found.append(part)
    return found[:100]


def _only_looks(part: str) -> bool:
    """Does this part only lint, check a format or types, or need a browser?"""
    return not runners_in(part) and bool(_LOOKS.search(part))


def runners_in(script: str) -> list[ScriptRunner]:
    """The runners that an expanded script starts, in order."""
    return [_named(match) for match in _calls(script)]


def instrumented(script: str, files: tuple[str, ...] = ()) -> Instrumented:
    """An expanded script whose runners each write a report of their own.

    `files`: quoted paths; only these are run where the script leaves the choice to the runner.
    """
    pieces: list[str] = []
    reports: list[tuple[ScriptRunner, str]] = []
    done = 0
    calls = _calls(script)
    for match in calls:
        runner = _named(match)
        end = _END.search(script, match.end())
        stop = end.start() if end else len(script)
        rest = _DROPPED[runner].sub("", script[match.end() : stop])
        report = f"{len(reports)}.json"
        added = _ADDED[runner].replace("{report}", f"{REPORT}/{report}")
        chosen = ""
        if files and len(calls) == 1 and runner in {"jest", "vitest"} and not _has_paths(rest):
            by_path = " --runTestsByPath" if runner == "jest" else ""
            chosen = f"{by_path} {' '.join(files)}"
        pieces += [script[done : match.end()], _placed(runner, added, rest), chosen, " "]
        reports.append((runner, report))
        done = stop
    return Instrumented("".join(pieces) + script[done:], tuple(reports))


def _calls(script: str) -> list[re.Match[str]]:
    return [
        match
        for match in _RUNNER.finditer(script)
        if not _NO_COMMAND.search(script, max(0, match.start() - 30), match.start())
    ]


def _named(match: re.Match[str]) -> ScriptRunner:
    said = match["name"] or match["of"] or ("jest" if match["wrapped"] else "node")
    return {"jest": "jest", "vitest": "vitest"}.get(said.lstrip("_"), said.lstrip("_"))  # type: ignore[return-value]


def _placed(runner: ScriptRunner, added: str, rest: str) -> str:
    """Options behind vitest's subcommand, before everything else that the script passes."""
    if runner == "vitest" and (found := re.match(r"\s+(?:run|related)(?=\s|$)", rest)):
        return found[0] + added.replace(" --run", "") + rest[found.end() :]
    return added + rest


def _has_paths(rest: str) -> bool:
    words = rest.split()
    return any(not word.startswith("-") and word != "run" for word in words)
