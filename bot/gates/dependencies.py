"""Gate: nothing with a known vulnerability is added, and no name that looks like another (Q5, T6).

What a change adds or moves in requirement files, pyproject, setup.cfg, package.json and their lock
files is looked up at an OSV service, by exact version. Pass, fail and *unknown* are three things:
what could not be looked up is an error, never a pass.
"""

from __future__ import annotations

from bot.gates.added_packages import Package, added_packages, new_packages
from bot.gates.advisories import Advisories, Unreachable
from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, skipped
from bot.gates.resolve import resolve
from bot.gates.workbench import Workbench
from policies.packages import PackageRules, objections


class Dependencies:
    """Packages that the base had not, or had in another version."""

    name = "dependencies"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        added = added_packages(change)
        if not added:
            return skipped("no dependency was added or moved")
        findings = _objections(change, added)
        refused = len(findings)
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
        said = f"{len(exact)} looked up, {len(findings) - refused - len(unknown)} vulnerable"
        said += f", {refused} against the rules for packages" if refused else ""
        evidence = {"packages": [f"{one.name}=={one.version}" for one in exact][:200]}
        return Seen(said, tuple(findings), "", evidence, lasting=False)


def _objections(change: Change, added: list[Package]) -> list[GateFinding]:
    """What speaks against the new names themselves (T6)."""
    new, known = new_packages(change)
    places = {one.name: (one.file, one.line) for one in reversed(added)}
    found = []
    for one in objections(new, PackageRules(known=known)):
        file, line = places.get(one.package, ("", None))
        said = f"{one.package}: {one.reason}".removeprefix(": ")
        found.append(GateFinding(file, line, f"dependencies/{one.rule}", said))
    return found


def _finding(one: Package, found: tuple[str, str, str]) -> GateFinding:
    identity, words, fixed = found
    mended = f"; fixed in {fixed}" if fixed else ""
    said = f"{one.name} {one.version}: {words[:200]}{mended}"
    return GateFinding(one.file, one.line, f"dependencies/{identity}", said)
