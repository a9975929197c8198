"""A small shop with ten security tickets, as its scanners and its people tell of them."""

from __future__ import annotations

import json
from typing import Any

CONFIG = """\
import yaml


def load(path):
    with open(path) as file:
        return yaml.load(file)
"""
CLIENT = "import requests\n\n\ndef fetch(url):\n    return requests.get(url, verify=False).json()\n"
RATES = "def rates(text):\n    return eval(text)\n"
WORKFLOW = """\
on: push
jobs:
  changed:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: tj-actions/changed-files@v45.0.7  # what is to be built
"""


def sarif(*found: tuple[str, str, str, int]) -> str:
    results = [
        {
            "ruleId": rule,
            "level": "error",
            "message": {"text": said},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": file},
                        "region": {"startLine": line},
                    }
                }
            ],
        }
        for rule, said, file, line in found
    ]
    rules = [
        {"id": rule, "name": said, "properties": {"tags": ["security"]}}
        for rule, said, _, _ in found
    ]
    driver = {"name": "Bandit", "rules": rules}
    return json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    )


VEX = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"bom-ref": "u", "name": "urllib3", "version": "1.26.15"}],
        "vulnerabilities": [
            {
                "id": "CVE-2023-45803",
                "affects": [{"ref": "u"}],
                "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
            }
        ],
    }
)

FILES = {
    "requirements.txt": "certifi==2022.12.7\nidna==3.4\nPyYAML==6.0.1\nurllib3==1.26.15\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
    "shop/config.py": CONFIG,
    "shop/client.py": CLIENT,
    "shop/rates.py": RATES,
    ".github/workflows/ci.yml": WORKFLOW,
    "tests/test_shop.py": (
        "import unittest\n\nfrom shop import prices, rates\n\nPASSWORD = 'not a real one'\n\n\n"
        "class Shop(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(prices.total([1, 2]), 3)\n\n"
        "    def test_rates(self):\n        self.assertEqual(rates.rates('{1: 2}'), {1: 2})\n"
    ),
    "reports/bandit.sarif": sarif(
        ("B506", "yaml_load", "shop/config.py", 6),
        ("B501", "request_with_no_cert_validation", "shop/client.py", 5),
        ("B105", "hardcoded_password_string", "tests/test_shop.py", 5),
    ),
    "reports/vex.cdx.json": VEX,
}
RATES_ISSUE = (
    "Use of eval on the rates (S307) in shop/rates.py",
    "The rates are a plain dictionary, so `ast.literal_eval` reads them.",
)


def alert(
    number: int,
    package: str,
    cve: str,
    fixed: str,
    below: str,
    manifest: str = "requirements.txt",
) -> dict[str, Any]:
    """A Dependabot alert, as GitHub's API tells it."""
    return {
        "number": number,
        "state": "open",
        "html_url": f"https://github.test/acme/shop/security/dependabot/{number}",
        "created_at": "2026-01-01T00:00:00Z",
        "dependency": {"package": {"name": package}, "manifest_path": manifest},
        "security_advisory": {
            "ghsa_id": f"GHSA-{number:04}-aaaa-bbbb",
            "cve_id": cve,
            "summary": f"A flaw of {package}",
        },
        "security_vulnerability": {
            "severity": "high",
            "vulnerable_version_range": below,
            "first_patched_version": {"identifier": fixed} if fixed else None,
        },
    }


DEPENDABOT = [
    alert(1, "idna", "CVE-2024-3651", "3.7", "< 3.7"),
    alert(2, "certifi", "CVE-2023-37920", "2023.7.22", ">= 2015.4.28, < 2023.7.22"),
    alert(3, "urllib3", "CVE-2023-43804", "1.26.17", "< 1.26.17"),
    alert(4, "urllib3", "CVE-2023-45803", "1.26.18", "< 1.26.18"),
    alert(
        5,
        "tj-actions/changed-files",
        "CVE-2025-30066",
        "46.0.1",
        "<= 45.0.7",
        ".github/workflows/ci.yml",
    ),
]
SECRETS = [
    {
        "number": 1,
        "state": "open",
        "html_url": "https://github.test/acme/shop/security/secret-scanning/1",
        "created_at": "2026-01-01T00:00:00Z",
        "secret_type_display_name": "Stripe API Key",
        "validity": "unknown",
    }
]
# what stands in the title -> what becomes of it, by which rule
WANTED = {
    "CVE-2024-3651": ("dispatch", "known_fix"),
    "CVE-2023-37920": ("dispatch", "known_fix"),
    "CVE-2023-43804": ("dispatch", "known_fix"),
    "B506": ("dispatch", "known_fix"),
    "B501": ("dispatch", "known_fix"),
    "S307": ("dispatch", "known_fix"),
    "CVE-2025-30066": ("hand_over", "restricted_path"),
    "Stripe": ("hand_over", "secret"),
    "B105": ("close", "test_only"),
    "CVE-2023-45803": ("close", "not_affected"),
}
