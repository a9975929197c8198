"""What our own gates find in a whole tree: code that is unsafe, packages with advisories (B4).

Promises: the gates' tools and rules, nothing of its own; a gate that could not look is a fault, and
nothing is gone because of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.gates.change import Change
from bot.gates.gate import GateFinding, GateResult
from bot.story.item_events import Family
from bot.story.vocabulary import digest
from bot.workspace.commits import Person, commit_object
from bot.workspace.mirror import Mirror
from bot.workspace.objects import Object, store

SAST, AUDIT = "sast", "dependency_audit"
GATES = {"security": SAST, "analysis": SAST, "dependencies": AUDIT}

_LEVELS = {"error": "high", "warning": "medium", "note": "low"}
_PACKAGE = re.compile(r"(?P<name>[\w.@/-]+) (?P<version>\S+): ")
_FIXED = re.compile(r"; fixed in (.+)$")
_US = Person("Towpath", "towpath@localhost")
_THEN = datetime(2000, 1, 1, tzinfo=UTC)
_SHOWN = 30


def whole_tree(mirror: Mirror, head: str) -> Change:
    """Everything at `head`, as a change of nothing: what the gates named in GATES are run on."""
    empty = Object("tree", b"")
    nothing = commit_object([], empty.id.hex(), "nothing", _US, _THEN)
    store(mirror.path, [empty, nothing])
    return Change(mirror, nothing.id.hex(), head)


def read(results: Sequence[GateResult]) -> Iterator[Reading]:
    """A reading for each of the two sources of which a gate was run."""
    for source in (SAST, AUDIT):
        ran = [one for one in results if GATES.get(one.name) == source]
        if ran:
            yield _reading(source, ran)


def _reading(source: str, results: Sequence[GateResult]) -> Reading:
    told = Sightings(source, source)
    for one in results:
        if one.status == "error":
            told.fault(0, f"{one.name} could not look: {one.summary}")
    found: dict[tuple[str, str], list[GateFinding]] = {}
    looked = [one for one in results if one.status != "error"]  # else it tells of itself only
    for finding in (finding for one in looked for finding in one.findings):
        package = _PACKAGE.match(finding.message) if source == AUDIT else None
        where = package["name"] if package else finding.file
        found.setdefault((finding.rule, where), []).append(finding)
    for (rule, where), findings in sorted(found.items()):
        told.add(_advice(rule, where, findings) if source == AUDIT else _code(rule, findings))
    seen = [[one.key, one.digest] for one in told.found]
    return told.reading(digest(seen))


def _code(rule: str, findings: Sequence[GateFinding]) -> Entry:
    first = findings[0]
    places = [f"- {one.file}:{one.line or 0} {one.message}" for one in findings[:_SHOWN]]
    worst = min((one.severity for one in findings), key=list(_LEVELS).index)
    return Entry(
        f"{_titled(rule)} in {first.file or 'the project'}",
        0,
        "\n".join(places),
        {"file": first.file, "rule": rule},
        key=f"{rule}|{first.file}",
        family=Family.SECURITY,
        severity=_LEVELS[worst],
        inputs={"size": (2 if len(findings) <= 3 else 3, f"{len(findings)} places")},
    )


def _titled(rule: str) -> str:
    """A rule as reports name one: `name (id)`."""
    number, _, name = rule.partition(":")
    return f"{name.replace('_', ' ')} ({number})" if name else f"A finding ({rule})"


def _advice(rule: str, package: str, findings: Sequence[GateFinding]) -> Entry:
    identifier = rule.rpartition("/")[2]
    fixed = _FIXED.search(findings[0].message)
    files = sorted({one.file for one in findings if one.file})
    mend = f"Upgrade {package} to {fixed[1]}" if fixed else f"{package} has no fixed version"
    return Entry(
        f"{identifier}: {mend}",
        0,
        "\n\n".join([findings[0].message, *(f"- {file}" for file in files)]),
        {},
        key=f"{identifier}|{package}",
        family=Family.SECURITY,
        severity="high",
        identities=(f"advisory:{identifier.upper()}|{package.casefold()}",),
        inputs={"size": (1, "an upgrade")} if fixed else {},
    )
