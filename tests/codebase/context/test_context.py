"""What is chosen for a prompt, in which form, and what is left out."""

import hashlib
import os
import subprocess
import sys

import pytest

from bot.codebase.budget import Layer, TooBig, count_tokens
from bot.codebase.context import Ranked, build
from bot.codebase.facts import FileFacts
from bot.codebase.languages import facts, language_of


class Folder:
    """Files in memory; `imports` are given."""

    def __init__(self, texts: dict[str, str], imports: dict[str, tuple[str, ...]]) -> None:
        self.texts, self._imports = texts, imports

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def facts(self, path: str) -> FileFacts:
        return facts(path, self.texts.get(path, "").encode())

    def language(self, path: str) -> str:
        return language_of(path) or ""

    def imports(self, path: str) -> tuple[str, ...]:
        return self._imports.get(path, ())

    def importers(self, path: str) -> tuple[str, ...]:
        return tuple(one for one in sorted(self._imports) if path in self._imports[one])

    def siblings(self, path: str) -> tuple[str, ...]:
        folder = path.rpartition("/")[0]
        return tuple(one for one in sorted(self.texts) if one.rpartition("/")[0] == folder)


def module(name: str, functions: int, body: int = 6) -> str:
    rows = [f'"""About {name}."""\n\nimport json\n']
    for n in range(functions):
        lines = "\n".join(f"    step_{k} = json.dumps(value) + '{name}'" for k in range(body))
        rows.append(f'\ndef {name}_{n}(value: str) -> str:\n    """Do {n}."""\n{lines}\n')
    return "\n".join(rows)


TEXTS = {f"shop/part{n:02}.py": module(f"part{n:02}", 12) for n in range(30)}
TEXTS["shop/models.py"] = (
    "class Item:\n    name: str\n\n\nclass Order:\n    items: list[Item]\n\n\n"
    "def unused():\n    pass\n"
)
TEXTS["shop/part00.py"] += "\n\ndef uses(item: Item) -> Item:\n    return item\n"
TEXTS["README.md"] = "The shop.\n" * 300
VIEW = Folder(TEXTS, {"shop/part00.py": ("shop/models.py",)})
RANKED = [
    Ranked(f"shop/part{n:02}.py", 30.0 - n, ("words",), (f"part{n:02}_3", f"part{n:02}_1"))
    for n in range(24)
]


@pytest.mark.parametrize("tokens", [300, 1_000, 3_000, 8_000, 30_000])
def test_the_budget_holds_with_headings_and_all(tokens):
    chosen = build(VIEW, RANKED, tokens)
    assert count_tokens(chosen.render()) <= chosen.tokens <= tokens
    if tokens < 20_000:
        assert chosen.tokens > tokens * 0.8  # and it is used


def test_many_files_are_shown_a_little_and_the_best_a_lot():
    chosen = build(VIEW, RANKED, 8_000)
    forms = {one.path: one.form for one in chosen.shown}
    assert len(forms) > 20
    assert forms["shop/part00.py"] in ("excerpt", "whole")
    assert forms["shop/part23.py"] == "names"
    best = chosen.shown[0]
    assert best.path == "shop/part00.py"
    assert "    step_5 = json.dumps(value) + 'part00'" in best.text


def test_types_that_the_best_files_use_come_along():
    chosen = build(VIEW, RANKED, 8_000)
    types = next(one for one in chosen.shown if one.path == "shop/models.py")
    assert (types.layer, types.form) == (Layer.TYPES, "types")
    assert "name: str" in types.text
    assert "unused" not in types.text


def test_targets_and_what_they_import_are_always_there():
    chosen = build(VIEW, RANKED, 4_000, targets=["shop/part29.py", "shop/part00.py"])
    shown = {one.path: one for one in chosen.shown}
    assert shown["shop/part29.py"].form == "whole"
    assert shown["shop/part00.py"].layer is Layer.TARGET
    assert shown["shop/models.py"].layer is Layer.DEPENDENCY
    tight = build(VIEW, RANKED, 3_200, targets=["shop/part29.py", "shop/part00.py"])
    assert tight.left_out[0] == "shop/part23.py"
    assert not {"shop/part29.py", "shop/part00.py", "shop/models.py"} & set(tight.left_out)


def test_targets_that_do_not_fit_are_said_to_be_too_big():
    huge = Folder({"data.txt": "word " * 3_000}, {})
    with pytest.raises(TooBig) as problem:
        build(huge, [], 2_000, targets=["data.txt"])
    assert problem.value.names == ("data.txt",)
    assert problem.value.tokens > 2_000


def test_a_long_text_is_shown_as_far_as_a_new_entry_needs_a_model():
    log = "# Changes\n\n" + "".join(f"- {n} was repaired\n" for n in range(3_000))
    [shown] = build(Folder({"CHANGES.md": log}, {}), [], 30_000, targets=["CHANGES.md"]).shown
    assert shown.text.startswith("# Changes\n\n- 0 was repaired\n")
    assert shown.text.endswith("... (3002 lines)")
    assert shown.tokens < 600


def test_a_new_file_brings_its_neighbours_as_examples():
    chosen = build(VIEW, RANKED, 8_000, created=["shop/new.py"])
    examples = [one.path for one in chosen.shown if one.layer is Layer.SIBLING]
    assert examples == ["shop/part00.py", "shop/part01.py"]


def test_what_the_story_changed_before_moves_up():
    first = build(VIEW, RANKED, 8_000, changed=["shop/part20.py"]).shown[:3]
    assert "shop/part20.py" in [one.path for one in first]
    assert "shop/part29.py" in [
        one.path for one in build(VIEW, RANKED, 8_000, changed=["shop/part29.py"]).shown
    ]


def test_results_that_are_gone_or_empty_do_no_harm():
    strange = Folder({"a.py": "", "b.bin": "x"}, {"a.py": ("gone.py",)})
    ranked = [Ranked("missing.py"), Ranked("a.py", definitions=("nothing",)), Ranked("b.bin")]
    assert [one.path for one in build(strange, ranked, 100).shown] == ["a.py", "b.bin"]
    assert build(strange, [], 100).shown == ()


PROGRAM = """
import hashlib
from tests.codebase.context.test_context import RANKED, VIEW, build
chosen = build(VIEW, RANKED, 5_000, targets=["shop/part00.py"], changed={"shop/part07.py"})
print(hashlib.sha256(chosen.render().encode()).hexdigest())
"""


def test_five_hash_seeds_in_processes_of_their_own_give_the_same_bytes():
    said = set()
    for seed in ("0", "1", "2", "77", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=60
        )
        said.add(done.stdout.strip() or done.stderr)
    here = build(VIEW, RANKED, 5_000, targets=["shop/part00.py"], changed={"shop/part07.py"})
    assert said == {hashlib.sha256(here.render().encode()).hexdigest()}


def test_a_class_too_long_to_be_shown_leaves_room_for_the_functions_beside_it():
    rows = [f"    def row_{n}(self):\n        return {n}\n" for n in range(200)]
    text = "class Table:\n" + "\n".join(rows) + "\n" + module("wrap", 3)
    wanted = ("Table.row_7", "Table", "wrap_0", "wrap_2")
    chosen = build(Folder({"table.py": text}, {}), [Ranked("table.py", 1.0, (), wanted)], 900)
    shown = chosen.shown[0].text
    assert "return 7" in shown
    assert shown.count("json.dumps") == 12  # both functions, whole
    assert "return 8" not in shown


def test_a_class_of_some_lines_is_shown_whole_where_it_is_the_best():
    rows = [f"    def row_{n}(self):\n        return {n}\n" for n in range(20)]
    text = "class Table:\n" + "\n".join(rows) + "\n" + module("wrap", 40)
    wanted = ("Table", "wrap_0", "Table.row_7")
    chosen = build(Folder({"table.py": text}, {}), [Ranked("table.py", 1.0, (), wanted)], 700)
    assert "return 19" in chosen.shown[0].text
