"""The tickets of the security family, ruled on against the default branch as it is (B11).

Promises: deterministic, no model, no network, nothing run; a ticket that a rule closed or gave to
people is looked at again, and is free again when the rule does not hold any more. What a person
blocked stays blocked. Never: touches an alert, or an item that is under way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from bot.backlog.edges import UNDERWAY
from bot.backlog.item import Item
from bot.backlog.sources import leaked
from bot.backlog.store import Backlog
from bot.families import autofix, autofix_text, bump, remedy, rewrite
from bot.families.autofix_text import builds
from bot.families.bump_phrases import fixed_versions
from bot.families.declared_packages import Tree
from bot.families.finding_places import is_example, is_test, is_vendored, suppressed
from bot.families.lint_rules import codes_in, found_in
from bot.families.outcomes import Already, Question
from bot.story.item_events import Family, ItemState
from bot.texts.security import advice
from bot.workspace.text_files import Files
from policies.scope import Scope, may_hold_secrets, restricted
from policies.security_tickets import Outcome, Ruling, Ticket, covered, decide

CLOSED, PEOPLES = "closed by rule ", "for people by rule "
_LOOKED_AT = (ItemState.NEW, ItemState.REFINED, ItemState.READY, ItemState.BLOCKED, ItemState.DONE)
_SCANNERS = frozenset({"code_scanning", "sarif", "sast", "container_scan"})
# Whose word counts for what is vulnerable; an issue may be anybody's.
_KNOWING = _SCANNERS | {
    "dependabot", "advisories", "cyclonedx", "dependency_audit", "container_scan",
    "secret_scanning",
}  # fmt: skip
_STATEMENT = re.compile(r"^Analysis: (not affected|false positive)\b\s*(.*)$", re.MULTILINE)
_PATH = re.compile(r"(?<![\w/.-])[\w.-]+(?:/[\w.-]+)*\.\w{1,5}\b")
_THING = r"(?:secrets?|tokens?|api[ -]?keys?|access keys?|passwords?|credentials?|private keys?)"
_LEAKED = re.compile(
    rf"^\W*(?:\w+\W+){{0,2}}(?:leaked|exposed|hard-?coded|committed)\b.{{0,30}}\b{_THING}\b"
    rf"|\b{_THING}\b.{{0,30}}\b(?:leaked|exposed|hard-?coded|committed|checked in)\b",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(r"^Withdrawn: (\d{4}-\d{2}-\d{2})", re.MULTILINE)
_VULNERABLE = re.compile(r"^Vulnerable: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Ruled:
    """What was decided of an item; `target`: the state that it goes to, if to another."""

    item: int
    ruling: Ruling
    target: ItemState | None = None

    @property
    def reason(self) -> str:
        """What the item says of it."""
        before = {Outcome.CLOSE: CLOSED, Outcome.HAND_OVER: PEOPLES, Outcome.WAIT: PEOPLES}
        opening = before.get(self.ruling.outcome, "ruled by ")
        return f"{opening}{self.ruling.rule}: {self.ruling.reason}"


@dataclass(frozen=True)
class _Fix:
    """The known fix of a ticket: `what` is the same for tickets that one change mends."""

    what: tuple[str, ...]
    paths: tuple[str, ...]
    version: Version | None = None
    idle: bool = False  # it would change nothing, and the ticket names the very rule that it mends


def triage(
    backlog: Backlog,
    repository: str,
    files: Files,
    closing: Collection[str],
    scope: Scope,
    *,
    dry: bool = False,
) -> list[Ruled]:
    """Rule on every security ticket nobody works on, by number, and move those that have to move.

    `repository`: its id. `dry`: decide only.
    """
    items = tickets(backlog, repository)
    ruled = rule(items, Tree(files), closing, scope)
    by_number = {item.number: item for item in items}
    for one in ruled:
        item = by_number[one.item]
        if one.target is not None and not dry:
            backlog.move(repository, one.item, one.target, one.reason, expect=item.version)
    return ruled


def rule(items: Sequence[Item], tree: Tree, closing: Collection[str], scope: Scope) -> list[Ruled]:
    """The rulings on items of one repository; those under way only count for the others."""
    fixes = {item.number: _known_fix(item, tree) for item in items}
    rulings: dict[int, Ruling] = {}
    before: dict[tuple[str, ...], int] = {}
    for item in sorted(items, key=lambda one: one.number):
        found = fixes[item.number]
        fix = found if isinstance(found, _Fix) else None
        ticket = _ticket(item, tree, found, scope)
        if _is_work(item, ticket):
            continue
        if fix is not None and ticket.kind == "code":
            ticket = replace(ticket, same_as=before.setdefault(fix.what, item.number))
            if ticket.same_as == item.number:
                ticket = replace(ticket, same_as=0)
        rulings[item.number] = decide(ticket, closing)
    _cover(items, fixes, rulings)
    return [
        Ruled(item.number, rulings[item.number], _target(item, rulings[item.number]))
        for item in sorted(items, key=lambda one: one.number)
        if item.number in rulings and item.state not in UNDERWAY
    ]


def _is_work(item: Item, ticket: Ticket) -> bool:
    """Whether people wrote down work on security that no tool reported: it goes the usual way."""
    reported = ticket.kind != "other" or any(one.source in _KNOWING for one in item.known)
    return not (reported or ticket.known_fix)


def tickets(backlog: Backlog, repository: str) -> list[Item]:
    """The items to rule on, and those under way, by number."""
    numbers = backlog.of_family(repository, Family.SECURITY, (*_LOOKED_AT, *UNDERWAY))
    items = [backlog.item(repository, number) for number in numbers]
    return [item for item in items if item.state is not ItemState.DONE or _ours(item)]


def _ours(item: Item) -> bool:
    """Whether it is where a ruling of ours put it, and a source still tells of it."""
    return item.reason.startswith((CLOSED, PEOPLES)) and bool(item.sightings)


def _target(item: Item, ruling: Ruling) -> ItemState | None:
    if item.state is ItemState.BLOCKED and not _ours(item):
        return None  # somebody else has a reason
    wanted: ItemState | None = None
    if ruling.outcome is Outcome.CLOSE:
        wanted = ItemState.DONE
    elif ruling.outcome is Outcome.WAIT or (
        ruling.outcome is Outcome.HAND_OVER and not ruling.patch
    ):
        wanted = ItemState.BLOCKED
    elif _ours(item):
        wanted = ItemState.NEW
    if wanted is ItemState.BLOCKED and item.state is ItemState.DONE:
        wanted = ItemState.NEW  # on the way there
    return wanted if wanted is not item.state else None


def _cover(
    items: Sequence[Item], fixes: Mapping[int, _Fix | str], rulings: dict[int, Ruling]
) -> None:
    """Of several tickets that one package's newer version mends, one is worked on."""
    groups: dict[tuple[str, ...], list[tuple[bool, Version, int]]] = {}
    for item in items:
        fix = fixes[item.number]
        if not isinstance(fix, _Fix) or fix.version is None:
            continue
        busy = item.state in UNDERWAY
        ruling = rulings.get(item.number)
        if busy or (ruling and (ruling.outcome is Outcome.DISPATCH or ruling.patch)):
            groups.setdefault(fix.what, []).append((busy, fix.version, -item.number))
    for group in groups.values():
        first = -max(group)[2]
        for _, _, number in group:
            if -number != first:
                rulings[-number] = covered(first)


def _ticket(item: Item, tree: Tree, fix: _Fix | str, scope: Scope) -> Ticket:
    text = _told(item)
    stated = [one.body for one in item.known if one.source == "cyclonedx"]
    statement = _STATEMENT.search("\n".join(stated))
    packages = _named(item, "advisory:", last=True)
    versions = fixed_versions(text)
    paths = fix.paths if isinstance(fix, _Fix) else ()
    places = _places(item, tree)
    tests = tuple(path for path in places if is_test(path))
    rules = _rules(item)
    secret = _is_secret(item, rules, places, tests)
    dependency = bool(packages) or (isinstance(fix, _Fix) and fix.version is not None)
    kind = "dependency" if dependency else "code" if places else "other"
    return Ticket(
        kind="secret" if secret else kind,  # type: ignore[arg-type]
        declared=tree.declared(packages, versions, _vulnerable(text)),
        has_fixed_version=bool(versions) or isinstance(fix, _Fix),
        statement=statement[1].replace(" ", "_") if statement else "",
        statement_reason=statement[2] if statement else "",
        places=places,
        missing=tuple(path for path in places if path not in tree.files.known),
        tests=tests,
        examples=tuple(path for path in places if is_example(path)),
        vendored=tuple(path for path in places if is_vendored(path)),
        suppressed=suppressed([one.body for one in item.known], rules, places, tree.files.text),
        withdrawn=_withdrawn(item),
        image=any(one.source == "container_scan" for one in item.known),
        mended=isinstance(fix, _Fix) and fix.idle and bool(places),
        known_fix=isinstance(fix, _Fix) and not fix.idle,
        fix=paths,
        theirs=restricted(paths or places, scope),
        hindrance=(fix if isinstance(fix, str) else "") or advice(item.title),
    )


def _is_secret(
    item: Item, rules: Sequence[str], places: Sequence[str], tests: Sequence[str]
) -> bool:
    """Whether something leaked; a password that is only guessed at may be one of a test."""
    if any(one.source == "secret_scanning" for one in item.known):
        return True
    if any(leaked.is_certain(rule, item.title) for rule in rules):
        return True
    if not any(one.source in _KNOWING for one in item.known) and _LEAKED.search(item.title):
        return not (tests and set(tests) == set(places)) and not builds(item.title)
    guessed = any(leaked.is_guess(rule) for rule in rules) and set(tests) != set(places)
    return guessed or any(may_hold_secrets(path) for path in places)


def _withdrawn(item: Item) -> str:
    """Since when the advisory is withdrawn, as all those say who know it."""
    knowing = [one for one in item.known if one.source in _KNOWING]
    found = [_WITHDRAWN.search(one.body) for one in knowing if one.source != "cyclonedx"]
    return found[0][1] if found and found[0] and all(found) else ""


def _rules(item: Item) -> tuple[str, ...]:
    """What scanners, or people where no tool knows of it, call the finding."""
    if any(one.source in _SCANNERS for one in item.known):
        return tuple(sorted({one.rpartition("|")[2] for one in _named(item, "rule:")}))
    if any(one.source in _KNOWING for one in item.known):
        return ()
    return tuple(code for code in codes_in(item.title) if re.fullmatch(r"S\d{3}", code))


def _known_fix(item: Item, tree: Tree) -> _Fix | str:
    """The fix that a known family makes of the ticket's text, or why there is none."""
    read, listed = tree.files.text, lambda: tree.files.paths
    mend = remedy.detect(item.title, item.body, listed, read)
    if isinstance(mend, remedy.Remedy):
        paths = tuple(one.path for one in mend.changes)
        return _Fix((*mend.rules, *paths), paths)
    if isinstance(mend, Already):
        return _Fix((item.title,), (), idle=True)
    found = bump.detect(item.title, item.body, listed, read)
    if isinstance(found, bump.Bump):
        best = max(found.upgrades, key=lambda one: Version(one.new))
        vulnerable = _vulnerable(_told(item))
        if vulnerable is not None and vulnerable.contains(best.new, prereleases=True):
            return f"{best.package} {best.new} is vulnerable as well"
        names = tuple(sorted(one.package for one in found.upgrades))
        return _Fix(names, tuple(one.path for one in found.changes), Version(best.new))
    mended = autofix.detect(item.title, item.body, listed, read)
    if isinstance(mended, autofix.Autofix):
        return _autofix(item, mended, tree)
    for one in (mend, found, mended):
        if isinstance(one, Question):
            return one.message
    return ""


def _autofix(item: Item, mended: autofix.Autofix, tree: Tree) -> _Fix | str:
    """A scanner's finding that our own rewriting mends is looked for first: it may be gone."""
    paths = tuple(path for path in mended.paths if path in tree.files.known)
    what = (*mended.rules, *mended.paths)
    if not paths or not mended.rewrites:
        return _Fix(what, paths)
    rules = mended.rewrites
    try:
        count = sum(rewrite.rewrite(t, rules)[1] for p in paths if (t := tree.files.text(p)))
    except rewrite.UNREADABLE as error:
        return f"{', '.join(paths)} cannot be parsed ({type(error).__name__})"
    if count:
        return _Fix(what, paths)
    texts = [text for path in paths if (text := tree.files.text(path))]
    if autofix_text.by_number(item.title) and not any(found_in(t, mended.rules) for t in texts):
        return _Fix(what, paths, idle=True)
    return f"nothing in {', '.join(paths)} is what the exact fix mends"


def _told(item: Item) -> str:
    """What those who know say of it; where none of them does, what there is."""
    knowing = [one for one in item.known if one.source in _KNOWING] or item.known
    return "\n".join(f"{one.title}\n{one.body}" for one in knowing)


def _named(item: Item, kind: str, *, last: bool = False) -> tuple[str, ...]:
    """The identities of a kind; of `advisory:ID|package` the `last` part."""
    names = [n for one in item.known for n in one.identities if n.startswith(kind)]
    told = [n.rpartition("|")[2] if last else n.removeprefix(kind) for n in names]
    return tuple(sorted({one for one in told if one}))


def _places(item: Item, tree: Tree) -> tuple[str, ...]:
    """The files of a finding: a scanner's, or those that a person's report of a rule names."""
    if any(one.source in _SCANNERS for one in item.known):
        return tuple(sorted({one.rpartition("|")[0] for one in _named(item, "rule:")}))
    if not _rules(item):
        return ()
    told = {found[0].strip(".") for found in _PATH.finditer(f"{item.title}\n{item.body}")}
    return tuple(sorted(told & tree.files.known))


def _vulnerable(text: str) -> SpecifierSet | None:
    """The versions that an alert calls vulnerable, where all of them can be read."""
    ranges = [
        re.sub(r"(?<![<>=!~])=(?!=)", "==", one.replace(" ", ""))
        for one in _VULNERABLE.findall(text)
    ]
    try:
        return SpecifierSet(ranges[0]) if len(ranges) == 1 else None
    except InvalidSpecifier:
        return None
