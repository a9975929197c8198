"""What is read from a repository's declarations."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.egress.proxy import Origin
from bot.workspace.interpreter import NoInterpreter, choose_interpreter
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import plan, plan_for
from tests.workspace.conftest import Project

PEP621 = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.9"\n'


def planned(files: dict[str, str], *more: str):
    return plan(sorted([*files, *more]), {name: text.encode() for name, text in files.items()})


def steps(files: dict[str, str], *more: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(s.name, s.arguments) for s in planned(files, *more).steps]


def test_a_package_with_a_test_group_and_a_test_extra() -> None:
    text = PEP621 + '[project.optional-dependencies]\nTests = ["hypothesis"]\ndev = ["black"]\n'
    text += '[dependency-groups]\ndev = ["ruff"]\ntest = ["pytest"]\n'
    found = planned({"pyproject.toml": text}, "tests/test_x.py")
    assert [(s.arguments, s.required) for s in found.steps] == [
        (("--editable", "/workspace"), True),
        (("--group", "/workspace/pyproject.toml:test"), False),
        (("--editable", "/workspace[Tests]"), False),
        (("pytest",), True),
    ]
    assert (found.runner, found.requires_python) == ("pytest", ">=3.9")


def test_no_tests_is_an_answer() -> None:
    found = planned({"pyproject.toml": PEP621}, "src/x.py")
    assert found.runner is None
    assert "no tests found" in found.reasons


def test_tests_that_pytest_would_not_collect_are_run_by_unittest() -> None:
    assert planned({}, "x.py", "tests/checks.py").runner == "unittest"
    assert planned({}, "x.py", "test_x.py").runner == "pytest"
    assert planned({}, "contest/thing.py").runner is None


def test_scripts_with_requirements_are_not_installed_as_a_package() -> None:
    assert steps({"requirements.txt": "flask"}, "app.py", "test_app.py") == [
        ("requirements.txt", ("--requirement", "/workspace/requirements.txt")),
        ("pytest", ("pytest",)),
    ]
    tool_only = {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}
    assert steps(tool_only, "app.py", "test_app.py") == [("pytest", ("pytest",))]


def test_requirement_files_about_tests_win_over_development_and_compiled_over_sources() -> None:
    files = {"setup.py": "", "requirements/tests.in": "a", "requirements/tests.txt": "a==1",
             "requirements/dev.txt": "b", "requirements-dev.txt": "c"}  # fmt: skip
    found = [s for s in steps(files, "test_x.py") if "requirements" in s[0]]
    assert found == [
        ("requirements/tests.txt", ("--requirement", "/workspace/requirements/tests.txt"))
    ]


def test_poetry_hatch_and_tox_say_what_tests_need() -> None:
    poetry = (
        '[tool.poetry]\nname = "x"\n[tool.poetry.group.dev.dependencies]\n'
        'pytest = "^7.1"\nfreezegun = { version = "~1.2", extras = ["x"] }\n'
        'local = { path = ".." }\nexact = "2.0"\nany = "*"\n'
    )
    assert ("the build tool's tables", (
        "any", "exact==2.0", "freezegun>=1.2", "pytest>=7.1",
    )) in steps({"pyproject.toml": poetry}, "test_x.py")  # fmt: skip
    hatch = PEP621 + '[tool.hatch.envs.test]\ndependencies = ["coverage", "x @ https://evil/x"]\n'
    assert ("the build tool's tables", ("coverage",)) in steps(
        {"pyproject.toml": hatch}, "test_x.py"
    )
    tox = "[testenv]\ndeps =\n  -rrequirements.txt\n  babel>=2 # why\n  {env:X}\n  ../other\n"
    files = {"setup.py": "", "tox.ini": tox, "requirements.txt": "a"}
    wanted = ("tox.ini", ("--requirement", "/workspace/requirements.txt", "babel>=2"))
    assert wanted in steps(files, "test_x.py")


def test_a_node_project_with_and_without_a_test_script() -> None:
    with_tests = '{"scripts": {"test": "node --test"}, "devDependencies": {"x": "1"}}'
    found = planned({"package.json": with_tests}, "package-lock.json")
    assert (found.runner, found.script) == ("node", "node --test")
    assert found.steps[0].arguments[:2] == ("ci", "--ignore-scripts")
    default = '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'
    assert planned({"package.json": default}).runner is None
    assert planned({"package.json": "[1]"}).runner is None
    assert planned({"package.json": "{"}).language == "none"


def test_go_and_rust_are_planned_where_nothing_else_is() -> None:
    found = planned({"go.mod": "module x\n", "go.sum": ""}, "a_test.go")
    assert (found.language, found.runner) == ("go", "go")
    assert [(s.name, s.required) for s in found.steps] == [("modules", True), ("packages", False)]
    assert planned({"go.mod": "module x\n"}, "a.go").runner is None
    found = planned({"Cargo.toml": "[package]\n", "Cargo.lock": ""})
    assert (found.language, found.runner) == ("rust", "cargo")
    assert found.steps[0].arguments == ("fetch", "--locked")
    assert planned({"go.mod": "", "package.json": "{}"}, "x.py").language == "python"
    assert planned({"README.md": ""}).language == "none"


def test_the_plan_depends_on_dependency_files_and_not_on_code(project: Project) -> None:
    base = project.commit({"pyproject.toml": PEP621, "x.py": "1", "test_x.py": ""})
    code = project.ours(base, {"x.py": b"2"})
    deps = project.ours(base, {"pyproject.toml": PEP621.replace("3.9", "3.10").encode()})
    plans = [plan_for(project.mirror, commit) for commit in (base, code, deps)]
    assert plans[0] == plans[1] != plans[2]


def test_a_link_is_not_read_as_a_declaration(project: Project) -> None:
    (project.clone / "pyproject.toml").symlink_to("/etc/hostname")
    base = project.commit({"x.py": ""})
    assert plan_for(project.mirror, base).decided_by == ()


_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.text(max_size=200), _values)
def test_no_declaration_makes_planning_fail(text: str, value: object) -> None:
    import json

    planned({"pyproject.toml": text, "tox.ini": text, "setup.cfg": text}, "x.py")
    planned({"package.json": text})
    planned({"package.json": json.dumps(value)})
    shaped = f"[project]\nx = {json.dumps(value)}\n" if isinstance(value, str | int) else text
    planned({"pyproject.toml": shaped})


@pytest.mark.parametrize(
    "table",
    ["tool = 1", "project = []", "[tool]\npoetry = 3", "[tool.poetry]\ngroup = []",
     "[tool.poetry.group]\ndev = 1", "[tool.poetry]\ndev-dependencies = 5",
     "[tool.pdm]\ndev-dependencies = {test = 'x'}", "[tool.hatch.envs]\ntest = 'x'",
     "dependency-groups = ['x']", "[project]\nrequires-python = 3"],
)  # fmt: skip
def test_a_table_of_another_shape_is_passed_over(table: str) -> None:
    assert planned({"pyproject.toml": table}, "test_x.py").runner == "pytest"


def test_the_interpreter_is_one_that_the_project_accepts() -> None:
    assert choose_interpreter(">=3.9").path.exists()
    with pytest.raises(NoInterpreter):
        choose_interpreter(">=4")
    assert choose_interpreter("nonsense").path.exists()


def test_package_index_settings_are_a_list_and_their_credentials_stay_outside(tmp_path) -> None:
    (tmp_path / "simple").mkdir()
    index = PackageIndex.of(
        {
            "PIP_INDEX_URL": "https://ann:p%40ss@packages.example:8443/simple",
            "PIP_EXTRA_INDEX_URL": f"file://{tmp_path}/simple",
            "TOWPATH_PACKAGE_HOSTS": "files.example, http://old.example:8080",
            "HTTPS_PROXY": "http://bob:word@proxy.example:3128",
            "PATH": "/bin",
            "SECRET": "x",
        }
    )
    assert index.env == {
        "UV_DEFAULT_INDEX": "https://packages.example:8443/simple",
        "UV_INDEX": f"file://{tmp_path}/simple",
    }
    assert index.folders == (tmp_path,)
    own = Origin("https", "packages.example", 8443)
    assert index.rules.origins == {
        own: "Basic " + base64.b64encode(b"ann:p@ss").decode(),
        Origin("https", "registry.npmjs.org", 443): "",
        Origin("https", "files.example", 443): "",
        Origin("http", "old.example", 8080): "",
    }
    for_go = index.rules_for("go").origins
    assert for_go.keys() - index.rules.origins.keys() == {Origin("https", "proxy.golang.org", 443)}
    assert index.rules_for("python").origins == index.rules.origins
    for secret in ("p@ss", "p%40ss", "word", index.rules.origins[own].split()[1]):
        assert secret not in repr(index)


def test_the_operators_own_files_name_indexes_too(tmp_path) -> None:
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/pip").mkdir()
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\nindex-url = https://pip.example/s\n")
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/\n//npm.example/:_authToken=t0ken\n"
    )
    (tmp_path / ".netrc").write_text("machine pip.example login ann password x\n")
    index = PackageIndex.of({"HOME": str(tmp_path)})
    assert index.env == {
        "UV_DEFAULT_INDEX": "https://pip.example/s",
        "NPM_CONFIG_REGISTRY": "https://npm.example/",
    }
    assert index.rules.origins == {
        Origin("https", "pip.example", 443): "Basic " + base64.b64encode(b"ann:x").decode(),
        Origin("https", "npm.example", 443): "Bearer t0ken",
    }
    (tmp_path / ".config/uv/uv.toml").write_text(
        '[[index]]\nurl = "https://uv.example/s"\ndefault = true\n'
    )
    index = PackageIndex.of({"HOME": str(tmp_path)})
    assert index.env["UV_DEFAULT_INDEX"] == "https://uv.example/s"
    index = PackageIndex.of({"HOME": str(tmp_path), "PIP_INDEX_URL": "https://said.example/s"})
    assert index.env["UV_DEFAULT_INDEX"] == "https://said.example/s"


@pytest.mark.parametrize(
    ("name", "collect"),
    [("tests.py", "test*.py"), ("tests/testparser.py", "test*.py"), ("tests/test_x.py", "")],
)
def test_files_of_other_names_are_collected_too(name: str, collect: str) -> None:
    found = planned({}, "x.py", name)
    assert found.runner == "pytest"
    assert found.collect == (("-o", f"python_files={collect}") if collect else ())


def test_pytests_own_settings_say_which_files_are_tests() -> None:
    settings = '[tool.pytest.ini_options]\npython_files = ["check_*.py"]\n'
    found = planned({"pyproject.toml": settings}, "tests/check_x.py")
    assert (found.runner, found.collect) == ("pytest", ())


def test_tools_that_tests_use_without_saying_so_are_installed_last_and_may_fail() -> None:
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='x', tests_require=['nose-x>=1'])\n",
        "pytest.ini": "[pytest]\naddopts = --cov=x -n auto\nrequired_plugins = pytest-mock>=3\n",
        "tests/test_x.py": (
            "import hypothesis\nfrom evil_package import x\nimport mock\n\n"
            "@pytest.mark.asyncio\nasync def test_x(benchmark): pass\n"
        ),
    }
    found = planned(files, "tests/mock.py")
    named = [(s.arguments, s.required) for s in found.steps if s.name.startswith("test tool")]
    assert named == [
        ((package,), False)
        for package in ("hypothesis", "pytest-asyncio", "pytest-benchmark", "pytest-cov",
                        "pytest-mock>=3", "pytest-xdist")
    ]  # fmt: skip
    assert ("the build tool's tables", ("nose-x>=1",)) in steps(files)


def test_extras_of_a_setup_py_are_read_and_nothing_of_it_is_run() -> None:
    text = "setup(extras_require={'tests': ['a'], 'x': y}, install_requires=open('r').read())"
    assert ("extra tests", ("--editable", "/workspace[tests]")) in steps({"setup.py": text}, "t.py")


def test_a_file_that_another_includes_decides_the_environment(project: Project) -> None:
    files = {"requirements/dev.txt": "-r base.txt\n", "requirements/base.txt": "a==1\n",
             "test_x.py": ""}  # fmt: skip
    before = plan_for(project.mirror, project.commit(files)).decided_by
    after = plan_for(project.mirror, project.commit({"requirements/base.txt": "a==2\n"}))
    assert after.decided_by != before
    assert ("requirements/base.txt", ("--requirement", "/workspace/requirements/base.txt")) in [
        (step.name, step.arguments) for step in after.steps
    ]


def test_what_a_project_without_a_package_needs_is_found_where_it_lies() -> None:
    def first(files: dict[str, str]) -> tuple[str, ...]:
        return steps(files, "app.py", "test_app.py")[0][1]

    assert first({"backend/requirements.txt": "a"}) == (
        "--requirement", "/workspace/backend/requirements.txt",
    )  # fmt: skip
    assert first({"Pipfile": '[packages]\na = "==1.2"\n[dev-packages]\nb = "*"\n'}) == (
        "a==1.2", "b",
    )  # fmt: skip
    poetry = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\na = "^1.2"\n'
    assert first({"pyproject.toml": poetry}) == ("a>=1.2",)


def test_a_package_with_a_requirements_file_gets_both() -> None:
    found = planned({"setup.py": "", "requirements.txt": "a==1"}, "test_x.py").steps
    assert [(s.name, s.required, s.otherwise) for s in found[:2]] == [
        ("project", True, ("--requirement", "/workspace/requirements.txt")),
        ("requirements.txt", False, ()),
    ]


def test_pytest_is_of_the_version_that_the_projects_lock_file_names(project: Project) -> None:
    lock = 'version = 1\n\n[[package]]\nname = "pytest"\nversion = "8.4.1"\n'
    files = {"uv.lock": lock, "pyproject.toml": "[project]\nname = 'a'\n", "tests/test_a.py": ""}
    found = plan_for(project.mirror, project.commit(files))
    assert ("pytest==8.4.1",) in [step.arguments for step in found.steps]
    assert "pytest==8.4.1, as uv.lock says" in found.reasons
