"""The names under which people speak of linter and SAST findings, and the rules they mean.

Promises: every name leads to rules that the bundled ruff knows; codes of flake8, pylint and bandit
lead to the rule of the same meaning. Reads nothing of a repository.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from ruff import find_ruff_bin  # type: ignore[import-untyped]

FORMAT = "FORMAT"  # not a rule: the layout as a whole
# Rewrites of our own (`bot.families.rewrite`) for rules that ruff finds but does not fix.
REWRITTEN = frozenset(
    {"S506", "S501", "S324", "S307", "S113", "S201", "S202", "S306", "S311", "S313", "S314",
     "S317", "S318", "S323", "S602"}
)  # fmt: skip
# Those that mend some places of a file and not others: looked at before they are promised.
CAREFUL = REWRITTEN - {"S506", "S501", "S307"}
DEFUSED = frozenset({"S313", "S314", "S317", "S318"})  # where the project declares defusedxml

_PYLINT = {
    "W0611 unused-import": "F401",
    "W0612 unused-variable": "F841",
    "C0411 wrong-import-order C0412 ungrouped-imports C0410 multiple-imports": "I001",
    "W1309 f-string-without-interpolation": "F541",
    "C0121 singleton-comparison": "E711 E712",
    "R1705 no-else-return": "RET505",
    "R1720 no-else-raise": "RET506",
    "R1724 no-else-continue": "RET507",
    "R1723 no-else-break": "RET508",
    "C0303 trailing-whitespace": "W291 W293",
    "C0304 missing-final-newline": "W292",
    "W0107 unnecessary-pass": "PIE790",
    "W0301 unnecessary-semicolon": "E703",
    "R0205 useless-object-inheritance": "UP004",
    "R1725 super-with-arguments": "UP008",
    "C0209 consider-using-f-string": "UP031 UP032",
    "W0102 dangerous-default-value": "B006",
    "R1735 use-dict-literal R1734 use-list-literal": "C408",
    "C0201 consider-iterating-dictionary": "SIM118",
    "C0325 superfluous-parens": "UP034",
    "C0117 unnecessary-negation": "SIM201 SIM202 SIM208",
    "W0404 reimported": "F811",
    "W0108 unnecessary-lambda": "PLW0108",
}
_FLAKE8 = {"W391": "W391", "E251": "FORMAT", "E302": "FORMAT", "E303": "FORMAT", "E305": "FORMAT"}
# What CodeQL and Semgrep call what ruff has a number for.
_SCANNERS = {
    "request-without-cert-validation": "S501",
    "disabled-cert-validation": "S501",
    "unsafe-deserialization": "S506",
    "avoid-pyyaml-load": "S506",
    "insecure-yaml-load": "S506",
    "weak-sensitive-data-hashing": "S324",
    "insecure-hash-algorithm-md5": "S324",
    "insecure-hash-algorithm-sha1": "S324",
    "eval-detected": "S307",
    "insecure-temporary-file": "S306",
    "tarfile-extractall-traversal": "S202",
    "subprocess-shell-true": "S602",
    "unverified-ssl-context": "S323",
    "use-defused-xml-parse": "S314",
    "insecure-randomness": "S311",
    "unused-local-variable": "F841",
    "test-equals-none": "E711",
}
# What is no name of a rule but where a report says so: the last part of an id.
_REPORTED = {
    "flask-debug": "S201",
    "debug-enabled": "S201",
    "tempfile-insecure": "S306",
    "tarslip": "S202",
    "use-timeout": "S113",
    "xxe": "S314",
    "xml-bomb": "S314",
    "certificate-not-checked": "S501",
    "weak-hash": "S324",
    "guessable-temporary-name": "S306",
    "shell-constant-command": "S602",
    "debugger-on": "S201",
    "no-timeout": "S113",
    "yaml-loaded-unsafely": "S506",
    "xml-parsed-undefended": "S314",
    "guessable-secret": "S311",
    "archive-extracted-anywhere": "S202",
}
_PHRASES = {
    r"(?:unused|unneeded|unnecessary|redundant|dead|superfluous) (?:\w+ )?imports?": "F401",
    r"imports? (?:that (?:are|is) )?(?:never|not) used|imported but unused": "F401",
    r"(?:unused|dead) (?:local )?(?:variables?|assignments?)"
    r"|assigned(?: to)? but never used": "F841",
    r"(?:import (?:order(?:ing)?|sorting|block)|(?:un)?sorted imports?|(?:re)?order(?:ed)? imports?"
    r"|sort(?:ing)? (?:\w+ ){0,2}imports?|imports (?:are )?(?:un-?sorted|not sorted|out of order)"
    r"|imports? (?:are |is )?in (?:the |a )?(?:wrong|random) order"
    r"|imports (?:should|must|need to|have to) be (?:sorted|ordered)|organi[sz]e imports"
    r"|\bisort\b)": "I001",
    r"f-?strings? (?:without|with no|that (?:have|has) no) (?:any )?"
    r"(?:placeholders?|interpolations?)": "F541",
    r"compar\w+ (?:to|with|against) `?none`?|[=!]= ?`?none`?": "E711",
    r"compar\w+ (?:to|with|against) `?(?:true|false)`?|[=!]= ?`?(?:true|false)`?": "E712",
    r"trailing (?:white ?space|blanks|spaces)"
    r"|white ?space at (?:the )?ends? of (?:the )?lines?": "W291 W293",
    r"(?:missing|no) (?:final )?newlines? at (?:the )?end of (?:the )?files?": "W292",
    r"mutable (?:default )?(?:arguments?|defaults?)|mutable default": "B006",
    r"(?:percent|printf)[- ]?(?:style )?format\w*|% formatting": "UP031",
    r"(?:useless|redundant|unnecessary|explicit) `?object`? (?:inheritance|bases?)": "UP004",
    r"unnecessary (?:semicolons?)|trailing semicolons?": "E703",
    r"(?:unnecessary|superfluous|redundant|useless) `?else`? "
    r"(?:after|following) `?return": "RET505",
    r"(?:unnecessary|useless|redundant) `?pass`?": "PIE790",
    r"unused `?(?:# ?)?noqa`?": "RUF100",
    r"`?not \w+ in\b|membership test": "E713",
    r"lambda assignments?|assign\w* (?:a )?lambda": "E731",
    r"multiple imports on one line": "E401",
    r"\bpyupgrade\b|(?:old|outdated|legacy|deprecated) python (?:2 )?(?:syntax|idioms?)": "UP",
    r"\bblack\b|ruff format|code formatting|\b(?:re)?format(?:ting)? (?:the )?(?:whole )?(?:code"
    r"|files?|project|repo\w*|sources?|code ?base|modules?|packages?|everything)|unformatted"
    r"|not formatted": FORMAT,
    r"\byaml\.(?:unsafe_|full_)?load(?:_all)?\b|unsafe yaml|yaml (?:de)?seriali[sz]ation": "S506",
    r"verify ?= ?false|(?:disabled?|without|missing|no) (?:\w+ )?(?:tls|ssl|certificate) "
    r"(?:certificate )?(?:verification|validation|checks?)": "S501",
    r"hashlib\.(?:md5|sha1)|(?:weak|insecure|broken) (?:\w+ )?hash\w*|usedforsecurity": "S324",
    r"\beval\(|use of `?eval`?|`?eval`? (?:with|by) `?ast\.literal_eval|literal_eval": "S307",
    r"\bdebug ?= ?true\b|flask (?:app\w* )?(?:in )?debug": "S201",
    r"\bshell ?= ?true\b": "S602",
    r"\b(?:tempfile\.)?mktemp\b": "S306",
    r"\brequests? (?:\w+ )?(?:without|with no) (?:a )?time-?out\b": "S113",
    r"\b_create_unverified_context\b": "S323",
    r"\b(?:tarfile\W+)?extractall\b": "S202",
}


@dataclass(frozen=True)
class Rule:
    """One rule of ruff; `fixable` as ruff or our rewrites can."""

    code: str
    name: str
    fixable: bool


@functools.cache
def rules() -> dict[str, Rule]:
    """All rules that ruff knows, by code."""
    out = subprocess.run(
        [find_ruff_bin(), "rule", "--all", "--output-format", "json"],
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout
    return {
        row["code"]: Rule(
            row["code"],
            row["name"],
            "not available" not in row["fix"] or row["code"] in REWRITTEN,
        )
        for row in json.loads(out)
        if row["code"]
    }


def found_in(text: str, codes: Iterable[str]) -> bool:
    """Whether the bundled ruff finds any of the rules in a file; True where it cannot say."""
    select = ("check", "--isolated", "--no-cache", "--select", ",".join(codes), "--quiet", "-")
    try:
        done = subprocess.run(
            [find_ruff_bin(), *select], input=text.encode(), capture_output=True, timeout=30
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


@functools.cache
def _aliases() -> dict[str, tuple[str, ...]]:
    """Codes and names of other tools, and ruff's own names, to codes of ruff."""
    table: dict[str, tuple[str, ...]] = {rule.name: (rule.code,) for rule in rules().values()}
    del table["f-string"]  # the name of a rule, but first of all a word
    for names, codes in _PYLINT.items():
        table |= {name.lower(): tuple(codes.split()) for name in names.split()}
    for names in (_FLAKE8, _SCANNERS):
        table |= {name.lower(): (code,) for name, code in names.items()}
    return table


_CODE = re.compile(r"(?<![\w/-])([A-Z]{1,6}\d{2,5})(?![\w-])")
_SLASH = re.compile(r"(?<![\w/-])([A-Z]{1,6}\d{2,5})/(?=[A-Z]{1,6}\d{2,5}(?![\w-]))")
_PREFIX = re.compile(
    r"(?:ruff|rules?|select|categor\w+|linter)[\s:`'\"(]+([A-Z]{1,6}\d{0,2})(?![\w-])"
)
_NAME = re.compile(r"(?<![\w-])([a-z]+(?:-[a-z0-9]+)+)(?![\w-])")


def _of_code(code: str) -> tuple[str, ...]:
    if re.fullmatch(r"B[1-7]\d\d", code):  # bandit's numbers; bugbear's start with 0 and 9
        code = f"S{code[1:]}"
    if code in rules():
        return (code,)
    if found := _aliases().get(code.lower()):
        return found
    return (f"PL{code}",) if f"PL{code}" in rules() else ()


def named(name: str) -> list[str]:
    """The codes that a rule's whole name stands for, as a scanner reports it."""
    code = _REPORTED.get(name.lower())
    return [code] if code else [*_aliases().get(name.lower(), ())]


def codes_in(text: str) -> list[str]:
    """Codes and hyphenated names of rules, in order (`F401`, `W0611`, `B506`, `unused-import`)."""
    found: list[str] = []
    text = _SLASH.sub(r"\1, ", text)
    for match in _CODE.finditer(text):
        found += _of_code(match[1])
    for match in _NAME.finditer(text):
        found += _aliases().get(match[1], ())
    for match in _PREFIX.finditer(text):
        if match[1] not in rules() and any(code.startswith(match[1]) for code in rules()):
            found.append(match[1])
    return list(dict.fromkeys(found))


def phrases_in(text: str) -> list[tuple[int, str]]:
    """(place, code) of the plain words for a rule, such as "unused imports"."""
    found = [
        (match.start(), code)
        for phrase, codes in _PHRASES.items()
        for match in re.finditer(phrase, text, re.IGNORECASE)
        for code in codes.split()
    ]
    return sorted(set(found))
