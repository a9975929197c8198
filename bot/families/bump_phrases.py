"""The phrases in which people ask for another version of a package, as patterns.

Promises: each pattern is bounded, so that no text makes it slow for long; `target` reads one
sentence. Pure.
"""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

_NUMBER = r"v?\d+(?:\.\d+){0,6}(?:\.?(?:a|b|rc|post|dev|alpha|beta)\.?\d+){0,2}"
VERSION = rf"(?<![\w.])(?:{_NUMBER})(?![\w-]|\.\w)"
VERB = (
    r"(?:bump(?:s|ed|ing)?|upgrad(?:e|es|ed|ing)|updat(?:e|es|ed|ing)|rais(?:e|es|ed|ing)"
    r"|(?:re-?)?pin(?:ning)?|mov(?:e|es|ed|ing)|increas(?:e|es|ed|ing)|lift|set|require|use"
    r"|sync|refresh|get|go(?:es)?|switch|replac(?:e|ing)|chang(?:e|es|ed|ing))"
)
FILL = (
    r"(?:the|our|a|all|dependency|dependencies|packages?|library|requirements?|pin|pinned|pins"
    r"|version|versions|release|constraint|minimum|min|lower|bound|of|on|for|direct|python|pip"
    r"|pypi|runtime|dev|development|vulnerable|insecure|outdated|old|affected|security|currently"
    r"|current|is|are|at|it|away|up|from|its|required|floor|specifier|third-party|everywhere|and"
    r"|please|version:|dep|deps|still|in|production|patched|fixed|which|tests?|testing|docs?"
    r"|optional|extras?|non-vulnerable)"
)
MODAL = r"(?:needs?|must|should|has|have|to|be|is|are|gets?|we|want|ought|can|please)"
ADVISORY = r"\b(?:CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|PYSEC-\d{4}-\d+)\b"

_TO = r"(?:to|becomes?|-+>|=>|→|➜|at least|>=|≥|==|~=|=|with|at|up to|until|is|:)"
# What may follow the wanted version: a stop, or a word that starts a reason or a place.
_LOOK = (
    r"(?=\s*(?:$|[.,;:!?)\[\]|`\"'+/(–—-]|\b(?:in|because|since|due|to|for|as|or|and|across|from"
    r"|everywhere|which|that|where|throughout|on|with|before|by|so|release|when|wherever|please"
    r"|asap|now|security|at|if|is|was|has|via|per|it|we|fixes|fixing|resolves|instead|this"
    r"|there)\b))"
)
_STYLE = r"(?!\s*(?:-?style|syntax|apis?|semantics|idioms|columns?|retries|times)\b)"
_WANTED = rf"(?P<v>{VERSION}){_STYLE}{_LOOK}"
_START = r"(?:^|\b(?:please|should|must|to|and|so)\s+|[:;,–-]\s*)"
_DOTTED = r"(?=[^\d]{0,30}\d+\.\d)"  # without a verb, a bare number is seldom a version
_FILLS = rf"(?:\s*\b{FILL}(?![\w-])|\s*,){{0,6}}"
_OLD = rf"(?:\s*(?:from|at|version|is|==|=|\()?\s*(?:{VERSION})\)?)?"
_NOTE = r"(?:\s*\([^)]*\))?"

# {name} is a package, {good} the wanted version with what may stand before it.
_FORMS = (
    # Bump requests from 2.31.0 to 2.32.4
    rf"(?P<verb>{VERB}){_FILLS}\s+{{name}}{_FILLS}{_OLD}{_NOTE}{_FILLS}\s*{_TO}\s*{{good}}",
    # requests 2.31.0 -> 2.32.4, | requests | 2.31.0 | 2.32.4 |
    rf"{{name}}{_FILLS}\s*:?(?:\s*(?:from|at|version|==|=|\|)?\s*(?:{VERSION})){_NOTE}"
    r"\s*(?:to|-+>|=>|→|➜|\||(?:must|should|has to|needs to) be(?:come)?)\s*{good}",
    # requests 2.31.0 GHSA-… 2.32.4 (the table of pip-audit)
    rf"{{name}}\s*\|?\s*(?:{VERSION})\s*\|?\s*(?:{ADVISORY}[\s,|]*){{1,9}}{{good}}",
    # Use requests 2.32.4, Require requests>=2.32.4
    rf"{_START}(?P<verb>{VERB}){_FILLS}\s+{{name}}\s*(?:>=|==|≥|~=|@)?\s*{{good}}",
    # Upgrade to requests 2.32.4
    rf"(?P<verb>{VERB})\s+(?:(?:up\s+)?to|at least){_FILLS}\s+{{name}}\s*[=>~]*\s*{{good}}",
    # Move to 2.32.4 of requests
    rf"\b(?P<verb>{VERB})\s+(?:up\s+)?(?:to\s+)?(?:version\s+)?(?P<v>{VERSION})\s+of{_FILLS}"
    r"\s+{name}",
    # requests needs to be upgraded to 2.32.4
    rf"{{name}}(?:{_FILLS}|\s*:)(?:\s+{MODAL}){{0,6}}\s+(?P<verb>{VERB}|pinned){_FILLS}"
    r"\s*(?:to|at least|>=|≥|at)\s*{good}",
    # requests should be >= 2.32.4
    rf"{{name}}(?:\s+{MODAL}){{0,6}}\s*(?:at least|>=|≥){_DOTTED}\s*{{good}}",
    # Bump requests to 2.32.4 and urllib3 to 2.5.0
    rf"(?P<verb>{VERB})\b.{{1,200}}?(?:\band|,|&|\+)\s+{{name}}{_FILLS}{_OLD}\s*(?:to|-+>|=>|→)"
    rf"{_DOTTED}\s*{{good}}",
    # requests is old, please update it to 2.32.4
    rf"{{name}}[^.;]{{0,80}}?\b(?:please|should|must|so|and|:)\s+(?P<verb>{VERB})"
    rf"(?:\s+(?:it|this))?{_FILLS}\s+(?:to|at least|>=|≥)\s*{{good}}",
)
_MOODS = {
    "": (),
    # After a title like "Bump requests and urllib3" a sentence needs no verb of its own.
    "about": (rf"{{name}}{_FILLS}{_OLD}\s*:?\s*(?:to|-+>|=>|→){_DOTTED}\s*{{good}}",),
    # In a text about how things shall be, a plain statement is a wish: the file pins X at Y.
    "goal": (rf"{{name}}{_FILLS}(?:\s*(?:==|>=|~=|at least|at|to|is))?{_DOTTED}\s*{{good}}",),
}
_GOOD = rf"[=<>~^≥]*\s*(?:{FILL}\s+){{0,4}}(?:{{name}}\s*[=>~]*\s*)?[=>~^≥(]*\s*{_WANTED}"

_LIST = rf"{VERSION}(?:(?:\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+){VERSION}){{0,9}}"
_FIXED_FORMS = (
    # fixed in 2.2.28, 3.2.13 and 4.0.4
    r"(?:fix(?:ed|es)?|patched|resolved|addressed|corrected|remediated|solved|safe|secure|released)"
    r"(?:\s+(?:in|by|with|as of|since|from|it|versions?|releases?|is|are|first|upstream|at|on|to"
    rf"|the|was|were|starting)){{0,6}}\s*[:=|]?\s*(?:>=|≥|=)?\s*(?P<v>{_LIST})",
    # patched versions: 2.5.0
    r"(?:patched|fixed|fix|safe|secure|target|wanted|recommended|required|minimum|new)\s+"
    rf"(?:version|release)s?(?:\s*\(s\))?\s*(?:is|are|[:=|]){{0,3}}\s*(?:>=|≥|=)?\s*(?P<v>{_LIST})",
    # please go from 4.7.1 to 4.12.2
    rf"\b{VERB}\b(?:[^.;\n]|\.(?=\d)){{0,60}}?\b(?:to|at least)\s+(?:{FILL}\s+){{0,4}}(?:>=|≥)?\s*"
    rf"{_WANTED}",
    # 2.5.0 fixes it
    rf"(?P<v>{VERSION})\s+(?:(?:has|contains)\s+(?:the|a)\s+fix|fixes|resolves|is safe)",
    # 2.5.0 or later
    rf"(?P<v>{VERSION})\s*(?:\+|(?:or|and)\s+(?:later|newer|above|higher|greater|up))",
    rf"(?:at least|no older than|>=|≥)\s*(?:{FILL}\s+){{0,4}}(?P<v>{VERSION})",
    # use 2.32.4
    rf"\b(?:use|install|take|want|need)\s+(?:version\s+|release\s+)?(?P<v>{VERSION})",
    # versions before 2.32.0 are affected
    r"(?:before|prior to|below|older than|earlier than|lower than|(?<![=<>!~-])<)\s*"
    rf"(?:{FILL}\s+){{0,4}}(?P<v>{VERSION})",
)
MAX_SENTENCE = 300  # characters of a sentence that count


def name_pattern(package: str) -> str:
    """A pattern for all spellings of a canonical name, with extras."""
    letters = r"[-_.]+".join(re.escape(part) for part in package.split("-"))
    return rf"(?<![\w./@-]){letters}(?:\[[\w,\s-]{{0,40}}\])?(?![\w/(]|[-.]\w)"


def parse_version(text: str) -> Version | None:
    """The version a text names, or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def target(
    sentence: str, package: str, mood: str = "", above: Version | None = None
) -> tuple[Version, bool] | None:
    """The version that a sentence wants a package at, and whether it says `pin`.

    `mood`: what its surroundings allow it to leave out (see `_MOODS`). `above`: what the project
    has; a version that is not newer is not the wish.
    """
    name = name_pattern(package)
    good = _GOOD.replace("{name}", name).replace("{{", "{").replace("}}", "}")
    for form in (*_FORMS, *_MOODS[mood]):
        pattern = form.replace("{name}", name).replace("{good}", good)
        for found in re.finditer(pattern, sentence[:MAX_SENTENCE], re.IGNORECASE):
            version = parse_version(found["v"])
            if version is not None and (above is None or version > above):
                verb = found.groupdict().get("verb") or ""
                return version, verb.lower().startswith(("pin", "repin", "re-pin"))
    return None


def newer_versions(text: str, than: Version) -> list[Version]:
    """All versions in a text that are newer than what a project has, each once."""
    told = re.sub(
        rf"<=\s*{VERSION}|\b(?:python|py|cpython|pip|django-admin)\s*(?:==|>=|<=|[<>])?\s*{VERSION}"
        r"|\b(?:id|line|section|cvss|score|severity|issue|alert)\W{0,3}\d[\d.]*|\d{4}-\d{2}-\d{2}",
        " ",
        text,
        flags=re.IGNORECASE,
    )
    found = [parse_version(part) for part in re.findall(VERSION, told, re.IGNORECASE)]
    # A bare number is more often a count than a version.
    return list(dict.fromkeys(v for v in found if v and len(v.release) > 1 and v > than))


def fixed_versions(text: str) -> tuple[Version, ...]:
    """Versions that a text calls good; failing that, the ones below which all are bad."""
    for pattern in _FIXED_FORMS:
        found: list[Version] = []
        for match in re.finditer(pattern, text, re.IGNORECASE):
            for part in re.findall(VERSION, match["v"], re.IGNORECASE):
                if (version := parse_version(part)) is not None and version not in found:
                    found.append(version)
        if found:
            return tuple(found)
    return ()
