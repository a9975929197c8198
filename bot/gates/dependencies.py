"""Gate: nothing with a known vulnerability is added (Q5).

What a change adds or moves in requirement files, pyproject, setup.cfg, package.json and their lock
files is looked up at an OSV service, by exact version. Pass, fail and *unknown* are three things:
what could not be looked up is an error, never a pass.
"""

from __future__ import annotations

from bot.gates.added_packages import Package, added_packages
from bot.gates.advisories import Advisories, Unreachable
from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, skipped
from bot.gates.resolve import resolve
from bot.gates.workbench import Workbench


class Dependencies:
    """Packages that the base had not, or had in another version."""

    name = "dependencies"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        added = added_packages(change)
        if not added:
            return skipped("no dependency was added or moved")
        findings: list[GateFinding] = []
        unknown: list[str] = []
        exact = [one for one in added if one.version]
        loose = [one for one in added if not one.version]
        if loose:
            found, why = resolve(bench, loose)
            exact += found
            unknown += why
        advisories = Advisories(bench.choices.advisories, offline=bench.choices.offline)
        for one in dict.fromkeys(exact):
            try:
                for found_one in advisories.of(one.ecosystem, one.name, one.version):
                    findings.append(_finding(one, found_one))
            except Unreachable as problem:
                unknown.append(f"{one.name} {one.version}: {problem}")
        if unknown and not findings:
            raise CannotLook("advisories", "; ".join(unknown)[:400])
        findings += [
            GateFinding("", None, "dependencies/unknown", one[:300]) for one in unknown
        ]  # beside a real finding, what is unknown is said too
        said = f"{len(exact)} looked up, {len(findings) - len(unknown)} vulnerable"
        evidence = {"packages": [f"{one.name}=={one.version}" for one in exact][:200]}
        return Seen(said, tuple(findings), "", evidence, lasting=False)


def _finding(one: Package, found: tuple[str, str, str]) -> GateFinding:
    identity, words, fixed = found
    mended = f"; fixed in {fixed}" if fixed else ""
    said = f"{one.name} {one.version}: {words[:200]}{mended}"
    return GateFinding(one.file, one.line, f"dependencies/{identity}", said)
