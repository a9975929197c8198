"""Go's and Rust's tests, run in the sandbox with the toolchain of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.workspace.environment import EnvironmentFailed, Environments
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import plan_for
from bot.workspace.sandbox import Sandbox
from bot.workspace.tests import TestReport, run_tests
from bot.workspace.toolchains import toolchain
from tests.workspace.conftest import Project

SAMPLES = Path(__file__).parent / "parsers" / "samples"


def sample(name: str) -> dict[str, str]:
    root = SAMPLES / name
    return {
        str(path.relative_to(root).with_suffix("")): path.read_text()
        for path in root.rglob("*.sample")
    }


def run(project: Project, sandbox: Sandbox, files: dict[str, str], **options: object) -> TestReport:
    base = project.commit(files)
    plan, pool = plan_for(project.mirror, base), project.pool(sandbox)
    root = project.root / "environments"
    made = Environments(root, project.mirror, pool, sandbox, PackageIndex({}))
    environment = made.prepare(plan, base)
    with pool.checkout(base) as tree:
        return run_tests(tree, plan, environment, sandbox, **options)  # type: ignore[arg-type]


@pytest.mark.skipif(toolchain("rust") is None, reason="no Rust here")
def test_cargo_names_every_test(project: Project, sandbox: Sandbox) -> None:
    report = run(project, sandbox, sample("rust"))
    assert dict(report.outcomes) == {
        "src/lib.rs tests::adds": "passed",
        "src/lib.rs tests::fails": "failed",
        "src/lib.rs tests::ignored": "skipped",
        "src/lib.rs tests::panics": "passed",
        "tests/outside.rs from_outside": "passed",
        "tests/outside.rs result": "failed",
        "Doc-tests sample src/lib.rs - add (line 3)": "passed",
    }
    assert not report.ok
    bad = next(f for f in report.failures if f.id.endswith("fails"))
    assert (bad.file, bad.line) == ("src/lib.rs", 23)
    chosen = run(project, sandbox, {"x": ""}, select=["src/lib.rs tests::adds"])
    assert list(chosen.outcomes) == ["src/lib.rs tests::adds"]


@pytest.mark.skipif(toolchain("rust") is None, reason="no Rust here")
def test_a_crate_that_does_not_compile_is_no_success(project: Project, sandbox: Sandbox) -> None:
    report = run(project, sandbox, sample("rust_broken"))
    assert (report.ran, report.ok) == (True, False)
    assert "src/lib.rs:8 cannot find value `missing`" in report.problem


@pytest.mark.skipif(toolchain("go") is None, reason="no Go here")
def test_go_names_every_test(project: Project, sandbox: Sandbox) -> None:
    report = run(project, sandbox, sample("go"))
    calc = "example.com/sample/calc"
    assert report.outcomes[f"{calc}.TestAdd"] == "passed"
    assert report.outcomes[f"{calc}.TestTable/two_words"] == "failed"
    assert report.outcomes["example.com/sample/broken"] == "error"
    assert not report.ok
    assert '"Action"' not in report.tail


def test_a_toolchain_that_is_not_here_is_said(
    project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    toolchain.cache_clear()
    with pytest.raises(EnvironmentFailed, match="there is no go on this machine"):
        run_without_git(project, sandbox)
    toolchain.cache_clear()


def run_without_git(project: Project, sandbox: Sandbox) -> None:
    from bot.workspace.project import plan

    pool = project.pool(sandbox)
    made = Environments(project.root / "e", project.mirror, pool, sandbox, PackageIndex({}))
    found = plan(["a_test.go", "go.mod"], {"go.mod": b"module x\n"})
    assert (found.language, found.runner) == ("go", "go")
    made.prepare(found, "0" * 40)
