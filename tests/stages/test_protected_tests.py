"""What may become of the tests of the criteria: lines are protected, and files made for them."""

from __future__ import annotations

import pytest

from bot.stages.protected_tests import Protected

BASE = """import shop

LIMIT = 3


def test_old():
    assert shop.total([1]) == 1


class TestMore:
    def test_within(self):
        assert shop.total([]) == 0

    @decorated
    def test_fixed(self):
        pass
"""
THEN = BASE.replace(
    "def test_old", "def test_new():\n    assert shop.off() == LIMIT\n\n\ndef test_old"
)
FILES = Protected({"t.py": (BASE, THEN), "new.py": (None, THEN), "t.js": ("a", "b")})
PLAIN = "\n\ndef test_later(tmp_path: Path) -> None:\n    assert True\n"


@pytest.mark.parametrize(
    "now",
    [
        THEN,
        THEN.replace("total([1]) == 1", "total([1]) == 2"),
        THEN.replace("total([]) == 0", "total([]) is None"),
        THEN + PLAIN,
        THEN.replace("    @decorated", "    def test_third(self):\n        pass\n\n    @decorated"),
        THEN.replace("import shop\n", "import shop\n\n# a remark\n"),
    ],
)
def test_older_tests_may_be_brought_up_to_date_and_others_added(now):
    assert not FILES.harmed("t.py", now)


@pytest.mark.parametrize(
    "now",
    [
        None,
        BASE,
        THEN.replace("off() == LIMIT", "off() == 4"),
        THEN.replace("LIMIT = 3", "LIMIT = 4"),
        THEN.replace("import shop", "import other as shop"),
        THEN.replace("def test_new():", "@pytest.mark.skip\ndef test_new():"),
        THEN.replace("def test_new():", "@skip\ndef test_later():\n    pass\n\n\ndef test_new():"),
        THEN.replace("def test_new():", "def test_later():\n    def test_new():").replace(
            "    assert shop.off", "        assert shop.off"
        ),
        THEN + "\n\ndef test_new():\n    pass\n",
        THEN + "\n\npytestmark = pytest.mark.skip\n",
        THEN + "\n\ndef test_later(a=exec('shop = 1')):\n    pass\n",
        THEN + "\n\ndef test_later() -> exec('shop = 1'):\n    pass\n",
        THEN + "\n\ndef helper():\n    pass\n",
        THEN + "\n\nclass TestMore:\n    def test_within(self):\n        pass\n",
        THEN.replace("@decorated", "@skipped"),
        THEN.replace("import shop\n", 'import shop\n"""\n') + '"""\n',
        THEN + "\n\ndef test_later(:\n",
    ],
)
def test_what_the_story_asks_for_and_what_runs_at_import_stays(now):
    assert FILES.harmed("t.py", now)


def test_a_file_made_for_the_tests_stays_whole_and_others_are_free():
    assert FILES.whole("new.py")
    assert FILES.whole("t.js")
    assert not FILES.whole("t.py")
    assert FILES.harmed("new.py", THEN + PLAIN)
    assert FILES.harmed("t.js", "c")
    assert not FILES.harmed("other.py", None)
