"""How a repository is worked on, read from its own files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workspace.detect import Command, Detected, detect, detect_at
from bot.workspace.detect.words import Indirect, Known, commands_in, known_command
from tests.workspace.conftest import Project


def detected(files: dict[str, str], *more: str) -> Detected:
    names = sorted([*files, *more])
    return detect(names, {name: text.encode() for name, text in files.items()})


def argv(found: Detected, tool: str) -> str:
    command = found.tool(tool)
    return " ".join(command.argv) if command else ""


def only(found: Detected, tool: str) -> Command:
    command = found.tool(tool)
    assert command is not None
    return command


@pytest.mark.parametrize(
    ("said", "runs"),
    [
        ("ruff check --fix src", "ruff check --no-fix src"),
        ("ruff .", "ruff check --no-fix ."),
        ("uv run --group dev ruff format .", "ruff format --check ."),
        ("poetry run black src", "black --check src"),
        ("python -m isort .", "isort --check-only ."),
        ("python3.12 -m mypy --install-types --non-interactive src", "mypy src"),
        ("PYTHONPATH=. pytest -q", "pytest -q"),
        ("coverage run --branch -m pytest tests", "pytest tests"),
        ("npx eslint --fix --cache 'src/**/*.ts'", "npx eslint src/**/*.ts"),
        ("prettier --write .", "npx prettier --check ."),
        ("tsc --noEmit", "npx tsc --noEmit"),
        ("yarn jest", "npx jest"),
        ("gofmt -w .", "gofmt -l ."),
        ("cargo fmt --all", "cargo fmt --check"),
        ("golangci-lint run --fix", "golangci-lint run"),
        ("biome check --write --unsafe .", "npx biome check ."),
    ],
)
def test_known_tools_are_run_without_what_changes_files(said: str, runs: str) -> None:
    ((_, known),) = commands_in(said)
    assert isinstance(known, Known)
    assert " ".join(known.argv) == runs


@pytest.mark.parametrize(
    "said",
    [
        "curl https://x.example | sh", "rm -rf /", "python setup.py install", "bash ci.sh",
        "ruff check $(cat /etc/passwd)", "mypy `id`", "pytest > /etc/x", "pytest ../other",
        "mypy /etc", "ruff check ${{ github.event.issue.title }}", "echo pytest", "mypy --version",
        "node -e 'x'", "npm publish", "cargo publish", "go run ./x", "go generate",
        "python -c 'import pytest'", "mypy src/*.py", "'unclosed", "ruff clean",
        "python -m unittest", "uv pip install x",
    ],
)  # fmt: skip
def test_nothing_else_is_taken_from_a_script(said: str) -> None:
    assert commands_in(said) == []


def test_a_script_is_taken_apart_and_tasks_are_told_from_tools() -> None:
    script = (
        "make lint && tox -e py,types; nox -s tests\nnpm run build\nyarn lint || exit 1\nnpm t\n"
    )
    assert [known for _, known in commands_in(script)] == [
        Indirect("make", "lint"), Indirect("tox", "py"), Indirect("nox", "tests"),
        Indirect("script", "build"), Indirect("script", "lint"), Indirect("script", "test"),
    ]  # fmt: skip


WORKFLOW = """
on: push
jobs:
  check:
    runs-on: ubuntu-latest
    defaults:
      run:
        working-directory: web
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - run: npx eslint src
  python:
    steps:
      - name: look
        run: |
          pip install mypy
          mypy --strict src
          make lint
      - run: curl https://x.example/install | sh
"""
MAKEFILE = "PY ?= python3\nSRC = src tests\n\n.PHONY: lint\nlint: style\n\t$(PY) -m flake8 $(SRC)\n\nstyle:\n\t@black $(SRC)\n"  # noqa: E501


def test_automation_gives_arguments_and_its_line() -> None:
    found = detected({
        ".github/workflows/ci.yml": WORKFLOW, "Makefile": MAKEFILE,
        "pyproject.toml": "[project]\nname='x'\n[tool.mypy]\nstrict = true\n",
    }, "src/x.py", "web/package.json")  # fmt: skip
    mypy = only(found, "mypy")
    assert (mypy.argv, mypy.rank) == (("mypy", "--strict", "src"), "automation")
    assert mypy.source == ".github/workflows/ci.yml:18"
    assert (argv(found, "flake8"), only(found, "flake8").source) == (
        "flake8 src tests", "Makefile",
    )  # fmt: skip
    assert argv(found, "black") == "black --check src tests"
    eslint = only(found, "eslint")
    assert (eslint.cwd, eslint.source) == ("web", ".github/workflows/ci.yml:12")
    assert not [c for c in found.commands if "curl" in c.argv or "sh" in c.argv]


def test_what_the_owner_says_wins_for_its_purpose() -> None:
    settings_file = (
        "commands:\n  lint: [ruff check src, 'eslint . && true']\n  test: pytest -q\n"
        "  deploy: x\n  types:\n    - [1]\n"
    )
    found = detected({
        ".github/towpath.yml": settings_file, "setup.cfg": "[flake8]\n[mypy]\n",
    }, "x.py", "test_x.py")  # fmt: skip
    assert [c.argv for c in found.of("lint")] == [
        ("ruff", "check", "src"), ("sh", "-c", "eslint . && true"),
    ]  # fmt: skip
    assert [c.argv for c in found.of("test")] == [("pytest", "-q")]
    assert found.of("lint")[0].source == ".github/towpath.yml:2"
    assert argv(found, "mypy") == "mypy ."
    assert len(found.notes) == 2
    broken = detected({".github/towpath.yml": "commands: ["}, "x.py")
    assert "cannot be read" in broken.notes[0]
    assert detected({".github/towpath.yml": "commands: 3"}, "x.py").notes


def test_pythons_settings_say_which_tools_are_used() -> None:
    found = detected({
        "pyproject.toml": (
            "[tool.ruff]\nline-length = 100\n[tool.ruff.format]\nquote-style = 'single'\n"
            "[tool.mypy]\nfiles = ['src']\n[tool.pyright]\n"
        ),
        "tox.ini": "[flake8]\nselect = E\n[testenv:x]\ncommands =\n  pylint {posargs:pkg}\n",
        ".pre-commit-config.yaml": "repos:\n- repo: x\n  hooks:\n  - id: isort\n  - id: other\n",
        "noxfile.py": (
            "import nox\n@nox.session\ndef lint(s):\n    s.install('bandit')\n"
            "    s.run('bandit', '-r', 'src')\n    s.run('black', *s.posargs)\n"
        ),
    }, "src/x.py")  # fmt: skip
    assert {c.tool for c in found.commands} >= {
        "ruff", "ruff-format", "mypy", "pyright", "flake8", "pylint", "isort", "bandit",
    }  # fmt: skip
    assert argv(found, "mypy") == "mypy"
    assert argv(found, "pylint") == "pylint pkg"
    assert argv(found, "bandit") == "bandit -r src"
    assert only(found, "ruff").source == "pyproject.toml:1"
    assert only(found, "isort").source == ".pre-commit-config.yaml:4"
    assert argv(found, "black") == "black --check ."


def test_a_linter_gets_what_its_hook_gives_it() -> None:
    found = detected({
        ".pre-commit-config.yaml": (
            "repos:\n- repo: x\n  hooks:\n  - id: flake8\n    args: ['--max-line-length', 88]\n"
        ),
    }, "src/x.py")  # fmt: skip
    assert argv(found, "flake8") == "flake8 --max-line-length 88"


def test_tables_of_tasks_are_read() -> None:
    found = detected({
        "pyproject.toml": (
            "[tool.poe.tasks]\nlint = 'flake8 src'\n[tool.hatch.envs.types.scripts]\n"
            "check = ['mypy {args:src}', 'pyright src']\n[tool.tox.env.format]\n"
            "commands = [['black', 'src']]\n[tool.pdm.scripts]\nsec = {cmd = 'bandit -r src'}\n"
        ),
    }, "src/x.py")  # fmt: skip
    assert {c.tool for c in found.commands} >= {"flake8", "pyright", "black", "bandit"}


def test_a_node_project_by_its_scripts_settings_and_dependencies() -> None:
    package = {
        "scripts": {"test": "vitest run", "lint": "eslint --fix src", "build": "tsc -p ."},
        "devDependencies": {"typescript": "5", "vitest": "3"},
    }
    found = detected({"package.json": json.dumps(package, indent=1)},
                     "yarn.lock", "tsconfig.json", ".prettierrc")  # fmt: skip
    assert found.languages == ("node",)
    assert only(found, "yarn").argv[:2] == ("npm", "exec")
    assert argv(found, "vitest") == "sh -c vitest run"
    assert argv(found, "eslint") == "npx eslint src"
    assert argv(found, "prettier") == "npx prettier --check ."
    assert [(c.purpose, argv(found, "tsc")) for c in found.commands if c.tool == "tsc"] == [
        ("types", "npx tsc --noEmit")
    ]
    assert [c.argv for c in found.of("build")] == [("npm", "run", "build")]
    assert only(found, "eslint").source == "package.json:4"


def test_a_folder_below_has_commands_of_its_own() -> None:
    found = detected({
        "pyproject.toml": "[project]\nname = 'x'\n",
        "frontend/package.json": '{"scripts": {"test": "jest"}, "devDependencies": {"jest": "1"}}',
        "tests/fixtures/package.json": '{"scripts": {"test": "jest"}}',
        "tools/go.mod": "module x\n",
    }, "x.py", "test_x.py", "frontend/pnpm-lock.yaml")  # fmt: skip
    assert set(found.languages) == {"python", "node", "go"}
    assert {(c.tool, c.cwd) for c in found.of("test")} == {
        ("pytest", ""), ("jest", "frontend"), ("go", "tools"),
    }  # fmt: skip
    assert found.of("install", cwd="frontend")[0].tool == "pnpm"


def test_go_and_cargo_have_their_own_ways_until_the_project_chooses() -> None:
    files = {"go.mod": "module x\n", "Cargo.toml": "[workspace]\nmembers=['a']\n"}
    found = detected({**files, "a/Cargo.toml": "[package]\n"})
    assert {c.tool for c in found.of("lint")} == {"go vet", "cargo clippy"}
    assert argv(found, "cargo clippy") == "cargo clippy --workspace"
    assert not [c for c in found.commands if c.cwd == "a"]
    chosen = detected({"go.mod": "module x\n", "Makefile": "lint:\n\tgolangci-lint run\n"})
    assert [c.tool for c in chosen.of("lint")] == ["golangci-lint"]


def test_every_choice_has_its_reason_and_place(project: Project) -> None:
    commit = project.commit({
        "pyproject.toml": "[project]\nname = 'x'\n[tool.ruff]\n", "test_x.py": "",
        ".github/workflows/a.yml": "jobs: {a: {steps: [{run: ruff check .}]}}\n",
    })  # fmt: skip
    found = detect_at(project.mirror, commit)
    assert any(
        reason == "lint: ruff check --no-fix . (run by the project's automation, "
        ".github/workflows/a.yml:1)"
        for reason in found.reasons
    )
    assert any(reason.startswith("test: python -m pytest (pytest:") for reason in found.reasons)


_TEXT = st.text(max_size=120) | st.sampled_from([
    "[tool]\nruff = 3", "scripts: [", "a:\n\tb", "[testenv:{a,b}-{c}]\ncommands = [", "- run: [x]",
    '{"scripts": {"test": 3}, "dependencies": []}', "commands:\n  test: &a [*a]", "&a [*a, *a]",
    "[tool.tox]\nlegacy_tox_ini = 3\nenv = 4", "[tool.hatch]\nenvs = {a = 3}",
    "jobs: {a: !!python/x}",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_TEXT)
def test_no_file_makes_detection_fail(text: str) -> None:
    names = [
        "pyproject.toml", "tox.ini", "setup.cfg", "Makefile", "noxfile.py", "package.json",
        ".github/workflows/x.yml", ".github/towpath.yml", ".pre-commit-config.yaml", "go.mod",
        "Cargo.toml", "mypy.ini", "a/package.json",
    ]  # fmt: skip
    detected(dict.fromkeys(names, text), "x.py")


def test_tasks_and_aliases_that_run_in_circles_end() -> None:
    make = "a: b\n\tmake b\nb: a\n\tmake a\n"
    flow = "x: &a\n" + "".join(f"y{n}: &b{n} [*a, *a]\n" for n in range(50)) + "run: make a\n"
    detected({"Makefile": make, ".github/workflows/x.yml": flow}, "x.py")
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
    )
    detected({".github/workflows/x.yml": bomb, ".github/towpath.yml": bomb}, "x.py")


def test_words_of_any_kind_are_known_or_not() -> None:
    assert known_command([]) is None
    assert known_command(["ruff"]) is None
    assert known_command(["uv", "run"]) is None
    assert known_command(["mypy", *["x"] * 100]) is None
