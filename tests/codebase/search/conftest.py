"""A small repository with a past, made with git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.codebase.search import Search
from bot.codebase.store import Store

SHOP = {
    "src/shop/__init__.py": "from shop.basket import Basket\n",
    "src/shop/basket.py": (
        "from shop.money import rounded\n\n\n"
        "class Basket:\n"
        '    """What a customer wants to buy."""\n\n'
        "    def add_item(self, item, quantity):\n"
        "        self.items.append((item, quantity))\n\n"
        "    def total_price(self):\n"
        "        return rounded(sum(i.price * q for i, q in self.items))\n"
    ),
    "src/shop/money.py": (
        "def rounded(amount):\n    return round(amount, 2)\n\n\n"
        "def parse_currency(text):\n    return text.strip('€')\n"
    ),
    "src/shop/mail/sender.py": (
        "class MailSender:\n    def deliver(self, letter):\n        self.smtp.send(letter)\n"
    ),
    "src/shop/mail/letters.py": "def invoice_letter(basket):\n    return basket.total_price()\n",
    "tests/test_basket.py": (
        "from shop.basket import Basket\n\n\n"
        "def test_total_price_of_a_basket():\n    assert Basket().total_price() == 0\n"
    ),
    "docs/conf.py": "project = 'shop basket total price'\n",
    "README.md": "# A shop: basket, total price\n",
}


class Repository:
    """A work tree whose commits are dated by their number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git_dir = folder / ".git"
        self._count = 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        self._count += 1
        date = f"2024-01-01T00:00:{self._count % 60:02d}Z"
        people = {
            f"GIT_{role}_{what}": "someone@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        environment = {**people, **dates, "HOME": "/", "PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder, env=environment,
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        for path, content in files.items():
            where = self.folder / path
            where.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                where.unlink()
            elif isinstance(content, bytes):
                where.write_bytes(content)
            else:
                where.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    made.commit("Start a shop", SHOP)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "cache") as opened:
        yield opened


@pytest.fixture
def search(repository: Repository, store: Store) -> Search:
    return Search.at(repository.git_dir, "HEAD", store)
