"""Which script a package's tests come down to, and what is added to it."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.node_project import node_project
from bot.workspace.test_scripts import instrumented, runners_in, test_script

test_script.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "runners"),
    [
        ("jest", ["jest"]),
        ("cross-env NODE_ENV=test npx jest --ci", ["jest"]),
        ("node --experimental-vm-modules node_modules/jest/bin/jest.js", ["jest"]),
        ("nyc --reporter=html mocha test/", ["mocha"]),
        ("./node_modules/.bin/_mocha", ["mocha"]),
        ("react-scripts test", ["jest"]),
        ("node --import tsx --test test/*.ts", ["node"]),
        ("tsc && mocha dist; vitest run", ["mocha", "vitest"]),
        ("npm install jest", []),
        ("eslint --env mocha .", []),
        ("node --test-only-this.js", []),
        ("node scripts/jest.js", []),
        ("ava", []),
        ("eslint jest.config.js", []),
    ],
)
def test_runners_are_known_where_they_are_commands(script: str, runners: list[str]) -> None:
    assert runners_in(script) == runners


def test_scripts_that_are_called_are_written_out_and_linters_left_out() -> None:
    scripts = {
        "test": "npm run lint && npm run build -s && npm run test:unit -- --forbid-only && tsd",
        "lint": "eslint .", "build": "tsc -p .", "test:unit": "mocha dist", "pretest": "rm -rf x",
    }  # fmt: skip
    assert test_script("test", scripts) == "rm -rf x && tsc -p . && mocha dist --forbid-only"
    several = {"test": "yarn a && yarn b", "a": "jest", "b": "mocha"}
    assert test_script("test", several) == (
        "{ failed=0; (jest) || failed=$?; (mocha) || failed=$?; exit $failed; }"
    )
    assert test_script("test", {"test": "npm test"}) == "npm test"
    assert test_script("test", {"test": "yarn a", "a": "yarn b && yarn c"}) == "yarn b && yarn c"


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("jest --coverage --reporters=default src",
         "jest --ci --watchAll=false --json --outputFile=/report/0.json src "),
        ("vitest run --reporter verbose -t x",
         "vitest run --reporter=default --reporter=json --outputFile.json=/report/0.json -t x "),
        ("vitest --watch=false",
         "vitest --run --reporter=default --reporter=json --outputFile.json=/report/0.json "),
        ("mocha -R dot 'test/*.js' && echo done",
         "mocha --reporter json --reporter-option output=/report/0.json 'test/*.js'  && echo done"),
        ("node --test --test-reporter=spec",
         "node --test --test-reporter=/tools/node_test_reporter.mjs"
         " --test-reporter-destination=/report/0.json "),
    ],
)  # fmt: skip
def test_a_runner_is_asked_for_a_report_and_for_nothing_else(script: str, asked: str) -> None:
    assert instrumented(script).script == asked


def test_chosen_files_are_given_only_to_a_runner_that_chooses_for_itself() -> None:
    assert "--runTestsByPath 'a b.js'" in instrumented("jest --ci", ("'a b.js'",)).script
    assert "x.js" not in instrumented("mocha test/", ("x.js",)).script
    assert "x.js" not in instrumented("jest src", ("x.js",)).script
    assert [name for _, name in instrumented("jest; mocha").reports] == ["0.json", "1.json"]


@given(st.text(max_size=200), st.dictionaries(st.sampled_from("ab"), st.text(max_size=60)))
def test_no_script_makes_reading_it_fail(text: str, others: dict[str, str]) -> None:
    script = test_script("test", {**others, "test": text})
    instrumented(script)
    runners_in(script)


def test_scripts_that_call_each_other_end_quickly() -> None:
    around = {n: " && ".join(f"npm run {m}" for m in "abcdefgh") for n in "abcdefgh"}
    began = time.thread_time()
    test_script("a", around)
    for word in ("npm run ", "jest ", "node --a ", "mocha -R ", " --reporter", "npm -s ", "node -"):
        runners_in(word * 1000)
        instrumented(word * 1000)
        test_script("test", {"test": word * 1000})
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    ("declared", "files", "manager", "words"),
    [
        ({}, ["package-lock.json"], "npm", "ci --ignore-scripts"),
        ({}, [], "npm", "install --ignore-scripts"),
        ({}, ["pnpm-lock.yaml"], "pnpm",
         "exec --yes --package=pnpm@9 -- pnpm install --ignore-scripts --frozen-lockfile"),
        ({"packageManager": "pnpm@8.6.0"}, ["package-lock.json", "pnpm-lock.yaml"], "pnpm",
         "exec --yes --package=pnpm@8"),
        ({}, ["yarn.lock"], "yarn", "exec --yes --package=yarn@1 -c"),
        ({"packageManager": "yarn@4.1.0"}, ["yarn.lock", ".yarnrc.yml"], "yarn",
         "exec --yes --package=@yarnpkg/cli-dist@4 -c"),
    ],
)  # fmt: skip
def test_the_lock_file_decides_who_installs(
    declared: dict[str, str], files: list[str], manager: str, words: str
) -> None:
    content = json.dumps({"dependencies": {"x": "1"}, **declared})
    found = node_project(content, ["package.json", *files])
    assert found is not None
    assert found.manager == manager
    assert " ".join(found.install).startswith(words)
    assert re.search("--ignore-scripts|--mode=skip-build", " ".join(found.install))


@pytest.mark.parametrize(
    ("declared", "files", "runner"),
    [
        ({"devDependencies": {"vitest": "1"}}, [], "vitest"),
        ({"scripts": {"test": "run-s test:*", "test:unit": "vitest"}}, [], "vitest"),
        ({"scripts": {"test": "make test"}}, [], "npm"),
        ({"scripts": {"test": "xo && ava"}}, [], "npm"),
        ({}, ["test/a.js"], "node"),
        ({}, ["src/a.js"], None),
        ({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}, [], None),
        ({"scripts": ["x"], "dependencies": 3}, [], None),
    ],
)
def test_the_test_script_decides_who_runs(
    declared: dict[str, object], files: list[str], runner: str | None
) -> None:
    found = node_project(json.dumps(declared), ["package.json", *files])
    assert found is not None
    assert found.runner == runner
