"""Small gates, each on a change made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.gates.binaries import Binaries
from bot.gates.complexity import Complexity
from bot.gates.conflicts import Conflicts
from bot.gates.content import Content
from bot.gates.criteria import Criteria
from bot.gates.dependencies import Dependencies
from bot.gates.gate import CannotLook
from bot.gates.protected import Protected
from bot.gates.size import Size
from tests.gates.conftest import Looks, make_bench, make_change

DANGEROUS = (
    "eval(text)",
    "exec(text)",
    "import os\nos.system('ls ' + text)",
    "from os import system\nsystem(text)",
    "import os as o\no.popen(text)",
    "import subprocess\nsubprocess.run(text, shell=True)",
    "from subprocess import run\nrun(f'ls {text}', shell=True)",
    "import pickle\npickle.loads(text)",
    "from pickle import load\nload(text)",
    "import yaml\nyaml.load(text)",
    "import yaml\nyaml.load(text, Loader=yaml.Loader)",
    "import marshal\nmarshal.loads(text)",
    "import requests\nrequests.get(text, verify=False)",
    "import tempfile\ntempfile.mktemp()",
    "breakpoint()",
    "import pdb\npdb.set_trace()",
    "import builtins\nbuiltins.eval(text)",
)
HARMLESS = (
    "# eval(text)",
    "print('eval(text)')",
    "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
    "import yaml\nyaml.safe_load(text)",
    "import subprocess\nsubprocess.run(['ls', text], check=True)",
    "import subprocess\nsubprocess.run('ls', shell=True)",
    "import ast\nast.literal_eval(text)",
    "model.eval()",
    "import json\njson.loads(text)",
)


@pytest.mark.parametrize("code", DANGEROUS)
def test_a_dangerous_call_on_a_new_line_is_found(look: Looks, code: str) -> None:
    base = {"app/a.py": "text = input()\n"}
    assert look(Content(), base, {"app/a.py": f"text = input()\n{code}\n"}).status == "fail"


@pytest.mark.parametrize("code", HARMLESS)
def test_what_only_looks_so_is_left_alone(look: Looks, code: str) -> None:
    base = {"app/a.py": "text = input()\n"}
    assert look(Content(), base, {"app/a.py": f"text = input()\n{code}\n"}).status == "pass"


def test_what_the_base_had_is_left_alone_where_it_moves(look: Looks) -> None:
    old = "text = input()\neval(text)\n"
    assert look(Content(), {"a.py": old}, {"a.py": "import os\n" + old}).status == "pass"
    assert look(Content(), {"b.py": old}, {"b.py": None, "lib/b.py": old}).status == "pass"


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "new Function(text)()",
        "el.innerHTML = text",
        "child_process.exec('ls ' + text)",
        "execSync(`ls ${text}`)",
        "const o = {rejectUnauthorized: false}",
        "debugger;",
    ],
)
def test_a_dangerous_script_is_found(look: Looks, line: str) -> None:
    seen = look(Content(), {"src/a.js": "let a\n"}, {"src/a.js": f"let a\n{line}\n"})
    assert seen.status == "fail", seen


def _branches(number: int) -> str:
    return "def f(n):\n" + "".join(f"    if n == {i}:\n        n += 1\n" for i in range(number))


def test_a_function_with_too_many_paths_is_found_unless_it_was_so(look: Looks) -> None:
    many = _branches(16)
    assert look(Complexity(), {"a.py": "\n"}, {"a.py": many}).status == "fail"
    assert look(Complexity(), {"b.py": many}, {"b.py": many + "    return n\n"}).status == "pass"
    assert look(Complexity(), {"c.py": "\n"}, {"c.py": _branches(14)}).status == "pass"


def test_depth_counts_levels_and_not_elif(look: Looks) -> None:
    deep = "def f(n):\n" + "".join(f"{'    ' * (i + 1)}if n:\n" for i in range(5)) + " " * 24
    assert look(Complexity(), {"a.py": "\n"}, {"a.py": deep + "return n\n"}).status == "fail"
    chain = "def f(n):\n    if n == 0:\n        return 0\n"
    chain += "".join(f"    elif n == {i}:\n        return {i}\n" for i in range(1, 8))
    assert look(Complexity(), {"b.py": "\n"}, {"b.py": chain}).status == "pass"


def test_a_complex_script_is_found(look: Looks) -> None:
    ifs = "".join(f"  if (n === {i}) {{ n += 1 }}\n" for i in range(16))
    many = f"function f(n) {{\n{ifs}  return n\n}}\n"
    assert look(Complexity(), {"a.js": "\n"}, {"a.js": many}).status == "fail"
    assert look(Complexity(), {"b.ts": "\n"}, {"b.ts": "const f = (n: number) => n\n"}).status == (
        "pass"
    )


def test_a_mark_of_a_merge_is_found_and_a_heading_is_not(look: Looks) -> None:
    assert look(Conflicts(), {}, {"a.txt": "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"}).status == (
        "fail"
    )
    assert look(Conflicts(), {}, {"b.rst": "Heading\n=======\n"}).status == "pass"


@pytest.mark.parametrize("path", [".github/workflows/x.yml", "CODEOWNERS", ".env", "a/b.pem"])
def test_protected_files_are_found(look: Looks, path: str) -> None:
    assert look(Protected(), {}, {path: "x\n"}).status == "fail"


def test_a_protected_file_that_moves_away_is_found(look: Looks) -> None:
    seen = look(Protected(), {"CODEOWNERS": "* @a\n"}, {"CODEOWNERS": None, "x/OWN": "* @a\n"})
    assert seen.status == "fail"


def test_large_changes_only_warn(look: Looks) -> None:
    assert look(Size(), {}, {"a.txt": "x\n" * 201}).status == "warn"
    assert look(Size(), {}, {"b.txt": "x\n" * 200}).status == "pass"


def test_programs_and_large_files_are_found(look: Looks) -> None:
    assert look(Binaries(), {}, {"tool": b"\x7fELF\0\0" + b"x" * 100}).status == "fail"
    assert look(Binaries(), {}, {"data.bin": b"\0x" * 600_000}).status == "fail"
    assert look(Binaries(), {}, {"logo.png": b"\x89PNG\0" + b"x" * 1000}).status == "pass"


@pytest.mark.network
def test_a_criterion_needs_a_test_that_says_so(look: Looks, tmp_path: Path) -> None:
    wanted = ("An empty cart has a total of zero", "A negative price is refused")
    base = {"app.py": "def total(p): return sum(p)\n"}
    named = "def test_c1():\n    pass\n\ndef test_negative_price_is_refused():\n    pass\n"
    seen = look(Criteria(), base, {"tests/test_app.py": named}, criteria=wanted)
    assert seen.status == "pass", seen
    other = "def test_something():\n    assert 1\n"
    seen = look(Criteria(), base, {"tests/test_b.py": other}, criteria=wanted)
    assert [one.rule for one in seen.findings if one.severity == "error"] == [
        "criteria/unmapped",
        "criteria/unmapped",
    ]


@pytest.mark.network
def test_a_number_in_the_name_of_an_older_test_is_of_another_story(look: Looks) -> None:
    older = "def test_issue_93_c_1_valid():\n    assert True\n"
    base = {"tests/test_old.py": older, "app.py": "x = 1\n"}
    wanted = ["The horn is heard at every lock"]
    seen = look(Criteria(), base, {"app.py": "x = 2\n"}, criteria=wanted)
    assert [one.rule for one in seen.findings] == ["criteria/unmapped"]
    named = "def test_c1_horn():\n    assert True\n"
    seen = look(Criteria(), base, {"tests/test_horn.py": named}, criteria=wanted)
    assert seen.findings == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "jinja2==2.10\n"),
        ("pyproject.toml", '[project]\nname = "a"\ndependencies = ["jinja2==2.10"]\n'),
        ("package.json", '{"dependencies": {"lodash": "4.17.0"}}'),
        ("requirements.txt", "jinja2>=2\n"),
    ],
)
def test_what_cannot_be_looked_up_is_no_pass(tmp_path: Path, path: str, text: str) -> None:
    change = make_change(tmp_path, {}, {path: text})
    with make_bench(tmp_path, change, offline=True) as bench, pytest.raises(CannotLook):
        Dependencies().run(change, bench)
    with make_bench(tmp_path, change, advisories="http://127.0.0.1:9") as bench:
        bench.choices = bench.choices.__class__(offline=True)
        with pytest.raises(CannotLook):
            Dependencies().run(change, bench)


def test_dependencies_that_did_not_change_are_not_looked_up(look: Looks) -> None:
    base = {"requirements.txt": "jinja2==2.10\n"}
    seen = look(Dependencies(), base, {"requirements.txt": "# pinned\njinja2==2.10\n"})
    assert seen.status == "skipped"
