"""What reports of scanners have in common: their tools, and advisories told as findings (B4).

Promises: an advisory that a scanner reports in a file is the same thing as the alert about it: it
is named by its id and package, with the version that has the fix where the report says one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.backlog.entry import Entry
from bot.story.item_events import Family

_SECURITY = re.compile(
    r"bandit|semgrep|codeql|gosec|brakeman|zizmor|actionlint|hadolint|trivy|grype|snyk|checkov|tfsec"
    r"|kics|terrascan|njsscan|gitleaks|trufflehog|detect-secrets|osv-scanner|scorecard|poutine"
    r"|dependency-check|horusec|spotbugs|findsecbugs|security|opengrep|mobsf",
    re.IGNORECASE,
)
_ADVISORY = re.compile(
    r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3}|PYSEC-\d{4}-\d+|RUSTSEC-\d{4}-\d{4}"
    r"|GO-\d{4}-\d{4,})\b",
    re.IGNORECASE,
)
_PACKAGE = re.compile(
    r"^package: (?P<a>[@\w./:-]+)|package '(?P<b>@?[\w./:-]+)@"
    r"|\b(?:python|npm|go-module|java-archive|gem|rust|deb|rpm|apk) package: (?P<c>[@\w./:-]+)",
    re.IGNORECASE | re.MULTILINE,
)
_FIXED = re.compile(
    r"^fixed versions?: (?P<v>[^\n]{1,200})|\bfix(?:ed)? in:? (?P<w>[\w.,+ -]{1,60})",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Vulnerable:
    """A package with an advisory; `fixed`: versions that have the fix, '' where none is told."""

    identifier: str
    package: str
    fixed: str


def is_security(tool: str) -> bool:
    """Whether a tool reports nothing but what concerns security."""
    return bool(_SECURITY.search(tool))


def vulnerable(rule: str, said: str) -> Vulnerable | None:
    """The advisory that a finding is, where its message names the package."""
    identifier = _ADVISORY.search(rule)
    package = _PACKAGE.search(said) if identifier else None
    if identifier is None or package is None:
        return None
    name = _told(package).strip(".:").rpartition(":")[2] or _told(package)
    return Vulnerable(identifier[0].upper(), name, _told(_FIXED.search(said)).strip(" .,"))


def _told(found: re.Match[str] | None) -> str:
    return next((one for one in found.groups() if one), "") if found else ""


def upgrade(
    one: Vulnerable, said: str, file: str, about: Mapping[str, Any], severity: str, line: int
) -> Entry:
    """The entry of an advisory, as those who know advisories tell them."""
    fixed = one.fixed
    mend = f"Upgrade {one.package} to {fixed}" if fixed else f"{one.package} has no fixed version"
    return Entry(
        f"{one.identifier}: {mend}",
        line,
        "\n\n".join(part for part in (f"{mend} ({file})." if file else f"{mend}.", said) if part),
        about,
        key=f"{one.identifier}|{one.package}",
        family=Family.SECURITY,
        severity=severity,
        identities=(f"advisory:{one.identifier}|{one.package.casefold()}",),
        inputs={"size": (1, "an upgrade")} if fixed else {},
    )
