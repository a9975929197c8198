"""Sensitive ground (P4): told by the words of a path and by the configuration."""

from __future__ import annotations

import pytest

from policies.approvals import Teams
from policies.checkpoints import Ground, checkpoints


def kinds(*paths: str, grounds: tuple[Ground, ...] = ()) -> list[str]:
    return [one.kind for one in checkpoints(paths, grounds)]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/auth/views.py", "authentication"),
        ("app/OAuth2Client.java", "authentication"),
        ("lib/userLogin.ts", "authentication"),
        ("AUTH.py", "authentication"),
        ("web/password-reset.html", "authentication"),
        ("pkg/rbac.go", "authorization"),
        ("api/check_permissions.rb", "authorization"),
        ("tls/handshake.c", "cryptography"),
        ("x509Store.cs", "cryptography"),
        ("src/PaymentProcessor.java", "payments"),
        ("billing/invoice.sql", "payments"),
        ("gdpr_export.py", "personal data"),
        ("models/pii/person.py", "personal data"),
        ("ｐayments/a.py", "payments"),
    ],
)
def test_a_word_of_the_path_tells_what_it_is(path: str, kind: str) -> None:
    assert kind in kinds(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/author.py",
        "authors.txt",
        "design/signature_font.md",
        "docs/payments.md",
        "authoring/tool.py",
        "aclassic.py",
        "requirements.txt",
        "tests/test_shop.py",
        "src/repayment_plan.rst",
        "obsessions.py",
    ],
)
def test_a_part_of_a_word_and_prose_are_nothing(path: str) -> None:
    assert kinds(path) == []


def test_the_configuration_adds_paths_kinds_and_teams_and_takes_nothing_away() -> None:
    team = Teams(("o/pay",), frozenset({7}))
    grounds = (Ground("payments", ("/money/",), team), Ground("safety", ("*.plc",)))
    assert kinds("Money/x.py", "a.PLC", "auth.py", grounds=grounds) == [
        "authentication",
        "payments",
        "safety",
    ]
    (one,) = checkpoints(["src/payments.py"], grounds)
    assert one.teams == team
    assert one.asked == "payments=o/pay"


def test_only_a_few_paths_are_named() -> None:
    (one,) = checkpoints([f"auth/{n}.py" for n in range(9)])
    assert len(one.paths) == 3
