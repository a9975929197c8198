"""Reading a story for a dependency bump: which packages it means, and which versions.

Promises: only packages that the project declares are recognised, and only in sentences that speak
of their version; a story that merely mentions a package or a version gives nothing. Pure: text
in, values out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.families.bump_phrases import (
    ADVISORY,
    FILL,
    MAX_SENTENCE,
    MODAL,
    VERB,
    VERSION,
    fixed_versions,
    name_pattern,
    newer_versions,
    target,
)

_FEATURE = re.compile(
    r"^(?:feat(?:ure)?\b[^:]*:\s*)?(?:add|support|implement|introduce|create|allow|enable|refactor"
    r"|rewrite|document|drop|remove|rename|migrate|port|convert|expose|provide|deprecate|extend"
    r"|investigate|unpin|loosen|relax|downgrade|revert|roll\s?back)\b",
    re.IGNORECASE,
)
_ADVISORY = re.compile(ADVISORY, re.IGNORECASE)
_SECURITY = re.compile(
    r"\bvulnerab\w*|\binsecure (?:version|dependency|package)|\badvisory\b|\bpip-audit\b"
    r"|\bDependabot alert|\bsecurity (?:advisor|fix|update|patch|alert|release|issue|bump|upgrade"
    r"|hole|flaw|bug|problem)",
    re.IGNORECASE,
)
_DEPENDENCY = re.compile(
    r"\b(?:dependenc|requirements?\b|deps\b|packages?\b|librar|pins?\b|pinned|outdated"
    r"|out of date|(?:pip|npm|uv|python) group\b|with \d+ updates)",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"^\s*(?:\[[^\]]{1,30}\]\s*|(?:build|chore|fix|deps|security|ci|refactor|perf|bug|task|maint"
    r"|story|dependenc(?:y|ies)|maintenance|housekeeping)"
    r"(?:\([^)]*\))?!?:\s*)+",
    re.IGNORECASE,
)
_GOAL_HEADING = re.compile(
    r"^[#\s_-]*(?:acceptance criteria|definition of done|done when|expected|wanted|criteria)\b",
    re.IGNORECASE | re.MULTILINE,
)
MAX_SENTENCES, MAX_BODY = 200, 12_000  # what a hostile text may cost


@dataclass(frozen=True)
class Wanted:
    """A package (canonical name) and the versions that a story names as good."""

    package: str
    versions: tuple[Version, ...]
    exact: bool = False  # the story says `pin`


def clean(markdown: str) -> str:
    """Text without the marks that stand between words: code ticks, emphasis, links, folds."""
    text = re.sub(r"<details.*?(?:</details>|\Z)", " ", markdown, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"<!--.*?(?:-->|\Z)", " ", text, flags=re.DOTALL)
    text = re.sub(r"\[([^\[\]\n]{1,200})\]\([^)\s]{0,500}\)", r"\1", text)
    text = re.sub(r"https?://\S+", " ", text)
    text = re.sub(r"\\(?=[\\`*_{}\[\]()#+.!|~<>-])", "", html.unescape(text))
    text = re.sub(r"[`*\"“”]+", "", text)
    return re.sub(r"[ \t]+", " ", text)


def sentences(text: str) -> list[str]:
    """Lines and sentences; a dot inside a version or a file name ends none."""
    return [
        part.strip()
        for line in text.splitlines()
        for part in re.split(r"(?<=[.!?;])\s+(?=\S)", line)
        if part.strip()
    ][:MAX_SENTENCES]


def mentioned(text: str, known: Iterable[str]) -> list[str]:
    """The known packages that a text names, in its order."""
    lowered = re.sub(r"[-_.]+", "-", text.lower())
    places = []
    for package in known:
        if package in lowered and (found := re.search(name_pattern(package), text, re.IGNORECASE)):
            places.append((found.start(), package))
    return [package for _, package in sorted(places)]


def only_about(title: str, packages: Iterable[str]) -> bool:
    """Whether a title says nothing but: change the version of these packages."""
    rest = title
    for package in packages:
        if re.fullmatch(rf"{name_pattern(package)}\s*[=>~]=\s*{VERSION}", title, re.IGNORECASE):
            return True
        rest = re.sub(name_pattern(package), " ", rest, flags=re.IGNORECASE)
    if not re.search(
        rf"\b(?:{VERB}|make)\b|vulnerab|outdated|out of date|insecure", rest, re.IGNORECASE
    ):
        return False
    known = (
        rf"{VERSION}|{ADVISORY}|\b(?:{VERB}|{FILL}|{MODAL}|security|latest|newest|newer|recent|most"
        r"|safe|secure|fix|fixes|fixed|version|vulnerab\w*|to|due|because|by|with|alert|advisory"
        r"|high|critical|moderate|severity|known|has|cve|cves|issue|out|date|a|make)(?![\w-])"
        r"|(?<!\w)/[\w./-]*|[\w./-]+\.(?:txt|toml|cfg|in|py|ya?ml)\b|[^\w]+"
    )
    return not re.sub(known, " ", rest, flags=re.IGNORECASE).strip()


def read(
    title: str, body: str, known: Iterable[str], held: Mapping[str, Version] | None = None
) -> tuple[list[Wanted], list[str]]:
    """(what is wanted, packages that are meant but with no version); both empty: not a bump.

    `held` is what the project has now: a body that names that version describes, a newer one is
    the wish.
    """
    names = sorted({str(canonicalize_name(name)) for name in known})
    held = held or {}
    bare = _PREFIX.sub("", clean(title[:MAX_SENTENCE])).strip()
    text = clean(body[:MAX_BODY])
    if _FEATURE.search(bare):
        return [], []
    if wanted := _from_sentences([bare], names, held=held):
        return wanted, []
    in_title = mentioned(bare, names)
    alarm = bool(_ADVISORY.search(title) or _SECURITY.search(title))
    about = only_about(bare, in_title)
    # "Fix vulnerable dependency": the title is of the family, the package is in the body.
    general = not in_title and (alarm or bool(_DEPENDENCY.search(bare)))
    alarming = alarm or _ADVISORY.search(text) or _SECURITY.search(text)
    if not (about or general or (in_title and alarming)):
        return _from_sentences([bare], names), []  # it may be done, or ask for an older one
    before, goals = _goals(text)
    mood = "about" if about else ""
    wanted = _from_sentences(sentences(before), in_title or names, mood, held)
    wanted = wanted or _from_sentences(sentences(goals), in_title or names, "goal", held)
    meant = in_title or _versioned(text, names)
    missing = [name for name in meant if name not in {w.package for w in wanted}]
    if wanted:
        return wanted, in_title and missing
    # A number that the project's own sentence calls fixed is this package's if it is alone.
    alone = missing[0] if len(missing) == 1 else ""
    if alone and (versions := _better(fixed_versions(f"{bare}\n{text}"), held.get(alone))):
        return [Wanted(alone, versions)], []
    # So is the only number that is newer than what the project has.
    if alone in held and len(newer := newer_versions(f"{bare}\n{text}", held[alone])) == 1:
        return [Wanted(alone, tuple(newer))], []
    if told := _from_sentences(sentences(text), in_title or names, "goal", held):
        return told, []
    if told := _from_sentences([bare, *sentences(text)], in_title or names):
        return told, []
    certain = about or _DEPENDENCY.search(bare) or _ADVISORY.search(title) or (alarm and in_title)
    return [], missing if certain else []


def _better(versions: tuple[Version, ...], held: Version | None) -> tuple[Version, ...]:
    return tuple(v for v in versions if held is None or v > held)


def _goals(text: str) -> tuple[str, str]:
    """The text before and from the heading under which it says how things shall be."""
    found = _GOAL_HEADING.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _versioned(text: str, known: Iterable[str]) -> list[str]:
    """The packages that stand beside a version: a plain word like `requests` seldom does."""
    return [
        package
        for package in mentioned(text, known)
        if re.search(
            rf"{name_pattern(package)}\s*(?:version|==|>=|<|is|at|\|){{0,2}}\s*{VERSION}",
            text,
            re.IGNORECASE,
        )
    ] or mentioned(text, known)


def _from_sentences(
    parts: list[str],
    known: Iterable[str],
    mood: str = "",
    held: Mapping[str, Version] | None = None,
) -> list[Wanted]:
    wanted: dict[str, Wanted] = {}
    for part in parts:
        for package in mentioned(part, known):
            found = target(part, package, mood, (held or {}).get(package))
            if not found or package in wanted:
                continue
            wanted[package] = Wanted(package, (found[0],), exact=found[1])
    return list(wanted.values())
