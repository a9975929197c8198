"""A repository on disk becomes what a prompt is told, the same in every process."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.conventions import conventions
from bot.cli.show_context import context
from bot.codebase.project import Project
from bot.codebase.store import Store

FILES = {
    "AGENTS.md": "# Rules\n\nUse double quotes.\n",
    "pyproject.toml": '[project]\nname = "shop"\n[tool.ruff]\nline-length = 90\n',
    "CHANGES.md": "# Changes\n",
    "secrets.txt": "shopping cart total cents\n",
    "shop/__init__.py": "",
    "shop/money.py": 'class Money:\n    """An amount."""\n\n    cents: int\n',
    "shop/cart.py": (
        "from shop.money import Money\n\n\nclass ShoppingCart:\n"
        "    def add_item(self, price: Money):\n"
        '        """Put a thing in."""\n        self.items.append(price)\n\n'
        "    def total_price(self) -> Money:\n        return sum(self.items)\n"
    ),
    "shop/users.py": "class User:\n    def full_name(self):\n        return self.first\n",
    "tests/test_cart.py": (
        "from shop.cart import ShoppingCart\n\n\ndef test_total_price():\n"
        "    assert ShoppingCart().total_price() == 0\n"
    ),
    **{
        f"shop/other_{n}.py": f"def other_thing_{n}(value):\n    return value * {n}\n"
        for n in range(50)
    },
}
TEXT = "The total price of a shopping cart is wrong. Note it in CHANGES.md."


def shell_git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shell_git(folder, "init", "-q")
    shell_git(folder, "add", "-A")
    shell_git(folder, "commit", "-q", "-m", "feat: a shop")
    return folder


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "cache") as store:
        yield store


def test_the_file_that_a_text_is_about_comes_first_with_its_body(repository, store):
    chosen = Project.at(repository / ".git", "HEAD", store).context(TEXT, 1_500)
    assert chosen.shown[0].path == "shop/cart.py"
    assert "return sum(self.items)" in chosen.shown[0].text
    paths = [one.path for one in chosen.shown]
    assert "CHANGES.md" in paths  # no source, but the text names it
    assert "tests/test_cart.py" in paths
    assert "secrets.txt" not in paths


def test_a_reviewer_sees_the_tests_of_what_changed(repository, store):
    chosen = Project.at(repository / ".git", "HEAD", store).around(["shop/cart.py"], 1_000)
    assert chosen.shown[0].path == "tests/test_cart.py"
    assert "a test of shop/cart.py" in chosen.shown[0].reasons
    users = Project.at(repository / ".git", "HEAD", store).around(["shop/money.py"], 1_000)
    assert "shop/cart.py" in [one.path for one in users.shown]


def test_after_an_edit_only_the_changed_files_are_counted_again(repository, store):
    first = Project.at(repository / ".git", "HEAD", store)
    assert first.profile.styles["names of functions"].value == "snake_case"
    assert first.tallies.hits == 0
    (repository / "shop" / "users.py").write_text("def fullName():\n    return 1\n")
    shell_git(repository, "commit", "-qam", "fix: a name")
    second = Project.at(repository / ".git", "HEAD", store)
    assert second.profile.styles["names of functions"].share < 1.0
    assert second.tallies.misses == 1
    assert second.tallies.hits == first.tallies.misses - 1
    assert second.profile.commits.seen == 2


def test_a_warm_profile_is_the_cold_one(repository, tmp_path):
    with Store(tmp_path / "a") as cold, Store(tmp_path / "b") as warm:
        Project.at(repository / ".git", "HEAD", warm).scanned()
        made = [Project.at(repository / ".git", "HEAD", one) for one in (cold, warm)]
        scanned = [json.dumps(one.scanned().as_dict()) for one in made]
    assert made[1].tallies.misses == 0 < made[1].tallies.hits
    assert scanned[0] == scanned[1]


def test_a_retry_asks_the_search_once(repository, store):
    project = Project.at(repository / ".git", "HEAD", store)
    before = {rate.name: (rate.hits, rate.misses) for rate in project.rates()}["searches"]
    text = f"{TEXT} in a text that nobody else asks for"  # the cache is the process's
    assert project.context(text, 900) == project.context(text, 900)
    after = {rate.name: (rate.hits, rate.misses) for rate in project.rates()}["searches"]
    assert after == (before[0] + 1, before[1] + 1)


def run(command, *arguments: str):
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_commands_print_json(repository, tmp_path):
    cache = ["--cache", str(tmp_path / "cache")]
    said = json.loads(run(context, str(repository), "--text", TEXT, "--json", *cache))
    assert said["files"][0]["path"] == "shop/cart.py"
    assert said["tokens"] <= said["limit"] == 8_000
    told = json.loads(run(conventions, str(repository), "--json", *cache))
    assert told["language"] == "python"
    assert told["told"] == {"AGENTS.md": FILES["AGENTS.md"].strip()}
    assert told["tools"][0]["settings"] == {"line-length": "90"}


def test_a_wrong_revision_or_target_is_answered_with_a_sentence(repository, tmp_path):
    cache = ["--cache", str(tmp_path / "cache")]
    wrong = CliRunner().invoke(context, [str(repository), "--text", "x", "--at", "no", *cache])
    assert wrong.exit_code == 1
    assert "no" in wrong.output
    targets = ("shop/cart.py", "tests/test_cart.py", "AGENTS.md", "pyproject.toml", "shop/users.py")
    big = ["--tokens", "100", *(part for path in targets for part in ("--target", path))]
    full = CliRunner().invoke(context, [str(repository), "--text", "x", *big, *cache])
    assert full.exit_code == 2
    assert "--tokens" in full.output


PROGRAM = """
import sys
from pathlib import Path
from bot.codebase.profile import condensed
from bot.codebase.project import Project
from bot.codebase.store import Store
with Store(Path(sys.argv[2])) as store:
    project = Project.at(Path(sys.argv[1]) / ".git", "HEAD", store)
    print(project.context(sys.argv[3], 1_500).render())
    print(condensed(project.profile), project.instructions(["shop/cart.py"]))
"""


def test_five_hash_seeds_cold_and_warm_give_the_same_bytes(repository, tmp_path):
    said = set()
    for number, seed in enumerate(("0", "1", "2", "77", "4242")):
        cache = tmp_path / f"cache-{number % 3}"  # two of the five find a warm one
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(repository), str(cache), TEXT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            timeout=60,
            check=True,
        )
        said.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(said) == 1


def test_a_small_project_is_not_filled_up_with_what_tells_nothing_of_its_code(tmp_path, store):
    aside = ["LICENSE", ".gitignore", ".github/ISSUE_TEMPLATE/bug.md", "docs/conf.py", "style.css"]
    useful = ["shop.py", "README.md", ".github/workflows/tests.yml", "tests/test_shop.py"]
    for name in [*aside, *useful]:
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("price = 1\n" if name.endswith(".py") else "words of another kind\n")
    folder = tmp_path / "small"
    shell_git(folder, "init", "-q")
    shell_git(folder, "add", "-A")
    shell_git(folder, "commit", "-q", "-m", "feat: a small shop")

    def paths(text: str) -> set[str]:
        chosen = Project.at(folder / ".git", "HEAD", store).context(text, 4_000)
        return {one.path for one in chosen.shown}

    shown = paths("Round up in the shop.")
    assert set(useful) <= shown
    assert not shown & {"LICENSE", ".gitignore", ".github/ISSUE_TEMPLATE/bug.md", "style.css"}
    assert {"LICENSE", ".gitignore"} <= paths("Add the year to LICENSE, and dist to .gitignore.")
