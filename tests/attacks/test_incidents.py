"""Every incident of the table has a test, and every test that the table names exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.attacks.incidents import INCIDENTS

ROOT = Path(__file__).parents[2]
GROUPS = {"A": (1, 8), "B": (9, 12), "C": (13, 15), "D": (16, 18), "E": (19, 21), "F": (22, 28),
          "H": (32, 34), "I": (35, 35), "L": (39, 39), "M": (40, 43)}  # fmt: skip
THREATS = (
    *("forged webhook", "replay", "lost delivery", "push after approval", "push before approve"),
    *("edited comment", "spoofed view", "own approval", "pwn request", "loop", "limits"),
    *("crash", "leak"),
)
AGENTS = (12, 15, 17, 18, 19, 20, 21)


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_row_names_a_test_that_exists() -> None:
    missing = [node for _, _, node in INCIDENTS if node.split("::")[1] not in
               defined_in(node.split("::")[0])]  # fmt: skip
    assert missing == []


def test_every_incident_has_a_row() -> None:
    wanted = {f"{group}{n}" for group, (a, b) in GROUPS.items() for n in range(a, b + 1)}
    wanted |= {f"threat: {one}" for one in THREATS} | {f"agent {n}" for n in AGENTS}
    assert {row for row, _, _ in INCIDENTS} == wanted | {"day one"}
    assert [promise for row, promise, _ in INCIDENTS if row == "day one"] == [
        str(n) for n in range(1, 11)
    ]
