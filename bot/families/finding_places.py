"""What the place of a finding says: whose code it is, and whether people said that it may stay.

Promises: a comment counts only on the line of the finding or the one above, for its rule or for all
rules, and with a reason of words; every reported line needs one. Never: reads anything but text of
the default branch, where nothing is without somebody who may write there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.codebase.roles import role_of
from bot.families.lint_rules import codes_in

_EXAMPLE = re.compile(r"(^|/)(docs?|documentation|examples?|samples?|demos?|tutorials?)/", re.I)
_VENDORED = re.compile(
    r"(^|/)(vendor|vendored|_vendor|third[_-]party|node_modules|bower_components|site-packages)/"
    r"|\.min\.(?:js|css)$",
    re.IGNORECASE,
)
_FIXTURE = re.compile(r"(^|/)(fixtures?|testdata|test_data|__fixtures__|mocks?|__mocks__)/", re.I)
_MARK = re.compile(
    r"(?:#|//|/\*|<!--|--)\s*(?:"
    r"nosemgrep\s*:\s*(?P<semgrep>[\w./-]+(?:\s*,\s*[\w./-]+)*)"
    r"|(?:nosec|nosemgrep|nosonar|noqa)\b\s*:?\s*(?P<ids>(?:[A-Za-z]+\d[\w.-]*|[a-z]+(?:_[a-z]+)+)"
    r"(?:[\s,]+(?:[A-Z]+\d+\b|[a-z]+(?:_[a-z]+)+))*)?"
    r"|(?:codeql|lgtm)\s*\[(?P<codeql>[^\]]{1,200})\]"
    r"|zizmor:\s*ignore\[(?P<zizmor>[^\]]{1,200})\]"
    r"|hadolint\s+ignore=(?P<hadolint>[\w,]{1,200})"
    r"|(?:trivy|tfsec):ignore:(?P<trivy>[\w-]{1,80})"
    r"|checkov:skip=(?P<checkov>[\w]{1,80})"
    r")(?P<why>[^\n]{0,300})",
    re.IGNORECASE,
)
_NAMED = ("semgrep", "ids", "codeql", "zizmor", "hadolint", "trivy", "checkov")
_AT = re.compile(r"^(?:- )?(?P<path>[^\s:]+):(?P<line>[1-9]\d{0,6})\b", re.MULTILINE)


def is_test(path: str) -> bool:
    return role_of(path) == "test" or bool(_FIXTURE.search(path))


def is_example(path: str) -> bool:
    return bool(_EXAMPLE.search(path))


def is_vendored(path: str) -> bool:
    return bool(_VENDORED.search(path))


def suppressed(
    bodies: Iterable[str],
    rules: Iterable[str],
    places: Iterable[str],
    read: Callable[[str], str | None],
) -> str:
    """The comments that say why the findings may stay; '' where one of them has none."""
    lines = {(m["path"], int(m["line"])) for body in bodies for m in _AT.finditer(body)}
    if not lines or {path for path, _ in lines} != set(places):
        return ""
    wanted, said = tuple(rules), []
    for path, number in sorted(lines):
        text = (read(path) or "").split("\n")
        why = next((w for at in (number, number - 1) if (w := _why(text, at, wanted, number))), "")
        if not why:
            return ""
        said.append(f"{path}:{number} “{why}”")
    return ", ".join(said[:3])


def _why(text: list[str], at: int, rules: tuple[str, ...], number: int) -> str:
    """The reason of a comment in a line; one of the line above counts where nothing else is."""
    if not 1 <= at <= len(text):
        return ""
    found = _MARK.search(text[at - 1])
    if found is None or (at != number and text[at - 1][: found.start()].strip()):
        return ""
    names = next((found[key] for key in _NAMED if found[key]), "")
    if names and not any(
        _same(name, rule) for name in re.split(r"[,\s]+", names) for rule in rules
    ):
        return ""
    why = re.sub(r"^[\s:#*-]+|[\s*/>-]+$", "", found["why"])
    return why if len(re.findall(r"[^\W\d_]{2,}", why)) >= 2 else ""


def _same(name: str, rule: str) -> bool:
    if not name:
        return False
    mine, theirs = name.casefold(), rule.casefold()
    return (
        mine == theirs
        or bool(re.search(rf"[./]{re.escape(mine)}$", theirs))
        or bool({*codes_in(name)} & {*codes_in(rule)})
    )
