"""Shorter forms of a file keep what others need of it."""

from bot.codebase import skeleton
from bot.codebase.languages import facts

SOURCE = '''"""Carts."""

import json
from dataclasses import dataclass

LIMIT = 10


@dataclass
class Item:
    """One thing."""

    name: str
    price: int


class Cart:
    """What somebody wants to buy."""

    def __init__(self) -> None:
        self.items = []

    @property
    def total(self) -> int:
        """Cents."""
        return sum(item.price for item in self.items)

    def add(
        self,
        item: Item,
    ) -> None:
        """Put one in."""
        if len(self.items) >= LIMIT:
            raise ValueError(item.name)
        self.items.append(item)


def load(text: str) -> Cart:
    """Read a cart."""
    cart = Cart()
    for row in json.loads(text):
        cart.add(Item(**row))
    return cart
'''
FACTS = facts("cart.py", SOURCE.encode())


def test_an_outline_has_every_signature_and_no_body():
    text = skeleton.outline(SOURCE, FACTS, "python")
    for line in ("class Item:", "class Cart:", "    def __init__(self) -> None: ...", "def load("):
        assert line in text
    assert "Read a cart." in text
    assert "json.loads" not in text
    assert "def add(self, item: Item" in text.replace("( ", "(")


def test_an_excerpt_quotes_the_bodies_asked_for_to_the_letter():
    text = skeleton.excerpt(SOURCE, FACTS, "python", ["Cart.total"], ["load"])
    body = SOURCE[SOURCE.index("    @property") : SOURCE.index("    def add(")].rstrip()
    assert body in text
    assert "from dataclasses import dataclass" in text
    assert "class Cart:" in text
    assert "def load(text: str) -> Cart: ..." in text
    assert "raise ValueError" not in text
    assert "class Item" not in text


def test_an_excerpt_has_the_names_that_its_bodies_use_and_the_list_of_what_is_offered():
    source = (
        "import re\n\n__all__ = ['find',\n           'drop']\n\n"
        '_TEXT = """\n_WORD = 1\n"""\n'
        "_WORD = re.compile(\n    r'\\w+'\n)\n_OTHER: int = 3\n_TABLE = {\n"
        + "    'word': 1,\n" * 60
        + "}\n\n\ndef find(text):\n    _OTHERS = 4\n    return _WORD.findall(text), _TABLE\n"
        + "\n\ndef drop(text):\n    return _OTHER\n"
    )
    text = skeleton.excerpt(source, facts("a.py", source.encode()), "python", ["find"], [])
    assert "__all__ = ['find',\n           'drop']\n_WORD = re.compile(\n    r'\\w+'\n)\n" in text
    for absent in ("_OTHER:", "'word'", "_WORD = 1", "_TEXT", "drop(text)"):
        assert absent not in text


def test_types_only_shows_small_types_whole_and_nothing_unused():
    text = skeleton.types_only(SOURCE, FACTS, "python", {"Item"})
    assert "    price: int" in text
    assert "Cart" not in text


def test_a_form_is_never_longer_than_the_file():
    tiny = "def f(): pass\n"
    found = facts("f.py", tiny.encode())
    assert len(skeleton.outline(tiny, found, "python")) <= len(tiny)


def test_the_shortest_form_keeps_its_budget_and_shows_the_best_names():
    text = skeleton.best(SOURCE, FACTS, "python", ["Cart.add", "load"], 40)
    assert "class Cart" in text
    assert "def add(" in text


def test_a_summary_names_what_a_file_offers():
    assert skeleton.summary(FACTS) == "class Item, Cart; function load"


DIFF = (
    """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -24,3 +24,4 @@ class Cart:
     def total(self) -> int:
         \"\"\"Cents.\"\"\"
+        self.sort()
         return sum(item.price for item in self.items)
diff --git a/big.py b/big.py
--- a/big.py
+++ b/big.py
@@ -1 +1 @@
-old
+"""
    + "new " * 300
    + "\n"
)


def test_the_definitions_that_a_diff_touches_are_found():
    lines = skeleton.changed_lines(DIFF)
    assert lines["cart.py"] == (26,)
    assert skeleton.touched(FACTS, lines["cart.py"]) == ("Cart.total",)


def test_a_diff_that_is_too_long_keeps_whole_files_and_names_the_others():
    text = skeleton.diff_only(DIFF, 120)
    assert "+        self.sort()" in text
    assert "new new" not in text
    assert "[not shown: the change of big.py]" in text


def test_broken_and_strange_files_have_forms_too():
    for source in (
        "def (:\n",
        "",
        "class A:\n  def f(self:\n\x00",
        "é" * 1000,
        "\r\n\r\ndef f():\r\n  1\r\n",
    ):
        found = facts("x.py", source.encode())
        names = [one.qualname for one in found.definitions]
        for form in (
            skeleton.outline(source, found, "python"),
            skeleton.excerpt(source, found, "python", names),
            skeleton.types_only(source, found, "python", {"A", "f"}),
        ):
            assert len(form) <= len(source)
