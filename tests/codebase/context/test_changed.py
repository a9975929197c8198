"""What a reviewer sees of a change beside the difference."""

from __future__ import annotations

from bot.codebase.changed import changed
from bot.codebase.facts import FileFacts
from bot.codebase.languages import facts

SHOP = """import math

RATE = 3
OTHER = 4


def price(order):
    base = order.base
    more = order.more
    return math.ceil(base + more * RATE)


def added(order):
    return order


def untouched(order):
    return OTHER
"""
DIFF = """diff --git a/shop.py b/shop.py
--- a/shop.py
+++ b/shop.py
@@ -9,2 +9,7 @@ def price(order):
     more = order.more
+    return math.ceil(base + more * RATE)
+
+
+def added(order):
+    return order
 
"""


class Folder:
    """One file in memory, as a snapshot."""

    def text(self, path: str) -> str | None:
        return SHOP if path == "shop.py" else None

    def facts(self, path: str) -> FileFacts:
        return facts(path, (self.text(path) or "").encode())


def test_a_function_that_was_changed_is_whole_and_one_that_is_all_new_is_not_shown_twice():
    shown = changed(Folder(), DIFF, 1_000)["shop.py"]
    assert "def price(order):\n    base = order.base\n" in shown
    assert "import math" in shown
    assert "RATE = 3" in shown
    for absent in ("OTHER", "untouched", "added"):
        assert absent not in shown


def test_what_does_not_fit_or_is_gone_is_left_out():
    assert changed(Folder(), DIFF, 10) == {}
    assert changed(Folder(), DIFF.replace("shop.py", "gone.py"), 1_000) == {}
