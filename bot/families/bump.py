"""The known family `dependency bump`: a declared dependency goes to a version the story names.

Promises: no model, no network, nothing run. All places that hold the package back change together
or none does; what is not certain (no version named, a lock file, hashes, a downgrade) becomes a
question with its reason. Never guesses a version (S19).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from packaging.version import Version

from bot.families import bump_phrases, bump_text
from bot.families.bump_result import Bump, Place, Upgrade
from bot.families.manifests import Entry, Unreadable, walker
from bot.families.outcomes import Already, NotThis, Question
from bot.families.version_rules import (
    Unsupported,
    declared,
    floor,
    poetry_floor,
    retarget_poetry,
    retarget_requirement,
    retarget_tag,
)
from bot.story.vocabulary import FileChange

Read = Callable[[str], str | None]

_LOCKS = {
    "pyproject.toml": ("poetry.lock", "uv.lock", "pdm.lock"),
    "Pipfile": ("Pipfile.lock",),
    "package.json": ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
    "go.mod": ("go.sum",),
    "Cargo.toml": ("Cargo.lock",),
    "Gemfile": ("Gemfile.lock",),
}
_RENEWED_BY = {
    "poetry.lock": "poetry update {package}",
    "uv.lock": "uv lock --upgrade-package {package}=={new}",
    "pdm.lock": "pdm update {package}",
    "Pipfile.lock": "pipenv update {package}",
    "package-lock.json": "npm install {package}@{new}",
    "npm-shrinkwrap.json": "npm install {package}@{new}",
    "yarn.lock": "yarn upgrade {package}@{new}",
    "pnpm-lock.yaml": "pnpm update {package}@{new}",
    "go.sum": "go get MODULE@v{new} && go mod tidy",
    "Cargo.lock": "cargo update -p {package} --precise {new}",
    "Gemfile.lock": "bundle update {package} --conservative",
}
MAX_MANIFEST = 1_000_000  # characters


Outcome = Bump | Already | Question | NotThis


def detect(title: str, body: str, list_files: Callable[[], Iterable[str]], read: Read) -> Outcome:
    """What this family makes of a story (S19). `list_files` gives repository paths."""
    if not re.search(
        r"\d|version|latest|outdated|vulnerab|upgrade|bump|security", title + body, re.I
    ):
        return NotThis(reason="speaks of no version")
    files = sorted(set(list_files()))
    manifests = _manifests(files, read)
    entries, unreadable = _entries(manifests)
    wanted, missing = bump_text.read(title, body, {e.name for e in entries}, _held(entries))
    if missing:
        return Question(
            kind="which_version",
            message=f"the story names no version for {', '.join(missing)}",
            details={"packages": missing},
        )
    if not wanted:
        return _not_declared(title, unreadable)
    scope = _directory(title)
    upgrades: list[Upgrade] = []
    for want in wanted:
        mine = [e for e in entries if e.name == want.package and e.path.startswith(scope)]
        done = _upgrade(want, mine or [e for e in entries if e.name == want.package])
        if isinstance(done, Question):
            return done
        if done is not None:
            upgrades.append(done)
    if not upgrades:
        names = {want.package for want in wanted}
        evidence = tuple(f"{e.path}:{e.line}: {e.text}" for e in entries if e.name in names)
        return Already(message="each place already asks for it, or for more", evidence=evidence)
    if lock := _lock(upgrades, set(files)):
        return lock
    return _bump(upgrades, manifests)


class Holding(NamedTuple):
    """A requirement with the oldest version that it lets in; `pinned`: and no other."""

    entry: Entry
    oldest: Version
    pinned: bool


def holdings(list_files: Callable[[], Iterable[str]], read: Read) -> list[Holding]:
    """Every requirement of every manifest whose constraint can be read, by path and line."""
    found = []
    for entry in _entries(_manifests(sorted(set(list_files())), read))[0]:
        try:
            found.append(Holding(entry, _current(entry), _pinned(entry)))
        except Unsupported:
            continue
    return found


def _manifests(files: Iterable[str], read: Read) -> dict[str, str]:
    texts = {path: read(path) for path in files if walker(path)}
    return {path: text for path, text in texts.items() if text and len(text) <= MAX_MANIFEST}


def _entries(manifests: dict[str, str]) -> tuple[list[Entry], list[str]]:
    entries: list[Entry] = []
    unreadable: list[str] = []

    def note(entry: Entry) -> None:
        entries.append(entry)

    for path, text in manifests.items():
        walk = walker(path)
        try:
            if walk:
                walk(path, text, note)
        except Unreadable:
            unreadable.append(path)
    return sorted(entries, key=lambda e: (e.path, e.line)), unreadable


def _directory(title: str) -> str:
    """`… in /backend` limits a bump to that folder, as update bots of monorepos write it."""
    found = re.search(r"\bin\s+`?/([\w./-]+?)/?`?\s*$", title)
    return f"{found[1]}/" if found and "." not in PurePosixPath(found[1]).name else ""


def _not_declared(title: str, unreadable: list[str]) -> Outcome:
    """A clear bump of something that no manifest declares is a question, all else is not ours."""
    text = bump_text.clean(title)
    found = re.search(
        rf"\b(?:bump|upgrade|update)\s+([A-Za-z][\w.-]*)\s+from\s+{bump_phrases.VERSION}\s+to\s+"
        rf"{bump_phrases.VERSION}",
        text,
        re.IGNORECASE,
    )
    generic = {"version", "python", "copyright", "timeout", "limit", "default", "minimum", "node"}
    if not found or found[1].lower() in generic or len(re.findall(r"\d+\.\d+\.\d+", text)) < 2:
        return NotThis(reason="is not about the version of a declared dependency")
    return Question(
        kind="not_found",
        message=f"no manifest declares {found[1]}",
        details={"package": found[1], "unreadable": unreadable},
    )


def _held(entries: Iterable[Entry]) -> dict[str, Version]:
    """The oldest version that is pinned of each package."""
    held: dict[str, Version] = {}
    for entry in entries:
        if _pinned(entry):
            try:
                version = _current(entry)
            except Unsupported:
                continue
            held[entry.name] = min(version, held.get(entry.name, version))
    return held


def _current(entry: Entry) -> Version:
    if entry.style == "pep508":
        found = declared(entry.text)
        return floor(found.spec) if found and found.spec else Version("0.dev0")
    return poetry_floor(entry.text)


def _pinned(entry: Entry) -> bool:
    """Whether the entry names one version and no other."""
    if entry.style == "pep508":
        found = declared(entry.text)
        return bool(found and found.pinned)
    return bool(re.match(r"\s*={0,2}\s*\d", entry.text))


def _constrained(entry: Entry) -> bool:
    found = declared(entry.text) if entry.style == "pep508" else None
    return bool(found.spec if found else entry.text.strip() not in {"", "*", "latest"})


def _choose(versions: tuple[Version, ...], current: Version) -> Version:
    """Of several fixed versions the least that is newer, in the same series if there is one."""
    newer = sorted(v for v in versions if v > current) or sorted(versions)
    for parts in (2, 1):
        for version in newer:
            if version.release[:parts] == current.release[:parts]:
                return version
    return newer[0]


def _upgrade(want: bump_text.Wanted, entries: list[Entry]) -> Upgrade | Question | None:
    package = want.package
    if problem := _hindrance(package, entries):
        return problem
    fixed = [e for e in entries if _constrained(e)]
    try:
        current = min((_current(e) for e in fixed), default=Version("0.dev0"))
        target = _choose(want.versions, current)
        pins = [e for e in fixed if _pinned(e)]
        held = [e for e in pins if _current(e) > target]
        # Where another place holds an older one, that is the one that is meant.
        if held and len(held) == len(pins) and len(want.versions) == 1:
            return Question(
                kind="downgrade",
                message=f"{package} is pinned at {_current(held[0])}, newer than {target}",
                details={
                    "package": package,
                    "current": str(_current(held[0])),
                    "wanted": str(target),
                },
            )
        places = [p for e in fixed or entries if (p := _place(e, target, want.exact))]
    except Unsupported as error:
        where = {"package": package, "places": [f"{e.path}:{e.line}" for e in fixed]}
        return Question(kind=error.kind, message=str(error), details=where)
    if not places:
        return None
    if question := _split_by_marker(package, fixed):
        return question
    old = "" if current == Version("0.dev0") else str(current)
    return Upgrade(package=package, old=old, new=str(target), places=tuple(places))


def _hindrance(package: str, entries: list[Entry]) -> Question | None:
    """What makes an entry one that only a tool with a network could change."""
    for entry in entries:
        where = {"package": package, "path": entry.path, "line": entry.line}
        found = declared(entry.text) if entry.style == "pep508" else None
        if found and found.direct:
            message = f"{entry.path} takes {package} from an address, not by version"
            return Question(kind="direct_reference", message=message, details=where)
        if entry.hashed:
            message = f"{entry.path} pins {package} by hash; the new hashes are not known here"
            return Question(kind="hashed", message=message, details=where)
    return None


def _split_by_marker(package: str, entries: list[Entry]) -> Question | None:
    """Different pins for different Pythons in one file: which of them, only a person knows."""
    pins: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        found = declared(entry.text) if entry.style == "pep508" else None
        if found and found.marker:
            pins.setdefault(entry.path, set()).add((found.marker, found.spec))
    for path, found_pins in pins.items():
        if len({spec for _, spec in found_pins}) > 1:
            message = f"{path} pins {package} differently for different environments"
            details = {"package": package, "path": path, "pins": sorted(map(list, found_pins))}
            return Question(kind="ambiguous_pins", message=message, details=details)
    return None


def _new_text(entry: Entry, target: Version, exact: bool) -> str:
    if entry.style == "action":
        return retarget_tag(entry.text, target)
    if entry.style != "pep508":
        return retarget_poetry(entry.text, target)
    found = declared(entry.text)
    if exact and found and not found.pinned and re.fullmatch(r"(>=?\s*[\w.]+)?", found.spec):
        widened = retarget_requirement(entry.text, Version("999999"))
        return re.sub(r">=(\s*)999999", rf"==\g<1>{target}", widened)
    if found and found.spec and _current(entry) >= target:
        return entry.text
    return retarget_requirement(entry.text, target)


def _place(entry: Entry, target: Version, exact: bool) -> Place | None:
    new = _new_text(entry, target, exact)
    if new == entry.text:
        return None
    return Place(path=entry.path, line=entry.line, before=entry.text, after=new)


def _lock(upgrades: list[Upgrade], files: set[str]) -> Question | None:
    for upgrade in upgrades:
        for place in upgrade.places:
            path = PurePosixPath(place.path)
            for name in _LOCKS.get(path.name, ()):
                lock = str(path.with_name(name))
                if lock in files:
                    return Question(
                        kind="locked",
                        message=f"{lock} locks {upgrade.package}; renewing it needs its own tool: "
                        + _RENEWED_BY[name].format(package=upgrade.package, new=upgrade.new),
                        details={"package": upgrade.package, "lock": lock, "path": place.path},
                    )
    return None


def _bump(upgrades: list[Upgrade], manifests: dict[str, str]) -> Bump:
    after = {(u.package, p.path, p.before): p.after for u in upgrades for p in u.places}
    changes = []
    for path in sorted({place.path for u in upgrades for place in u.places}):
        walk = walker(path)
        text = manifests[path]
        if walk:
            text = walk(path, text, lambda e: after.get((e.name, e.path, e.text)))
        changes.append(FileChange(path=path, content=text))
    what = " and ".join(
        f"{u.package} from {u.old} to {u.new}" if u.old else f"{u.package} to {u.new}"
        for u in upgrades
    )
    criteria = tuple(
        f"{p.path} asks for {u.package} {u.new}: `{p.after.strip()}`"
        for u in upgrades
        for p in u.places
    )
    return Bump(
        upgrades=tuple(upgrades),
        changes=tuple(changes),
        subject=f"build(deps): bump {what}",
        criteria=criteria,
    )
