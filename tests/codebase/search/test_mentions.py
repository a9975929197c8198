from __future__ import annotations

from bot.codebase.mentions import Paths, in_traceback, named

PATHS = Paths(
    ["src/shop/money.py", "src/shop/mail/__init__.py", "src/shop/__init__.py", "setup.py"]
)


def test_a_file_is_found_by_its_whole_path_its_end_or_its_name() -> None:
    for name in ("src/shop/money.py", "shop/money.py", "money.py"):
        assert named(PATHS, [name]) == {"src/shop/money.py": 1.0}


def test_a_name_that_many_files_have_says_little_of_each() -> None:
    assert named(PATHS, ["__init__.py"]) == {
        "src/shop/__init__.py": 0.5,
        "src/shop/mail/__init__.py": 0.5,
    }


def test_a_path_of_another_machine_needs_two_names_in_common() -> None:
    assert in_traceback(PATHS, ["usr/lib/site-packages/shop/money.py"]) == {
        "src/shop/money.py": 1.0
    }
    assert in_traceback(PATHS, ["usr/lib/python3/money.py"]) == {}


def test_the_file_nearest_to_the_error_counts_most() -> None:
    found = in_traceback(PATHS, ["x/shop/__init__.py", "x/shop/money.py"])
    assert found["src/shop/money.py"] > found["src/shop/__init__.py"] > 0


def test_a_file_of_history_is_found_where_it_moved_with_its_folder() -> None:
    assert PATHS.today("shop/money.py") == "src/shop/money.py"
    assert PATHS.today("money.py") is None
    assert PATHS.today("shop/gone.py") is None
