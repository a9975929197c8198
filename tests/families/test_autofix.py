"""The autofix family: which stories it takes, and what its commands do to real files."""

import subprocess
import sys
from pathlib import Path

import pytest
from ruff import find_ruff_bin

from bot.families import autofix
from bot.families.autofix import Autofix, Judged
from bot.families.outcomes import Already, NotThis, Question

FILES = [
    "src/pkg/__init__.py",
    "src/pkg/client.py",
    "src/pkg/sub/io.py",
    "tests/test_client.py",
    "setup.py",
    "README.md",
]

TAKEN = [
    ("Remove unused imports", "", "F401", "."),
    ("Fix F401 in src/pkg/client.py", "", "F401", "src/pkg/client.py"),
    ("ruff F401: unused imports in `client.py`", "", "F401", "src/pkg/client.py"),
    ("Clean up unused imports in src/pkg", "", "F401", "src/pkg"),
    ("Clean up all the unused imports under the tests folder", "", "F401", "tests"),
    (
        "Unused imports",
        "flake8 reports F401 in src/pkg/client.py and tests/test_client.py",
        "F401",
        "src/pkg/client.py tests/test_client.py",
    ),
    ("Lint: W0611 (unused-import)", "", "F401", "."),
    ("Fix pylint unused-import warnings", "", "F401", "."),
    ("Remove unused imports except in tests", "", "F401", "."),
    ("Sort imports", "", "I001", "."),
    (
        "Imports are not sorted in src/pkg/client.py",
        "`ruff check --select I` fails",
        "I001",
        "src/pkg/client.py",
    ),
    ("Fix import order (I001)", "", "I001", "."),
    (
        "Fix linter findings",
        "- F401 in src/pkg/client.py\n- E711 in src/pkg/sub/io.py",
        "F401 E711",
        "src/pkg/client.py src/pkg/sub/io.py",
    ),
    ("Fix ruff violations E711 and E712", "", "E711 E712", "."),
    ("Comparison to None should use `is None`", "Ruff reports E711.", "E711", "."),
    ("Fix comparisons to None", "", "E711", "."),
    ("Remove f-strings without placeholders", "", "F541", "."),
    (
        "f-string without any placeholders (F541) in src/pkg/client.py",
        "",
        "F541",
        "src/pkg/client.py",
    ),
    ("Remove trailing whitespace", "", "W291 W293", "."),
    ("style: remove unused variables", "F841", "F841", "."),
    (
        "Static analysis finding: mutable default argument",
        "B006 in src/pkg/client.py:12",
        "B006",
        "src/pkg/client.py",
    ),
    ("Replace yaml.load with yaml.safe_load", "", "S506", "."),
    (
        "Bandit B506: use of unsafe yaml load",
        "src/pkg/client.py line 4",
        "S506",
        "src/pkg/client.py",
    ),
    (
        "Security: unsafe yaml.load in src/pkg/client.py",
        "Use yaml.safe_load.",
        "S506",
        "src/pkg/client.py",
    ),
    ("Fix security hole: yaml.load on user input", "", "S506", "."),
    (
        "SAST finding: TLS certificate verification disabled",
        "requests.get(..., verify=False) in `src/pkg/client.py` (B501)",
        "S501",
        "src/pkg/client.py",
    ),
    ("Bandit B324: md5", "It is not used for security: pass usedforsecurity=False", "S324", "."),
    ("Replace eval with ast.literal_eval", "", "S307", "."),
    ("Format the code with black", "", "FORMAT", "."),
    ("Run ruff format on src/pkg", "", "FORMAT", "src/pkg"),
    ("Modernize: apply pyupgrade", "", "UP", "."),
    ("Ruff UP006 and UP007 in src/pkg/client.py", "", "UP006 UP007", "src/pkg/client.py"),
    ("Use `not in` for membership tests (E713)", "", "E713", "."),
    ("Fix SIM118 findings", "", "SIM118", "."),
    ("Fix lint issue: unnecessary `else` after `return`", "RET505", "RET505", "."),
    ("[lint] unused import os in client.py", "", "F401", "src/pkg/client.py"),
    (
        "chore: fix flake8 warnings",
        "```\nsrc/pkg/client.py:1:1: F401 'os' imported but unused\n```",
        "F401",
        "src/pkg/client.py",
    ),
    ("Code scanning alert: imported but unused", "", "F401", "."),
    ("Drop the unused import of `sys` from src/pkg/client.py", "", "F401", "src/pkg/client.py"),
    ("There are unused imports in src/pkg/client.py", "", "F401", "src/pkg/client.py"),
    ("client.py has unused imports", "Found by ruff (F401).", "F401", "src/pkg/client.py"),
    ("Use super() without arguments (UP008)", "", "UP008", "."),
    ("src/pkg/client.py: remove the unused imports", "", "F401", "src/pkg/client.py"),
    ("As a developer I want no unused imports in src/pkg", "", "F401", "src/pkg"),
    ("Imports should be sorted", "", "I001", "."),
    ("Codebase is not formatted", "Run ruff format.", "FORMAT", "."),
    ("Whitespace at end of lines", "", "W291 W293", "."),
    ("Unsafe deserialization", "Found by bandit: B506 in client.py", "S506", "src/pkg/client.py"),
    ("F401", "src/pkg/client.py:1:8: F401 `os` imported but unused", "F401", "src/pkg/client.py"),
    ("Make ruff happy", "`ruff check --select F401` fails in src/pkg", "F401", "src/pkg"),
    ("client.py imports os but never uses it", "ruff F401", "F401", "src/pkg/client.py"),
    ("Use yaml.safe_load in client.py", "bandit B506", "S506", "src/pkg/client.py"),
    (
        "Enable certificate validation",
        "bandit B501 in src/pkg/client.py:7",
        "S501",
        "src/pkg/client.py",
    ),
    ("isort: imports are in the wrong order", "", "I001", "."),
    ("UP035/UP006: use builtin generics", "", "UP035 UP006", "."),
    ("Remove extraneous f prefix", "ruff F541 in client.py", "F541", "src/pkg/client.py"),
    ("Remove trailing whitespace in setup.py", "W291", "W291", "setup.py"),
    ("Fix ruff E711 and E712 in package pkg", "", "E711 E712", "src/pkg"),
    ("Fix ruff E711 in module pkg.sub.io", "", "E711", "src/pkg/sub/io.py"),
    ("Imports that nobody uses", "flake8 says F401", "F401", "."),
]

NOT_TAKEN = [
    ("Add option Loader to yaml.load", ""),
    ("Add F401 to the ruff configuration", ""),
    ("Enable isort in CI", ""),
    ("Configure black", "line length 100"),
    ("Ignore E501 in tests", ""),
    ("Support verify=False in the client", ""),
    ("Upgrade ruff to 0.9.0", ""),
    ("Bump black from 23.1.0 to 24.3.0", ""),
    ("Fix crash when an unused import hook is registered", ""),
    ("Format numbers with thousands separators", ""),
    ("Fix formatting of dates in the report", "The format is wrong."),
    ("Sort results by date", "The import order of the rows must be kept."),
    ("Handle error E711 of the payment gateway", ""),
    ("Fix the parser", "It fails on trailing whitespace."),
    ("Strip trailing whitespace from user names", "The form keeps it."),
    ("Parser: keep trailing whitespace", ""),
    ("Show unused variables in the debugger view", ""),
    ("Import wizard: remember the import order", ""),
    ("Fix wrong total in the invoice", "See commit ABC123"),
    ("Write a formatter for JSON logs", ""),
    ("Fix wrong result of comparison to None in the query builder", "`col == None` gives IS NULL"),
    ("Report unused imports of customers", ""),
    ("Support a second loader", "bandit B506 must stay quiet."),
    ("Fix crash in the parser", "ruff F401 also fires in client.py"),
    ("Enable retries", "They are off. B501 was fixed before."),
]

QUESTIONS = [
    ("Fix linter warnings", "", "which_rule"),
    ("Fix bandit B602 in client.py", "", "not_fixable"),
    ("Fix E722 bare except", "", "not_fixable"),
    ("Bandit B324: weak md5 hash", "", "not_fixable"),
    ("Fix F401 in src/pkg/gone.py", "", "no_such_path"),
]


def detect(title, body="", files=FILES, read=lambda path: None):
    return autofix.detect(title, body, lambda: files, read)


@pytest.mark.parametrize(("title", "body", "codes", "paths"), TAKEN)
def test_a_story_about_findings_is_understood(title, body, codes, paths):
    found = detect(title, body)
    assert isinstance(found, Autofix), found
    assert (" ".join(found.rules), " ".join(found.paths)) == (codes, paths)


@pytest.mark.parametrize(("title", "body"), NOT_TAKEN)
def test_a_story_that_only_sounds_like_it_is_left_alone(title, body):
    assert isinstance(detect(title, body), NotThis)


@pytest.mark.parametrize(("title", "body", "kind"), QUESTIONS)
def test_what_has_no_exact_fix_becomes_a_question(title, body, kind):
    found = detect(title, body)
    assert isinstance(found, Question), found
    assert found.kind == kind


def run(step: autofix.Step, folder: Path) -> subprocess.CompletedProcess[str]:
    program = {
        "ruff": [find_ruff_bin()],
        "rewrite": [sys.executable, "-m", "bot.families.rewrite"],
    }[step.tool]
    env = {"PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*program, *step.arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


def carry_out(folder: Path, title: str, body: str = "") -> Judged | Already:
    files = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]

    def read(path: str) -> str | None:
        return (folder / path).read_text() if (folder / path).is_file() else None

    found = detect(title, body, files, read)
    assert isinstance(found, Autofix), found
    before = run(found.count, folder)
    for step in found.fix:
        done = run(step, folder)
        assert done.returncode == 0, done.stderr
    after = run(found.count, folder)
    if found.by_exit_code:
        return autofix.judge_format(before.returncode, after.returncode)
    assert before.returncode == 0, before.stderr
    return autofix.judge(before.stdout, after.stdout)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_unused_imports_go_and_reexports_stay(tmp_path):
    write(
        tmp_path,
        {
            "pkg/__init__.py": "from pkg.a import x\n",
            "pkg/a.py": "import os  # why\nimport sys\n\ntry:\n    import fast\n"
            "except ImportError:\n"
            "    x = 1\nelse:\n    x = sys.path\n",
        },
    )
    done = carry_out(tmp_path, "Remove unused imports")
    assert (done.before, done.fixed, done.complete, len(done.tolerated)) == (3, 1, True, 2)
    assert (tmp_path / "pkg/__init__.py").read_text() == "from pkg.a import x\n"
    assert "import os" not in (tmp_path / "pkg/a.py").read_text()
    assert isinstance(carry_out(tmp_path, "Remove unused imports"), Judged)


@pytest.mark.parametrize(
    ("title", "before", "after"),
    [
        ("Fix E711", "a = b == None  # c\n", "a = b is None  # c\n"),
        ("Sort imports", "import sys\nimport os\n", "import os\nimport sys\n"),
        ("Fix F541", "a = f'x'\n", "a = 'x'\n"),
        ("Fix F841 unused variable", "def f():\n    x = g()\n", "def f():\n    g()\n"),
        (
            "Fix B006",
            "def f(a=[]):\n    return a\n",
            "def f(a=None):\n    if a is None:\n        a = []\n    return a\n",
        ),
        (
            "Bandit B506: yaml.load",
            "import yaml\n\nx = yaml.load(open('f'), Loader=yaml.Loader)  # c\n",
            "import yaml\n\nx = yaml.safe_load(open('f'))  # c\n",
        ),
        (
            "Fix verify=False (B501)",
            "import requests\n\nrequests.get('u', verify=False, timeout=1)\n",
            "import requests\n\nrequests.get('u', timeout=1)\n",
        ),
        (
            "Fix B324, not used for security",
            "import hashlib\n\nhashlib.md5(b'').hexdigest()\n",
            "import hashlib\n\nhashlib.md5(b'', usedforsecurity=False).hexdigest()\n",
        ),
        (
            "Replace eval by ast.literal_eval",
            "x = eval(input())\n",
            "import ast\n\nx = ast.literal_eval(input())\n",
        ),
        ("Format the code with black", "x = { 'a':1 }\n", 'x = {"a": 1}\n'),
    ],
)
def test_each_fix_is_exact_and_a_second_run_changes_nothing(tmp_path, title, before, after):
    write(tmp_path, {"m.py": before})
    done = carry_out(tmp_path, title)
    assert isinstance(done, Judged)
    assert done.complete
    assert (tmp_path / "m.py").read_text() == after
    again = carry_out(tmp_path, title)
    assert isinstance(again, Already)
    assert (tmp_path / "m.py").read_text() == after


@pytest.mark.parametrize("report", ["", "error: no such option", '[{"code": "F401"}]'])
def test_a_run_that_did_not_finish_proves_nothing(report):
    with pytest.raises(ValueError, match="did not finish"):
        autofix.judge(report, "All checks passed!\n")


def test_a_report_whose_middle_was_left_out_is_still_counted():
    row = "a.py:1:8: F401 [*] `os` imported but unused\n"
    before = row + "…\n" + row + "Found 900 errors.\n"
    done = autofix.judge(before, row + "…\nFound 3 errors.\n")
    assert (done.before, done.after, done.complete) == (900, 3, False)


def test_only_the_named_file_changes(tmp_path):
    write(tmp_path, {"a.py": "import os\n", "b.py": "import os\n"})
    carry_out(tmp_path, "Remove unused imports in a.py")
    assert [(tmp_path / n).read_text() for n in ("a.py", "b.py")] == ["", "import os\n"]


def test_an_excluded_folder_stays_as_it_is(tmp_path):
    write(tmp_path, {"a.py": "import os\n", "tests/b.py": "import os\n"})
    carry_out(tmp_path, "Remove unused imports except in tests")
    assert (tmp_path / "tests/b.py").read_text() == "import os\n"


def test_a_project_cannot_switch_the_rule_off_or_break_the_run(tmp_path):
    ruff = 'required-version = ">=99"\nextend = "/etc/passwd"\n[lint]\nunfixable = ["F401"]\n'
    write(tmp_path, {"a.py": "import os\n", "ruff.toml": ruff + 'ignore = ["F401"]\n'})
    assert carry_out(tmp_path, "Fix F401").complete


def test_the_projects_layout_and_python_version_are_honoured(tmp_path):
    long = "value = some_function(argument_number_one, argument_number_two, argument_three, x)\n"
    project = '[project]\nrequires-python = ">=3.7"\n[tool.black]\nline-length = 110\n'
    write(tmp_path, {"a.py": long + "y = 'a'\n", "pyproject.toml": project})
    carry_out(tmp_path, "Format the code with black")
    assert (tmp_path / "a.py").read_text() == long + 'y = "a"\n'
    write(tmp_path, {"b.py": "from typing import List\n\nx: List[int] = []\n"})
    assert isinstance(carry_out(tmp_path, "Fix UP006"), Already)


def test_a_hostile_file_hides_no_other(tmp_path):
    deep = "x = " + "(" * 20000 + ")" * 20000
    bad = "import yaml\nyaml.load(1)\n"
    write(tmp_path, {"deep.py": deep, "bad.py": "def (", "good.py": bad})
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    carry_out(tmp_path, "Replace yaml.load with yaml.safe_load")
    assert (tmp_path / "good.py").read_text() == "import yaml\nyaml.safe_load(1)\n"


def test_a_name_that_is_not_the_library_is_left_alone(tmp_path):
    text = "class yaml:\n    @staticmethod\n    def load(x): return x\n\n\nyaml.load(1)\n"
    write(tmp_path, {"a.py": text, "b.py": "import yaml\nyaml.load(1)\n"})
    carry_out(tmp_path, "Fix B506")
    assert (tmp_path / "a.py").read_text() == text


def test_the_import_of_an_unsafe_name_is_exchanged(tmp_path):
    write(tmp_path, {"a.py": "from yaml import load, Loader\n\nx = load('a', Loader=Loader)\n"})
    assert carry_out(tmp_path, "Fix B506").complete
    assert (tmp_path / "a.py").read_text() == ("from yaml import safe_load\n\nx = safe_load('a')\n")


def test_a_comment_goes_with_the_argument_that_it_spoke_of(tmp_path):
    source = "import requests\n\nrequests.get(\n    url,\n    verify=False,  # nosec\n)\n"
    write(tmp_path, {"a.py": source})
    carry_out(tmp_path, "Fix bandit B501 in a.py")
    assert (tmp_path / "a.py").read_text() == "import requests\n\nrequests.get(\n    url,\n)\n"
