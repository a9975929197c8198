"""Some of the ten tickets through the engine; all of them: `python -m tests.backlog.security`."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.backlog.security import shop
from tests.backlog.security.whole import LEDGER, SHOP, cycle

pytestmark = pytest.mark.network


def test_a_known_fix_is_verified_and_a_workflow_comes_as_a_patch(tmp_path: Path) -> None:
    files = {path: text for path, text in shop.FILES.items() if path != "shop/rates.py"}
    files["requirements.txt"] = ""
    files["tests/test_shop.py"] = (
        "import unittest\n\nfrom shop import prices\n\n\nclass Shop(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(prices.total([1, 2]), 3)\n"
    )
    alerts = {"dependabot": shop.DEPENDABOT[-1:], "secret_scanning": shop.SECRETS}
    sample = replace(SHOP, files=files, alerts=alerts)
    ended = cycle(tmp_path, Console(quiet=True), sample)
    assert {words: one.kind for words, one in ended.items() if words != "S307"} == {
        words: shop.WANTED[words]
        for words in ("B506", "B501", "CVE-2025-30066", "Stripe", "B105", "CVE-2023-45803")
    }
    done = [one for one in ended.values() if one.story.get("state") == "WAITING"]
    assert all("1 passed, 0 failed" in Path(one.story["report"]).read_text() for one in done)
    for one in ended.values():
        if one.patch is not None:
            argv = ["git", "apply", "--check", str(one.patch)]
            subprocess.run(argv, cwd=tmp_path / "shop", check=True)
    theirs = ended["CVE-2025-30066"]
    assert "changed-files@v46.0.1" in (theirs.patch or tmp_path).read_text()
    shown = Path(theirs.story["report"]).read_text()
    told = shown.split("```diff\n")[1].split("```")[0]
    subprocess.run(["git", "apply"], input=told, cwd=tmp_path / "shop", text=True, check=True)


def test_another_project_with_ten_other_tickets_needs_no_model_and_no_network(
    tmp_path: Path,
) -> None:
    ended = cycle(tmp_path, Console(quiet=True), LEDGER)
    assert {words: one.kind for words, one in ended.items()} == LEDGER.wanted
    for one in ended.values():
        if one.story.get("state") == "WAITING":
            assert "3 passed, 0 failed" in Path(one.story["report"]).read_text()
    for words in ("template-injection", "missing-workflow-permissions"):
        shown = Path(ended[words].story["report"]).read_text()
        told = shown.split("```diff\n")[1].split("```")[0]
        argv = ["git", "apply", "--check"]
        subprocess.run(argv, input=told, cwd=tmp_path / "shop", text=True, check=True)
