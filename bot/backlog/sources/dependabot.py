"""Open Dependabot alerts: one item an advisory and package (B4)."""

from __future__ import annotations

from bot.backlog.entry import Entry
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, open_alerts, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository

NAME = "dependabot"


def read(reads: Reads, repository: Repository) -> Reading:
    """The open alerts."""
    return open_alerts(NAME, repository, reads.dependabot_alerts, _entry)


def _entry(one: Told) -> Entry:
    package = text(one, "dependency", "package", "name") or text(
        one, "security_vulnerability", "package", "name"
    )
    manifest = text(one, "dependency", "manifest_path")
    advisory = text(one, "security_advisory", "ghsa_id")
    fixed = text(one, "security_vulnerability", "first_patched_version", "identifier")
    cve = text(one, "security_advisory", "cve_id")
    mend = f"Upgrade {package} to {fixed} or later" if fixed else f"{package} has no fixed version"
    withdrawn = text(one, "security_advisory", "withdrawn_at")
    words = (
        text(one, "security_advisory", "summary"),
        f"{mend} ({manifest})." if manifest else f"{mend}.",
        f"Vulnerable: {text(one, 'security_vulnerability', 'vulnerable_version_range')}",
        f"Withdrawn: {withdrawn}" if withdrawn else "",
    )
    known = [name for name in (advisory, cve) if name]
    return Entry(
        f"{cve or advisory}: {mend}",
        0,
        "\n\n".join(part for part in words if part),
        {"url": text(one, "html_url"), "created": text(one, "created_at")},
        key=f"{advisory}|{package}",
        family=Family.SECURITY,
        severity=text(one, "security_vulnerability", "severity")
        or text(one, "security_advisory", "severity"),
        identities=tuple(f"advisory:{name.upper()}|{package.casefold()}" for name in known),
        inputs={"size": (1, "an upgrade")} if fixed else {},
    )
