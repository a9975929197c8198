"""What is usual in a project is found in the project, with evidence."""

import pytest

from bot.codebase.budget import count_tokens
from bot.codebase.conventions import commit_style, scan
from bot.codebase.profile import condensed, vote
from bot.codebase.tally import case_of

PYTHON = {
    "pyproject.toml": """
[project]
name = "shop"
dependencies = ["Flask>=3", "click"]
[tool.pytest.ini_options]
addopts = "-q"
[tool.ruff]
line-length = 100
[tool.ruff.lint]
select = ["E", "F"]
[tool.mypy]
strict = true
""",
    "uv.lock": "version = 1\n",
    "AGENTS.md": "# Rules\n\nUse double quotes.\n",
    "src/shop/cart.py": (
        '"""Carts."""\n\nfrom shop.money import to_cents\n\nMAX_ITEMS = 10\n\n\n'
        "class CartError(Exception):\n    pass\n\n\n"
        "class ShoppingCart:\n    def add_item(self, name: str) -> None:\n"
        '        """Add one.\n\n        Args:\n            name: of the item\n        """\n'
        '        if not name:\n            raise CartError("empty")\n'
    ),
    "src/shop/order_lines.py": (
        "from shop.cart import ShoppingCart\n\n\ndef total_price(cart: ShoppingCart) -> int:\n"
        '    """Add up.\n\n    Returns:\n        cents\n    """\n    return 0\n\n\n'
        "def count_lines(cart: ShoppingCart) -> int:\n    return 1\n"
    ),
    "tests/test_cart.py": (
        "import pytest\n\n\ndef test_add_item():\n    assert 1\n\n\ndef test_more_items():\n"
        "    assert 2\n"
    ),
    "tests/test_order.py": "def test_order_total():\n    assert 3\n",
}


def profile(files, subjects=()):
    return scan(files, files.get, subjects)


def test_a_python_project_is_described_by_its_files_and_its_code():
    found = profile(PYTHON)
    assert found.language == "python"
    assert found.package_manager.value == "uv"
    assert [one.value for one in found.frameworks] == ["flask", "click"]
    assert found.test_framework.value == "pytest"
    assert found.styles["names of functions"].value == "snake_case"
    assert found.styles["names of classes"].value == "PascalCase"
    assert found.styles["names of constants"].value == "UPPER_SNAKE_CASE"
    assert found.styles["docstrings"].value == "Google sections"
    assert found.styles["type hints"].value == "functions are annotated"
    assert found.styles["errors"].value == "raises exceptions of its own"
    assert found.styles["tests are"].value == "functions"
    assert found.styles["tests live"].value == "tests/**/test_*.py"
    assert found.styles["indentation"].value == "4 spaces"
    assert found.instructions == ("AGENTS.md",)
    assert found.styles["errors"].evidence == ("src/shop/cart.py",)


@pytest.mark.parametrize(
    ("line", "runner"), [("import pytest\n", "pytest"), ("import unittest\n", "unittest")]
)
def test_what_runs_the_tests_is_read_from_them_where_it_is_declared_nowhere(line, runner):
    tests = {"tests/test_a.py": "def test_a():\n    assert 1\n", "tests/test_b.py": line}
    assert profile({"a.py": "A = 1\n", **tests}).test_framework.value == runner


def test_linters_come_with_the_settings_that_change_how_code_is_written():
    tools = {tool.name: tool for tool in profile(PYTHON).tools}
    assert tools["ruff"].settings == {"line-length": "100", "select": "E F"}
    assert tools["mypy"].settings == {"strict": "True"}


def test_a_typescript_project_is_described_too():
    files = {
        "package.json": '{"packageManager": "pnpm@9", "dependencies": {"express": "4"},'
        ' "devDependencies": {"vitest": "1"}, "prettier": {"semi": false, "singleQuote": true}}',
        "tsconfig.json": '{\n  // comments are usual\n  "compilerOptions": {"strict": true,}\n}',
        "src/user-service.ts": "import { a } from './a-b'\n\nexport function loadUser() {\n"
        "  try {\n    return 'x'\n  } catch (e) {\n    throw e\n  }\n}\n",
        "src/a-b.ts": "import { z } from 'zod'\n\nexport const makeThing = () => 'thing'\n",
        "src/user-service.test.ts": "describe('x', () => {\n  it('works', () => {\n"
        "    expect(1).toBe(1)\n  })\n})\n",
    }
    found = profile(files)
    assert found.language == "typescript"
    assert found.package_manager.value == "pnpm"
    assert found.test_framework.value == "vitest"
    assert found.styles["file names"].value == "kebab-case"
    assert found.styles["quotes"].value == "single"
    assert found.styles["semicolons"].value == "no"
    assert found.styles["tests live"].value == "beside the code as *.test.ts"
    tools = {tool.name: tool.settings for tool in found.tools}
    assert tools["prettier"] == {"semi": "False", "singleQuote": "True"}


def test_a_go_project_is_described_too():
    files = {
        "go.mod": "module github.com/me/x\n\nrequire github.com/stretchr/testify v1\n",
        "main.go": 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc loadFile() error {\n'
        '\treturn fmt.Errorf("load: %w", err)\n}\n',
        "main_test.go": "package main\n\nfunc TestLoad(t *testing.T) {\n"
        "\ttests := []struct {\n\t\tname string\n\t}{}\n\trequire.NoError(t, nil)\n}\n",
    }
    found = profile(files)
    assert (found.language, found.package_manager.value) == ("go", "go modules")
    assert found.styles["errors"].value == "wrapped with fmt.Errorf %w"
    assert found.styles["indentation"].value == "tabs"
    assert found.styles["tests check with"].value == "testify"


def test_a_framework_is_not_built_on_itself():
    files = {"pyproject.toml": '[project]\nname = "Flask"\ndependencies = ["flask", "click"]\n'}
    assert [one.value for one in profile(files).frameworks] == ["click"]


@pytest.mark.parametrize(
    "broken",
    [
        {"pyproject.toml": "[tool.ruff\n"},
        {"pyproject.toml": 'project = "text"\ntool = 3\n'},
        {"pyproject.toml": "[tool]\nruff = 1\npoetry = [1]\n[project]\ndependencies = 4\n"},
        {"package.json": "[1, 2]"},
        {"package.json": '{"scripts": [], "dependencies": "x", "prettier": 3, "name": 4}'},
        {"package.json": "{" * 100_000},
        {"setup.cfg": "no section\n", "tox.ini": "[x\n", ".editorconfig": "indent\n[*\n"},
        {".pre-commit-config.yaml": "repos:\n- 3\n- hooks: [1, {id: []}]\n"},
        {".pre-commit-config.yaml": "- a\n- b\n", ".eslintrc": "%%%", "tsconfig.json": "[]"},
        {".prettierrc": "a: &a [*a]\n", "biome.json": "!!python/object:os.system x"},
        {"a.py": "def (:\n\tclass\n\0"},
    ],
)
def test_what_cannot_be_parsed_is_passed_over(broken):
    assert condensed(profile(broken)) is not None


def test_few_cases_are_no_rule():
    twice = vote([("double", "a.py", 1), ("double", "b.py", 1)])
    often = vote([("double", "a.py", 95), ("single", "b.py", 5)])
    assert twice.share == 1.0
    assert twice.confidence < 0.5 < often.confidence < often.share


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("load_user", "snake_case"), ("_load_user", "snake_case"), ("loadUser", "camelCase"),
        ("LoadUser", "PascalCase"), ("HTTPServer", "PascalCase"), ("MAX_SIZE", "UPPER_SNAKE_CASE"),
        ("user-service", "kebab-case"), ("run", None), ("X", None), ("ID", None),
        ("__init__", None),
    ],
)  # fmt: skip
def test_single_words_fit_every_way_of_naming(name, case):
    assert case_of(name) == case


@pytest.mark.parametrize(
    ("subjects", "style"),
    [
        (["feat: a", "fix(x): b", "chore!: c"], "Conventional Commits (type(scope): summary)"),
        (["net/http: fix a leak", "all: tidy up"], "area: summary"),
        (["Add x (#1)", "Remove y (#2)"], "Summary, capitalised (#N at the end)"),
        (["Merge pull request #1", "Bump x from 1 to 2"], None),
        ([], None),
    ],
)
def test_commit_subjects_show_how_commits_are_written(subjects, style):
    found = commit_style(subjects)
    assert (found.value if found else None) == style


def test_the_condensed_profile_keeps_its_budget():
    text = condensed(profile(PYTHON), 60)
    assert count_tokens(text) <= 60
    assert text.startswith("languages: python")
