"""Every rule of the pack finds what its example marks as wrong, and nothing else anywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACK = ROOT / "bot" / "gates" / "rules"
EXAMPLES = Path(__file__).with_name("examples")
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.suffix in (".py", ".ts", ".tsx"))
RULES: dict[str, dict[str, Any]] = {
    rule["id"]: rule
    for path in sorted(PACK.rglob("*.yaml"))
    for rule in yaml.safe_load(path.read_text())["rules"]
}
DIMENSIONS = ("correctness", "maintainability", "consistency", "security", "test_quality",
              "documentation")  # fmt: skip
MARK = re.compile(r"\s*(?:#|//) (ruleid|ok): (.+)")

Places = set[tuple[str, int]]


def _marks() -> tuple[dict[str, Places], dict[str, Places]]:
    """Rule → places (file, line) that its examples call wrong, and right."""
    wrong: dict[str, Places] = defaultdict(set)
    right: dict[str, Places] = defaultdict(set)
    for path in FILES:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if mark := MARK.match(line):
                for rule in mark[2].split(", "):
                    (wrong if mark[1] == "ruleid" else right)[rule].add((path.name, number + 1))
    return wrong, right


WRONG, RIGHT = _marks()


@pytest.fixture(scope="module")
def found(gate_tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Places]:
    """Rule → places that one run of Semgrep over all examples finds."""
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [gate_tools / "semgrep", "scan", "--metrics=off", "--disable-version-check", "--quiet",
         "--json", "--no-git-ignore", "--config", PACK, *FILES],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "SEMGREP_ENABLE_VERSION_CHECK": "0"},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert [one for one in told["errors"] if one["level"] == "error"] == []
    places: dict[str, Places] = defaultdict(set)
    for one in told["results"]:
        rule = one["check_id"][one["check_id"].index("towpath.") :]
        places[rule].add((Path(one["path"]).name, one["start"]["line"]))
    return places


@pytest.mark.network
@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_finds_the_wrong_lines_of_all_examples_and_no_others(
    rule: str, found: dict[str, Places]
) -> None:
    assert found[rule] == WRONG[rule]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_has_an_example_that_fails_and_one_that_passes(rule: str) -> None:
    assert WRONG[rule]
    assert RIGHT[rule]
    assert WRONG[rule].isdisjoint(RIGHT[rule])


def test_examples_name_no_rule_that_is_gone() -> None:
    assert {rule for rule, places in (WRONG | RIGHT).items() if places} <= set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_says_what_to_do_and_how_sure_it_is(rule: str) -> None:
    one = RULES[rule]
    about = one["metadata"]
    assert re.fullmatch(r"towpath\.(python|typescript)\.[a-z]+\.[a-z-]+", rule)
    assert one["severity"] in ("ERROR", "WARNING", "INFO")
    assert one["message"].endswith(".")
    assert len(one["message"]) > 40
    assert all(re.fullmatch(r"CWE-\d+", cwe) for cwe in about["cwe"])
    assert about["dimension"] in DIMENSIONS
    assert about["confidence"] in ("HIGH", "MEDIUM", "LOW")
    assert about["analysis"] in ("taint", "pattern", "resource", "null", "concurrency")


def test_the_pack_covers_both_families_of_languages() -> None:
    python = [rule for rule in RULES if rule.startswith("towpath.python.")]
    script = [rule for rule in RULES if rule.startswith("towpath.typescript.")]
    assert len(python) >= 100
    assert len(script) >= 45
