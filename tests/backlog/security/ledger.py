"""A ledger with a Java part, a container and workflows, and ten other tickets of its scanners."""

from __future__ import annotations

import json
from typing import Any

from tests.backlog.security.shop import alert

WORKFLOW = """\
name: triage
on:
  issues:
    types: [opened]
permissions:
  contents: read
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - name: say what it is
        run: |
          echo "New: ${{ github.event.issue.title }}"
"""
BUILD = """\
name: build
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python -m unittest
"""
DOCKERFILE = 'FROM python:3.12-slim\nWORKDIR /app\nADD . /app\nUSER 1000\nCMD ["python"]\n'
POM = """\
<project>
  <dependencies>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId>
      <version>2.14.1</version>
    </dependency>
  </dependencies>
</project>
"""
VERSION = (
    "import subprocess\n\n\ndef version():\n"
    '    told = subprocess.run("git --version", shell=True, capture_output=True, text=True)\n'
    "    return told.stdout.strip()\n"
)
PAGES = (
    "import hashlib\n\n\ndef etag(page):\n"
    "    return hashlib.md5(page.encode()).hexdigest()\n\n\n"
    "def bucket(name):\n"
    "    return hashlib.sha1(name.encode()).hexdigest()[:2]\n"
)
LEGACY = (
    "import hashlib\n\n\ndef old_id(text):\n"
    "    # nosemgrep: weak-sensitive-data-hashing - ids of the old books, nothing secret in them\n"
    "    return hashlib.md5(text.encode()).hexdigest()\n"
)
BOOKS = (
    "import sqlite3\n\n\ndef book(connection, name):\n"
    "    return connection.execute(f\"select * from books where name = '{name}'\").fetchone()\n"
)
# In parts, so that nobody takes it for one; a scanner quotes it in its message.
SECRET = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"
TESTS = (
    "import sqlite3\nimport unittest\n\nfrom ledger import books, legacy, pages, version\n\n\n"
    "class Ledger(unittest.TestCase):\n"
    "    def test_etag(self):\n"
    "        self.assertEqual(pages.etag('a'), '0cc175b9c0f1b6a831c399e269772661')\n"
    "        self.assertEqual(pages.bucket('a'), '86')\n"
    "        self.assertEqual(legacy.old_id('a')[:4], '0cc1')\n\n"
    "    def test_version(self):\n"
    "        self.assertIsInstance(version.version(), str)\n\n"
    "    def test_book(self):\n"
    "        connection = sqlite3.connect(':memory:')\n"
    "        connection.execute('create table books (name)')\n"
    "        self.assertIsNone(books.book(connection, 'a'))\n"
)


def sarif(tool: str, rule: str, said: str, file: str, line: int, message: str = "") -> str:
    place = {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
    result = {
        "ruleId": rule,
        "level": "error",
        "message": {"text": message or said},
        "locations": [{"physicalLocation": place}],
    }
    driver = {"name": tool, "rules": [{"id": rule, "shortDescription": {"text": said}}]}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver},
                                                     "results": [result]}]})  # fmt: skip


def scanned(number: int, rule: str, said: str, file: str, line: int) -> dict[str, Any]:
    """A code-scanning alert, as GitHub's API tells it."""
    return {
        "number": number,
        "state": "open",
        "html_url": f"https://github.test/acme/ledger/security/code-scanning/{number}",
        "created_at": "2026-01-02T00:00:00Z",
        "rule": {"id": rule, "description": said, "security_severity_level": "high"},
        "tool": {"name": "CodeQL"},
        "most_recent_instance": {
            "location": {"path": file, "start_line": line},
            "message": {"text": said},
        },
    }


FILES = {
    "ledger/__init__.py": "",
    "ledger/version.py": VERSION,
    "ledger/pages.py": PAGES,
    "ledger/legacy.py": LEGACY,
    "ledger/books.py": BOOKS,
    "ledger/keys.py": "KEY = None  # it was here once\n",
    "tests/__init__.py": "",
    "tests/test_ledger.py": TESTS,
    "examples/load.py": "import yaml\n\nprint(yaml.load(open('books.yml')))\n",
    "Dockerfile": DOCKERFILE,
    "export/pom.xml": POM,
    ".github/workflows/triage.yml": WORKFLOW,
    ".github/workflows/build.yml": BUILD,
    "reports/semgrep.sarif": sarif(
        "Semgrep OSS",
        "python.lang.security.audit.subprocess-shell-true.subprocess-shell-true",
        "subprocess with shell=True", "ledger/version.py", 5,
    ),
    "reports/bandit.sarif": sarif(
        "Bandit", "B324", "Use of weak MD5 hash. Consider usedforsecurity=False",
        "ledger/pages.py", 5,
    ),
    "reports/examples.sarif": sarif("Bandit", "B506", "yaml load", "examples/load.py", 3),
    "reports/hadolint.sarif": sarif(
        "Hadolint", "DL3020", "Use COPY instead of ADD for files and folders", "Dockerfile", 3
    ),
    "reports/zizmor.sarif": sarif(
        "zizmor", "zizmor/template-injection", "code injection via template expansion",
        ".github/workflows/triage.yml", 13,
    ),
    "reports/gitleaks.sarif": sarif(
        "gitleaks", "stripe-access-token", "", "ledger/keys.py", 1,
        f"stripe-access-token has detected secret for file ledger/keys.py: {SECRET}",
    ),
}  # fmt: skip
ALERTS: dict[str, list[dict[str, Any]]] = {
    "dependabot": [
        alert(1, "org.apache.logging.log4j:log4j-core", "CVE-2021-44228", "2.15.0",
              ">= 2.13.0, < 2.15.0", "export/pom.xml"),
    ],
    "code_scanning": [
        scanned(1, "actions/missing-workflow-permissions",
                "Workflow does not contain permissions", ".github/workflows/build.yml", 4),
        scanned(2, "py/sql-injection", "SQL query built from user-controlled sources",
                "ledger/books.py", 5),
        scanned(3, "py/weak-sensitive-data-hashing", "Use of a broken hashing algorithm",
                "ledger/legacy.py", 6),
    ],
}  # fmt: skip
WANTED = {
    "subprocess-shell-true": ("dispatch", "known_fix"),
    "B324": ("dispatch", "known_fix"),
    "DL3020": ("dispatch", "known_fix"),
    "CVE-2021-44228": ("dispatch", "known_fix"),
    "template-injection": ("hand_over", "restricted_path"),
    "missing-workflow-permissions": ("hand_over", "restricted_path"),
    "stripe-access-token": ("hand_over", "secret"),
    "py/sql-injection": ("hand_over", "no_known_fix"),
    "B506": ("close", "example_only"),
    "weak-sensitive-data-hashing": ("close", "suppressed"),
}
