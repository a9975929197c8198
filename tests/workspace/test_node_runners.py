"""What a Node project's own runners say about each test, run in the sandbox."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.workspace.environment import Environments
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import plan_for
from bot.workspace.sandbox import Sandbox
from bot.workspace.tests import TestReport, compare, run_tests
from tests.workspace.conftest import Project

SAMPLES = Path(__file__).parent / "parsers" / "samples"

pytestmark = pytest.mark.skipif(not os.path.exists("/usr/bin/npm"), reason="no npm under /usr")


def sample(name: str, **changed: str) -> dict[str, str]:
    files = {p.name.removesuffix(".sample"): p.read_text() for p in (SAMPLES / name).iterdir()}
    return files | {file.replace("__", "."): content for file, content in changed.items()}


def run(project: Project, sandbox: Sandbox, files: dict[str, str], **options: object) -> TestReport:
    base = project.commit(files)
    plan, pool = plan_for(project.mirror, base), project.pool(sandbox)
    environment = None
    if plan.steps:
        environment = Environments(
            project.root / "environments", project.mirror, pool, sandbox,
            PackageIndex.of(os.environ),
        ).prepare(plan, base)  # fmt: skip
    with pool.checkout(base) as tree:
        return run_tests(tree, plan, environment, sandbox, **options)  # type: ignore[arg-type]


def test_nodes_own_runner_names_every_test(project: Project, sandbox: Sandbox) -> None:
    report = run(project, sandbox, sample("node"))
    assert dict(report.outcomes) == {
        "broken.test.mjs": "failed",
        "sum.test.mjs > adds": "passed",
        "sum.test.mjs > fails": "failed",
        "sum.test.mjs > is skipped": "skipped",
        "sum.test.mjs > is to do": "skipped",
        "sum.test.mjs > inside > passes": "passed",
        "sum.test.mjs > inside > throws": "failed",
    }
    assert not report.ok
    bad = next(f for f in report.failures if f.id == "sum.test.mjs > fails")
    assert (bad.file, bad.line) == ("sum.test.mjs", 5)
    assert "3 !== 4" in bad.tail
    # What is chosen is told apart by its id.
    chosen = run(project, sandbox, {"x": ""}, select=["sum.test.mjs > adds"])
    assert list(chosen.outcomes) == ["sum.test.mjs > adds"]


def test_two_runs_of_a_node_project_are_compared_by_test(
    project: Project, sandbox: Sandbox
) -> None:
    source = 'import {test} from "node:test"; import assert from "node:assert";\n'
    before = run(project, sandbox, {
        "package.json": '{"scripts": {"test": "node --test"}}',
        "a.test.mjs": source + 'test("a", () => {}); test("b", () => assert.ok(false));',
    })  # fmt: skip
    after = run(project, sandbox, {
        "a.test.mjs": source + 'test("a", () => assert.ok(false)); test("b", () => {});',
    })  # fmt: skip
    found = compare(before, after)
    assert (found.regressions, found.fixed) == (("a.test.mjs > a",), ("a.test.mjs > b",))


def test_a_report_that_a_test_wrote_itself_does_not_make_a_pass(
    project: Project, sandbox: Sandbox
) -> None:
    forged = '{"test":"a","file":"a.test.mjs","status":"passed"}'
    forge = f"fs.rmSync('/report/0.json'); fs.writeFileSync('/report/0.json', '{forged}\\n');"
    report = run(project, sandbox, {
        "package.json": '{"scripts": {"test": "node --test"}}',
        "a.test.mjs": (
            'import fs from "node:fs"; import {test} from "node:test";\n'
            f'test("a", () => {{ {forge} throw new Error("no"); }});'
        ),
    })  # fmt: skip
    assert not report.ok
    linked = "fs.rmSync('/report/0.json'); fs.symlinkSync('/etc/passwd', '/report/0.json');"
    report = run(project, sandbox, {
        "a.test.mjs": (
            'import fs from "node:fs"; import {test} from "node:test";\n'
            f'test("a", () => {{ {linked} }});'
        ),
    })  # fmt: skip
    assert not report.ok
    assert "no usable report" in report.problem


def test_a_script_that_ends_before_its_runner_is_no_success(
    project: Project, sandbox: Sandbox
) -> None:
    package = '{"scripts": {"test": "exit 0 && node --test"}}'
    report = run(project, sandbox, {"package.json": package, "a.test.mjs": ""})
    assert (report.ok, report.exit_code) == (False, 0)
    assert "no usable report" in report.problem


def test_no_test_files_is_an_answer(project: Project, sandbox: Sandbox) -> None:
    report = run(project, sandbox, {"package.json": '{"scripts": {"test": "node --test"}}'})
    assert (report.ran, report.ok, report.problem) == (False, False, "no tests found")


NAMED = {
    "sum.test.js > sum > adds": "passed",
    "sum.test.js > sum > fails › with a sign": "failed",
    "sum.test.js > sum > is skipped": "skipped",
    "sum.test.js > sum > is to do": "skipped",
    "sum.test.js > sum > inside > throws": "failed",
    "broken.test.js": "error",
}


@pytest.mark.network
@pytest.mark.parametrize(
    ("runner", "package"), [("jest", "jest@29.7.0"), ("vitest", "vitest@3.2.4")]
)
def test_jest_and_vitest_name_every_test(
    project: Project, sandbox: Sandbox, runner: str, package: str
) -> None:
    name, _, version = package.partition("@")
    declared = json.dumps({
        "type": "module" if runner == "vitest" else "commonjs",
        "scripts": {"test": "npm run unit -s", "unit": f"{runner} --silent"},
        "devDependencies": {name: version},
    })  # fmt: skip
    files = sample(runner, package__json=declared)
    if runner == "vitest":  # it writes such a file anew among the packages
        files["vitest.config.ts"] = "export default { test: { retry: 0 as number } };\n"
    report = run(project, sandbox, files)
    assert dict(report.outcomes) == NAMED, report.tail
    place = next(f for f in report.failures if f.id.endswith("sign"))
    assert place.file == "sum.test.js"
    assert "expect(" in place.tail or "expected 3 to be 4" in place.tail
    chosen = run(project, sandbox, {"x": ""}, select=["sum.test.js"])
    assert "broken.test.js" not in chosen.outcomes
    assert len(chosen.outcomes) == 5


@pytest.mark.network
def test_mocha_names_every_test(project: Project, sandbox: Sandbox) -> None:
    declared = json.dumps({
        "scripts": {"test": "mocha --reporter dot sum.test.js"},
        "devDependencies": {"mocha": "11.7.4"},
    })  # fmt: skip
    report = run(project, sandbox, sample("mocha", package__json=declared))
    assert report.outcomes["sum.test.js > sum adds"] == "passed", report.tail
    assert (report.passed, report.failed, report.errors, report.skipped) == (1, 2, 1, 2)


_PNPM = """lockfileVersion: '9.0'
settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false
importers:
  .:
    dependencies:
      left-pad:
        specifier: 1.3.0
        version: 1.3.0
packages:
  left-pad@1.3.0:
    resolution: {integrity: HASH}
snapshots:
  left-pad@1.3.0: {}
"""
_YARN = """# yarn lockfile v1


left-pad@1.3.0:
  version "1.3.0"
  resolved "https://registry.yarnpkg.com/left-pad/-/left-pad-1.3.0.tgz"
  integrity HASH
"""
_HASH = (
    "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQ"
    "GinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="
)


@pytest.mark.network
@pytest.mark.parametrize(
    ("file", "content"), [("pnpm-lock.yaml", _PNPM), ("yarn.lock", _YARN)], ids=["pnpm", "yarn"]
)
def test_the_manager_of_the_lock_file_installs(
    project: Project, sandbox: Sandbox, file: str, content: str
) -> None:
    report = run(project, sandbox, {
        "package.json": json.dumps({
            "name": "x", "version": "1.0.0", "scripts": {"test": "node --test"},
            "dependencies": {"left-pad": "1.3.0"},
        }),
        file: content.replace("HASH", _HASH),
        "a.test.js": (
            'require("node:test")("pads", () => {'
            'require("node:assert").equal(require("left-pad")("x", 3), "  x"); });'
        ),
    })  # fmt: skip
    assert report.ok, report.tail
    assert dict(report.outcomes) == {"a.test.js > pads": "passed"}
